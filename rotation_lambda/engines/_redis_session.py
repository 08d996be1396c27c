"""A session with Redis as the function needs it: verified TLS or nothing, one channel, bounded in time, closed on every path."""

import contextlib
import ssl
from collections.abc import Generator, Sequence
from typing import Any

import redis.connection
import redis.exceptions

from rotation_lambda import channel as channels
from rotation_lambda.deadline import Deadline
from rotation_lambda.errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    NetworkError,
    PermissionRefusedError,
    RotationError,
)
from rotation_lambda.targets import Target

_ANSWER_SECONDS = 5.0
# By the words that an error begins with, the first that fits: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
_REFUSALS: tuple[tuple[tuple[str, ...], type[RotationError], str], ...] = (
    (("WRONGPASS", "NOAUTH"), AuthenticationError, "is not accepted by the server with this password, or is switched off"),
    (
        ("NOPERM", "EXECABORT"),
        PermissionRefusedError,
        "is not allowed this command; an admin needs +acl +info +config|get +config|rewrite +multi +exec",
    ),
    (("DENIED",), PermissionRefusedError, "may not connect from here; look at the server's protected-mode"),
    (("READONLY",), ConfigurationError, "is on a replica; name the primary as 'host'"),
    (("MOVED", "ASK", "CLUSTERDOWN", "CROSSSLOT"), ConfigurationError, "is on a node of a cluster; clusters are not supported"),
    (
        ("LOADING", "MASTERDOWN", "BUSY", "TRYAGAIN", "OOM", "ERR max number of clients"),
        NetworkError,
        "is turned away: the server is starting, busy or full",
    ),
    (("ERR Error in ACL SETUSER modifier '!",), ConflictError, "needs a user whose passwords somebody else changes; it is tried again"),
    (("ERR Error in ACL SETUSER",), ConfigurationError, "names one of 'rules' that the server does not know; look at the declaration"),
    (
        ("ERR There was an error trying to save", "ERR Rewriting config file"),
        ConfigurationError,
        "finds that the server cannot write its users down; look at its disk, and at who owns the file",
    ),
    (
        ("ERR unknown command", "ERR unknown subcommand", "ERR wrong number of arguments", "ERR Unknown subcommand"),
        ConfigurationError,
        "finds that the server has no such command: it is older than Redis 6, or a service that changes users by an API of its own only",
    ),
)

Reply = Any
"""What Redis answers: bytes, numbers, None, and lists of them."""


class Session:
    """One login. Each command is one request; its values travel apart from its words, so nothing needs quoting."""

    def __init__(self, channel: ssl.SSLSocket, deadline: Deadline) -> None:
        self._channel = channel
        self._deadline = deadline
        self._connection: Any = _Connection(channel)  # redis-py's types are partial
        self._whose = "nobody"

    def log_in(self, username: str, password: str) -> None:
        """Becomes the user; the session stays who it was when that is refused.

        Raises:
            AuthenticationError: the server knows no such user with this password.
        """
        self._whose = f"user {username}"
        self.run("AUTH", username, password)

    def run(self, *command: str) -> Reply:
        """Gives the answer to one command."""
        return self._answers(command)[0]

    def together(self, *commands: Sequence[str]) -> list[Reply]:
        """Gives the answers to commands that the server does one after the other with nothing in between, also when the caller is gone.

        A command that fails does not keep the server from the next one.
        """
        *_, done = self._answers(["MULTI"], *commands, ["EXEC"])
        for command, answer in zip(commands, done, strict=True):
            if isinstance(answer, Exception):
                raise self._classified(answer, command)
        return done

    def _answers(self, *commands: Sequence[str]) -> list[Reply]:
        self._channel.settimeout(self._deadline.limit(_ANSWER_SECONDS))
        try:
            answers = self._exchange([[_encoded(part) for part in command] for command in commands])
        except (redis.exceptions.RedisError, OSError, ValueError) as error:  # the driver's parser meets what is no Redis with a ValueError
            failure = self._classified(error, commands[0])
        else:
            refused = [(answer, command) for answer, command in zip(answers, commands, strict=True) if isinstance(answer, Exception)]
            if not refused:
                return answers
            failure = self._classified(*refused[0])
        raise failure

    def _exchange(self, commands: Sequence[Sequence[bytes]]) -> list[Reply]:
        """Sends all, then reads all; what the server refuses has an exception in the place of its answer."""
        self._connection.send_packed_command(self._connection.pack_commands(commands))
        return [self._answer() for _ in commands]

    def _answer(self) -> Reply:
        try:
            return self._connection.read_response(disconnect_on_error=False)
        except (redis.exceptions.ResponseError, redis.exceptions.AuthenticationError) as refusal:
            return refusal

    def _classified(self, error: Exception, command: Sequence[str]) -> RotationError:
        """Told apart by the error's first words; the server's own text is left out, since it may repeat what was sent."""
        named = command[0] if command[0] == "AUTH" else " ".join(command[:2])
        said = _said(error)
        for beginnings, error_class, text in _REFUSALS:
            if said.startswith(beginnings):
                return error_class(f"{self._whose} {text} ({named})")
        if isinstance(error, redis.exceptions.ResponseError):
            return ConfigurationError(f"{self._whose}: the server refuses {named}")
        if isinstance(error, redis.exceptions.InvalidResponse | ValueError):
            return NetworkError("what answers is no Redis; look at host and port")
        return NetworkError(f"the session of {self._whose} broke off or did not answer in time ({named})")


@contextlib.contextmanager
def logged_in(target: Target, username: str, password: str, deadline: Deadline) -> Generator[Session]:
    """Logs in to the target's own host, and hangs up at the end.

    Raises:
        AuthenticationError: the server knows no such user with this password.
        NetworkError, TlsError, ConfigurationError, PermissionRefusedError: it could not be tried.
    """
    # Made here, since redis-py would trust the system's authorities besides the given one.
    channel = channels.secured(target, deadline, hint="; is it a port with TLS (`tls-port`)?")
    with contextlib.closing(channel):
        session = Session(channel, deadline)
        session.log_in(username, password)
        yield session


class _Connection(redis.connection.Connection):
    """redis-py's connection on a channel that is open already. It opens no other one, where the next command would be nobody's."""

    def __init__(self, channel: ssl.SSLSocket) -> None:
        super().__init__(protocol=2, driver_info=None)  # pyright: ignore[reportUnknownMemberType]
        self._channels = [channel]

    def _connect(self) -> ssl.SSLSocket:
        if not self._channels:
            raise redis.exceptions.ConnectionError("the session is over")
        return self._channels.pop()


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ConfigurationError("a user's name, password or rule is no text; look at the secret and the declaration") from None


def _said(error: Exception) -> str:
    """The server's words; redis-py takes the first one off those that it knows."""
    text = str(error.args[0]) if error.args else ""
    return f"{code} {text}" if (code := getattr(error, "status_code", None)) else text
