"""The secret values of a stack's configuration, kept so that a text can be held against them and none can be read."""

import hashlib
import secrets
from collections.abc import Iterable

from policies.pack.graph.leaves import from_json, leaves
from policies.pack.graph.secret_values import is_distinctive, is_secret_field

# Shorter ones are parts of many texts by chance.
_LONG = 4
# What looks through a text takes about a microsecond for each place in it.
_MOST_PLACES = 50_000


class SecretConfiguration:
    """Keyed digests of the values. The key is made up by the process, and leaves it no more than the values do."""

    def __init__(self, values: Iterable[str]) -> None:
        self._key = secrets.token_bytes(32)
        told: set[str] = set()
        everything: set[str] = set()
        for value in values:
            inside = [leaf for leaf in leaves(from_json(value), "") if leaf.text]
            everything.update((value.strip(), *(leaf.text.strip() for leaf in inside)))
            # Of an object the engine does not say which member is the secret one.
            told.update(leaf.text.strip() for leaf in inside if is_distinctive(leaf.text) and (not leaf.name or is_secret_field(leaf)))
        everything.discard("")
        self._told = frozenset(map(self._digest, told))
        self._everything = frozenset(map(self._digest, everything))
        self._lengths = sorted({len(text) for text in everything if len(text) >= _LONG})

    def tells(self, text: str) -> bool:
        """Tells whether a text is one of the values, and one that is nothing else by chance."""
        return bool(self._told) and self._digest(text.strip()) in self._told

    def may_be_in(self, text: str) -> bool:
        """Tells whether a text is one of the values or holds one; yes, too, of a text that is too long to be looked through."""
        if not self._everything:
            return False
        if self._digest(text.strip()) in self._everything or len(text) * len(self._lengths) > _MOST_PLACES:
            return True
        return any(
            self._digest(text[start : start + length]) in self._everything
            for length in self._lengths
            for start in range(len(text) - length + 1)
        )

    def _digest(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode(errors="surrogatepass"), key=self._key, digest_size=16).digest()
