"""Runs a row of the crash matrix: each point of it on a secret of its own."""

import contextlib
import io
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.rotation_lambda.matrix import BLOCKED, LOST_CREDENTIAL, MOMENT, SAME, UNTIDY, WAYS, Call, Finding, Outcome, Point, Row
from tests.rotation_lambda.matrix_faults import Watch, faults_of
from tests.rotation_lambda.secrets_manager import CURRENT, PENDING, PREVIOUS, STEPS, SecretsManager

# What log lines may say of a value; the rest of it they may not.
_PUBLIC = frozenset({"engine", "host", "dbname", "username", "masterarn", "alg", "kty", "crv", "kid", "UserName", "AccessKeyId", "id"})
_SHORTEST = 8


def outcome_of(row: Row, server: object) -> Outcome:
    """Runs the row's rotation once whole, to see its calls, and once for each point."""
    calls = _calls_of(row, server)
    outcome = Outcome(row, calls=len(calls))
    for call in calls:
        for fault in faults_of(call):
            for way in WAYS:
                outcome.tried += 1
                outcome.findings += _Try(Point(row, call, fault, way), server).findings()
    return outcome


def _calls_of(row: Row, server: object) -> list[Call]:
    with _alone() as (monkeypatch, _):
        subject = row.prepare(server, monkeypatch)
        watch = Watch(row, subject, monkeypatch)
        subject.manager.rotate(subject.arn, row.rotates, subject.context)
        return watch.calls


@contextlib.contextmanager
def _alone() -> Iterator[tuple[pytest.MonkeyPatch, io.StringIO]]:
    """Nobody waits, and what the function prints is kept."""
    with pytest.MonkeyPatch.context() as monkeypatch, contextlib.redirect_stdout(io.StringIO()) as printed:
        monkeypatch.setattr(time, "sleep", lambda _seconds: None)
        yield monkeypatch, printed


class _Try:
    """One point, tried on a secret of its own."""

    def __init__(self, point: Point, server: object) -> None:
        self._point, self._row, self._server = point, point.row, server
        self._found: list[Finding] = []

    def findings(self) -> list[Finding]:
        with _alone() as (monkeypatch, printed):
            self._subject = subject = self._row.prepare(self._server, monkeypatch)
            self._manager = subject.manager
            self._watch = Watch(self._row, subject, monkeypatch)
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
