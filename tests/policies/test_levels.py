"""How a finding counts, by where its resource is, what it is worth, and doubt."""

import pytest

from policies.pack.values import UNKNOWN, Marked
from tests.policies.hearing import hear
from tests.policies.program import SECRET, Program

# By place, by default; and everywhere the same.
KEY, READER = "secret-uses-customer-key", "secret-has-one-reader"
IN_DEV = [{"environments": ["dev"], "level": "advisory"}]


def levels(program, given, *rules):
    return {one.finding.urn.rpartition("::")[2]: one.level.value for one in hear(program.stack(), given, *rules).rulings}


def tags(**said):
    return {f"keyturn:{about}": value for about, value in said.items()}


@pytest.mark.parametrize(
    # A customer's key is not worth its price in dev: ministryofjustice/modernisation-platform#1082 and #4999.
    ("environment", "level"),
    [
        ("prod", "mandatory"),
        ("staging", "mandatory"),
        ("production", "mandatory"),
        ("dev", "advisory"),
        ("local", "advisory"),
        (None, "mandatory"),
    ],
)
def test_a_protected_rule_counts_in_full_where_it_matters_and_where_nobody_knows(environment, level):
    program = Program(environment=environment)
    program.secret()

    assert levels(program, {}, KEY) == {"database": level}


def test_the_component_says_more_than_the_tags_and_these_more_than_the_stack():
    program = Program(environment="prod")
    program.secret("of-stack")
    program.secret("of-tags", tags=tags(environment="dev"))
    component = program.component("StaticSecret", "component", environment="staging")
    outer = program.component("Other", "outer", environment="dev")
    inner = program.add("pulumi:component:Plain", "plain", {}, parent=outer)
    for name, parent in (("of-component", component), ("of-outer", inner)):
        program.add(SECRET, name, {"name": name, "tags": tags(environment="prod" if parent == inner else "dev")}, parent=parent)

    assert levels(program, {}, KEY) == {
        "of-stack": "mandatory",
        "of-tags": "advisory",
        "of-component": "mandatory",
        "of-outer": "advisory",
    }


def test_an_environment_that_is_not_known_yet_is_none_whatever_the_stack_says():
    program = Program(environment="dev")
    program.secret(tags=tags(environment=UNKNOWN))

    assert levels(program, {}, KEY) == {"database": "mandatory"}


def test_a_mark_on_the_environment_changes_nothing():
    program = Program()
    program.secret(tags=Marked(tags(environment=Marked("dev"))))

    assert levels(program, {}, KEY) == {"database": "advisory"}


@pytest.mark.parametrize(
    ("choices", "level"),
    [
        (IN_DEV, "advisory"),
        ([{"environments": ["prod"], "level": "advisory"}], "mandatory"),
        ([{"environments": ["*"], "level": "advisory"}], "advisory"),
        ([{"sensitivities": ["medium"], "level": "advisory"}], "advisory"),
        ([{"sensitivities": ["high", "critical"], "level": "advisory"}], "mandatory"),
        ([{"environments": ["dev"], "sensitivities": ["critical"], "level": "advisory"}], "mandatory"),
        ([{"environments": ["dev"], "sensitivities": ["medium"], "level": "advisory"}], "advisory"),
        ([{"environments": ["dev"], "level": "mandatory"}, *IN_DEV], "mandatory"),
        ([*IN_DEV, {"environments": ["dev"], "level": "mandatory"}], "advisory"),
        ([], "mandatory"),
    ],
)
def test_the_first_choice_that_fits_counts(choices, level):
    program = Program()
    program.secret(tags=tags(environment="dev", sensitivity="medium"))

    assert levels(program, {KEY: {"levels": choices}}) == {"database": level}


def test_a_sensitivity_that_nobody_names_fits_no_choice():
    program = Program(environment="dev")
    program.secret()

    assert levels(program, {KEY: {"levels": [{"sensitivities": ["medium"], "level": "advisory"}]}}) == {"database": "mandatory"}


def test_an_environment_that_nobody_names_is_not_any():
    program = Program()
    program.secret()

    assert levels(program, {KEY: {"levels": [{"environments": ["*"], "level": "advisory"}]}}) == {"database": "mandatory"}


def test_a_level_only_lowers_what_the_engine_was_told():
    program = Program(environment="prod")
    program.secret()

    assert levels(program, {KEY: {"enforcementLevel": "advisory", "levels": [{"environments": ["prod"], "level": "mandatory"}]}}) == {
        "database": "advisory"
    }


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        ({}, "mandatory"),
        ({"undecided": "advisory"}, "advisory"),
        ({"undecided": "mandatory"}, "mandatory"),
        ({"undecided": "mandatory", "enforcementLevel": "advisory"}, "advisory"),
        ({"undecided": "mandatory", "levels": [{"environments": ["prod"], "level": "advisory"}]}, "advisory"),
    ],
)
def test_what_cannot_be_decided_counts_as_configured_and_never_for_more_than_a_violation(settings, level):
    program = Program(environment="prod")
    program.secret(kmsKeyId=UNKNOWN)

    assert levels(program, {KEY: settings}) == {"database": level}


def test_a_rule_that_is_off_says_nothing():
    program = Program()
    program.secret()

    proceedings = hear(program.stack(), {KEY: {"enforcementLevel": "disabled"}})

    assert (proceedings.rulings, proceedings.not_applicable) == ([], {})


def test_a_finding_about_no_resource_goes_by_the_stack():
    program = Program(environment="dev")
    program.secret()
    gone = {"urn": f"urn:pulumi:dev::shop::{SECRET}::gone"}

    found = levels(program, {READER: {"baseline": [gone]}}, "nothing-is-undecided")

    assert found == {"": "advisory"}
