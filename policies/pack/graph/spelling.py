"""Which known name a text was probably meant to be."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

_NUMBER = re.compile(r"\d+")


class Spelling:
    """Names, and what one slip of the keyboard makes of them. It is found without asking each: estates have thousands."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)

    def meant(self, text: str) -> str | None:
        """Gives a name that differs from the text in one letter, or in two letters that changed places. None when there is none.

        Names that differ in their numbers only, as `key-1` and `key-2`, are two names.
        """
        candidates = {name for rest in _rests(text) for name in self._by_rest.get(rest, ())}
        return min((name for name in candidates if name != text and _is_slip(text, name)), default=None)

    @cached_property
    def _by_rest(self) -> dict[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for name in self.names:
            for rest in _rests(name):
                found[rest].append(name)
        return found


def _rests(text: str) -> Iterator[str]:
    yield text
    for position in range(len(text)):
        yield text[:position] + text[position + 1 :]


def _is_slip(one: str, other: str) -> bool:
    if _NUMBER.sub("", one) == _NUMBER.sub("", other):
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a == b[1:] or a[1:] == b or (a[:2] == b[1::-1] and a[2:] == b[2:])
