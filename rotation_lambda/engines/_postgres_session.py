"""A session with PostgreSQL as the function needs it: verified TLS, SCRAM or nothing, bounded in time, closed on every path."""

import contextlib
import socket
import ssl
from collections.abc import Callable, Generator
from typing import Any

import pg8000.native
import scramp

from rotation_lambda import channel as channels
from rotation_lambda.deadline import Deadline
from rotation_lambda.errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    NetworkError,
    PermissionRefusedError,
    PolicyError,
    RotationError,
    TlsError,
)
from rotation_lambda.targets import Target

_STATEMENT_SECONDS = 8.0
_LOCK_SECONDS = 4.0
# A function that vanished without a word keeps its locks until the server notices; the next one must not give up before that.
_IDLE_SECONDS = 3.0
# "I want TLS": https://www.postgresql.org/docs/current/protocol-message-formats.html
_SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
# By SQLSTATE or its class, the first that fits: https://www.postgresql.org/docs/current/errcodes-appendix.html
_SQLSTATES: tuple[tuple[tuple[str, ...], type[RotationError], str], ...] = (
    (("28P01",), AuthenticationError, "is not accepted by the server with this password"),
    (("28",), PermissionRefusedError, "may not log in from here; look at pg_hba.conf, and at NOLOGIN"),
    (("42501",), PermissionRefusedError, "is not allowed to do what a rotation needs"),
    (("3D000",), ConfigurationError, "finds no such database on the server; look at 'database' in the declaration"),
    (("25006",), ConfigurationError, "is on a read replica; name the writer as 'host'"),
    (("25P03",), NetworkError, "was silent in a transaction for too long; the function has too little memory, and with it computing time"),
    (("08", "53", "57P01", "57P02", "57P03"), NetworkError, "is turned away: the server is starting, stopping or full"),
    (("40", "55", "57014", "XX000", "42710", "23505"), ConflictError, "needs what another session holds or changes; it is tried again"),
)
_GRANTED, _CLEARTEXT, _MD5, _SCRAM, _SCRAM_FINAL = 0, 3, 5, 10, 12


class Session:
    """One login. Statements go one by one through the extended protocol, which takes no second statement behind the first."""

    def __init__(self, connection: pg8000.native.Connection, channel: ssl.SSLSocket, whose: str, deadline: Deadline) -> None:
        self._connection: Any = connection  # pg8000 has no types
        self._channel = channel
        self._whose = whose
        self._deadline = deadline

    def run(self, statement: str, *values: object) -> list[list[Any]]:
        """Gives the rows of one statement; `$1`, `$2` … stand for the values."""
        return self._run(statement, values, _by_sqlstate)

    def set_password(self, statement: str) -> None:
        """Runs a statement that sets a password; a refusal of the password itself is a PolicyError."""
        self._run(statement, (), _by_sqlstate_of_a_password)

    def _run(self, statement: str, values: tuple[object, ...], told_apart: Callable[[str, str], RotationError]) -> list[list[Any]]:
        # The server gives up first; this is for one that does not answer at all.
        self._channel.settimeout(self._deadline.limit(_STATEMENT_SECONDS + 1))
        try:
            return self._connection.execute_unnamed(statement, vals=values).rows or []
        except (pg8000.native.Error, OSError) as error:
            failure = _classified(error, self._whose, told_apart)
        raise failure


@contextlib.contextmanager
def logged_in(target: Target, username: str, password: str, deadline: Deadline, *, read_only: bool = False) -> Generator[Session]:
    """Logs in to the target's own host and database, and logs out at the end.

    Raises:
        AuthenticationError: the server knows no such user with this password.
        NetworkError, TlsError, ConfigurationError, PermissionRefusedError: it could not be tried.
    """
    if "\0" in username:
        raise ConfigurationError("a user's name holds a zero character")
    channel = channels.secured(target, deadline, ask=_ask_for_tls)
    connection = None
    try:
        connection = _authenticated(channel, target, username, password, read_only=read_only)
        yield Session(connection, channel, f"user {username}", deadline)
    finally:
        if connection is not None:
            with contextlib.suppress(pg8000.native.Error, OSError):  # it is over either way
                connection.close()  # pyright: ignore[reportUnknownMemberType]
        channel.close()


def identifier(name: str) -> str:
    """Gives a name as an identifier, whatever is in it."""
    return str(pg8000.native.identifier(name))  # pyright: ignore[reportUnknownMemberType]


