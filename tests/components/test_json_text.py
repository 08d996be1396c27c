"""JSON text of structures that are partly still to come. That an unknown keeps it unknown is seen in the components' tests."""

import json

import pulumi
import pytest

from components._json_text import dumps


def settled(output):
    found = []
    pulumi.runtime.test(lambda: output.apply(found.append))()
    return found[0]


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"a": [1, "two", None, True, {"b": []}]},
        {"known": "x", "coming": pulumi.Output.from_input("y"), "later": [pulumi.Output.from_input("z"), "w"]},
        {"first": {"second": pulumi.Output.concat("a", "b")}, "whole": pulumi.Output.from_input({"c": ["d"]})},
        ("a", "tuple"),
    ],
)
def test_the_text_is_that_of_the_sdk(value):
    ours, the_sdks = settled(dumps(value)), settled(pulumi.Output.json_dumps(value))

    assert json.loads(ours) == json.loads(the_sdks)


def test_a_secret_inside_keeps_the_whole_text_secret():
    text = dumps({"known": 1, "hidden": pulumi.Output.secret("s")})

    assert settled(pulumi.Output.from_input(text.is_secret()))
