"""Key pairs by the library `cryptography`, in and out as JSON Web Keys; the only module that needs it."""

from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from rotation_lambda.engines._jwk import Jwk, decoded, written

_PROBE = b"is this one key?"
_P256_BYTES = 32


def make(algorithm: str, rsa_bits: int) -> Jwk:
    """Gives a new pair for EdDSA, ES256 or RS256: only what makes it a key."""
    match algorithm:
        case "EdDSA":
            edwards = ed25519.Ed25519PrivateKey.generate()
            halves = (edwards.public_key().public_bytes_raw(), edwards.private_bytes_raw())
            return {"kty": "OKP", "crv": "Ed25519", "x": written(halves[0]), "d": written(halves[1])}
        case "ES256":
            curve = ec.generate_private_key(ec.SECP256R1()).private_numbers()
            place = curve.public_numbers
            members = {"x": place.x, "y": place.y, "d": curve.private_value}
            # Of fixed length, with leading zeros. Source: https://www.rfc-editor.org/rfc/rfc7518#section-6.2.1.2
            return {"kty": "EC", "crv": "P-256", **{name: written(number.to_bytes(_P256_BYTES)) for name, number in members.items()}}
        case _:
            key = rsa.generate_private_key(public_exponent=65537, key_size=rsa_bits).private_numbers()
            public = key.public_numbers
            members = {"n": public.n, "e": public.e, "d": key.d, "p": key.p, "q": key.q, "dp": key.dmp1, "dq": key.dmq1, "qi": key.iqmp}
            return {"kty": "RSA", **{name: written(_shortest(number)) for name, number in members.items()}}


def proves(key: Jwk) -> bool:
    """Says whether the public half verifies what the private half signs."""
    try:
        _PROOFS[key["kty"]](key)
    except (InvalidSignature, ValueError):
        return False
    return True


def _prove_edwards(key: Jwk) -> None:
    signature = ed25519.Ed25519PrivateKey.from_private_bytes(decoded(key["d"])).sign(_PROBE)
    ed25519.Ed25519PublicKey.from_public_bytes(decoded(key["x"])).verify(signature, _PROBE)


def _prove_curve(key: Jwk) -> None:
    signature = ec.derive_private_key(_number(key, "d"), ec.SECP256R1()).sign(_PROBE, ec.ECDSA(SHA256()))
    public = ec.EllipticCurvePublicNumbers(_number(key, "x"), _number(key, "y"), ec.SECP256R1()).public_key()
    public.verify(signature, _PROBE, ec.ECDSA(SHA256()))


def _prove_rsa(key: Jwk) -> None:
    public = rsa.RSAPublicNumbers(e=_number(key, "e"), n=_number(key, "n"))
    parts = {name: _number(key, member) for name, member in (("d", "d"), ("p", "p"), ("q", "q"), ("dmp1", "dp"), ("dmq1", "dq"))}
    private = rsa.RSAPrivateNumbers(**parts, iqmp=_number(key, "qi"), public_numbers=public).private_key()
    public.public_key().verify(private.sign(_PROBE, padding.PKCS1v15(), SHA256()), _PROBE, padding.PKCS1v15(), SHA256())


_PROOFS: dict[str, Callable[[Jwk], None]] = {"OKP": _prove_edwards, "EC": _prove_curve, "RSA": _prove_rsa}


def _number(key: Jwk, member: str) -> int:
    return int.from_bytes(decoded(key[member]))


def _shortest(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)
