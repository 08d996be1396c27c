"""What an engine is: how one kind of credential is made, set, proved and cleared away. One file a kind, one line in the list below."""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, cast

from rotation_lambda.deadline import Deadline
from rotation_lambda.errors import ConfigurationError
from rotation_lambda.targets import Target

Value = dict[str, Any]
"""The JSON object in a version of a secret."""

# A kind's module is imported when a secret of that kind rotates, and its driver with it.
_ENGINES = {
    "postgres": "rotation_lambda.engines.postgres",
}


@dataclass(frozen=True, kw_only=True)
class Known:
    """Which credentials there are besides the new one; each is read only when an engine asks for it."""

    current: Value | None
    """What AWSCURRENT holds; nothing before the first rotation ends."""
    previous: Callable[[], Value | None]
    """What AWSPREVIOUS holds."""
    older: Callable[[], Iterator[Value]]
    """Values without a label, newest first: an abandoned rotation may have set one."""
    admin: Callable[[], Value] | None
    """The admin secret's value; nothing when the target has none."""


class Engine(Protocol):
    """One kind of credential. Every function may be called twice, and again after being cut off anywhere."""

    def describe(self, target: Target, current: Value | None) -> Value:
        """Gives all of the next value that is no secret: the place and the user. A new value that says otherwise is refused.

        Raises:
            ConfigurationError: the target lacks a setting, has one too many, or one out of range.
        """
        ...

    def generate(self, target: Target, current: Value | None) -> Value:
        """Gives the part of the next value that is secret."""
        ...

    def set_credential(self, target: Target, pending: Value, known: Known, deadline: Deadline) -> None:
        """Makes the server accept the new value; what is current stays accepted wherever the server can hold both."""
        ...

    def verify(self, target: Target, pending: Value, deadline: Deadline) -> None:
        """Logs in with the value, checks who it is and what it may do, and writes nothing.

        Raises:
            AuthenticationError: the server does not accept the value; any other class means that it could not be tried.
        """
        ...

    def cleanup(self, target: Target, published: Value, known: Known, deadline: Deadline) -> None:
        """Withdraws what is older than the value just published and the one before it (`known.current`)."""
        ...


def engine_for(kind: str) -> Engine:
    """Gives the engine of a kind of secret.

    Raises:
        ConfigurationError: there is none.
    """
    if kind not in _ENGINES:
        raise ConfigurationError(f"there is no rotation engine for the kind {kind!r}; there are: {', '.join(sorted(_ENGINES))}")
    return cast("Engine", importlib.import_module(_ENGINES[kind]))
