"""PostgreSQL in the crash matrix: a real server, a user of its own for each point."""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pg8000.native
import pytest

from rotation_lambda import certificates, versions
from rotation_lambda.engines._postgres_session import _ScramConnection
from tests.rotation_lambda import postgres_server
from tests.rotation_lambda.conftest import Service
from tests.rotation_lambda.matrix import Around, Row
from tests.rotation_lambda.secrets_manager import SecretsManager

_users = itertools.count(1)


@dataclass
class Running:
    server: postgres_server.Server
    superuser: pg8000.native.Connection
    last: "_Subject | None" = None

    def cleared(self) -> "Running":
        """Without the last point's roles: an admin of thousands of them is slow."""
        if self.last is not None:
            self.superuser.run(f"DROP SCHEMA IF EXISTS {self.last.owner}")
            self.superuser.run(f"DROP ROLE IF EXISTS {self.last.username}, {self.last.clone}, {self.last.owner}")
        return self


@contextlib.contextmanager
def running() -> Iterator[Running]:
    with postgres_server.running() as server, server.superuser() as superuser:
        yield Running(server, superuser)


class _Subject(Service):
    def __init__(self, running: Running, monkeypatch: pytest.MonkeyPatch, *, alternating: bool) -> None:
        manager = SecretsManager()
        monkeypatch.setattr(versions, "client", lambda: manager)
        monkeypatch.setattr(certificates, "root", lambda: running.server.home)
        super().__init__(running.cleared().server, manager, monkeypatch, f"matrix{next(_users)}")
        self.declare(strategy="alternating-users" if alternating else "single-user")
        self.most_live = 2 if alternating else 1
        self._superuser, running.last = running.superuser, self

    def works(self, value: dict[str, Any]) -> bool:
        return self.logs_in(value)

    def live(self) -> int:
        counted = "SELECT count(*) FROM pg_authid WHERE rolcanlogin AND rolpassword IS NOT NULL AND rolname IN (:user, :clone, :owner)"
        return self._superuser.run(counted, user=self.username, clone=self.clone, owner=self.owner)[0][0]

    def install(self, monkeypatch: pytest.MonkeyPatch, around: Around) -> None:
        log_in, execute = _ScramConnection.__init__, _ScramConnection.execute_unnamed

        def logged_in(connection: _ScramConnection, *arguments: Any, **settings: Any) -> None:
            with around("login"):
                log_in(connection, *arguments, **settings)

        def executed(connection: _ScramConnection, statement: str, *arguments: Any, **settings: Any) -> Any:
            words = 2 if statement.startswith(("ALTER", "CREATE", "SET")) else 1
            with around(" ".join(statement.split()[:words])):
                return execute(connection, statement, *arguments, **settings)

        monkeypatch.setattr(_ScramConnection, "__init__", logged_in)
        monkeypatch.setattr(_ScramConnection, "execute_unnamed", executed)

    def unanswered(self) -> Exception:
        return TimeoutError("timed out")


def _alternating(running: Running, monkeypatch: pytest.MonkeyPatch, *, rotations: int = 0, at_once: bool = False) -> _Subject:
    subject = _Subject(running, monkeypatch, alternating=True)
    subject.manager.first_is_current = at_once
    for _ in range(rotations):
        subject.rotate()
    return subject


def _single(running: Running, monkeypatch: pytest.MonkeyPatch, *, rotations: int = 0, own_password: bool = False) -> _Subject:
    subject = _Subject(running, monkeypatch, alternating=False)
    for _ in range(rotations):
        subject.rotate()
    if own_password:
        subject.declare(admin=None)
    return subject


# SET changes the session only, and each session is the function's own.
_row = partial(Row, "postgres", reads=("login", "SELECT", "SET"))

ROWS = [
    _row("alternating users", "empty secret", overlap=True, prepare=_alternating),
    _row("alternating users", "empty secret, current at once", overlap=True, prepare=partial(_alternating, at_once=True)),
    _row("alternating users", "second rotation", overlap=True, prepare=partial(_alternating, rotations=1)),
    _row("alternating users", "third rotation", overlap=True, prepare=partial(_alternating, rotations=2)),
    _row("single user, own password", "second rotation", overlap=False, prepare=partial(_single, rotations=1, own_password=True)),
    _row("single user, with admin", "empty secret", overlap=False, prepare=_single),
    _row("single user, with admin", "second rotation", overlap=False, prepare=partial(_single, rotations=1)),
]
