"""Exposure in a state, which shows outputs only and marks them as a whole."""

from dataclasses import replace

import pytest

from policies.pack.stack import Stack
from policies.pack.values import Marked
from policies.rules import rules
from tests.policies.planted import KUBERNETES_SECRET, function
from tests.policies.program import FUNCTION, TODAY

RULES = {rule.name: rule for rule in rules()}


def in_a_state(rule, program):
    """What a rule finds in the state of a program: (property, answer) of each finding."""
    resources = [replace(each, inputs=None, outputs={**(each.inputs or {}), **each.outputs}) for each in program.resources]
    return [(finding.property, finding.answer.value) for finding in RULES[rule].findings(Stack(resources, TODAY))]


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
