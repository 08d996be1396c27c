"""A configuration file, read as the engine reads it and checked as the pack checks it."""

import json

import pytest
from pulumi_policy import EnforcementLevel

from policies.gate.configuration import checked, is_disabled, read
from policies.gate.errors import GateError
from policies.rules.secret_is_rotated import policy


@pytest.fixture
def file(tmp_path):
    return tmp_path / "policies.json"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "must hold a JSON object"),
        ('{"secret-is-rotated": "advisory", "secret-is-rotated": "mandatory"}', "'secret-is-rotated' stands there twice"),
        ('{"secret-is-rotated": {"levels": [], "levels": []}}', "'levels' stands there twice"),
        ('{"key-is-rotated": {"maxDays": NaN}}', "NaN is no number"),
        ('{"key-is-rotated": {"maxDays": 1e999}}', "1e999 is no number"),
        ('{"key-is-rotated": {"maxDays": ' + "9" * 5000 + "}}", "9999999999999999999… is no number"),
        ('{"key-is-rotated": {"\\ud800": 1}}', "is not UTF-8"),
        ("[" * 100_000, "is nested too deep"),
    ],
)
def test_a_file_that_the_engine_would_misread_is_refused(file, text, said):
    file.write_text(text)

    with pytest.raises(GateError, match=said):
        read(file)


def test_a_file_that_is_not_there_is_named(file):
    with pytest.raises(GateError, match=r"policies.json cannot be read: No such file"):
        read(file)


def test_the_order_of_the_file_is_kept(file):
    document = {"z": {}, "a": {}}
    file.write_text(json.dumps(document))

    assert list(read(file)) == ["z", "a"]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"secret-is-rotatd": "advisory"}, "did you mean 'secret-is-rotated'"),
        ({"secret-is-rotated": {"undecidd": "advisory"}}, "did you mean 'undecided'"),
        ({"secret-is-rotated": {"undecided": "maybe"}}, "'undecided'"),
        ({"secret-is-rotated": "sometimes"}, "the level is one of: advisory, mandatory, disabled, remediate"),
        ({"secret-is-rotated": {"enforcementLevel": 3}}, "the level is one of"),
        ({"secret-is-rotated": {"enforcementLevel": None}}, "the level is one of"),
        ({"secret-is-rotated": True}, "give a level, or an object with settings"),
        (
            {"secret-is-rotated": {"exemptions": [{"urn": "x", "reason": "r", "owner": "o", "expires": "2027-01-01"}]}},
            r"exemptions\[0\].urn",
        ),
        ({"all": {"undecided": "advisory"}}, "'all' takes a level only"),
    ],
)
def test_what_nobody_can_have_meant_is_refused_with_the_place(document, said):
    with pytest.raises(GateError, match=said):
        checked(document)


@pytest.mark.parametrize(
    ("document", "level"),
    [
        ({}, EnforcementLevel.MANDATORY),
        ({"all": "advisory"}, EnforcementLevel.ADVISORY),
        ({"all": {"enforcementLevel": "disabled"}}, EnforcementLevel.DISABLED),
        ({"all": "advisory", "secret-is-rotated": "mandatory"}, EnforcementLevel.MANDATORY),
        ({"all": "advisory", "secret-is-rotated": {"undecided": "advisory"}}, EnforcementLevel.ADVISORY),
        ({"secret-is-rotated": {"enforcementLevel": "disabled"}}, EnforcementLevel.DISABLED),
    ],
)
def test_a_level_is_what_the_engine_makes_of_it(document, level):
    assert checked(document).of(policy).level is level
    assert is_disabled(document, policy.name) is (level is EnforcementLevel.DISABLED)
