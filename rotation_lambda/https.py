"""One HTTPS call: to a server that proved who it is, bounded in time and size, without redirects, proxies or words of the answer."""

import contextlib
import http.client
import json
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from rotation_lambda import certificates
from rotation_lambda.deadline import Deadline
from rotation_lambda.errors import (
    ConfigurationError,
    ConflictError,
    NetworkError,
    PermissionRefusedError,
    RotationError,
    TlsError,
)

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 10.0
_MOST_ADDRESSES = 3
# A list of an issuer's keys is long; what is longer than this is none.
_MOST_BYTES = 1_000_000
# The standard library lets a header value go on in a next line, and a server may see a header of its own there.
_HEADER_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
_PRINTABLE = re.compile(r"[!-~]+")
_HOST = re.compile(r"[A-Za-z0-9.-]+|[0-9A-Fa-f:.]+")


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    json: object
    """The body; None when it is empty or no JSON."""


def call(method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, authority: str | None, deadline: Deadline) -> Answer:
    """Gives the answer, whatever its status.

    `authority` is the file in the bundle that is trusted, and nothing else then; without it the runtime's public authorities are.

    Raises:
        TlsError: the server did not prove who it is; nothing was sent.
        NetworkError: nobody answered in time, or not to the end; what was asked may have happened.
        ConfigurationError: this is no https address, or no header; nothing was sent.
    """
    host, port, path = _parts(url)
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise ConfigurationError(
                f"a request to {host} has a header that holds something else than printable ASCII; look at the admin secret"
            )
    context = certificates.context_for(authority) if authority else ssl.create_default_context()
    with contextlib.closing(http.client.HTTPSConnection(host, port, context=context)) as connection:
        connection.sock = _channel(context, host, port, deadline)
        try:
            connection.request(method, path, body, {**headers, "User-Agent": "keyturn-rotation", "Connection": "close"})
            with connection.getresponse() as response:
                content = response.read(_MOST_BYTES + 1)
                missing = response.length
        except (http.client.HTTPException, OSError) as error:
            failure = NetworkError(f"{host} took the request and did not answer it to the end ({_reason(error)})")
        else:
            if len(content) > _MOST_BYTES:
                failure = ConfigurationError(f"{host} answers with more than {_MOST_BYTES} bytes; look at the address in the declaration")
            elif missing:
                failure = NetworkError(f"{host} took the request and did not answer it to the end")
            else:
                return Answer(response.status, _parsed(content))
    raise failure


def refusal(answer: Answer, what: str) -> RotationError:
    """Gives the error for an answer that is not what was hoped for; `what` names the request, e.g. `issue at api.example.com`."""
    match answer.status:
        case 401 | 403:
            return PermissionRefusedError(f"{what} is refused ({answer.status}); look at the admin secret and at what it may do there")
        case 408 | 425 | 429:
            return NetworkError(f"{what} is put off ({answer.status}); it is tried again")
        case 409 | 412 | 423:
            return ConflictError(f"{what} meets a state that somebody else changed ({answer.status}); it is tried again")
        case status if 300 <= status < 400:
            return ConfigurationError(f"{what} is sent elsewhere ({status}); redirects are not followed, so name the place itself")
        case status if status >= 500:
            return NetworkError(f"{what} fails at the server ({status}); it is tried again")
        case status:
            return ConfigurationError(f"{what} is answered with {status}; compare the declaration with the issuer's documentation")


class _Channel(ssl.SSLSocket):
    """Waits for each piece of an answer no longer than the step may still take: a server may send a byte now and then."""

    deadline: Deadline

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        self.settimeout(self.deadline.limit(_ANSWER_SECONDS))
        return super().recv_into(buffer, nbytes, flags)


def _parts(url: str) -> tuple[str, int, str]:
    """The address is looked at before it is taken apart, since the standard library drops line ends from it in silence."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
    except ValueError:
        parts, host, port = urlsplit(""), "", 443
    proper = _PRINTABLE.fullmatch(url) and _HOST.fullmatch(host) and parts.username is None and not parts.fragment
    if parts.scheme != "https" or not proper:
        raise ConfigurationError("an address is no https:// address of printable ASCII without user and fragment; look at the declaration")
    return host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _channel(context: ssl.SSLContext, host: str, port: int, deadline: Deadline) -> ssl.SSLSocket:
    context.sslsocket_class = _Channel
    plain = _connected(host, port, deadline)
    try:
        plain.settimeout(deadline.limit(_CONNECT_SECONDS))
        # Head and body go in two pieces; else the second one waits for the first one's receipt, 40 milliseconds.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        channel: Any = context.wrap_socket(plain, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        failure = TlsError(
            f"the certificate of {host} is not accepted: {error.verify_message}. Compare the address and 'ca' with the server"
        )
    except ssl.SSLEOFError:
        failure = NetworkError(f"{host}:{port} hung up before TLS began; is there a server behind it?")
    except ssl.SSLError as error:
        failure = TlsError(f"no TLS 1.2 or newer with {host}:{port} ({error.reason})")
    except OSError as error:
        failure = NetworkError(f"{host}:{port} took the connection and then did not answer ({_reason(error)})")
    except RotationError as error:
        failure = error
    else:
        channel.deadline = deadline
        return channel
    plain.close()
    raise failure


def _connected(host: str, port: int, deadline: Deadline) -> socket.socket:
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NetworkError(f"the name {host} is unknown; look at the address in the declaration and at the function's DNS") from None
    reason = "no address"
    for *_, address in addresses[:_MOST_ADDRESSES]:
        try:
            return socket.create_connection((str(address[0]), port), deadline.limit(_CONNECT_SECONDS))
        except OSError as error:
            reason = _reason(error)
    raise NetworkError(f"{host}:{port} cannot be reached ({reason}); is it up, and may the function's security group go there?")


def _parsed(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _reason(error: Exception) -> str:
    # What the libraries say may repeat what was sent or received; the system's own words do not.
    return "timed out" if isinstance(error, TimeoutError) else (isinstance(error, OSError) and error.strerror) or type(error).__name__
