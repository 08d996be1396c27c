"""A session with MySQL or MariaDB as the function needs it: verified TLS or nothing, bounded in time, closed on every path."""

import contextlib
from collections.abc import Callable, Generator
from typing import Any

import pymysql
import pymysql.connections
import pymysql.converters
from pymysql.constants import CLIENT

from rotation_lambda import channel
from rotation_lambda.deadline import Deadline
from rotation_lambda.engines._mysql_refusals import BROKEN_OFF, refusal, refusal_of_a_login, refusal_of_a_password
from rotation_lambda.errors import ConfigurationError, NetworkError, RotationError, TlsError
from rotation_lambda.targets import Target

_ANSWER_SECONDS = 9.0
_LOCK_SECONDS = 4
# Methods in which the client hands the password over, or proves it in a way that the driver does not speak.
_UNFIT_METHODS = ("client_ed25519", "dialog", "mysql_clear_password", "mysql_old_password")


class Session:
    """One login. A statement is sent by itself: the server takes no second one behind it."""

    def __init__(self, connection: Any, whose: str, deadline: Deadline) -> None:
        self._connection = connection  # the driver has no types
        self._whose = whose
        self._deadline = deadline

    def run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Gives the rows of one statement; each `%s` stands for a value."""
        return self._run(statement, values, refusal)

    def set_password(self, statement: str) -> None:
        """Runs a statement that sets a password; a refusal of the password itself is a PolicyError."""
        self._run(statement, (), refusal_of_a_password)

    def _run(self, statement: str, values: tuple[object, ...], told_apart: Callable[[int | None, str], RotationError]) -> list[Any]:
        self._connection.wait_at_most(self._deadline.limit(_ANSWER_SECONDS))
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return list(cursor.fetchall())
        except (pymysql.MySQLError, OSError) as error:
            failure = told_apart(_number_of(error), self._whose)
        raise failure


@contextlib.contextmanager
def logged_in(target: Target, username: str, password: str, deadline: Deadline, *, database: str | None = None) -> Generator[Session]:
    """Logs in to the target's own host, and logs out at the end.

    Raises:
        AuthenticationError: the server knows no such user with this password.
        NetworkError, TlsError, ConfigurationError, PermissionRefusedError: it could not be tried.
    """
    connection: Any = _authenticated(target, username, password, deadline, database)
    try:
        session = Session(connection, f"user {username}", deadline)
        session.run(_settings(target.kind))
        yield session
    finally:
        with contextlib.suppress(pymysql.MySQLError, OSError):  # it is over either way
            connection.close()


def identifier(name: str) -> str:
    """Gives a name as an identifier, whatever is in it."""
    return "`" + name.replace("`", "``") + "`"


def account(user: str, host: str) -> str:
    """Gives an account as statements name it."""
    return f"{identifier(user)}@{identifier(host)}"


def literal(text: str) -> str:
    """Gives a text as a literal, for a session whose sql_mode is the one above."""
    return f"'{pymysql.converters.escape_string(text)}'"


def _settings(kind: str) -> str:
    """What literals are quoted for, whatever is set on the server; and a lock that somebody holds is an error, not a wait."""
    waits = ["lock_wait_timeout", "innodb_lock_wait_timeout"]
    # MariaDB waits for the tables of its users without end, whatever the others say.
    waits += ["max_statement_time"] if kind == "mariadb" else []
    return ", ".join(["SET SESSION sql_mode = ''", *(f"{name} = {_LOCK_SECONDS}" for name in waits)])


class _Connection(pymysql.connections.Connection):
    """Sends nothing about a user before the server has proved who it is."""

    server_capabilities: int

    def _request_authentication(self) -> None:
        if not self.server_capabilities & CLIENT.SSL:
            raise TlsError("the server does not offer TLS; give it a certificate. There is no way in without it")
        super()._request_authentication()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - the driver's own

    def wait_at_most(self, seconds: float) -> None:
        """Bounds each wait for the server from now on."""
        self._read_timeout = self._write_timeout = seconds


class _UnfitMethod:
    def __init__(self, connection: object) -> None:
        pass

    def authenticate(self, _packet: object) -> None:
        raise ConfigurationError(
            "the server asks this user for its password in a way that is not spoken here; let the user log in with"
            " caching_sha2_password (MySQL) or mysql_native_password (MariaDB)"
        )


def _authenticated(target: Target, username: str, password: str, deadline: Deadline, database: str | None) -> _Connection:
    if not _fits_a_login(username, password):
        raise ConfigurationError("a user's name or password holds what no login can; look at the secret and at the admin secret")
    context = channel.context_for(target, deadline)
    plain = channel.connected(target, deadline)
    try:
        seconds = deadline.limit(channel.CONNECT_SECONDS)
        connection = _Connection(
            host=target.text("host"),  # the name in the certificate
            user=username,
            password=password.encode(),  # as the server hashed it; the driver would take Latin-1
            database=database,
            ssl=context,
            autocommit=True,
            read_timeout=seconds,
            write_timeout=seconds,
            auth_plugin_map=dict.fromkeys(_UNFIT_METHODS, _UnfitMethod),
            program_name="keyturn rotation",
            defer_connect=True,
        )
        connection.connect(plain)
    except RotationError as error:
        failure = error
    except Exception as error:  # whatever does not speak MySQL confuses the driver in its own way
        failure = _why_not(error, target, username)
    else:
        return connection
    plain.close()
    raise failure


def _fits_a_login(username: str, password: str) -> bool:
    try:
        (username + password).encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in username


def _why_not(error: Exception, target: Target, username: str) -> RotationError:
    """Says why a login did not come about; the server's own words are left out."""
    cause: object = getattr(error, "original_exception", error.__context__)
    if isinstance(cause, OSError):
        return channel.refusal(cause, target)
    number = _number_of(error)
    if number is None or number in BROKEN_OFF:
        return NetworkError(f"{channel.place_of(target)} took the connection and then did not answer like MySQL; look at host and port")
    return refusal_of_a_login(number, f"user {username}")


def _number_of(error: Exception) -> int | None:
    number: object = error.args[0] if isinstance(error, pymysql.MySQLError) and error.args else None
    return number if isinstance(number, int) else None
