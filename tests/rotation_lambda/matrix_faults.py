"""Sees each call of a rotation function, and lets one of them meet its fault."""

import contextlib
from collections.abc import Iterator
from typing import Any

import botocore.exceptions
import pytest

from tests.rotation_lambda.matrix import KILLED, LOST, TWICE, UNSENT, Call, Point, Row, Subject
from tests.rotation_lambda.secrets_manager import WRITES, KilledError

_ENDS_A_TRANSACTION = frozenset({"COMMIT", "ROLLBACK", "login"})


def faults_of(call: Call) -> tuple[str, ...]:
    """What can be told apart from the faults of other calls."""
    if call.label in WRITES:
        return KILLED, LOST, UNSENT, TWICE
    if call.changes:
        return KILLED, LOST, UNSENT
    # Killed after the first read stands for killed before anything happened.
    return (KILLED, UNSENT) if call.number == 0 else (UNSENT,)


class Watch:
    """Stands between the function and everything that it calls."""

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
