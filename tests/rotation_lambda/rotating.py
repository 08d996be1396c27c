"""What a test does to one secret whatever its kind: declare it, rotate it, stop before a step, look at its values."""

import itertools
import json
from typing import Any

import pytest

from rotation_lambda.handler import handler
from tests.rotation_lambda.secrets_manager import STEPS, SecretsManager


class Rotating:
    """One secret; who inherits says which, and what is behind it."""

    manager: SecretsManager
    context: object
    name: str
    arn: str
    target: dict[str, Any]
    _monkeypatch: pytest.MonkeyPatch

    def declare(self, **changes: object) -> None:
        """The stack's configuration of the function; None takes a setting away."""
        self.target = {key: value for key, value in {**self.target, **changes}.items() if value is not None}
        self._monkeypatch.setenv("KEYTURN_TARGETS", json.dumps({self.name: self.target}))

    def rotate(self, token: str | None = None, attempts: int = 1) -> str:
        return self.manager.rotate(self.arn, handler, self.context, token, attempts)

    def step(self, step: str, token: str) -> None:
        handler(self.manager.event(self.arn, token, step), self.context)

    def until(self, step: str) -> str:
        """Starts a rotation and does the steps before the given one."""
        token = self.manager.start(self.arn)
        for earlier in itertools.takewhile(lambda one: one != step, STEPS):
            self.step(earlier, token)
        return token

    @property
    def current(self) -> dict[str, Any]:
        return self.manager.value(self.arn)

    @property
    def previous(self) -> dict[str, Any]:
        return self.manager.value(self.arn, "AWSPREVIOUS")

    def pending(self, token: str) -> dict[str, Any]:
        return json.loads(self.manager.secrets[self.arn].versions[token].value or "")

    def tamper(self, token: str, **changes: object) -> None:
        """Somebody with PutSecretValue changes the new value."""
        self.manager.secrets[self.arn].versions[token].value = json.dumps({**self.pending(token), **changes})
