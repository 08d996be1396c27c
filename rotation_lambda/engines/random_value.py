"""A random value that two services share: a new one each time, and the one before stays valid until the next rotation.

Nobody has to be told: whoever checks a token reads AWSCURRENT and AWSPREVIOUS, and takes either.
"""

import re
from collections.abc import Iterable, Sequence

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import Known, Value
from rotation_lambda.errors import ConfigurationError
from rotation_lambda.passwords import new_password
from rotation_lambda.targets import Target

_LEAST, _MOST, _DEFAULT = 32, 128, 64
_PLAIN = re.compile(rf"[A-Za-z0-9._~-]{{{_LEAST},{_MOST}}}")


def describe(target: Target, current: Value | None) -> Value:  # noqa: ARG001 - nothing of the value is no secret
    """Gives nothing: the value is all there is."""
    target.knows_only("length")
    _length(target)
    return {}


def generate(target: Target, known: Known, deadline: Deadline) -> Value:  # noqa: ARG001 - no value is asked for twice
    """Gives a new value of the target's length, by the policy that passwords have."""
    return {"value": new_password(length=_length(target))}


def set_credential(target: Target, pending: Value, known: Known, deadline: Deadline) -> None:
    """Nothing is set: both sides read the secret."""


def verify(target: Target, pending: Value, deadline: Deadline) -> None:  # noqa: ARG001 - there is no server to wait for
    """Checks what a reader relies on, also of a value that a person put: its length, and that it needs quoting nowhere."""
    value = pending.get("value")
    if not isinstance(value, str) or not _PLAIN.fullmatch(value):
        raise ConfigurationError(
            f"the value of {target.secret} needs a 'value' of {_LEAST} to {_MOST} letters, digits and -_.~ ; rotate to get one"
        )


def cleanup(target: Target, *, keep: Sequence[Value], gone: Iterable[Value], known: Known, deadline: Deadline) -> None:
    """Nothing is left over: a value that no label holds is accepted nowhere."""


def _length(target: Target) -> int:
    return target.whole_number("length", least=_LEAST, most=_MOST, default=_DEFAULT)
