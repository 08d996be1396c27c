"""AWS's two algorithms as rows of the crash matrix, so that they meet the same faults, and as sides of the benchmark of clients."""

import contextlib
import itertools
from collections.abc import Iterator
from functools import partial
from typing import Any

import pg8000.native
import pytest

from benchmarks._aws_algorithms import Algorithm, Value
from rotation_lambda.engines._scram import scram_verifier
from tests.rotation_lambda.matrix import Around, Row
from tests.rotation_lambda.postgres_server import ADMIN_PASSWORD, DATABASE, Server
from tests.rotation_lambda.secrets_manager import SecretsManager
from tests.rotation_lambda.subjects.postgres import Running

_users = itertools.count(1)
_FIRST_PASSWORD = "the-first-one-set-by-hand"  # noqa: S105 - of a user that lives as long as the benchmark


class _Session:
    """A login whose statements can be watched."""

    def __init__(self, connection: pg8000.native.Connection, around: Around) -> None:
        self._connection, self._around = connection, around

    def run(self, statement: str, **values: str) -> Any:
        with self._around(" ".join(statement.split()[:2]) if statement.startswith(("ALTER", "CREATE")) else statement.split(maxsplit=1)[0]):
            return self._connection.run(statement, **values)


class _Subject:
    """A user with a password and a secret that says so: these algorithms do not begin with less."""

    def __init__(self, running: Running, *, alternating: bool, rotations: int) -> None:
        self._server: Server = running.server
        self._username, self.most_live = f"aws{next(_users)}", 2 if alternating else 1
        self._superuser, self._around = running.superuser, contextlib.nullcontext
        self._superuser.run(f"CREATE ROLE {self._username} LOGIN PASSWORD '{scram_verifier(_FIRST_PASSWORD)}'")
        self._superuser.run(f"GRANT {self._username} TO admin WITH ADMIN OPTION")
        place = {"engine": "postgres", "host": self._server.host, "port": self._server.port, "dbname": DATABASE}
        self.manager = SecretsManager()
        master = self.manager.create("prod/platform/database-admin", {**place, "username": "admin", "password": ADMIN_PASSWORD})
        credential = {"username": self._username, "password": _FIRST_PASSWORD, **({"masterarn": master} if alternating else {})}
        self.arn = self.manager.create("prod/billing/database", {**place, **credential})
        self.context = Algorithm(self.manager, self._connect, alternating=alternating)
        for _ in range(rotations):
            self.manager.rotate(self.arn, rotates, self.context)

    def works(self, value: Value) -> bool:
        try:
            with self._server.session(value["username"], value["password"]):
                return True
        except pg8000.native.DatabaseError as error:
            if error.args[0]["C"] != "28P01":
                raise
            return False

    def live(self) -> int:
        counted = "SELECT count(*) FROM pg_authid WHERE rolcanlogin AND rolpassword IS NOT NULL AND rolname IN (:user, :clone)"
        return self._superuser.run(counted, user=self._username, clone=f"{self._username}_clone")[0][0]

    def install(self, monkeypatch: pytest.MonkeyPatch, around: Around) -> None:
        monkeypatch.setattr(self, "_around", around)

    def unanswered(self) -> Exception:
        return TimeoutError("timed out")

    @contextlib.contextmanager
    def _connect(self, value: Value) -> Iterator[_Session]:
        with contextlib.ExitStack() as stack:
            with self._around("login"):
                connection = stack.enter_context(self._server.session(value["username"], value["password"]))
            try:
                yield _Session(connection, self._around)
            except BaseException:
                connection.close()  # or the server would hold the transaction's locks until somebody collects the garbage
                raise


def rotates(event: dict[str, Any], algorithm: Any) -> None:
    """The function that Secrets Manager calls."""
    algorithm(event)


def _prepared(running: Running, _monkeypatch: pytest.MonkeyPatch, *, alternating: bool, rotations: int) -> _Subject:
    return _Subject(running, alternating=alternating, rotations=rotations)


_row = partial(Row, "postgres", reads=("login", "SELECT"), rotates=rotates)

SINGLE_USER = _row("AWS: single user", "second rotation", overlap=False, prepare=partial(_prepared, alternating=False, rotations=1))
ALTERNATING_USERS = [
    _row("AWS: alternating users", start, overlap=True, prepare=partial(_prepared, alternating=True, rotations=rotations))
    for start, rotations in (("first rotation", 0), ("second rotation", 1), ("third rotation", 2))
]
