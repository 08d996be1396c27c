"""A keyring in the crash matrix: what was ever encrypted with a published value can be read."""

import base64
import os
from functools import partial
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.rotation_lambda.generated import Subject, running
from tests.rotation_lambda.matrix import Row

__all__ = ["ROWS", "decrypted", "encrypted", "running", "secret_of"]


def encrypted(value: dict[str, Any], content: bytes = b"a card number") -> dict[str, Any]:
    """What an application stores: the key's name beside the ciphertext."""
    key, nonce = value["keys"][0], os.urandom(12)
    return {"kid": key["kid"], "nonce": nonce, "content": AESGCM(secret_of(key)).encrypt(nonce, content, None)}


def decrypted(value: dict[str, Any], record: dict[str, Any]) -> bytes | None:
    """What an application reads that has the value; nothing when it cannot."""
    for key in value["keys"]:
        if key["kid"] == record["kid"]:
            try:
                return AESGCM(secret_of(key)).decrypt(record["nonce"], record["content"], None)
            except InvalidTag:
                return None
    return None


def secret_of(key: dict[str, Any]) -> bytes:
    return base64.urlsafe_b64decode(key["k"] + "=" * (-len(key["k"]) % 4))


class _Keyring(Subject):
    def works(self, value: dict[str, Any]) -> bool:
        records = [encrypted(published) for _, published in self.published]
        return all(decrypted(self.current, record) for record in [*records, encrypted(value)])


def _prepared(_server: None, monkeypatch: pytest.MonkeyPatch, *, rotations: int = 0, at_once: bool = False) -> _Keyring:
    ring = _Keyring(monkeypatch, "prod/billing/data-key", {"kind": "encryption-key", "keep": 100}, rotations=rotations)
    ring.manager.first_is_current = at_once
    return ring


_row = partial(Row, "encryption-key", "keyring", overlap=True)

ROWS = [
    _row("empty secret", prepare=_prepared),
    _row("empty secret, current at once", prepare=partial(_prepared, at_once=True)),
    _row("second rotation", prepare=partial(_prepared, rotations=1)),
    _row("third rotation", prepare=partial(_prepared, rotations=2)),
]
