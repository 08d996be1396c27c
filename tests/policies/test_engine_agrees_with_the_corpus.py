"""What the harness says about a program, the real engine says too: of its state, and at its first preview."""

import json
import re
from importlib import metadata

import pytest

from policies.rules import rules
from tests.policies.cases import DEPLOYED, FIRST_PREVIEW, corpus
from tests.policies.exported import exported
from tests.policies.registered import PROGRAM, completed, wanted

RULES = rules()
# Programs whose edges, unknown values, marks and components only a registration shows.
AT_THE_FIRST_PREVIEW = (
    "decrypt-is-scoped: not_known_yet",
    "grant-names-exact-secrets: made_from_the_secret",
    "no-plaintext-value: unmarked_value",
    "no-secret-in-environment-variables: password_beside_an_arn",
    "no-secret-in-environment-variables: pod_with_a_password",
    "no-secret-in-manifests: annotation_of_pods",
    "no-secret-in-metadata: password_in_a_tag",
    "no-secret-in-outputs: unknown_output_of_a_component",
    "secret-has-an-owner: by_component",
    "store-is-scoped: one_role",
    "synced-secret-exists: misspelt",
    "value-is-not-reused: other_stores",
)
VERSIONS = {package: metadata.version(f"pulumi-{package}") for package in ("aws", "kubernetes", "random", "tls", "vault")}


def harness(case, program):
    """What the rules say when they are asked in this process."""
    stack = program.stack()
    return {
        (rule.name, _short(finding.urn), finding.property, finding.answer.value)
        for rule in RULES
        for finding in rule.findings(stack, case.settings if rule.name == case.rule else None)
    }


def engine(shop):
    """What the pack said to the engine."""
    return {(finding["rule"], _short(finding["urn"]), finding["property"], finding["answer"]) for finding in shop.findings}


def settings(case):
    return {case.rule: dict(case.settings)} if case.settings else None


def _short(urn):
    """Type and name: the engine puts the types of a resource's parents before its own."""
    qualified, _, name = urn.rpartition("::")
    return (qualified.rpartition("::")[2].rpartition("$")[2], name)


def _shows_in_a_state(case):
    """A state has no unknown values, the engine tells no configuration with it, and a day of a setting is compared with today."""
    if case.answer != "violated" or DEPLOYED not in case.when or re.search(r"\d{4}-\d\d-\d\d", json.dumps(case.settings)):
        return False
    program = case.program(DEPLOYED)
    try:
        exported(program)
    except ValueError:
        return False
    return program.environment is None and program.secrets is None and not program.before


def _one_for_each_rule():
    """Of those that no preview below is about."""
    found = {}
    previewed = {name.partition(":")[0] for name in AT_THE_FIRST_PREVIEW}
    for case in corpus():
        if case.rule not in found and case.rule not in previewed and _shows_in_a_state(case):
            found[case.rule] = case
    return [pytest.param(case, id=case.id) for case in found.values()]


@pytest.mark.parametrize("case", _one_for_each_rule())
def test_about_a_state(shop, case):
    program = case.program(DEPLOYED)
    (shop.project / "export.json").write_text(exported(program))

    analyzed = shop.analyze("--file", "export.json", config=settings(case))

    assert engine(shop) == harness(case, program), analyzed.stdout
    assert case.rule in analyzed.stdout


@pytest.mark.parametrize("name", AT_THE_FIRST_PREVIEW)
def test_about_a_program_that_was_never_deployed(shop, name):
    case = next(case for case in corpus() if case.id == name)
    program = completed(case.program(FIRST_PREVIEW))
    (shop.project / "wanted.json").write_text(wanted(program, VERSIONS))

    previewed = shop.preview(PROGRAM, head="", config=settings(case))

    assert engine(shop) == harness(case, program), previewed.stdout
