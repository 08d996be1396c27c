"""How often a rotation happens, as far as its rules say."""

from dataclasses import dataclass

from policies.pack.resource import Resource
from policies.pack.schedule import ScheduleError, longest_gap_days
from policies.pack.values import UNKNOWN, Value, at, elements

# What Secrets Manager accepts.
_LEAST_HOURS, _MOST_DAYS = 4, 1000


@dataclass(frozen=True)
class Pace:
    """How often; without days and without a problem it is not known yet."""

    property: str
    """The property that says so, or that is not known yet."""
    days: float | None = None
    """Longest time between two rotations."""
    problem: str = ""
    """What is wrong with its rules; never their text."""


def pace(rotation: Resource) -> Pace:
    """Gives the pace of a SecretRotation."""
    rules = next(iter(elements(rotation.read("rotationRules"))), None)
    if rules is UNKNOWN:
        return Pace("rotationRules")
    given = {name: at(rules, name) for name in ("automaticallyAfterDays", "scheduleExpression")}
    for name, value in given.items():
        if value is UNKNOWN:
            return Pace(f"rotationRules.{name}")
    days, expression = given.values()
    try:
        longest = _longest(days, expression)
    except ScheduleError as wrong:
        return Pace("rotationRules", problem=str(wrong))
    return Pace("rotationRules", days=longest)


def _longest(days: Value, expression: Value) -> float:
    has_days = isinstance(days, str | int | float) and days not in ("", 0)
    if isinstance(expression, str) and expression.strip():
        if has_days:
            raise ScheduleError("it has days and an expression, of which Secrets Manager takes one")
        longest = longest_gap_days(expression)
    elif days is None:
        raise ScheduleError("it is missing")
    else:
        longest = _number(days)
    if not _LEAST_HOURS / 24 <= longest <= _MOST_DAYS:
        raise ScheduleError(f"Secrets Manager takes {_LEAST_HOURS} hours to {_MOST_DAYS} days")
    return longest


def _number(days: Value) -> float:
    if isinstance(days, str) and days.strip().isdecimal():
        return int(days)
    if isinstance(days, int | float) and not isinstance(days, bool):
        return days
    raise ScheduleError("its days are no number")