def literal(text: str) -> str:
    """Gives a text as a literal; sessions run with standard_conforming_strings, so quotes are all there is to escape."""
    return str(pg8000.native.literal(text))  # pyright: ignore[reportUnknownMemberType]


def _ask_for_tls(plain: socket.socket, place: str) -> None:
    plain.sendall(_SSL_REQUEST)
    answer = plain.recv(1)
    if answer == b"N":
        raise TlsError(f"{place} does not speak TLS; switch `ssl` on at the server. There is no way in without it")
    if answer != b"S":
        raise NetworkError(f"{place} does not answer like PostgreSQL; look at host and port")


def _authenticated(channel: ssl.SSLSocket, target: Target, username: str, password: str, *, read_only: bool) -> pg8000.native.Connection:
    # Sent at the start of the session, these win over what anybody set for the user or the database: names are looked up in the
    # catalogue alone, so that nobody's function runs in the admin's place.
    settings = {
        "search_path": "pg_catalog",
        "standard_conforming_strings": "on",
        "statement_timeout": f"{_STATEMENT_SECONDS * 1000:.0f}",
        "lock_timeout": f"{_LOCK_SECONDS * 1000:.0f}",
        "idle_in_transaction_session_timeout": f"{_IDLE_SECONDS * 1000:.0f}",
        "default_transaction_read_only": "on" if read_only else "off",
    }
    try:
        return _ScramConnection(
            user=username,
            password=password,
            host=target.text("host"),
            database=target.text("database"),
            sock=channel,
            ssl_context=False,
            application_name="keyturn rotation",
            startup_params=settings,
        )
    except RotationError:
        raise
    except Exception as error:  # the driver lets errors of its helpers through as they are
        failure = _classified(error, f"user {username}", _by_sqlstate)
    raise failure


class _ScramConnection(pg8000.native.Connection):
    """Never sends a password, and believes a login only from a server that has proved that it knows the password, too."""

    _proved = False

    def handle_AUTHENTICATION_REQUEST(self, data: bytes, context: object) -> None:
        method = int.from_bytes(data[:4], "big")
        if method in {_CLEARTEXT, _MD5}:
            raise ConfigurationError("the server asks for a password in an old way; store it with password_encryption = scram-sha-256")
        if method == _GRANTED and not self._proved:
            raise ConfigurationError("the server lets users in without asking; its pg_hba.conf must say scram-sha-256 for them")
        if method == _SCRAM:
            self.user = b"-"  # the server has the name already and does not look at this one; names that stringprep refuses may log in, too
        try:
            super().handle_AUTHENTICATION_REQUEST(data, context)  # pyright: ignore[reportUnknownMemberType]
        except scramp.ScramException:
            if method != _SCRAM_FINAL:
                raise
            raise TlsError("the server did not prove that it knows the password; somebody may stand in between") from None
        self._proved = self._proved or method == _SCRAM_FINAL


def _classified(error: BaseException, whose: str, told_apart: Callable[[str, str], RotationError]) -> RotationError:
    """Told apart by SQLSTATE; the server's own words are left out, since they may repeat what was sent."""
    cause: BaseException | None = error
    while cause is not None:  # closing a session that the server has closed already hides why it did
        if isinstance(cause, RotationError):
            return cause
        if isinstance(cause, pg8000.native.DatabaseError):
            fields: Any = cause.args[0] if cause.args else None
            return told_apart(str(fields.get("C", "")) if isinstance(fields, dict) else "", whose)  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, pg8000.native.Error | OSError):
        return NetworkError(f"the session of {whose} broke off or did not answer in time")
    return ConfigurationError(f"the session of {whose} could not be opened ({type(error).__name__})")


def _by_sqlstate(state: str, whose: str) -> RotationError:
    for states, error_class, text in _SQLSTATES:
        if state.startswith(states):
            return error_class(f"{whose} {text} ({state})")
    return ConfigurationError(f"{whose}: the server refuses a statement (SQLSTATE {state or 'unknown'})")


def _by_sqlstate_of_a_password(state: str, whose: str) -> RotationError:
    """`passwordcheck` and its kin refuse with these."""
    if state == "22023" or state.startswith("28"):
        return PolicyError(
            f"the server's password policy refuses the new password, set by {whose} ({state}); align the policy, then rotate"
        )
    return _by_sqlstate(state, whose)
