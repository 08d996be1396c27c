"""The crash matrix: a rotation meets every fault at every call, goes on in every way, and is looked at in between (rules 26 and 27).

A call is one that the function makes: of Secrets Manager, or of the server whose credential rotates. Faults: the function is killed
after the call; the call is done and its answer lost; it is never sent, and fails; it is done twice, since the client library sends
a write to Secrets Manager again whose answer was lost. Ways on: the same token again, as Secrets Manager does; or the rotation is
abandoned, and a new token comes. What is left out is the same as something that is tried:
- killed before a call is killed after the one before it;
- a call that changes nothing (a read, a refused call, a statement in a transaction before its COMMIT) leaves behind what the call
  before it left behind, so nothing is killed after it, and its lost answer is a call that was never sent.
"""

import contextlib
import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import botocore.exceptions
import pytest

from rotation_lambda.handler import handler
from tests.rotation_lambda.secrets_manager import CURRENT, PENDING, PREVIOUS, STEPS, WRITES, KilledError, SecretsManager

Around = Callable[[str], contextlib.AbstractContextManager[None]]

KILLED, LOST, UNSENT, TWICE = "killed after it", "its answer lost", "never sent", "done twice"
SAME, NEW = "the same token", "a new token"
WAYS = (SAME, NEW)

_ENDS_A_TRANSACTION = frozenset({"COMMIT", "ROLLBACK", "login"})

# Kinds of findings; the first three are columns of the table.
LOST_CREDENTIAL, BLOCKED, MOMENT, UNTIDY = "lost credential", "blocked rotation", "moment without a valid published credential", "untidy"


# What log lines may say of a value; the rest of it they may not.
_PUBLIC = frozenset({"engine", "host", "dbname", "username", "masterarn", "alg", "kty", "crv", "kid", "UserName", "AccessKeyId", "id"})
_SHORTEST = 8


class Subject(Protocol):
    """A new secret in the situation in which a row's rotation starts."""

    manager: SecretsManager
    """Installed as `versions.client`."""
    arn: str
    context: object
    most_live: int
    """How many credentials the server may accept after a finished rotation."""

    def works(self, value: dict[str, Any]) -> bool:
        """Asks the server itself, not through the engine."""
        ...

    def live(self) -> int | None:
        """How many credentials of this secret the server accepts now; None where that cannot be counted."""
        ...

    def install(self, monkeypatch: pytest.MonkeyPatch, around: Around) -> None:
        """Makes each of the engine's calls run inside `with around(label):`; a label holds no value."""
        ...

    def unanswered(self) -> Exception:
        """What the engine's driver raises when no answer comes."""
        ...


@dataclass(frozen=True)
class Row:
    """One situation of one strategy of one engine."""

    engine: str
    strategy: str
    start: str
    overlap: bool
    """A published credential must work at every moment, and the one before it after the rotation, too."""
    prepare: Callable[[Any, pytest.MonkeyPatch], Subject]
    reads: tuple[str, ...] = ()
    """Labels that begin like this change nothing at the server. When in doubt leave one out: then more is tried."""
    rotates: Callable[[dict[str, Any], Any], None] = handler

    def __str__(self) -> str:
        return f"{self.engine}, {self.strategy}, {self.start}"


@dataclass(frozen=True)
class Call:
    number: int
    label: str
    changes: bool
    """Afterwards something may be different."""


@dataclass(frozen=True)
class Point:
    """One call of a row, the fault that it meets, and the way on."""

    row: Row
    call: Call
    fault: str
    way: str

    def __str__(self) -> str:
        return f"{self.row}: call {self.call.number + 1} ({self.call.label}), {self.fault}; then {self.way}"


@dataclass(frozen=True)
class Finding:
    """What is wrong at a point."""

    point: Point
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.point}: {self.kind}: {self.text}"


