"""A service with a PostgreSQL login, a Secrets Manager that keeps its rules, and the function between them."""

import contextlib
import functools
import itertools
import json
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pg8000.native
import pytest

from rotation_lambda import certificates, versions
from rotation_lambda.errors import RotationError
from tests.rotation_lambda.postgres_server import ADMIN_PASSWORD, DATABASE, Server, running
from tests.rotation_lambda.rotating import Rotating
from tests.rotation_lambda.secrets_manager import SecretsManager

_users = itertools.count(1)


class Context:
    """What Lambda hands in."""

    def __init__(self, seconds: float = 60, account: str = "123456789012") -> None:
        self.seconds = seconds
        self.invoked_function_arn = f"arn:aws:lambda:eu-central-1:{account}:function:prod-billing-postgres"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


class Service(Rotating):
    """One secret of one service, with everything that a test does to it."""

    def __init__(self, server: Server, manager: SecretsManager, monkeypatch: pytest.MonkeyPatch, username: str) -> None:
        self.server, self.manager, self._monkeypatch, self.username = server, manager, monkeypatch, username
        self.context = Context()
        self.name = "prod/billing/database"
        self.admin = manager.create("prod/platform/database-admin", {"username": "admin", "password": ADMIN_PASSWORD})
        self.arn = manager.create(self.name)
        self.target: dict[str, Any] = {
            "kind": "postgres",
            "strategy": "alternating-users",
            "host": server.host,
            "port": server.port,
            "database": DATABASE,
            "username": username,
            "admin": self.admin,
            "ca": "ca.pem",
        }
        self.declare()

    @property
    def clone(self) -> str:
        return f"{self.username}_clone"

    @property
    def owner(self) -> str:
        return f"{self.username}_owner"

    def secrets_ever(self) -> list[str]:
        """Every password that any version ever held, and the admin's."""
        ever = []
        for version in (version for secret in self.manager.secrets.values() for version in secret.versions.values()):
            with contextlib.suppress(ValueError, TypeError, KeyError):
                ever.append(json.loads(version.value)["password"])
        return [password for password in ever if password]

    @contextlib.contextmanager
    def session(self, value: dict[str, Any] | None = None) -> Iterator[pg8000.native.Connection]:
        value = value or self.current
        with self.server.session(value["username"], value["password"]) as connection:
            yield connection

    def logs_in(self, value: dict[str, Any]) -> bool:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(self.session(value))
            except pg8000.native.DatabaseError as error:
                if error.args[0]["C"] != "28P01":
                    raise
                return False
        return True

    def sessions_end(self) -> bool:
        """Whether the function left none open; a server sees that one was closed a moment later."""
        asked = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'keyturn rotation'"
        return any(self.server.run(asked) == [] for _ in range(1000))

    def stored(self, role: str) -> str | None:
        with self.server.superuser() as connection:
            rows = connection.run("SELECT rolpassword FROM pg_authid WHERE rolname = :role", role=role)
        return rows[0][0] if rows else None


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> SecretsManager:
    manager = SecretsManager()
    monkeypatch.setattr(versions, "client", lambda: manager)
    return manager


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits in a test; what the function would have waited is kept."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.fixture
def service(server: Server, manager: SecretsManager, monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> Service:  # noqa: ARG001
    monkeypatch.setattr(certificates, "root", lambda: server.home)
    return Service(server, manager, monkeypatch, f"billing{next(_users)}")


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """The lines that the function has printed since the last look."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def refused(service: Service, lines: Callable[[], list[dict[str, Any]]]) -> Callable:
    """A step that must fail: by class, with words that help, without a write and without a value anywhere."""
    return functools.partial(refusal, service, lines)


@contextlib.contextmanager
def refusal(service: Any, lines: Callable[[], list[dict[str, Any]]], error_class: str, says: str = "") -> Iterator[None]:
    """A refusal to any service that has a `manager` and tells `secrets_ever`. Giving the new value up is no write."""
    lines()
    before = service.manager.writes(releases=False)
    with pytest.raises(RotationError) as caught:
        yield
    [line] = lines()
    assert (line["outcome"], line["errorClass"], line["message"]) == ("failed", error_class, str(caught.value))
    assert says in line["message"]
    assert service.manager.writes(releases=False) == before
    told = json.dumps(line) + "".join(traceback.format_exception(caught.value))
    assert [value for value in service.secrets_ever() if value in told] == []
