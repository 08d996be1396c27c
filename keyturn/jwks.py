"""The public view of a signing key: what a verifier may know, made from the secret's value (RFC 7517)."""

import json
from collections.abc import Mapping
from typing import Any, cast

# Everything else of a key stays behind: private members, and those that only the rotation reads.
# Sources: https://www.rfc-editor.org/rfc/rfc7518#section-6.2.1, section 6.3.1, rfc8037#section-2
_PUBLIC_MEMBERS = {"OKP": ("crv", "x"), "EC": ("crv", "x", "y"), "RSA": ("n", "e")}
_SYMMETRIC = "oct"


class NoPublicKeysError(ValueError):
    """A value that has no public view. The message never repeats what stands in it."""


def jwks(value: str | Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Gives the JWK set to publish: the key that signs, the announced next one, and former ones of which tokens may still live.

    Symmetric keys have no public half and are left out; a value that holds no other has no view.

    Raises:
        NoPublicKeysError: the value is no set of signing keys, or all of them are symmetric.
    """
    public = [_public(key, number) for number, key in enumerate(_keys(value), start=1)]
    shown = [key for key in public if key]
    if not shown:
        raise NoPublicKeysError("all keys are symmetric (HS256): who verifies needs the secret itself, and no document may show it")
    return {"keys": shown}


def _keys(value: str | Mapping[str, Any]) -> list[object]:
    try:
        read: object = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        read = None
    keys: object = cast("Mapping[str, object]", read).get("keys") if isinstance(read, Mapping) else None
    if not isinstance(keys, list) or not keys:
        raise NoPublicKeysError("the value is no JSON object with a list of 'keys'; is it the secret of a signing key?")
    return cast("list[object]", keys)


def _public(key: object, number: int) -> dict[str, str]:
    members = cast("Mapping[str, object]", key if isinstance(key, Mapping) else {})
    kind = members.get("kty")
    if kind == _SYMMETRIC:
        return {}
    if not isinstance(kind, str) or kind not in _PUBLIC_MEMBERS:
        raise NoPublicKeysError(f"key {number} has none of the kinds that sign: {', '.join(_PUBLIC_MEMBERS)}")
    needed = {name: members.get(name) for name in _PUBLIC_MEMBERS[kind]}
    said = {name: members[name] for name in ("kid", "alg") if name in members}
    public: dict[str, object] = {"kty": kind, "use": "sig", **said, **needed}
    if strange := [name for name, text in public.items() if not isinstance(text, str)]:
        raise NoPublicKeysError(f"key {number} needs {strange[0]!r}, a text")
    return cast("dict[str, str]", public)
