"""A session with Redis as the function needs it: verified TLS or nothing, one channel, bounded in time, closed on every path."""

import contextlib
import socket
import ssl
from collections.abc import Generator, Sequence
from typing import Any

import redis.connection
import redis.exceptions

from rotation_lambda import certificates
from rotation_lambda.deadline import Deadline
from rotation_lambda.errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    NetworkError,
    PermissionRefusedError,
    RotationError,
    TlsError,
)
from rotation_lambda.targets import Target

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 5.0
_MOST_ADDRESSES = 3
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

    def __init__(self, channel: "_Channel", deadline: Deadline) -> None:
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
    channel = _channel(target, deadline)
    with contextlib.closing(channel):
        session = Session(channel, deadline)
        session.log_in(username, password)
        yield session


class _Connection(redis.connection.Connection):
    """redis-py's connection on a channel that is open already. It opens no other one, where the next command would be nobody's."""

    def __init__(self, channel: "_Channel") -> None:
        super().__init__(protocol=2, driver_info=None)  # pyright: ignore[reportUnknownMemberType]
        self._channels = [channel]

    def _connect(self) -> "_Channel":
        if not self._channels:
            raise redis.exceptions.ConnectionError("the session is over")
        return self._channels.pop()


class _Channel(ssl.SSLSocket):
    """Waits for each piece of an answer no longer than the step may still take: a server may send a byte now and then."""

    deadline: Deadline

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        self.settimeout(self.deadline.limit(_ANSWER_SECONDS))
        return super().recv(buflen, flags)


def _channel(target: Target, deadline: Deadline) -> _Channel:
    """A TLS connection to the host that the declaration names, verified against the authority that it names; nothing less.

    It is made here, since redis-py would trust the system's authorities besides the given one.
    """
    context = certificates.context_for(target.text("ca"))
    context.sslsocket_class = _Channel
    host, place = target.text("host"), _place(target)
    plain = _connected(target, deadline)
    try:
        plain.settimeout(deadline.limit(_CONNECT_SECONDS))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        channel: Any = context.wrap_socket(plain, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        failure = TlsError(f"the certificate of {place} is not accepted: {error.verify_message}. Compare 'host' and 'ca' with the server")
    except ssl.SSLEOFError:
        failure = NetworkError(f"{place} hung up before TLS began; it is full, or the port is none with TLS (`tls-port`)")
    except ssl.SSLError as error:
        failure = TlsError(f"no TLS 1.2 or newer with {place} ({error.reason}); name a port with TLS (`tls-port`)")
    except (OSError, ValueError) as error:
        failure = NetworkError(f"{place} took the connection and did not begin TLS ({_reason(error)}); is it a port with TLS (`tls-port`)?")
    except RotationError as error:
        failure = error
    else:
        channel.deadline = deadline
        return channel
    plain.close()
    raise failure


def _connected(target: Target, deadline: Deadline) -> socket.socket:
    host, port, place = target.text("host"), target.whole_number("port", least=1, most=65535), _place(target)
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NetworkError(f"the name {host} is unknown; look at 'host' and at the function's DNS") from None
    reason = "no address"
    for *_, address in addresses[:_MOST_ADDRESSES]:
        try:
            return socket.create_connection((str(address[0]), port), deadline.limit(_CONNECT_SECONDS))
        except OSError as error:
            reason = _reason(error)
    raise NetworkError(f"{place} cannot be reached ({reason}); is it up, and may the function's security group go there?")


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ConfigurationError("a user's name, password or rule is no text; look at the secret and the declaration") from None


def _said(error: Exception) -> str:
    """The server's words; redis-py takes the first one off those that it knows."""
    text = str(error.args[0]) if error.args else ""
    return f"{code} {text}" if (code := getattr(error, "status_code", None)) else text


def _place(target: Target) -> str:
    return f"{target.text('host')}:{target.whole_number('port', least=1, most=65535)}"


def _reason(error: Exception) -> str:
    return "timed out" if isinstance(error, TimeoutError) else (isinstance(error, OSError) and error.strerror) or type(error).__name__
