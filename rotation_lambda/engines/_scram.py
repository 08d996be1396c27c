"""What PostgreSQL stores of a password, computed here so that the password itself never travels in a statement."""

import base64
import hashlib
import hmac
import secrets

# PostgreSQL's own default. More would slow down logins only: these passwords cannot be guessed.
_ITERATIONS = 4096


def scram_verifier(password: str, *, salt: bytes | None = None) -> str:
    """Gives the SCRAM-SHA-256 verifier of an ASCII password (RFC 5803, as `pg_authid.rolpassword` has it).

    Raises:
        ValueError: the password has other characters, which servers and drivers normalise in ways of their own.
    """
    if not password.isascii() or not password.isprintable() or not password:
        raise ValueError("password must be printable ASCII")
    salt = secrets.token_bytes(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, _ITERATIONS)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${_ITERATIONS}:{_text(salt)}${_text(stored_key)}:{_text(server_key)}"


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