@dataclass
class Outcome:
    """What the points of a row came to."""

    row: Row
    calls: int
    tried: int = 0
    findings: list[Finding] = field(default_factory=list)

    def points_with(self, kind: str) -> int:
        return len({finding.point for finding in self.findings if finding.kind == kind})


def outcome_of(row: Row, server: object) -> Outcome:
    """Runs the row's rotation once whole, to see its calls, and once for each point."""
    calls = _calls_of(row, server)
    outcome = Outcome(row, calls=len(calls))
    for call in calls:
        for fault in _faults_of(call):
            for way in WAYS:
                outcome.tried += 1
                outcome.findings += _Try(Point(row, call, fault, way), server).findings()
    return outcome


def _faults_of(call: Call) -> tuple[str, ...]:
    if call.label in WRITES:
        return KILLED, LOST, UNSENT, TWICE
    if call.changes:
        return KILLED, LOST, UNSENT
    # Killed after the first read stands for killed before anything happened.
    return (KILLED, UNSENT) if call.number == 0 else (UNSENT,)


def _calls_of(row: Row, server: object) -> list[Call]:
    with _alone() as (monkeypatch, _):
        subject = row.prepare(server, monkeypatch)
        watch = _Watch(row, subject, monkeypatch)
        subject.manager.rotate(subject.arn, row.rotates, subject.context)
        return watch.calls


@contextlib.contextmanager
def _alone() -> Iterator[tuple[pytest.MonkeyPatch, io.StringIO]]:
    """Nobody waits, and what the function prints is kept."""
    with pytest.MonkeyPatch.context() as monkeypatch, contextlib.redirect_stdout(io.StringIO()) as printed:
        monkeypatch.setattr(time, "sleep", lambda _seconds: None)
        yield monkeypatch, printed


