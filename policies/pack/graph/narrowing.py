"""Conditions that let a statement reach less than its resources and principals say."""

from collections.abc import Iterator

from policies.pack.graph.documents import Statement
from policies.pack.graph.patterns import Match
from policies.pack.values import UNKNOWN, Value

_EQUALITY = ("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike")


def demands(statement: Statement) -> Iterator[tuple[str, list[Value]]]:
    """Gives the keys, in lower case, that must be in a request and equal, or be like, one of the values.

    A part that is not known yet has the key "" and may demand anything. What holds without the key (`IfExists`, `ForAllValues:`) demands
    nothing.
    """
    if statement.condition is None:
        return
    for operator, key, values in statement.conditions:
        if not key:
            yield "", [UNKNOWN]
        elif operator.removeprefix("foranyvalue:") in _EQUALITY:
            yield key.lower(), values


def is_single(value: Value) -> Match:
    """Tells whether a value of a condition stands for one text: a variable such as `${aws:PrincipalTag/service}` does, for each caller."""
    if value is UNKNOWN:
        return Match.MAYBE
    return Match.ALWAYS if isinstance(value, str) and value and not any(mark in value for mark in "*?") else Match.NEVER


def all_single(values: list[Value]) -> Match:
    """Tells whether each value stands for one text."""
    return min(map(is_single, values), default=Match.NEVER)


def demanded(statement: Statement, *keys: str) -> Match:
    """Tells whether the conditions demand a single value for one of these keys, given in lower case; or may."""
    widest = Match.NEVER
    for key, values in demands(statement):
        if not key:
            widest = max(widest, Match.MAYBE)
        elif key in keys:
            widest = max(widest, all_single(values))
    return widest
