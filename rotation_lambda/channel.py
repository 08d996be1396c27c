"""A connection to the host that a target names: to a server that proved who it is, bounded in time, or none at all."""

import socket
import ssl
from collections.abc import Callable
from typing import Any

from rotation_lambda import certificates
from rotation_lambda.deadline import Deadline
from rotation_lambda.errors import NetworkError, RotationError, TlsError
from rotation_lambda.targets import Target

CONNECT_SECONDS = 5.0
_MOST_ADDRESSES = 3


class _Bounded(socket.socket):
    """Waits for each piece of an answer no longer than the step may still take: a server may send a byte now and then."""

    deadline: Deadline

    def recv(self, bufsize: int = 1024, flags: int = 0) -> bytes:
        self._shorten_the_wait()
        return super().recv(bufsize, flags)

    def recv_into(self, buffer: Any, nbytes: int | None = 0, flags: int = 0) -> int:
        self._shorten_the_wait()
        return super().recv_into(buffer, nbytes or 0, flags)

    def _shorten_the_wait(self) -> None:
        self.settimeout(self.deadline.limit(self.gettimeout() or 0))


def secured(
    target: Target, deadline: Deadline, *, ask: Callable[[socket.socket, str], None] | None = None, hint: str = ""
) -> ssl.SSLSocket:
    """Gives a TLS connection to the target's own host, verified against the authority that the target names; nothing less.

    `ask` says what a protocol says before TLS begins, and hears the place for its messages; `hint` ends those about what is no TLS.

    Raises:
        TlsError: the server did not prove who it is; nothing else was sent.
        NetworkError, ConfigurationError: it could not be tried.
    """
    context = context_for(target, deadline)
    plain = connected(target, deadline)
    try:
        plain.settimeout(deadline.limit(CONNECT_SECONDS))
        if ask:
            ask(plain, place_of(target))
        return context.wrap_socket(plain, server_hostname=target.text("host"))
    except (OSError, ValueError) as error:
        failure = refusal(error, target, hint)
    except RotationError as error:
        failure = error
    plain.close()
    raise failure


def context_for(target: Target, deadline: Deadline) -> ssl.SSLContext:
    """Gives what a driver needs that begins TLS itself: it trusts the target's authority, and nobody else."""
    context = certificates.context_for(target.text("ca"))
    # The library makes the connection, and may read from it at once.
    context.sslsocket_class = type("_BoundedTls", (_Bounded, ssl.SSLSocket), {"deadline": deadline})
    return context


def connected(target: Target, deadline: Deadline) -> socket.socket:
    """Gives a connection to the target's own host, over which nothing was said yet.

    Raises:
        NetworkError: nobody answers there.
    """
    host, port = target.text("host"), _port(target)
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NetworkError(f"the name {host} is unknown; look at 'host' and at the function's DNS") from None
    reason = "no address"
    for family, kind, protocol, _, address in addresses[:_MOST_ADDRESSES]:
        try:
            return _connected(family, kind, protocol, address, deadline)
        except OSError as error:
            reason = _reason(error)
    raise NetworkError(f"{place_of(target)} cannot be reached ({reason}); is it up, and may the function's security group go there?")


def refusal(error: Exception, target: Target, hint: str = "") -> RotationError:
    """Says why TLS did not come about; the system's own words, and no server's."""
    place = place_of(target)
    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsError(f"the certificate of {place} is not accepted: {error.verify_message}. Compare 'host' and 'ca' with the server")
    if isinstance(error, ssl.SSLEOFError):
        return NetworkError(f"{place} hung up before TLS began; it may be full{hint}")
    if isinstance(error, ssl.SSLError):
        return TlsError(f"no TLS 1.2 or newer with {place} ({error.reason}){hint}")
    return NetworkError(f"{place} took the connection and then did not answer ({_reason(error)}){hint}")


def place_of(target: Target) -> str:
    """Gives host and port, as messages name them."""
    return f"{target.text('host')}:{_port(target)}"


def _connected(family: int, kind: int, protocol: int, address: Any, deadline: Deadline) -> socket.socket:
    plain = _Bounded(family, kind, protocol)
    plain.deadline = deadline
    try:
        plain.settimeout(deadline.limit(CONNECT_SECONDS))
        # Drivers ask in small pieces; unsent ones would wait 40 ms for the server to confirm the last.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.connect(address)
    except BaseException:
        plain.close()
        raise
    return plain


def _port(target: Target) -> int:
    return target.whole_number("port", least=1, most=65535)


def _reason(error: Exception) -> str:
    return "timed out" if isinstance(error, TimeoutError) else (isinstance(error, OSError) and error.strerror) or type(error).__name__
