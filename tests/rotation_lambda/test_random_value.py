"""A random value: one that needs no quoting, made anew at each rotation, while the one before stays valid."""

import functools
import string

import pytest

from tests.rotation_lambda.conftest import refusal
from tests.rotation_lambda.generated import Generated


@pytest.fixture
def token(manager, monkeypatch, pauses):  # noqa: ARG001
    return Generated(manager, monkeypatch, "prod/billing/api", {"kind": "service-token"})


@pytest.fixture
def refused(token, lines):
    return functools.partial(refusal, token, lines)


def test_the_first_rotation_makes_the_value(token):
    token.rotate()

    assert list(token.current) == ["value"]
    assert len(token.current["value"]) == 64
    assert set(token.current["value"]) <= set(string.ascii_letters + string.digits + "-_.~")


def test_the_value_before_stays_valid_until_the_next_rotation(token):
    token.rotate()
    before = token.current

    token.rotate()

    assert token.current != before
    assert token.labelled("AWSPREVIOUS") == before


@pytest.mark.parametrize("length", [32, 128])
def test_the_declaration_says_how_long_it_is(token, length):
    token.declare(length=length)

    token.rotate()

    assert len(token.current["value"]) == length


@pytest.mark.parametrize("length", [31, 129, "64", 64.0, True, None])
def test_a_length_out_of_range_is_refused(token, refused, length):
    token.target["length"] = length
    token.declare(**({"length": length} if length is not None else {"lenght": 64}))

    with refused("configuration", says="'leng"):
        token.until("setSecret")


def test_what_others_keep_in_the_value_survives(token):
    token.write({"value": "put-by-hand-put-by-hand-put-by-hand", "header": "X-Token"})

    token.rotate()

    assert token.current["header"] == "X-Token"
    assert len(token.current["value"]) == 64


def test_a_value_that_somebody_put_passes_the_test_and_stays(token):
    token.write({"value": "put-by-hand~put.by_hand-put-by-hand"})
    before = token.current

    token.test_only()

    assert (token.current, token.manager.writes()) == (before, [])


@pytest.mark.parametrize(
    "value", ["too-short", "x" * 129, "with a space in it, and so on and on", 'quoted"' * 6, "ümlaut" * 6, 5, None, ["x" * 40]]
)
def test_a_value_that_needs_quoting_somewhere_or_has_another_length_is_refused(token, refused, value):
    token.write({"value": value})

    with refused("configuration", says="needs a 'value' of 32 to 128"):
        token.test_only()


def test_a_value_that_is_none_is_replaced(token):
    token.write({"value": 5})

    token.rotate()

    assert len(token.current["value"]) == 64
