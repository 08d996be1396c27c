"""Conditions that let a statement reach less than its resources and principals say."""

import re
from collections.abc import Callable, Iterator

from policies.pack.graph.documents import Statement
from policies.pack.graph.patterns import Match
from policies.pack.values import UNKNOWN, Value

_TAG = re.compile(r"(?:aws|secretsmanager):resourcetag/(.+)")
_OF_CALLER = re.compile(r"\$\{aws:PrincipalTag/[^}*?]+\}", re.IGNORECASE)
_OWNER = ("keyturn:environment", "keyturn:service")
_BY_NAME = "-??????"

OF_ITS_FUNCTION = "secretsmanager:resource/allowrotationlambdaarn"
"""Key, in lower case, of a condition that leaves a rotation function the secrets that it rotates: AWS' own templates have it."""

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


def _is_single(value: str) -> bool:
    return bool(value) and not any(mark in value for mark in "*?")


def is_single(value: Value) -> Match:
    """Tells whether a value of a condition stands for one text: a variable such as `${aws:PrincipalTag/service}` does, for each caller."""
    return _fit(value, _is_single)


def _fit(value: Value, fits: Callable[[str], bool]) -> Match:
    if value is UNKNOWN:
        return Match.MAYBE
    return Match.ALWAYS if isinstance(value, str) and fits(value) else Match.NEVER


def all_single(values: list[Value]) -> Match:
    """Tells whether each value stands for one text."""
    return min(map(is_single, values), default=Match.NEVER)


def demanded(statement: Statement, *keys: str, fits: Callable[[str], bool] = _is_single) -> Match:
    """Tells whether the conditions demand fitting values for one of these keys, given in lower case; by default single ones."""
    widest = Match.NEVER
    for key, values in demands(statement):
        if not key:
            widest = max(widest, Match.MAYBE)
        elif key in keys:
            widest = max(widest, min((_fit(value, fits) for value in values), default=Match.NEVER))
    return widest


def demands_owner(statement: Statement) -> Match:
    """Tells whether the conditions leave what has a tag of the caller's, or what the tags of one service of one environment are on."""
    owner: dict[str, Match] = {}
    widest = Match.NEVER
    for key, values in demands(statement):
        tag = _TAG.fullmatch(key)
        if not key:
            widest = max(widest, Match.MAYBE)
        elif tag and _are_of_caller(values):
            widest = max(widest, all_single(values))
        elif tag and tag[1] in _OWNER:
            owner[tag[1]] = all_single(values)
    return max(widest, min(owner.get(key, Match.NEVER) for key in _OWNER))


def demands_secrets(statement: Statement) -> Match:
    """Tells whether the conditions leave one secret by its name, those that one function rotates, or those of one owner."""
    named = demanded(statement, "secretsmanager:secretid", fits=lambda value: _is_single(value.removesuffix(_BY_NAME)))
    return max(named, demanded(statement, OF_ITS_FUNCTION), demands_owner(statement))


def _are_of_caller(values: list[Value]) -> bool:
    return all(value is UNKNOWN or (isinstance(value, str) and bool(_OF_CALLER.fullmatch(value))) for value in values)
