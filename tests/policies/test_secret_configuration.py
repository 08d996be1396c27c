"""The secrets of a stack's configuration: texts are held against them, and nobody reads them."""

import json

import pytest
from pulumi.runtime.proto import analyzer_pb2

from policies.pack.operation import Operation
from policies.pack.secret_configuration import SecretConfiguration

CANARY = "kt-canary-7f3a-9QwZ"


@pytest.mark.parametrize("text", [CANARY, f"{CANARY}\n", f"postgres://app:{CANARY}@db", f"{CANARY}{CANARY}"])
def test_a_text_that_is_a_secret_or_holds_one_may_be_made_of_it(text):
    assert SecretConfiguration([CANARY, "x"]).may_be_in(text)


@pytest.mark.parametrize("text", ["hunter3", CANARY[:-1], CANARY.upper(), ""])
def test_another_text_is_made_of_none(text):
    assert not SecretConfiguration([CANARY, "x", ""]).may_be_in(text)


def test_a_short_secret_is_told_as_a_whole_only():
    configuration = SecretConfiguration(["abc"])

    assert configuration.may_be_in("abc")
    assert not configuration.may_be_in("abcdef")


def test_a_text_that_is_too_long_to_be_looked_through_may_hold_one():
    assert SecretConfiguration([CANARY]).may_be_in("x" * 100_000)
    assert not SecretConfiguration([]).may_be_in("x" * 100_000)


def test_only_what_is_nothing_else_by_chance_is_told_where_it_stands_again():
    configuration = SecretConfiguration(
        [CANARY, "billing", "db.internal", json.dumps({"user": "billing-worker-1", "password": "x7k2-p9q4"})]
    )

    told = [text for text in (CANARY, "billing", "db.internal", "billing-worker-1", "x7k2-p9q4") if configuration.tells(text)]

    assert told == [CANARY, "x7k2-p9q4"]


def test_of_what_the_engine_says_no_secret_stays():
    request = analyzer_pb2.AnalyzerStackConfigureRequest(
        stack="dev", project="shop", config={"shop:login": CANARY, "shop:level": "info"}, config_secret_keys=["shop:login", "shop:gone"]
    )

    operation = Operation.of(request)

    assert operation.secrets.tells(CANARY)
    assert not operation.secrets.may_be_in("info")
    assert CANARY not in repr(operation)
    assert CANARY not in repr(vars(operation.secrets))


def test_two_processes_keep_nothing_that_could_be_compared():
    one, other = SecretConfiguration([CANARY]), SecretConfiguration([CANARY])

    assert one._everything.isdisjoint(other._everything)


def test_when_a_state_is_judged_nobody_knows_the_configuration():
    assert Operation.of(analyzer_pb2.AnalyzerStackConfigureRequest()).secrets is None
