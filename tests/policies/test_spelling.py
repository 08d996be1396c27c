"""Which name a text was meant to be."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from policies.pack.graph.spelling import Spelling

NAME = "dev/billing/database"


@pytest.mark.parametrize(
    "text", ["dev/billing/databse", "dev/biling/database", "dev/billing/databasee", "dev/billnig/database", "Dev/billing/database"]
)
def test_one_slip_is_seen(text):
    assert Spelling([NAME, "dev/reports/warehouse"]).meant(text) == NAME


@pytest.mark.parametrize("text", [NAME, "dev/billing/datbse", "prod/billing/database", "dev/billing/database2", ""])
def test_what_is_no_slip_means_nothing_else(text):
    assert Spelling([NAME]).meant(text) is None


def test_names_that_differ_in_numbers_are_two():
    assert Spelling(["dev/billing/key-1", "dev/billing/key-12"]).meant("dev/billing/key-2") is None


def slips(text):
    """Every text that one slip makes."""
    letters = "abc/"
    for at in range(len(text) + 1):
        yield from (text[:at] + letter + text[at:] for letter in letters)
        if at < len(text):
            yield text[:at] + text[at + 1 :]
            yield from (text[:at] + letter + text[at + 1 :] for letter in letters)
        if at + 1 < len(text):
            yield text[:at] + text[at + 1] + text[at] + text[at + 2 :]


@given(some.text("abc/", max_size=5), some.text("abc/", max_size=5))
def test_a_slip_is_one_letter_or_two_that_changed_places(name, text):
    assert (Spelling([name]).meant(text) == name) is (text != name and text in set(slips(name)))
