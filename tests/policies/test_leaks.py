"""Exposure in a state, which shows outputs only and marks them as a whole."""

from dataclasses import replace

import pytest

from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Marked, plain
from policies.rules import rules
from tests.policies.cases import corpus
from tests.policies.planted import DATABASE, KUBERNETES_SECRET, RANDOM_PASSWORD, function
from tests.policies.program import FUNCTION, TODAY, Verdict
from tests.policies.reading import with_value

RULES = {rule.name: rule for rule in rules()}


EXPOSURE = {name for name, rule in RULES.items() if rule.group.value == "Exposure"}
CASES = [pytest.param(case, when, id=f"{case.id} ({when})") for case in corpus() if case.rule in EXPOSURE for when in case.when]


def in_a_state(rule, program):
    """What a rule finds in the state of a program: (property, answer) of each finding."""
    resources = [replace(each, inputs=None, outputs={**(each.inputs or {}), **each.outputs}) for each in program.resources]
    return [(finding.property, finding.answer.value) for finding in RULES[rule].findings(Stack(resources, TODAY))]


def places(value, path=()):
    """The path of a value and of everything inside it."""
    yield path
    inner = plain(value)
    for key, element in inner.items() if isinstance(inner, dict) else enumerate(inner) if isinstance(inner, list) else ():
        yield from places(element, (*path, key))


def _unknown(_):
    return UNKNOWN


def _unknown_and_marked(value):
    return Marked(UNKNOWN) if isinstance(value, Marked) else UNKNOWN


def changes(case, when):
    """Each value of a program made unknown: the resource, the path, and the answer before and after."""
    program = case.program(when)
    before = Verdict(RULES[case.rule], program, case.settings)
    for resource in program.resources:
        for path in places(dict(resource.inputs)):
            if path:
                # Beside other origins nothing is left of a mark that is lost; the engine keeps it for documents.
                change = _unknown_and_marked if resource.made_from(path[0]) else _unknown
                after = Verdict(RULES[case.rule], with_value(program, resource.urn, path, change), case.settings)
                yield resource, path, before, after


@pytest.mark.parametrize(("case", "when"), CASES)
def test_a_leak_whose_value_is_not_known_yet_is_no_pass(case, when):
    for resource, path, before, after in changes(case, when):
        if resource.name in before.resources:
            assert after.answer != "holds" or before.answer != "violated", (path, after.text)


@pytest.mark.parametrize(("case", "when"), CASES)
def test_what_is_not_known_yet_is_accused_by_what_it_is_made_from_only(case, when):
    for resource, path, before, after in changes(case, when):
        if (before.answer, after.answer) == ("holds", "violated"):
            assert any(RANDOM_PASSWORD in urn for urn in resource.made_from(path[0])), (path, after.text)


@pytest.mark.parametrize(("given", "answer"), [({"password": Marked(UNKNOWN)}, "violated"), ({}, "cannot decide")])
def test_a_database_gives_back_the_password_that_it_was_given(program, given, answer):
    database = program.add(DATABASE, "db", {"username": "billing", **given})
    function(program, {"HOST": UNKNOWN, "LOGIN": Marked(UNKNOWN)}, [database])

    found = RULES["no-secret-in-environment-variables"].findings(program.stack())

    assert [(finding.answer.value, finding.property) for finding in found] == [(answer, "environment.variables.LOGIN")]


def test_an_environment_that_is_marked_as_a_whole_is_one_finding(deployed):
    deployed.add(FUNCTION, "api", {"environment": Marked({"variables": {"PASSWORD": "hunter3", "LEVEL": "info"}})})

    assert in_a_state("no-secret-in-environment-variables", deployed) == [("environment", "violated")]


def test_an_environment_in_clear_holds(deployed):
    function(deployed, {"LEVEL": "info", "SECRET_ARN": deployed.arn("dev/billing/database")})

    assert in_a_state("no-secret-in-environment-variables", deployed) == []


def test_an_output_that_is_called_a_description_is_no_description(deployed):
    deployed.add("pulumi:pulumi:Stack", "shop-dev", {}, outputs={"description": Marked("hunter3")})

    assert in_a_state("no-secret-in-metadata", deployed) == []


@pytest.mark.parametrize("values", [Marked({"password": "[secret]"}), {"password": Marked("[secret]")}, Marked("[secret]")])
def test_a_secret_of_kubernetes_is_seen_without_a_passphrase(deployed, values):
    deployed.add(KUBERNETES_SECRET, "database", {"stringData": values})

    assert in_a_state("no-secret-in-manifests", deployed) == [("stringData", "violated")]
    assert in_a_state("no-plaintext-value", deployed) == []
