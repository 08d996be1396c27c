"""How long a rotation schedule leaves a secret alone, at worst."""

import re
from datetime import date, timedelta
from functools import cache

_RATE = re.compile(r"rate\(\s*(\d{1,9})\s+(minutes?|hours?|days?)\s*\)", re.IGNORECASE)
_CRON = re.compile(r"cron\(\s*(.+?)\s*\)", re.IGNORECASE)
_PER_DAY = {"minute": 24 * 60, "hour": 24, "day": 1}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

# Leap years repeat after 4 years and a weekday on a date after 28; more than the longest that AWS accepts between two rotations.
_FIRST, _YEARS = date(2001, 1, 1), 28


class ScheduleError(ValueError):
    """The text is no schedule, or one that ends. Says what is wrong and never repeats the text."""


def longest_gap_days(expression: str) -> float:
    """Gives the longest time between two rotations in days.

    Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html

    Raises:
        ScheduleError: nothing rotates by it, or not for ever.
    """
    if rate := _RATE.fullmatch(expression.strip()):
        if not int(rate[1]):
            raise ScheduleError("its rate is zero")
        return int(rate[1]) / _PER_DAY[rate[2].lower().removesuffix("s")]
    cron = _CRON.fullmatch(expression.strip())
    if cron is None:
        raise ScheduleError("it is neither rate(…) nor cron(…)")
    fields = cron[1].upper().split()
    if len(fields) != 6:
        raise ScheduleError("cron(…) has six fields: minute, hour, day of month, month, day of week, year")
    return _longest_gap_of(fields)


def _longest_gap_of(fields: list[str]) -> float:
    minute, hour, days_of_month, month, days_of_week, year = fields
    if year != "*":
        raise ScheduleError("it names years, so it ends: the year is `*`")
    if (days_of_month != "?") == (days_of_week != "?"):
        raise ScheduleError("exactly one of day of month and day of week is `?`")
    try:
        never_starts = not _numbers(minute, 0, 59) or not _numbers(hour, 0, 23)
        longest = None if never_starts else _longest_gap_of_days(days_of_month, month, days_of_week)
    except ValueError:
        raise ScheduleError("a field of it names no minute, hour, day or month that there is") from None
    if longest is None:
        raise ScheduleError("it names a day that no month has")
    return longest


@cache  # an estate has thousands of secrets, each at a time of its own, and a few ways to choose the day
def _longest_gap_of_days(days_of_month: str, month: str, days_of_week: str) -> float | None:
    months = _numbers(month, 1, 12, _MONTHS)
    day, last, longest = _FIRST, None, None
    while day.year < _FIRST.year + _YEARS:
        if day.month in months and (_falls_on(days_of_month, day) if days_of_month != "?" else _falls_on_weekday(days_of_week, day)):
            if last is not None:
                longest = max(longest or 0, (day - last).days)
            last = day
        day += timedelta(days=1)
    return longest


def _falls_on(field: str, day: date) -> bool:
    month_ends = (day + timedelta(days=1)).day == 1
    if field == "L":
        return month_ends
    if field.endswith("W"):  # the weekday nearest to a date, which is at most two days away
        wanted = int(field.removesuffix("W"))
        return day.weekday() < 5 and abs(day.day - wanted) <= 2 and day == _nearest_weekday(day, wanted)
    return day.day in _numbers(field, 1, 31)


def _nearest_weekday(day: date, wanted: int) -> date | None:
    try:
        target = day.replace(day=wanted)
    except ValueError:
        return None
    if target.weekday() == 5:
        return target - timedelta(days=1) if target.day > 1 else target + timedelta(days=2)
    if target.weekday() == 6:
        following = target + timedelta(days=1)
        return following if following.month == target.month else target - timedelta(days=2)
    return target


def _falls_on_weekday(field: str, day: date) -> bool:
    weekday = day.isoweekday() % 7 + 1  # AWS counts from Sunday, which is 1
    if "#" in field:
        wanted, nth = field.split("#")
        return weekday in _numbers(wanted, 1, 7, _DAYS) and (day.day - 1) // 7 + 1 == int(nth)
    if field.endswith("L"):
        is_last = (day + timedelta(days=7)).month != day.month
        return is_last and (field == "L" or weekday in _numbers(field.removesuffix("L"), 1, 7, _DAYS))
    return weekday in _numbers(field, 1, 7, _DAYS)


@cache
def _numbers(field: str, least: int, most: int, names: tuple[str, ...] = ()) -> frozenset[int]:
    """Gives the numbers of a field: `*`, `4`, `MON`, `1-5`, `1,15`, `*/2`, `3/4`."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start = least if span in ("*", "") else _number(first, names)
        end = most if span in ("*", "") or (step and not last) else _number(last or first, names)
        if not least <= start <= most or not least <= end <= most:
            raise ValueError
        found.update(range(start, end + 1, int(step or 1)) if start <= end else [*range(start, most + 1), *range(least, end + 1)])
    return frozenset(found)


def _number(text: str, names: tuple[str, ...]) -> int:
    return names.index(text) + 1 if text in names else int(text)
