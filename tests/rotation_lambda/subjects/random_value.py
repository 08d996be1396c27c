"""A random value in the crash matrix: whoever checks it takes what AWSCURRENT and AWSPREVIOUS hold."""

import contextlib
from functools import partial
from typing import Any

import pytest

from tests.rotation_lambda.generated import Subject, running
from tests.rotation_lambda.matrix import Row
from tests.rotation_lambda.secrets_manager import CURRENT, PREVIOUS

__all__ = ["ROWS", "running"]


class _Token(Subject):
    def works(self, value: dict[str, Any]) -> bool:
        return value["value"] in self._accepted()

    def live(self) -> int:
        return len(self._accepted())

    def _accepted(self) -> set[str]:
        accepted = set()
        for label in (CURRENT, PREVIOUS):
            with contextlib.suppress(KeyError):  # no version has the label
                accepted.add(self.labelled(label)["value"])
        return accepted


def _prepared(_server: None, monkeypatch: pytest.MonkeyPatch, *, rotations: int = 0, at_once: bool = False) -> _Token:
    token = _Token(monkeypatch, "prod/billing/api", {"kind": "service-token", "length": 64}, rotations=rotations)
    token.manager.first_is_current = at_once
    return token


_row = partial(Row, "service-token", "current and previous", overlap=True)

ROWS = [
    _row("empty secret", prepare=_prepared),
    _row("empty secret, current at once", prepare=partial(_prepared, at_once=True)),
    _row("second rotation", prepare=partial(_prepared, rotations=1)),
    _row("third rotation", prepare=partial(_prepared, rotations=2)),
]
