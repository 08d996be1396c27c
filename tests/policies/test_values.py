"""What arrives from the engine, and what cannot happen to it by accident."""

import pytest
from google.protobuf.struct_pb2 import Value
from hypothesis import given, settings
from hypothesis import strategies as some

from policies.pack.values import UNKNOWN, Marked, Special, UndecidedError, WireProperties, at, decode, elements, has_mark, plain
from tests.policies.wire import encoded, struct

JSON = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**40), 2**40) | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None)
@given(JSON)
def test_a_value_arrives_as_it_was_sent(value):
    assert decode(encoded(value)) == value


@settings(deadline=None)
@given(JSON)
def test_a_mark_arrives_and_shows_nothing(value):
    arrived = decode(encoded(Marked(value)))

    assert isinstance(arrived, Marked)
    assert plain(arrived) == value
    assert f"{arrived}" == str(arrived) == repr(arrived) == "[secret]"
    assert repr([arrived]) == "[[secret]]"


@pytest.mark.parametrize(
    "sentinel",
    [
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    ],
)
def test_every_kind_of_unknown_value_is_unknown(sentinel):
    assert decode(Value(string_value=sentinel)) is UNKNOWN


@pytest.mark.parametrize(
    "use",
    [
        lambda: bool(UNKNOWN),
        lambda: UNKNOWN == "alias/aws/secretsmanager",
        lambda: UNKNOWN != "alias/aws/secretsmanager",
        lambda: "x" in UNKNOWN,
        lambda: list(UNKNOWN),
        lambda: len(UNKNOWN),
        lambda: "yes" if UNKNOWN else "no",
        lambda: UNKNOWN in ["x"],
    ],
)
def test_an_unknown_value_refuses_to_be_judged(use):
    with pytest.raises(UndecidedError):
        use()


def output_value(known, secret):
    signature = {"4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4"}
    return Value(struct_value=struct({**signature, "secret": secret, **({"value": "x"} if known else {})}))


def test_output_values_of_a_later_engine_are_understood():
    assert decode(output_value(known=True, secret=False)) == "x"
    assert decode(output_value(known=False, secret=False)) is UNKNOWN
    assert isinstance(decode(output_value(known=True, secret=True)), Marked)


def test_assets_are_no_values():
    asset = struct({"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "text": "x"})

    assert decode(Value(struct_value=asset)) == Special("c44067f5952c0a294b673a41bacd8c17")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (("name",), "database"),
        (("tags", "service"), "billing"),
        (("replicas", 0, "region"), "eu-west-1"),
        (("replicas", 1), None),
        (("name", "deeper"), None),
        (("missing", "deeper"), None),
        (("later", "deeper"), UNKNOWN),
        (("tags", "later"), UNKNOWN),
    ],
)
def test_a_path_is_found_under_marks(path, found):
    properties = WireProperties(
        struct(
            {
                "name": Marked("database"),
                "tags": Marked({"service": Marked("billing"), "later": UNKNOWN}),
                "replicas": [{"region": "eu-west-1"}],
                "later": UNKNOWN,
            }
        )
    )

    value = at(properties, *path)

    assert value is UNKNOWN if found is UNKNOWN else value == found


def test_a_mark_anywhere_inside_is_seen():
    assert has_mark({"a": [{"b": Marked("x")}]})
    assert not has_mark({"a": [{"b": "x"}], "later": UNKNOWN})


def test_one_element_and_a_list_of_one_are_the_same():
    assert elements("x") == elements(["x"]) == elements(Marked(["x"])) == ["x"]
    assert elements(None) == []
