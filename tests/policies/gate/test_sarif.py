"""SARIF 2.1.0, as code hosts read it."""

import json
import re

from policies.gate.pages import Pages
from policies.gate.sarif import sarif
from policies.rules import rules
from tests.policies.gate.records import exempt, finding, judgement, record


def run(*records, **more):
    written = json.loads(sarif(judgement(*records, **more), rules(), location="infra/Pulumi.yaml", pages=Pages("https://example.com/p")))
    assert written["version"] == "2.1.0"
    (only,) = written["runs"]
    return only


def test_every_rule_is_described_whether_it_found_something_or_not():
    described = run(record())["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in described] == [rule.name for rule in rules()]
    assert all(rule["help"]["text"] and rule["helpUri"].startswith("https://example.com/p/") for rule in described)
    assert {rule["properties"]["security-severity"] for rule in described} <= {"9.5", "8.0", "5.5", "2.0"}
    assert all("security" in rule["properties"]["tags"] for rule in described)


def test_a_result_points_at_its_rule_and_stands_at_the_projects_file():
    only = run(record(finding(property="rotationRules")))
    (result,) = only["results"]

    assert only["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "secret-is-rotated"
    assert result["level"] == "error"
    assert result["message"]["text"].startswith(
        'Secret "database" is never rotated: no SecretRotation is for it (property rotationRules)\nMend: '
    )
    (location,) = result["locations"]
    assert location["physicalLocation"] == {"artifactLocation": {"uri": "infra/Pulumi.yaml"}, "region": {"startLine": 1}}
    assert location["logicalLocations"][0]["fullyQualifiedName"].endswith("::database")


def test_what_stops_nothing_is_a_warning():
    (result,) = run(record(finding(level="advisory", answer="cannot decide")))["results"]

    assert result["level"] == "warning"
    assert result["message"]["text"].startswith("Cannot decide: ")


def test_a_fingerprint_is_of_rule_urn_and_property_and_of_nothing_else():
    def prints(*findings):
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in run(record(*findings))["results"]]

    (one,) = prints(finding())
    assert prints(finding(text="said in other words", severity="low", level="advisory")) == [one]
    others = prints(finding("other"), finding(rule="key-is-rotated"), finding(property="rotationRules"))
    assert len({one, *others}) == 4


def test_two_findings_at_one_place_are_two_alerts():
    results = run(record(finding(), finding(text="and by another one")))["results"]

    assert len({result["partialFingerprints"]["primaryLocationLineHash"] for result in results}) == 2


def test_exemptions_and_the_baseline_are_suppressions():
    results = run(record(exempt(), finding("old", status="baseline", level="advisory"), finding("open")))["results"]

    assert [result.get("suppressions") for result in results] == [
        [
            {
                "kind": "external",
                "status": "accepted",
                "justification": "the vendor takes one key a year (team-payments, until 2027-01-31, 12 days left)",
            }
        ],
        [{"kind": "external", "status": "accepted", "justification": "It is older than the rule's adoption: the baseline holds it."}],
        None,
    ]


def test_a_stack_that_was_not_judged_makes_the_run_unsuccessful():
    (invocation,) = run(record(), not_judged=[("staging", "it failed")])["invocations"]

    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "staging was not judged: it failed"


def test_a_finding_of_a_rule_that_this_pack_does_not_have_is_kept():
    (result,) = run(record(finding(rule="of-a-newer-pack")))["results"]

    assert result["ruleId"] == "of-a-newer-pack"
    assert "ruleIndex" not in result


def test_control_characters_of_a_name_stay_out():
    text = sarif(judgement(record(finding("x\x1b[31m\u202e", text="x\x1b[31m\u202e"))), rules(), location="Pulumi.yaml")

    assert not re.search(r"\\u001b|\x1b|\u202e", text)
