"""How long a rotation schedule leaves a secret alone, at worst."""

import calendar
import contextlib
import itertools
import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from policies.pack.schedule import ScheduleError, longest_gap_days


@pytest.mark.parametrize(
    ("expression", "days"),
    [
        ("rate(1 day)", 1),
        ("rate(10 days)", 10),
        ("rate(12 hours)", 0.5),
        ("rate(4 hours)", 1 / 6),
        (" rate( 30 days ) ", 30),
        ("cron(0 8 * * ? *)", 1),
        ("cron(0 /12 * * ? *)", 1),
        ("cron(0 8 1 * ? *)", 31),
        ("cron(0 8 1,15 * ? *)", 17),
        ("cron(0 0 L * ? *)", 31),
        ("cron(0 0 1W * ? *)", 33),
        ("cron(0 0 ? * SUN *)", 7),
        ("cron(0 0 ? * 1 *)", 7),
        ("cron(0 0 ? * MON-FRI *)", 3),
        ("cron(0 0 ? * SAT,SUN *)", 6),
        ("cron(0 0 ? * SUN#1 *)", 35),
        ("cron(0 0 ? * 6L *)", 35),
        ("cron(0 0 ? * FRI-MON *)", 4),
        ("cron(0 0 1 JAN ? *)", 366),
        ("cron(0 0 1 3/3 ? *)", 92),
        ("cron(0 0 29 2 ? *)", 1461),
        ("cron(0 0 */10 * ? *)", 10),
    ],
)
def test_a_schedule_that_aws_documents(expression, days):
    assert longest_gap_days(expression) == pytest.approx(days)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("", "neither rate"),
        ("30 days", "neither rate"),
        ("rate(0 days)", "zero"),
        ("rate(-1 days)", "neither rate"),
        ("rate(days)", "neither rate"),
        ("rate(1 fortnight)", "neither rate"),
        ("cron()", "neither rate"),
        ("cron(0 8 * * *)", "six fields"),
        ("cron(0 8 * * ? 2027)", "ends"),
        ("cron(0 8 1 1 ? 2026-2030)", "ends"),
        ("cron(0 8 * * * *)", "is `?`"),
        ("cron(0 8 ? * ? *)", "is `?`"),
        ("cron(0 8 31 2 ? *)", "no month has"),
        ("cron(0 8 32 * ? *)", "that there is"),
        ("cron(0 8 0 * ? *)", "that there is"),
        ("cron(0 8 1 13 ? *)", "that there is"),
        ("cron(0 8 ? * FUN *)", "that there is"),
        ("cron(0 8 ? * SUN#x *)", "that there is"),
        ("cron(0 8 1/0 * ? *)", "that there is"),
        ("cron(0 8 xW * ? *)", "that there is"),
        ("cron(0 25 * * ? *)", "that there is"),
        ("cron(60 4 * * ? *)", "that there is"),
        ("cron(x 4 * * ? *)", "that there is"),
    ],
)
def test_what_is_no_schedule_or_ends_says_why(expression, why):
    with pytest.raises(ScheduleError, match=re.escape(why)):
        longest_gap_days(expression)


def brute_force(falls):
    """The longest gap between the days of a calendar that a schedule falls on, looked at one by one."""
    days = [date(2001, 1, 1) + timedelta(n) for n in range(28 * 365 + 7)]
    return max((later - earlier).days for earlier, later in itertools.pairwise(day for day in days if falls(day)))


some_months = some.sets(some.integers(1, 12), min_size=1, max_size=4)
some_weekdays = some.sets(some.sampled_from(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]), min_size=1, max_size=3)


MONTHS = list(itertools.product(range(2001, 2029), range(1, 13)))


def name_of(day):
    return day.strftime("%a").upper()


@settings(deadline=None, max_examples=40)
@given(some.sets(some.integers(1, 28), min_size=1, max_size=4), some_months)
def test_days_of_months_agree_with_the_calendar(days, months):
    found = longest_gap_days(f"cron(0 4 {','.join(map(str, days))} {','.join(map(str, months))} ? *)")

    assert found == brute_force(lambda day: day.day in days and day.month in months)


@settings(deadline=None, max_examples=40)
@given(some_weekdays, some_months)
def test_weekdays_agree_with_the_calendar(weekdays, months):
    found = longest_gap_days(f"cron(0 4 ? {','.join(map(str, months))} {','.join(weekdays)} *)")

    assert found == brute_force(lambda day: name_of(day) in weekdays and day.month in months)


@settings(deadline=None, max_examples=40)
@given(some.sampled_from([*range(1, 6), "last"]), some_weekdays.map(min), some_months)
def test_the_nth_and_the_last_weekday_of_a_month_agree_with_the_calendar(nth, weekday, months):
    number = 1 + ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"].index(weekday)
    field = f"{number}L" if nth == "last" else f"{weekday}#{nth}"

    found = longest_gap_days(f"cron(0 4 ? {','.join(map(str, months))} {field} *)")

    column = [calendar.SUNDAY, *range(6)][number - 1]
    same = {month: [week[column] for week in calendar.monthcalendar(*month) if week[column]] for month in MONTHS}
    place = slice(-1, None) if nth == "last" else slice(nth - 1, nth)
    assert found == brute_force(lambda day: day.month in months and same[day.year, day.month][place] == [day.day])


@settings(deadline=None, max_examples=40)
@given(some.integers(1, 31), some.integers(1, 31), some.integers(1, 9))
def test_spans_and_steps_agree_with_the_calendar(first, last, step):
    days = range(min(first, last), max(first, last) + 1, step)

    found = longest_gap_days(f"cron(0 4 {days[0]}-{max(first, last)}/{step} * ? *)")

    assert found == brute_force(lambda day: day.day in days)


@settings(deadline=None)
@given(some.text(alphabet="cronate()0123456789 */?-,LW#dayshoursMONJAN", max_size=40))
def test_any_text_has_a_gap_or_a_reason(text):
    with contextlib.suppress(ScheduleError):
        assert longest_gap_days(text) > 0
