"""Tokens as an application makes and takes them (RFC 7515, compact), by `cryptography` alone and without a line of the engine."""

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

Key = dict[str, Any]


def token_by(key: Key, claims: dict[str, Any] | None = None) -> str:
    """What an application sends that signs with this key."""
    header = _written(json.dumps({"alg": key["alg"], "kid": key["kid"], "typ": "JWT"}).encode())
    signed = f"{header}.{_written(json.dumps(claims or {'sub': 'somebody'}).encode())}"
    return f"{signed}.{_written(_signature(key, signed.encode()))}"


def accepts(keys: list[Key], token: str) -> bool:
    """What an application says that knows these keys: the token's key is among them, has the token's algorithm, and fits."""
    signed, _, signature = token.rpartition(".")
    header = json.loads(_read(signed.partition(".")[0]))
    for key in keys:
        if key.get("kid") == header.get("kid") and key["alg"] == header["alg"]:
            return _fits(key, signed.encode(), _read(signature))
    return False


def _signature(key: Key, content: bytes) -> bytes:
    match key["alg"]:
        case "EdDSA":
            return ed25519.Ed25519PrivateKey.from_private_bytes(_read(key["d"])).sign(content)
        case "ES256":
            private = ec.EllipticCurvePrivateNumbers(_number(key["d"]), _curve_public(key)).private_key()
            # As two numbers of 32 bytes. Source: https://www.rfc-editor.org/rfc/rfc7518#section-3.4
            return b"".join(part.to_bytes(32) for part in decode_dss_signature(private.sign(content, ec.ECDSA(hashes.SHA256()))))
        case "RS256":
            parts = [_number(key[member]) for member in ("p", "q", "d", "dp", "dq", "qi")]
            return rsa.RSAPrivateNumbers(*parts, _rsa_public(key)).private_key().sign(content, padding.PKCS1v15(), hashes.SHA256())
        case "HS256":
            return hmac.digest(_read(key["k"]), content, hashlib.sha256)


def _fits(key: Key, content: bytes, signature: bytes) -> bool:
    try:
        match key["alg"]:
            case "EdDSA":
                ed25519.Ed25519PublicKey.from_public_bytes(_read(key["x"])).verify(signature, content)
            case "ES256":
                pair = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
                _curve_public(key).public_key().verify(pair, content, ec.ECDSA(hashes.SHA256()))
            case "RS256":
                _rsa_public(key).public_key().verify(signature, content, padding.PKCS1v15(), hashes.SHA256())
            case "HS256":
                return hmac.compare_digest(signature, hmac.digest(_read(key["k"]), content, hashlib.sha256))
    except InvalidSignature:
        return False
    return True


def _curve_public(key: Key) -> ec.EllipticCurvePublicNumbers:
    return ec.EllipticCurvePublicNumbers(_number(key["x"]), _number(key["y"]), ec.SECP256R1())


def _rsa_public(key: Key) -> rsa.RSAPublicNumbers:
    return rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"]))


def _written(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _read(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _number(text: str) -> int:
    return int.from_bytes(_read(text))
