"""Keys as JSON Web Keys in the member `keys` of a secret's value: read, named and measured, without any cryptography.

Sources: https://www.rfc-editor.org/rfc/rfc7517 (JWK), rfc7518 (members of each kind of key), rfc7638 (thumbprint).
"""

import base64
import binascii
import contextlib
import hashlib
import json
import re
from typing import Any, cast

from rotation_lambda.engines import Known, Value
from rotation_lambda.errors import ConfigurationError

Jwk = dict[str, Any]
"""One key. Members that RFC 7517 does not know are allowed in it, and stay."""

PUBLIC_MEMBERS = {"OKP": ("crv", "x"), "EC": ("crv", "x", "y"), "RSA": ("e", "n"), "oct": ("k",)}
"""What makes a key the key that it is, by its kind; with `kty` this is what RFC 7638 hashes. A symmetric key has nothing public."""

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
# A secret's limit. Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
_MOST_BYTES = 65536


def keys_in(value: Value, secret: str) -> list[Jwk]:
    """Gives the keys of a value, each with a `kid`: its own, or its thumbprint when it has none.

    Raises:
        ConfigurationError: the value is no set of keys. Nothing in it is passed over: a key that is dropped may be one that is needed.
    """
    entries = value.get("keys")
    if not isinstance(entries, list) or not entries:
        raise ConfigurationError(
            f"the value of {secret} has no 'keys', a list of JSON Web Keys; put a key that exists as"
            f' {{"keys": [{{"kty": …}}]}}, or an empty object to begin with a new one'
        )
    keys = [_identified(entry, f"key {number} of {secret}") for number, entry in enumerate(cast("list[object]", entries), start=1)]
    if len({key["kid"] for key in keys}) < len(keys):
        raise ConfigurationError(f"two keys of {secret} have the same 'kid'; give each a name of its own, or leave 'kid' out")
    return keys


def held(known: Known) -> Value | None:
    """Gives what the value holds, or what it held before somebody emptied it: those keys are still in use."""
    if known.current:
        return known.current
    previous = known.previous()
    return previous if previous and "keys" in previous else None


def binary(key: Jwk, member: str, name: str) -> bytes:
    """Gives the bytes of a member that is written in base64url without padding; `name` is what a refusal calls the key."""
    text = key.get(member)
    if isinstance(text, str) and _BASE64URL.fullmatch(text):
        with contextlib.suppress(binascii.Error):
            content = decoded(text)
            if written(content) == text:  # one key has one spelling, and so one thumbprint
                return content
    raise ConfigurationError(f"{name} needs {member!r} in base64url without padding")


def written(content: bytes) -> str:
    """Gives bytes as a JWK has them: base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Gives back what `written` wrote."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def thumbprint(key: Jwk) -> str:
    """Gives the name that follows from the key itself (RFC 7638).

    A symmetric key's thumbprint tells nothing about it as long as it is random: 256 bits cannot be guessed from their hash (section 7).
    """
    members = {member: key[member] for member in ("kty", *PUBLIC_MEMBERS[key["kty"]])}
    return written(hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).digest())


def fitting(keys: list[Jwk], current: Value | None, *, secret: str, way_out: str) -> Value:
    """Gives the keys as the new part of a value, if a secret can hold that.

    Raises:
        ConfigurationError: it would be too large; the value that is there stays.
    """
    size = len(json.dumps({**(current or {}), "keys": keys}))
    if size > _MOST_BYTES:
        raise ConfigurationError(f"{len(keys)} keys of {secret} would take {size} bytes, and a secret holds {_MOST_BYTES}: {way_out}")
    return {"keys": keys}


def _identified(entry: object, name: str) -> Jwk:
    kind: object = cast("Jwk", entry).get("kty") if isinstance(entry, dict) else None
    if not isinstance(kind, str) or kind not in PUBLIC_MEMBERS:
        raise ConfigurationError(f"{name} is no JSON Web Key with a 'kty' of {', '.join(PUBLIC_MEMBERS)}")
    key = cast("Jwk", entry)
    for member in PUBLIC_MEMBERS[kind]:
        if member != "crv":
            binary(key, member, name)
        elif not isinstance(key.get(member), str):
            raise ConfigurationError(f"{name} has no 'crv', the name of its curve")
    kid: object = key.get("kid", thumbprint(key))
    if not isinstance(kid, str) or not kid:
        raise ConfigurationError(f"{name} has a 'kid' that is no text")
    return {**key, "kid": kid}
