"""JUnit XML, as CI systems read it."""

from junitparser import JUnitXml

from policies.gate.junit import junit
from policies.rules import rules
from tests.policies.gate.records import exempt, finding, judgement, record


def suites(*records, **more):
    return {suite.name: suite for suite in JUnitXml.fromstring(junit(judgement(*records, **more), rules()).encode())}


def cases(suite):
    return {case.name: case for case in suite}


def test_a_stack_is_a_suite_and_a_rule_a_case():
    read = suites(record(), record(stack="staging"))

    assert list(read) == ["shop/prod", "shop/staging"]
    assert list(cases(read["shop/prod"])) == [rule.name for rule in rules()]
    assert all(case.is_passed for case in read["shop/prod"])


def test_what_stops_the_change_is_a_failure():
    suite = suites(record(finding(), finding("other")))["shop/prod"]
    (failure,) = cases(suite)["secret-is-rotated"].result

    assert (suite.failures, suite.errors) == (1, 0)
    assert failure.message == "2 findings"
    assert failure.text.count("Mend: Add an aws.secretsmanager.SecretRotation") == 2


def test_advisory_exempt_and_known_findings_are_output_of_a_case_that_passes():
    suite = suites(record(finding(level="advisory"), exempt(), finding("old", status="baseline", level="advisory")))["shop/prod"]
    case = cases(suite)["secret-is-rotated"]

    assert case.is_passed
    assert [line.partition("]")[0] for line in case.system_out.splitlines() if line.startswith("[")] == [
        "[advisory",
        "[exempt",
        "[baseline",
    ]


def test_a_stack_that_was_not_judged_is_an_error():
    (case,) = suites(not_judged=[("staging", "it failed")])["staging"]

    assert case.is_error
    assert case.result[0].message == "it failed"


def test_what_shows_only_together_has_a_suite_of_its_own():
    shared = finding(rule="secret-is-not-shared-across-stacks")
    suite = suites(record(), together=[shared])["several stacks together"]

    assert [case.name for case in suite if case.is_failure] == ["secret-is-not-shared-across-stacks"]


def test_hostile_names_are_text():
    name = "x\x00\x1b]]>\ud800</failure><testcase name='y'/>&\uffff"
    read = suites(record(finding(name, text=name, mend=name), stack="prod"))

    assert list(read) == ["shop/prod"]
    assert "</failure><testcase name='y'/>&" in cases(read["shop/prod"])["secret-is-rotated"].result[0].text
