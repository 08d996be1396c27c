"""What an EventBridge pattern lets through.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from policies.pack.graph.patterns import Match, match
from policies.pack.graph.secret import BY_NAME

Event = Mapping[str, "str | Event"]

THE_SECRET = "\x00secret"  # noqa: S105 - a gap
"""Stands in an event for the name or the ARN of the secret that it is about."""
THE_KEY = "\x00key"
"""Stands in an event for the id, the ARN or an alias of the key that it is about: which of them, the caller chooses."""

_ARN = re.compile(r"arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:", re.IGNORECASE)


@dataclass
class Passed:
    """Whether a pattern lets an event through, and for which secrets."""

    match: Match
    names: list[str] = field(default_factory=list[str])
    """Patterns of physical names (`*` is any text) that the pattern is narrowed to; none when it is for every secret."""

    def covers(self, arn: str) -> Match:
        """Tells whether the pattern lets the event of the secret with this ARN, which may have gaps, through."""
        if not self.names:
            return self.match
        name = arn.split(":", 6)[6] if arn.count(":") >= 6 else arn
        return min(self.match, max(match(pattern, name) for pattern in self.names))


def passed(pattern: Any, event: Event) -> Passed:
    """Gives what a parsed pattern does to an event. A filter that is not known here may let it through, or not."""
    names: list[str] = []
    return Passed(_object(pattern, event, names), names)


def _object(pattern: Any, event: Event, names: list[str]) -> Match:
    if not isinstance(pattern, dict):
        return Match.NEVER
    lets = Match.ALWAYS
    for key, wanted in cast(dict[str, Any], pattern).items():
        if key == "$or":
            lets = min(lets, max((_object(each, event, names) for each in _list(wanted)), default=Match.NEVER))
        elif isinstance(wanted, dict):
            inner = event.get(key, {})
            lets = min(lets, _object(wanted, inner if isinstance(inner, Mapping) else {}, names))
        else:
            lets = min(lets, _any(_list(wanted), event.get(key), names))
        if lets is Match.NEVER:
            return lets
    return lets


def _any(filters: list[Any], value: "str | Event | None", names: list[str]) -> Match:
    if value == THE_SECRET:
        found = list(_names(filters))
        names.extend(found)
        return Match.ALWAYS if found else Match.MAYBE
    if value == THE_KEY:
        return Match.MAYBE
    return max((_one(wanted, value) for wanted in filters), default=Match.NEVER)


def _one(wanted: Any, value: "str | Event | None") -> Match:
    if not isinstance(wanted, dict):
        return _sure(wanted == value)
    operator, operand = next(iter(cast(dict[str, Any], wanted).items()), ("", None))
    if operator == "exists" or not isinstance(value, str):
        return _sure(operator == "exists" and (value is not None) is operand)
    if operator == "anything-but":
        return max(_one(each, value) for each in _list(operand)).opposite
    return _compared(operator, operand, value)


def _compared(operator: str, operand: Any, value: str) -> Match:
    if not isinstance(operand, str):
        return Match.MAYBE
    tests = {
        "prefix": value.startswith(operand),
        "suffix": value.endswith(operand),
        "equals-ignore-case": value.lower() == operand.lower(),
        "wildcard": match(operand, value) is Match.ALWAYS,
    }
    return _sure(tests[operator]) if operator in tests else Match.MAYBE


def _names(filters: list[Any]) -> Iterator[str]:
    """Gives the physical names that filters of a secret's name or ARN let through."""
    for wanted in filters:
        filter_of: dict[str, Any] = cast(dict[str, Any], wanted) if isinstance(wanted, dict) else {"": wanted}
        operator, operand = next(iter(filter_of.items()), ("", None))
        if operator == "exists" and operand is True:
            yield "*"
        elif isinstance(operand, str) and operator in ("", "prefix", "wildcard"):
            name = _ARN.sub("", operand)
            # By name, Secrets Manager means the secret whatever its suffix is.
            yield f"{name}*" if operator == "prefix" else name if name != operand or operator else f"{name}{BY_NAME}"


def _list(value: Any) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else [value]


def _sure(holds: bool) -> Match:
    return Match.ALWAYS if holds else Match.NEVER
