"""A service with a Redis login: for the crash matrix, and for the engine's own tests."""

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import redis

from rotation_lambda import certificates, versions
from rotation_lambda.engines._redis_session import Session
from tests.rotation_lambda.conftest import Context
from tests.rotation_lambda.matrix import Around, Row
from tests.rotation_lambda.redis_server import ADMIN_PASSWORD, Server, running
from tests.rotation_lambda.rotating import Rotating
from tests.rotation_lambda.secrets_manager import SecretsManager

__all__ = ["ROWS", "Service", "running"]

_users = itertools.count(1)


class Service(Rotating):
    """One secret of one service, with everything that a test does to it."""

    # A password that was replaced before goes at the next rotation, if this one is cut off right after it published.
    most_live = 3

    def __init__(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server, self._monkeypatch = server, monkeypatch
        self.manager, self.context = SecretsManager(), Context()
        monkeypatch.setattr(versions, "client", lambda: self.manager)
        monkeypatch.setattr(certificates, "root", lambda: server.home)
        self.name = "prod/billing/cache"
        self.username = f"billing{next(_users)}"
        self.admin = self.manager.create("prod/platform/cache-admin", {"username": "admin", "password": ADMIN_PASSWORD})
        self.arn = self.manager.create(self.name)
        self.target: dict[str, Any] = {}
        self.declare(
            kind="redis",
            host=server.host,
            port=server.port,
            username=self.username,
            admin=self.admin,
            ca="ca.pem",
            rules=["~billing:*", "+@all", "-@admin", "-@dangerous"],
        )

    def declare(self, **changes: object) -> None:
        super().declare(**changes)
        self.username = self.target["username"]

    def secrets_ever(self) -> list[str]:
        """Every password that any version ever held, and the admin's."""
        values = [version.value for secret in self.manager.secrets.values() for version in secret.versions.values() if version.value]
        return [password for value in values if (password := json.loads(value).get("password"))]

    def works(self, value: dict[str, Any]) -> bool:
        return self.server.accepts(value["username"], value["password"])

    def live(self) -> int:
        return len(self.server.passwords(self.username))

    def install(self, monkeypatch: pytest.MonkeyPatch, around: Around) -> None:
        exchange: Callable[[Session, Sequence[Sequence[bytes]]], list[Any]] = Session._exchange

        def watched(session: Session, commands: Sequence[Sequence[bytes]]) -> list[Any]:
            # What stands between MULTI and EXEC happens at once, and only when EXEC arrives.
            inner = commands[1:-1] if len(commands) > 1 else commands
            label = ", ".join(" ".join(part.decode() for part in command[: _words(command)]) for command in inner)
            with around(label):
                return exchange(session, commands)

        monkeypatch.setattr(Session, "_exchange", watched)

    def unanswered(self) -> Exception:
        return redis.TimeoutError("Timeout reading from socket")


def _words(command: Sequence[bytes]) -> int:
    return 2 if command[0] in {b"ACL", b"CONFIG"} else 1


def _after(rotations: int) -> Callable[[Server, pytest.MonkeyPatch], Service]:
    def prepare(server: Server, monkeypatch: pytest.MonkeyPatch) -> Service:
        service = Service(server, monkeypatch)
        for _ in range(rotations):
            service.rotate()
        return service

    return prepare


def _rows() -> Iterator[Row]:
    for rotations, start in enumerate(("empty secret", "second rotation", "third rotation")):
        yield Row(
            engine="redis",
            strategy="dual password",
            start=start,
            overlap=True,
            prepare=_after(rotations),
            reads=("AUTH", "INFO", "CONFIG GET", "ACL WHOAMI", "ACL GETUSER"),
        )


ROWS = [*_rows()]
