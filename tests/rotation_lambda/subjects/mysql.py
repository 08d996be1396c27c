"""MySQL in the crash matrix: a real server, a user of its own for each point."""

from functools import partial
from typing import Any

import pymysql
import pytest

from rotation_lambda import versions
from rotation_lambda.engines._mysql_session import _Connection
from tests.rotation_lambda.matrix import Around, Row
from tests.rotation_lambda.mysql_server import Server, running
from tests.rotation_lambda.mysql_service import MySQLService
from tests.rotation_lambda.secrets_manager import SecretsManager

__all__ = ["ROWS", "Subject", "prepare", "running"]

# The session's own settings; SET PASSWORD and SET DEFAULT ROLE are none.
READS = ("login", "SELECT", "SET SESSION", "SHOW")

_LIVE = {
    "mysql": "SELECT COUNT(*) + COALESCE(SUM(user_attributes->'$.additional_password' IS NOT NULL), 0)"
    " FROM mysql.user WHERE user IN ('{}', '{}')",
    "mariadb": "SELECT COUNT(*) FROM mysql.user WHERE is_role = 'N' AND authentication_string <> '' AND user IN ('{}', '{}')",
}


class Subject(MySQLService):
    def __init__(self, server: Server, monkeypatch: pytest.MonkeyPatch, strategy: str) -> None:
        manager = SecretsManager()
        monkeypatch.setattr(versions, "client", lambda: manager)
        super().__init__(server, manager, monkeypatch, strategy)
        # Without the last point's users: servers look through all of them at each change, and thousands are slow.
        server.run(*(f"DROP {what} IF EXISTS {name}" for what, names in server.left_behind.items() for name in names))
        server.left_behind = {"USER": [self.username, self.clone], "ROLE": [self.owner]}
        self.most_live = 1 if strategy == "single-user" else 2

    def works(self, value: dict[str, Any]) -> bool:
        return self.logs_in(value)

    def live(self) -> int:
        return int(self.server.run(_LIVE[self.server.kind].format(self.username, self.clone))[0][0])

    def install(self, monkeypatch: pytest.MonkeyPatch, around: Around) -> None:
        connect, query = _Connection.connect, _Connection.query

        def connected(connection: _Connection, *arguments: Any) -> None:
            with around("login"):
                connect(connection, *arguments)

        def queried(connection: _Connection, statement: str, *arguments: Any, **settings: Any) -> Any:
            # Without the users' names, which each point has its own of.
            with around(" ".join(word for word in statement.split()[:2] if "`" not in word)):
                return query(connection, statement, *arguments, **settings)

        monkeypatch.setattr(_Connection, "connect", connected)
        monkeypatch.setattr(_Connection, "query", queried)

    def unanswered(self) -> Exception:
        return pymysql.OperationalError(2013, "Lost connection to MySQL server during query (timed out)")


def prepare(
    server: Server, monkeypatch: pytest.MonkeyPatch, strategy: str, *, rotations: int = 0, at_once: bool = False, admin: bool = True
) -> Subject:
    subject = Subject(server, monkeypatch, strategy)
    subject.manager.first_is_current = at_once
    for _ in range(rotations):
        subject.rotate()
    if not admin:
        subject.declare(admin=None)
    return subject


def _row(strategy: str, start: str, name: str, *, overlap: bool = True, **how: Any) -> Row:
    return Row("mysql", strategy, start, overlap=overlap, prepare=partial(prepare, strategy=name, **how), reads=READS)


ROWS = [
    _row("dual password", "empty secret", "dual-password"),
    _row("dual password", "empty secret, current at once", "dual-password", at_once=True),
    _row("dual password", "second rotation", "dual-password", rotations=1),
    _row("dual password, without admin", "third rotation", "dual-password", rotations=2, admin=False),
    _row("alternating users", "second rotation", "alternating-users", rotations=1),
    _row("single user, own password", "second rotation", "single-user", overlap=False, rotations=1, admin=False),
    _row("single user, with admin", "empty secret", "single-user", overlap=False),
    _row("single user, with admin", "second rotation", "single-user", overlap=False, rotations=1),
]
