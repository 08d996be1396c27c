"""A signing key in the crash matrix: its tokens are taken by every verifier, whose copy of the keys may be as old as is allowed."""

import contextlib
from functools import partial
from typing import Any

import pytest

from keyturn.jwks import NoPublicKeysError, jwks
from tests.rotation_lambda.generated import HOUR, MINUTE, Subject, running
from tests.rotation_lambda.matrix import Row
from tests.rotation_lambda.tokens import accepts, token_by

__all__ = ["ROWS", "running", "verifying"]

_CACHE = HOUR


def verifying(value: dict[str, Any]) -> list[dict[str, Any]]:
    """What verifiers know: the public view; those of symmetric keys share the secret."""
    with contextlib.suppress(NoPublicKeysError):
        return jwks(value)["keys"] + [key for key in value["keys"] if key["kty"] == "oct"]
    return value["keys"]


class _Key(Subject):
    def works(self, value: dict[str, Any]) -> bool:
        token = token_by(value["keys"][0])
        return all(accepts(verifying(copy), token) for copy in self._copies())

    def _copies(self) -> list[dict[str, Any]]:
        """What a verifier may have: what is current, and what still was less than the cache's time ago."""
        ends = [begin for begin, _ in self.published[1:]]
        gone = [value for (_, value), end in zip(self.published, ends, strict=False) if end > self.clock.now - _CACHE]
        return [*gone, self.current]


def _prepared(_server: None, monkeypatch: pytest.MonkeyPatch, *, algorithm: str = "EdDSA", rotations: int = 0) -> _Key:
    target = {"kind": "signing-key", "algorithm": algorithm, "tokenLifeSeconds": 15 * MINUTE, "verifierCacheSeconds": _CACHE}
    return _Key(monkeypatch, "prod/billing/jwt", target, rotations=rotations)


_row = partial(Row, "signing-key", overlap=True)

ROWS = [
    _row("announced next, EdDSA", "empty secret", prepare=_prepared),
    _row("announced next, EdDSA", "second rotation", prepare=partial(_prepared, rotations=1)),
    _row("announced next, EdDSA", "third rotation", prepare=partial(_prepared, rotations=2)),
    _row("announced next, HS256", "second rotation", prepare=partial(_prepared, algorithm="HS256", rotations=1)),
]
