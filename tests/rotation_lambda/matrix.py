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
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest

from rotation_lambda.handler import handler
from tests.rotation_lambda.secrets_manager import SecretsManager

Around = Callable[[str], contextlib.AbstractContextManager[None]]

KILLED, LOST, UNSENT, TWICE = "killed after it", "its answer lost", "never sent", "done twice"
SAME, NEW = "the same token", "a new token"
WAYS = (SAME, NEW)

# Kinds of findings; the first three are columns of the table.
LOST_CREDENTIAL, BLOCKED, MOMENT, UNTIDY = "lost credential", "blocked rotation", "moment without a valid published credential", "untidy"


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
