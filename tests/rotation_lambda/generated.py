"""A secret that the function makes all by itself: no server behind it, and a clock that only the test moves."""

import contextlib
import datetime
import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from rotation_lambda import versions
from rotation_lambda.handler import handler
from tests.rotation_lambda.conftest import Context
from tests.rotation_lambda.matrix import Around
from tests.rotation_lambda.secrets_manager import CURRENT, STEPS, Secret, SecretsManager

MINUTE, HOUR, DAY = 60, 3_600, 86_400


class Clock:
    """One time for the function and for Secrets Manager."""

    def __init__(self) -> None:
        self.now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC).timestamp()

    def __call__(self) -> float:
        return self.now

    def date(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self.now, datetime.UTC)


class Generated:
    """One secret, with everything that a test does to it."""

    def __init__(self, manager: SecretsManager, monkeypatch: pytest.MonkeyPatch, name: str, target: dict[str, Any]) -> None:
        self.manager, self._monkeypatch, self.name = manager, monkeypatch, name
        self.context, self.clock = Context(), Clock()
        monkeypatch.setattr(time, "time", self.clock)
        monkeypatch.setattr(manager, "now", self.clock.date)
        self.arn = manager.create(name)
        self.target = target
        self.declare()

    def declare(self, **changes: object) -> None:
        """The stack's configuration of the function; None takes a setting away."""
        self.target = {key: value for key, value in {**self.target, **changes}.items() if value is not None}
        self._monkeypatch.setenv("KEYTURN_TARGETS", json.dumps({self.name: self.target}))

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    def rotate(self, token: str | None = None) -> str:
        return self.manager.rotate(self.arn, handler, self.context, token)

    def rotate_after(self, seconds: float) -> str:
        self.wait(seconds)
        return self.rotate()

    def step(self, step: str, token: str) -> None:
        handler(self.manager.event(self.arn, token, step), self.context)

    def until(self, step: str, token: str | None = None) -> str:
        """Starts a rotation and does the steps before the given one."""
        token = self.manager.start(self.arn, token)
        for earlier in itertools.takewhile(lambda one: one != step, STEPS):
            self.step(earlier, token)
        return token

    def test_only(self) -> None:
        """RotateSecret with RotateImmediately=false."""
        self.manager.rotate_test_only(self.arn, handler, self.context)

    def write(self, value: object) -> str:
        """PutSecretValue by hand."""
        return self.manager.write(self.arn, value)

    def labelled(self, label: str) -> dict[str, Any]:
        return self.manager.value(self.arn, label)

    @property
    def current(self) -> dict[str, Any]:
        return self.labelled("AWSCURRENT")

    def secrets_ever(self) -> list[str]:
        """Everything that any version ever held and that nobody may see: symmetric keys, private halves, random values."""
        ever: list[str] = []
        for version in self.manager.secrets[self.arn].versions.values():
            with contextlib.suppress(ValueError, TypeError):
                ever += _secret_texts(json.loads(version.value))
        return [text for text in ever if text]


class Subject(Generated):
    """A secret for the crash matrix: it rotates every 30 days, and what was ever published is remembered."""

    most_live = 2

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, target: dict[str, Any], *, rotations: int) -> None:
        manager = SecretsManager()
        monkeypatch.setattr(versions, "client", lambda: manager)
        super().__init__(manager, monkeypatch, name, target)
        self.published: list[tuple[float, dict[str, Any]]] = []
        self._start, self._move = manager.start, manager._move
        monkeypatch.setattr(manager, "start", self._started)
        monkeypatch.setattr(manager, "_move", self._moved)
        for _ in range(rotations):
            self.rotate()

    def _started(self, arn: str, token: str | None = None) -> str:
        if token is None:
            self.wait(30 * DAY)
        return self._start(arn, token)

    def _moved(self, secret: Secret, label: str, to: str) -> None:
        self._move(secret, label, to)
        if label == CURRENT and self.current not in [value for _, value in self.published[-1:]]:
            self.published.append((self.clock.now, self.current))

    def live(self) -> int | None:
        return None

    def install(self, monkeypatch: pytest.MonkeyPatch, around: Around) -> None:
        """There is no server to call."""

    def unanswered(self) -> Exception:
        return TimeoutError("timed out")


@contextlib.contextmanager
def running() -> Iterator[None]:
    """No server."""
    yield None


def _secret_texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str) and key in {"value", "k", "d", "p", "q", "dp", "dq", "qi"}:
                yield inner
            else:
                yield from _secret_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _secret_texts(inner)