class _Watch:
    """Sees each call, and lets one of them meet its fault."""

    def __init__(self, row: Row, subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[Call] = []
        self._row, self._subject = row, subject
        self._point: Point | None = None
        self._dead = self._in_transaction = False
        subject.install(monkeypatch, self._around)
        monkeypatch.setattr(subject.manager, "before", lambda call, _request: self._begins(call, reads=call not in WRITES))
        monkeypatch.setattr(subject.manager, "after", self._answers)

    @contextlib.contextmanager
    def striking(self, point: Point) -> Iterator[None]:
        """The function of this block meets the fault; the one after it is a new one."""
        self._point = point
        with contextlib.suppress(KilledError, Exception):
            yield
        self._point, self._dead, self._in_transaction = None, False, False
        assert [call.label for call in self.calls[point.call.number :][:1]] == [point.call.label], (
            f"{point}: this time the calls were others"
        )

    @contextlib.contextmanager
    def _around(self, label: str) -> Iterator[None]:
        self._begins(label, reads=label.startswith(self._row.reads))
        yield
        self._ends()

    def _begins(self, label: str, *, reads: bool) -> None:
        if self._dead:
            raise KilledError
        if label in _ENDS_A_TRANSACTION:
            self._in_transaction = False
        self._in_transaction |= label == "BEGIN"
        self._changes = label in WRITES or not (reads or self._in_transaction)
        # A refused call never ends, and changed nothing.
        self.calls.append(Call(len(self.calls), label, changes=False))
        if self._meets(UNSENT):
            raise self._unanswered()

    def _ends(self) -> None:
        last = self.calls[-1]
        self.calls[-1] = Call(last.number, last.label, self._changes)
        if self._meets(LOST):
            raise self._unanswered()
        if self._meets(KILLED):
            self._dead = True
            raise KilledError

    def _answers(self, call: str, request: dict[str, Any]) -> None:
        self._ends()
        if self._meets(TWICE):
            self._point = None
            getattr(self._subject.manager, call)(**request)

    def _meets(self, fault: str) -> bool:
        return self._point is not None and (self._point.call.number, self._point.fault) == (len(self.calls) - 1, fault)

    def _unanswered(self) -> Exception:
        if hasattr(self._subject.manager, self.calls[-1].label):
            return botocore.exceptions.ReadTimeoutError(endpoint_url="https://secretsmanager")
        return self._subject.unanswered()


class _Try:
    """One point, tried on a secret of its own."""

    def __init__(self, point: Point, server: object) -> None:
        self._point, self._row, self._server = point, point.row, server
        self._found: list[Finding] = []

    def findings(self) -> list[Finding]:
        with _alone() as (monkeypatch, printed):
            self._subject = subject = self._row.prepare(self._server, monkeypatch)
            self._manager = subject.manager
            self._watch = _Watch(self._row, subject, monkeypatch)
            self._seen, self._promised = 0, self._versions_with(CURRENT) != []
            token = self._manager.start(subject.arn)
            with self._watch.striking(self._point):
                for step in STEPS:
                    self._row.rotates(self._manager.event(subject.arn, token, step), subject.context)
            self._look("right after the fault")
            if self._point.way == SAME:
                self._rotate("the re-run", token)
            else:
                self._manager.abandon(subject.arn)
            self._rotate("the next rotation")
            self._no_value_in(printed.getvalue())
        return self._found

    def _rotate(self, which: str, token: str | None = None) -> None:
        def rotates(event: dict[str, Any], context: object) -> None:
            self._row.rotates(event, context)
            self._look(f"in {which}, after {event['Step']}")

        try:
            done = self._manager.rotate(self._subject.arn, rotates, self._subject.context, token)
        except Exception as error:
            self._finds(BLOCKED, f"{which} fails: {error}")
            done = None
        if done and self._versions_with(CURRENT) != [done]:
            self._finds(LOST_CREDENTIAL, f"{which} left AWSCURRENT on another version")
        if self._versions_with(CURRENT) and not self._works(CURRENT):
            self._finds(LOST_CREDENTIAL, f"after {which} the current credential does not work")
        if done:
            self._tidy(which)
            self._promised = True

    def _tidy(self, which: str) -> None:
        """What else holds after a rotation that succeeded."""
        if self._row.overlap and self._promised and not self._works(PREVIOUS):
            self._finds(MOMENT, f"after {which} the credential before the current one does not work any more")
        if not set(self._versions_with(PENDING)) <= set(self._versions_with(CURRENT)):
            self._finds(UNTIDY, f"{which} left AWSPENDING on a version that is not current")
        live = self._subject.live()
        if live is not None and live > self._subject.most_live:
            self._finds(UNTIDY, f"after {which} the server accepts {live} credentials, at most {self._subject.most_live} may be left")

    def _look(self, when: str) -> None:
        changed = any(call.changes for call in self._watch.calls[self._seen :])
        self._seen = len(self._watch.calls)
        if self._row.overlap and self._promised and changed and not self._works(CURRENT):
            self._finds(MOMENT, f"{when} the published credential does not work")

    def _works(self, label: str) -> bool:
        return self._subject.works(self._manager.value(self._subject.arn, label))

    def _versions_with(self, label: str) -> list[str]:
        return [version for version, kept in self._manager.secrets[self._subject.arn].versions.items() if label in kept.labels]

    def _no_value_in(self, printed: str) -> None:
        if any(text in printed for text in _secret_texts(self._manager)):
            self._finds(UNTIDY, "a log line holds a value")

    def _finds(self, kind: str, text: str) -> None:
        self._found.append(Finding(self._point, kind, text))


def _secret_texts(manager: SecretsManager) -> set[str]:
    """Every text in any version of any secret that is not public."""
    values = (version.value for secret in manager.secrets.values() for version in secret.versions.values() if version.value)
    return {text for value in values for text in _texts_in(json.loads(value)) if len(text) >= _SHORTEST}


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in _PUBLIC:
                yield from _texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts_in(inner)
    elif isinstance(value, str):
        yield value
