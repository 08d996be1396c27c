"""What an engine is: how one kind of credential is made, set, proved and cleared away. One file a kind, one line in the list below."""

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, cast

from rotation_lambda.deadline import Deadline
from rotation_lambda.errors import ConfigurationError
from rotation_lambda.targets import Target

Value = dict[str, Any]
"""The JSON object in a version of a secret."""

# A kind's module is imported when a secret of that kind rotates, and its driver with it.
_ENGINES = {
    "api-key": "rotation_lambda.engines.http_token",
    "aws-access-key": "rotation_lambda.engines.iam_access_key",
    "encryption-key": "rotation_lambda.engines.encryption_key",
    "mariadb": "rotation_lambda.engines.mysql",
    "mysql": "rotation_lambda.engines.mysql",
    "oauth-client": "rotation_lambda.engines.http_token",
    "postgres": "rotation_lambda.engines.postgres",
    "redis": "rotation_lambda.engines.redis",
    "service-token": "rotation_lambda.engines.random_value",
    "signing-key": "rotation_lambda.engines.signing_key",
    "tls-certificate": "rotation_lambda.engines.tls_certificate",
}


class Ahead(Protocol):
    """The value that the rotation after this one publishes: made ahead and kept under AWSNEXT, so that others may learn of it."""

    def announced(self) -> Value | None:
        """Gives what was made ahead when the current value was; nothing when nothing was, or when it is gone."""
        ...

    def keep(self, value: Value) -> Value:
        """Keeps a value for the rotation after this one. Gives what is kept: another invocation's value, if that was faster."""
        ...


@dataclass(frozen=True, kw_only=True)
class Known:
    """Which values there are besides the new one; each is read only when an engine asks for it."""

    token: str
    """The version that this rotation makes: the same each time that a step is repeated, so an issuer's idempotency key."""
    current: Value | None
    """What AWSCURRENT holds; nothing before the first rotation ends."""
    since: datetime | None
    """When a rotation last made a value current; nothing when none did."""
    pending: Callable[[], Value | None]
    """What this rotation stored already, waited for; nothing when nothing was. An earlier call may have, or a duplicate."""
    previous: Callable[[], Value | None]
    """What AWSPREVIOUS holds."""
    older: Callable[[], Iterator[Value]]
    """Values without a label, newest first: an abandoned rotation may have set one."""
    admin: Callable[[], Value] | None
    """The admin secret's value; nothing when the target has none."""
    ahead: Ahead
    """The value after the new one."""


class Engine(Protocol):
    """One kind of credential. Every function may be called twice, at the same time too, and again after being cut off anywhere."""

    def describe(self, target: Target, current: Value | None) -> Value:
        """Gives all of the next value that is no secret: the place and the user. A new value that says otherwise is refused.

        Raises:
            ConfigurationError: the target lacks a setting, has one too many, or one out of range.
        """
        ...

    def generate(self, target: Target, known: Known, deadline: Deadline) -> Value:
        """Gives the part of the next value that is secret.

        Where somebody else issues the value, this issues it: what an earlier call left behind unstored is withdrawn here or in `cleanup`.
        """
        ...

    def set_credential(self, target: Target, pending: Value, known: Known, deadline: Deadline) -> None:
        """Makes the server accept the new value; what is current stays accepted wherever the server can hold both.

        Raises:
            PolicyError: the server will never accept this value, so it is given up, and the next rotation makes another.
            LostValueError: the issuer does not know this value any more; the same follows.
        """
        ...

    def verify(self, target: Target, pending: Value, deadline: Deadline) -> None:
        """Logs in with the value, checks who it is and what it may do, and writes nothing.

        Raises:
            AuthenticationError: the server does not accept the value; any other class means that it could not be tried.
        """
        ...

    def cleanup(self, target: Target, *, keep: Sequence[Value], gone: Iterable[Value], known: Known, deadline: Deadline) -> None:
        """Withdraws what nobody may use any more: the values in `gone`, and any that the server knows besides those to keep.

        Called after the new value was published, with the one before it to keep; and for a value that was issued and could not be stored.
        """
        ...


def engine_for(kind: str) -> Engine:
    """Gives the engine of a kind of secret.

    Raises:
        ConfigurationError: there is none.
    """
    if kind not in _ENGINES:
        raise ConfigurationError(f"there is no rotation engine for the kind {kind!r}; there are: {', '.join(sorted(_ENGINES))}")
    return cast("Engine", importlib.import_module(_ENGINES[kind]))
