"""Keys for AES-256-GCM: the first encrypts, all of them decrypt, so what was encrypted before a rotation stays readable.

A key that is dropped is data that is lost. None is, unless the target says how many former keys to `keep`: not when somebody moved
AWSCURRENT back or wrote the value anew, as long as AWSPREVIOUS has the keys; and a value in which a key cannot be read is refused
rather than rotated. Nothing is encrypted here: the standard library has no AES.
"""

import contextlib
import secrets
import time
from collections.abc import Iterable, Sequence

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import Known, Value
from rotation_lambda.engines._jwk import Jwk, binary, fitting, held, keys_in, thumbprint, written
from rotation_lambda.errors import ConfigurationError
from rotation_lambda.targets import Target

# Source: https://www.rfc-editor.org/rfc/rfc7518#section-4.7, AES GCM with a 256-bit key
_ALGORITHM, _BYTES = "A256GCM", 32
_MOST_KEPT = 1000  # more than a secret can hold


def describe(target: Target, current: Value | None) -> Value:  # noqa: ARG001 - nothing of the value is no secret
    """Gives nothing: the value is all there is."""
    target.knows_only("keep")
    _kept(target)
    return {}


def generate(target: Target, known: Known, deadline: Deadline) -> Value:  # noqa: ARG001 - no key is asked for twice
    """Gives a new key, and after it every key that may have encrypted something."""
    fresh = {"kty": "oct", "k": written(secrets.token_bytes(_BYTES))}
    new = {**fresh, "kid": thumbprint(fresh), "alg": _ALGORITHM, "use": "enc", "iat": int(time.time())}
    return fitting(
        [new, *_former(known, target)],
        known.current,
        secret=target.secret,
        way_out="encrypt your data anew with the first key, and let the target's 'keep' say how many former keys are still needed",
    )


def set_credential(target: Target, pending: Value, known: Known, deadline: Deadline) -> None:
    """Nothing is set: whoever encrypts reads the secret."""


def verify(target: Target, pending: Value, deadline: Deadline) -> None:  # noqa: ARG001 - there is no server to wait for
    """Checks that every key is one, also of a value that a person put."""
    _keys(pending, target)


def cleanup(target: Target, *, keep: Sequence[Value], gone: Iterable[Value], known: Known, deadline: Deadline) -> None:
    """Nothing is left over: a key that was never published has encrypted nothing."""


def _former(known: Known, target: Target) -> list[Jwk]:
    """Gives what the value holds, and what AWSPREVIOUS holds besides: it was published, too, so data may need it.

    Keys newer than the one that encrypts now tell that the label was moved back; `keep` does not count those.
    """
    before = held(known)
    if before is None:
        return []
    keys, others = _keys(before, target), _published_before(known, target)
    known_here = {*(key["kid"] for key in keys), *map(thumbprint, keys)}
    lost = [key for key in others if not known_here & {key["kid"], thumbprint(key)}]
    newer = [key for key in lost if _made(key) > _made(keys[0])]
    return [*newer, *[*keys, *(key for key in lost if key not in newer)][: _kept(target)]]


def _published_before(known: Known, target: Target) -> list[Jwk]:
    with contextlib.suppress(ConfigurationError):  # what somebody put right since must not stand in the way
        return _keys(known.previous() or {}, target)
    return []


def _made(key: Jwk) -> float:
    made = key.get("iat")
    return made if isinstance(made, int | float) else 0


def _keys(value: Value, target: Target) -> list[Jwk]:
    keys = keys_in(value, target.secret)
    for number, key in enumerate(keys, start=1):
        name = f"key {number} of {target.secret}"
        if key["kty"] != "oct" or key.get("alg", _ALGORITHM) != _ALGORITHM or len(binary(key, "k", name)) != _BYTES:
            raise ConfigurationError(
                f"{name} is none for {_ALGORITHM}: 'kty' oct, and {_BYTES} bytes of 'k'; correct it. It is not left out, since what it has"
                f" encrypted could not be read any more"
            )
    return keys


def _kept(target: Target) -> int:
    return target.whole_number("keep", least=0, most=_MOST_KEPT, default=_MOST_KEPT)
