"""Whether an IAM pattern covers a name, also while parts of the name are not known yet."""

import re
from enum import IntEnum
from functools import cache, lru_cache

ANY_TEXT = "\x00"
"""Stands in a name for text that is not known yet."""
ANY_WORD = "\x02"
"""Stands in a name for a region, an account or a partition that is not known yet: text without `:` and `/`."""
ANY_CHARACTER = "\x01"
"""Stands in a name for one character that is not known yet."""

_OF_ANY_LENGTH = (ANY_TEXT, ANY_WORD)

# `${aws:PrincipalTag/service}` and the like: AWS puts the caller's text there.
_VARIABLE = re.compile(r"\$\{[^}]*\}")


class Match(IntEnum):
    """Whether a statement covers something."""

    NEVER = 0
    MAYBE = 1
    ALWAYS = 2

    @property
    def opposite(self) -> "Match":
        """Gives whether it does not cover it."""
        return Match(Match.ALWAYS - self)


@lru_cache(maxsize=1 << 16)  # the same names are asked about for every action
def match(pattern: str, name: str) -> Match:
    """Tells whether the pattern (`*` is any text, `?` one character) covers the name."""
    with_wildcards = _VARIABLE.sub("*", pattern) if "${" in pattern else pattern
    if _covers(with_wildcards, name):
        return Match.ALWAYS if with_wildcards == pattern else Match.MAYBE
    if any(gap in name for gap in (ANY_TEXT, ANY_WORD, ANY_CHARACTER)) and _overlap(with_wildcards, name):
        return Match.MAYBE
    return Match.NEVER


def match_arn(pattern: str, arn: str) -> Match:
    """Tells whether the pattern covers the ARN, whose partition may be a gap."""
    # A stack lives in one partition, so a document of the stack names it for us.
    partition = pattern.split(":")[1] if pattern.startswith("arn:") else ANY_WORD
    gap = f"arn:{ANY_WORD}:"
    return match(pattern, arn.replace(gap, f"arn:{partition}:" if is_exact(partition) else gap, 1))


def is_exact(pattern: str) -> bool:
    """Tells whether the pattern covers one name only."""
    return not any(mark in pattern for mark in ("*", "?", "${"))


def _covers(pattern: str, name: str) -> bool:
    if "*" in pattern:
        return _expression(pattern).fullmatch(name) is not None
    # Most patterns of an estate name one thing, each another one: too many to make expressions of.
    begin, mark, _ = pattern.partition("?")
    if not mark:
        return pattern == name
    return (
        len(pattern) == len(name)
        and name.startswith(begin)
        and all(own in ("?", other) and other not in _OF_ANY_LENGTH for own, other in zip(pattern, name, strict=True))
    )


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    first, *others = (_between_stars(part) for part in pattern.split("*"))
    if not others:
        return re.compile(first, re.DOTALL)
    # What lies between two stars is taken where it comes first, and for good: trying the rest, too, takes for ever and finds no more.
    middle = "".join(f"(?>.*?{part})" for part in others[:-1] if part)
    return re.compile(f"{first}{middle}.*{others[-1]}", re.DOTALL)


def _between_stars(part: str) -> str:
    # `?` is one character: it does not cover a text of unknown length.
    return "".join(f"[^{ANY_TEXT}{ANY_WORD}]" if mark == "?" else re.escape(mark) for mark in part)


def _overlap(pattern: str, name: str) -> bool:
    """Tells whether any text fits both; walks the pattern with all positions of the name that it can have reached."""
    reached = _past_gaps({0}, name)
    for mark in pattern:
        if mark == "*":
            reached = set(range(min(reached), len(name) + 1))
        else:
            fitting = [position for position in reached if _fits(mark, name, position)]
            reached = {position if name[position] in _OF_ANY_LENGTH else position + 1 for position in fitting}
        reached = _past_gaps(reached, name)
        if not reached:
            return False
    return len(name) in reached


def _fits(mark: str, name: str, position: int) -> bool:
    if position == len(name):
        return False
    character = name[position]
    if character == ANY_CHARACTER:
        return mark == "?" or mark.isalnum()
    return character in (ANY_TEXT, mark) or mark == "?" or (character == ANY_WORD and mark not in ":/")


def _past_gaps(reached: set[int], name: str) -> set[int]:
    """Adds the positions behind unknown text, which may be empty."""
    more = set(reached)
    for position in sorted(reached):
        behind = position
        while behind < len(name) and name[behind] in _OF_ANY_LENGTH:
            behind += 1
            more.add(behind)
    return more
