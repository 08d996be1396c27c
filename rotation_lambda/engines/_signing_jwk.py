"""Keys that sign tokens, one kind an algorithm: made, checked, and stripped to the half that may be shown.

Sources: https://www.rfc-editor.org/rfc/rfc7518 (section 3.2: an HS256 key has at least 256 bits; 3.3: RS256 at least 2048; 3.4: ES256),
rfc8037 (EdDSA). RSA keys have 3072 bits unless the target says otherwise: NIST SP 800-57 part 1, revision 5, gives 2048 bits a strength of
112 (table 2), good until 2030 (table 4), and 3072 the 128 that Ed25519 and P-256 have.
"""

import secrets

from rotation_lambda.engines._jwk import PUBLIC_MEMBERS, Jwk, binary, thumbprint, written
from rotation_lambda.errors import ConfigurationError

DEFAULT_RSA_BITS, LEAST_RSA_BITS, MOST_RSA_BITS = 3072, 2048, 4096

_KINDS = {"EdDSA": ("OKP", "Ed25519"), "ES256": ("EC", "P-256"), "RS256": ("RSA", None), "HS256": ("oct", None)}
ALGORITHMS = tuple(_KINDS)
"""What a key may sign with, as the member `alg` says it."""

_PRIVATE_MEMBERS = {"OKP": ("d",), "EC": ("d",), "RSA": ("d", "p", "q", "dp", "dq", "qi"), "oct": ()}
_EVERY_PRIVATE_MEMBER = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})
_BYTES = 32
_ABOUT = ("kid", "alg", "use", "iat", "exp")


def new_key(algorithm: str, *, rsa_bits: int, now: int) -> Jwk:
    """Gives a new key with both its halves."""
    if algorithm == "HS256":
        key: Jwk = {"kty": "oct", "k": written(secrets.token_bytes(_BYTES))}
    else:
        from rotation_lambda.engines import _asymmetric  # noqa: PLC0415 - HS256 comes without cryptography

        key = _asymmetric.make(algorithm, rsa_bits)
    return {**key, "kid": thumbprint(key), "alg": algorithm, "use": "sig", "iat": now}


def checked(key: Jwk, name: str) -> Jwk:
    """Gives the key with `alg` and `use`, which follow from its kind; `name` is what a refusal calls it.

    Raises:
        ConfigurationError: no algorithm signs with it, it is too short, or it says something else of itself.
    """
    algorithm = next((algorithm for algorithm, kind in _KINDS.items() if kind == (key["kty"], key.get("crv"))), None)
    if algorithm is None or key.get("alg", algorithm) != algorithm or key.get("use", "sig") != "sig":
        raise ConfigurationError(f"{name} signs with none of {', '.join(ALGORITHMS)}; correct its 'alg', 'crv' or 'use'")
    if not _long_enough(key, name):
        raise ConfigurationError(f"{name} has not the length that {algorithm} needs; put one that has")
    if any(not isinstance(key.get(member, 0), int) for member in ("iat", "exp")):
        raise ConfigurationError(f"{name} needs whole seconds in 'iat' and 'exp', or neither")
    return {**key, "alg": algorithm, "use": "sig"}


def signs(key: Jwk) -> bool:
    """Says whether tokens can be signed with the key."""
    return all(isinstance(key.get(member), str) for member in _PRIVATE_MEMBERS[key["kty"]])


def tells_private(key: Jwk) -> bool:
    """Says whether a key that has a public half shows more than that."""
    return key["kty"] != "oct" and bool(_EVERY_PRIVATE_MEMBER & key.keys())


def public_half(key: Jwk) -> Jwk:
    """Gives what verifies the key's signatures and, unless the key is symmetric, does not make any."""
    return {member: key[member] for member in ("kty", *PUBLIC_MEMBERS[key["kty"]], *_ABOUT) if member in key}


def prove(key: Jwk, name: str) -> None:
    """Signs with the private half and verifies with the public one.

    Raises:
        ConfigurationError: they do not belong together.
    """
    if key["kty"] == "oct":
        return
    for member in _PRIVATE_MEMBERS[key["kty"]]:
        binary(key, member, name)
    from rotation_lambda.engines import _asymmetric  # noqa: PLC0415 - HS256 comes without cryptography

    if not _asymmetric.proves(key):
        raise ConfigurationError(f"{name} has halves that do not belong together; put a sound key")


def _long_enough(key: Jwk, name: str) -> bool:
    if key["kty"] == "RSA":
        bits = int.from_bytes(binary(key, "n", name), "big").bit_length()
        return LEAST_RSA_BITS <= bits <= MOST_RSA_BITS
    if key["kty"] == "oct":
        return len(binary(key, "k", name)) >= _BYTES
    return all(len(binary(key, member, name)) == _BYTES for member in ("x", "y", "d") if member in key)
