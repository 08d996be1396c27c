"""Durations as Go writes them."""

import pytest

from policies.pack.graph.durations import seconds, seconds_of
from policies.pack.values import UNKNOWN


@pytest.mark.parametrize(
    ("text", "long"),
    [("0", 0), ("0s", 0), ("90s", 90), ("1h", 3600), ("1h0m0s", 3600), ("1.5h", 5400), (".5m", 30), ("500ms", 0.5), ("1h30m", 5400)],
)
def test_a_duration_is_read(text, long):
    assert seconds(text) == pytest.approx(long)


@pytest.mark.parametrize("text", ["", "1", "hourly", "-1h", "1 h", "1d", "h", "1h 30m", "1h" * 40])
def test_what_go_would_not_read_is_none(text):
    assert seconds(text) is None


@pytest.mark.parametrize(
    ("value", "long"), [(3600, 3600), ("3600", 3600), ("1h", 3600), (0, 0), (None, None), (True, None), ("soon", None)]
)
def test_a_property_holds_seconds_or_a_duration(value, long):
    assert seconds_of(value) == long


def test_a_property_that_is_not_known_yet_stays_so():
    assert seconds_of(UNKNOWN) is UNKNOWN
