"""A service with a MySQL or MariaDB login, and the servers that a test process starts once."""

import atexit
import contextlib
import functools
import itertools
from collections.abc import Iterator
from typing import Any

import pymysql
import pytest

from rotation_lambda import certificates
from tests.rotation_lambda import mariadb_server, mysql_server
from tests.rotation_lambda.conftest import Service
from tests.rotation_lambda.mysql_server import ADMIN_PASSWORD, DATABASE, Server, logs_in, rows_of
from tests.rotation_lambda.secrets_manager import SecretsManager

BY_HAND = "set-by-hand-1"

_users = itertools.count(1)
_until_the_end = contextlib.ExitStack()
atexit.register(_until_the_end.close)


@functools.cache
def server_of(kind: str) -> Server:
    """One server of a kind for all tests of the process."""
    return _until_the_end.enter_context((mysql_server if kind == "mysql" else mariadb_server).running())


class MySQLService(Service):
    """One secret of one service at a server of this kind."""

    server: Server

    def __init__(self, server: Server, manager: SecretsManager, monkeypatch: pytest.MonkeyPatch, strategy: str) -> None:
        monkeypatch.setattr(certificates, "root", lambda: server.home)
        super().__init__(server, manager, monkeypatch, f"billing{next(_users)}")
        manager.write(self.admin, {"username": "admin", "password": ADMIN_PASSWORD})
        self.declare(kind=server.kind, strategy=strategy)

    @contextlib.contextmanager
    def session(self, value: dict[str, Any] | None = None) -> Iterator[pymysql.Connection]:
        value = value or self.current
        with self.server.session(value["username"], value["password"], value["dbname"]) as connection:
            yield connection

    def logs_in(self, value: dict[str, Any]) -> bool:
        return logs_in(self.server, value)

    def accepts(self, password: str, username: str | None = None) -> bool:
        return logs_in(self.server, {"username": username or self.username, "password": password, "dbname": None})

    def made_by_hand(self, *, host: str = "%", rights: str = f"ALL ON {DATABASE}.*") -> None:
        """Somebody made the user, and put its password into the secret."""
        self.server.run(f"CREATE USER {self.username}@'{host}' IDENTIFIED BY '{BY_HAND}'", f"GRANT {rights} TO {self.username}@'{host}'")
        self.manager.write(self.arn, {"username": self.username, "password": BY_HAND, "dbname": DATABASE})

    def ask(self, statement: str, value: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """What a statement gives to who logs in with the value."""
        with self.session(value) as connection:
            return rows_of(connection, statement)

    def rights(self, grantee: str) -> list[str]:
        """What the server says that somebody may do, without what only says that it may log in."""
        return [line for (line,) in self.server.run(f"SHOW GRANTS FOR {grantee}") if not line.startswith("GRANT USAGE ON *.*")]
