"""How long a rotation schedule leaves a secret alone, at worst."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from policies.pack.schedule import longest_gap_days


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
    "expression",
    [
        "",
        "30 days",
        "rate(0 days)",
        "rate(-1 days)",
        "rate(days)",
        "rate(1 fortnight)",
        "cron()",
        "cron(0 8 * * *)",
        "cron(0 8 * * ? 2027)",
        "cron(0 8 1 1 ? 2026-2030)",
        "cron(0 8 * * * *)",
        "cron(0 8 ? * ? *)",
        "cron(0 8 31 2 ? *)",
        "cron(0 8 32 * ? *)",
        "cron(0 8 0 * ? *)",
        "cron(0 8 1 13 ? *)",
        "cron(0 8 ? * FUN *)",
        "cron(0 8 ? * SUN#x *)",
        "cron(0 8 1/0 * ? *)",
        "cron(0 8 xW * ? *)",
        "cron(0 25 * * ? *)",
        "cron(60 4 * * ? *)",
        "cron(x 4 * * ? *)",
    ],
)
def test_what_is_no_schedule_or_ends_has_no_gap(expression):
    assert longest_gap_days(expression) is None


@settings(deadline=None)
@given(some.sets(some.integers(1, 28), min_size=1, max_size=4), some.sets(some.integers(1, 12), min_size=1, max_size=4))
def test_days_of_months_agree_with_the_calendar(days, months):
    falls = [day for day in (date(2001, 1, 1) + timedelta(n) for n in range(5 * 366)) if day.day in days and day.month in months]
    longest = max((later - earlier).days for earlier, later in itertools.pairwise(falls))

    found = longest_gap_days(f"cron(0 4 {','.join(map(str, days))} {','.join(map(str, months))} ? *)")

    assert found == longest
