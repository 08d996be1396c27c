"""What can go wrong in a rotation, by the class that an on-call person acts on; and the guard that keeps values out of it."""

import base64
import json
import urllib.parse
from collections.abc import Iterator


class RotationError(Exception):
    """Says what is wrong and the way out. It names settings, users and hosts, never a value."""

    error_class = "unexpected"


class AuthenticationError(RotationError):
    """The server does not accept this user with this password; the only refusal after which another credential may be tried."""

    error_class = "authentication"

    def final(self) -> "AuthenticationError":
        """Gives the same, with the way out, where the admin is not asked to help."""
        return AuthenticationError(
            f"{self}, and the admin changes nothing for it. Set the secret's password at the server; or, if nobody uses it any more, put an"
            f" empty object into the secret; then rotate"
        )


class NetworkError(RotationError):
    """Nobody answered in time, or the name is unknown, or the server is starting or full."""

    error_class = "network"


class TlsError(RotationError):
    """The server did not prove who it is; nothing secret was sent."""

    error_class = "tls"


class PermissionRefusedError(RotationError):
    """A call or statement is not allowed to the function's role or to the database user."""

    error_class = "permission"


class PolicyError(RotationError):
    """The server refuses the new password itself."""

    error_class = "policy"


class ConfigurationError(RotationError):
    """The target, the secret's value or the server is not what the declaration says."""

    error_class = "configuration"


class ConflictError(RotationError):
    """Somebody else changed the secret or the user at the same time, or the rotation was abandoned."""

    error_class = "conflict"


class LostValueError(ConflictError):
    """The issuer does not know the new value any more, so it will never work; the next rotation makes another."""


class StrangeValueError(ConfigurationError):
    """The new value names another place or user than the declaration does: somebody wrote it, or the declaration changed meanwhile."""


class UnexpectedError(RotationError):
    """A fault of the function: names the type and the line of the exception, and nothing that it said."""


class Redaction:
    """The values seen in one invocation; takes them out of every text that leaves it.

    Messages are written without values. This is the second lock, for the day on which one is not.
    """

    def __init__(self) -> None:
        self._values: set[str] = set()

    def learn(self, value: object) -> None:
        """Remembers every text inside a secret's value, except what is as good as public: the place and the user."""
        if isinstance(value, dict):
            for key, inner in value.items():  # pyright: ignore[reportUnknownVariableType] - any JSON
                if key not in _PUBLIC:
                    self.learn(inner)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(value, list):
            for inner in value:  # pyright: ignore[reportUnknownVariableType]
                self.learn(inner)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(value, str) and len(value) >= _SHORTEST:
            self._values.add(value)

    def clean(self, text: str) -> str:
        """Gives the text with every value in it replaced, also where it was quoted or encoded on its way."""
        spellings = {spelling for value in self._values for spelling in _spellings(value)}
        for spelling in sorted(spellings, key=len, reverse=True):
            text = text.replace(spelling, "[redacted]")
        return text


def _spellings(value: str) -> Iterator[str]:
    raw = value.encode(errors="surrogatepass")
    yield value
    yield json.dumps(value)[1:-1]
    yield repr(value)[1:-1]
    yield urllib.parse.quote(raw, safe="")
    yield urllib.parse.quote(raw)
    yield urllib.parse.quote_plus(raw)
    yield base64.b64encode(raw).decode()
    yield base64.urlsafe_b64encode(raw).decode().rstrip("=")
    # A key in PEM is rarely repeated as a whole.
    yield from (line for line in value.splitlines() if len(line) >= _SHORTEST_LINE)


_PUBLIC = frozenset(
    {
        "engine",
        "host",
        "port",
        "dbname",
        "username",
        "masterarn",
        "algorithm",
        "alg",
        "kty",
        "crv",
        "kid",
        "AccessKeyId",
        "UserName",
        "serialNumber",
        "notAfter",
    }
)
# Shorter texts are words of ordinary sentences.
_SHORTEST = 4
_SHORTEST_LINE = 16
