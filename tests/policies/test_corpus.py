"""Every program of the corpus gets the answer that it must get, and doubt, marks and messages behave in all of them."""

from collections import Counter
from dataclasses import replace

import pytest

from policies.pack.finding import Answer
from policies.pack.values import UNKNOWN, Marked
from policies.rules import rules
from tests.policies.cases import corpus
from tests.policies.program import Verdict
from tests.policies.reading import paths_read, with_value

RULES = {rule.name: rule for rule in rules()}
SITUATIONS = [(case, when) for case in corpus() for when in case.when]
EVERY_PROGRAM = pytest.mark.parametrize(("case", "when"), [pytest.param(case, when, id=f"{case.id} ({when})") for case, when in SITUATIONS])

# They judge what other rules found, and read no property themselves: what is not known is their subject.
ABOUT_RULES = {rule.name for rule in rules() if rule.judges_rules}

# Here the mark, or what somebody wrote in clear, is the evidence: a mark more is another program.
MARKS_ARE_EVIDENCE = {rule.name for rule in rules() if rule.group.value == "Exposure"} | {"value-is-not-reused"}


# A state holds what the service computed: every version bears labels there, whether the program asked for them or not.
TOLD_BY_INPUTS_ALONE = {"nothing-fights-rotation: holds_on_to_the_label"}


@EVERY_PROGRAM
def test_a_program_gets_its_answer(case, when):
    verdict = Verdict(RULES[case.rule], case.program(when), case.settings)

    assert (verdict.answer, verdict.resources) == (case.answer, case.at), verdict.text
    if case.properties is not None:
        assert verdict.properties == case.properties


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_has_violations_near_misses_and_doubts_in_the_corpus(rule):
    answers = Counter(case.answer for case in corpus() if case.rule == rule)

    assert answers["violated"] >= 3
    assert answers["holds"] >= 3
    assert answers["cannot decide"] >= (rule not in ABOUT_RULES)


def test_the_corpus_is_as_large_as_it_says():
    assert len(corpus()) >= 150
    assert len({case.id for case in corpus()}) == len(corpus())


@EVERY_PROGRAM
def test_what_is_not_known_never_turns_an_answer_into_the_opposite(case, when):
    rule, program = RULES[case.rule], case.program(when)
    before = Verdict(rule, program, case.settings)
    read = [] if case.rule in ABOUT_RULES else paths_read(rule, program, case.settings)

    for urn, path in read:
        after = Verdict(rule, with_value(program, urn, path, lambda _: UNKNOWN), case.settings)

        assert (before.answer, after.answer) not in (("violated", "holds"), ("holds", "violated")), (urn, path, after.text)
        assert all(finding.property or finding.answer is Answer.VIOLATED for finding in after.findings), (urn, path, after.text)
        assert "itself failed" not in after.text, (urn, path, after.text)


@EVERY_PROGRAM
def test_a_mark_changes_no_answer(case, when):
    if case.rule in MARKS_ARE_EVIDENCE:
        return
    rule, program = RULES[case.rule], case.program(when)
    before = Verdict(rule, program, case.settings)

    for urn, path in paths_read(rule, program, case.settings):
        after = Verdict(rule, with_value(program, urn, path, Marked), case.settings)

        assert after.answer == before.answer, (urn, path, after.text)


@EVERY_PROGRAM
def test_no_message_quotes_what_is_marked(case, when):
    rule, program = RULES[case.rule], case.program(when)
    canary = "kt-canary-3f9a"

    for urn, path in paths_read(rule, program, case.settings):
        hidden = with_value(program, urn, path, lambda value: Marked(f"{value}{canary}") if isinstance(value, str) else Marked(value))

        assert canary not in Verdict(rule, hidden, case.settings).text, (urn, path)


def test_a_finding_that_cannot_decide_names_what_it_needs():
    nameless = [
        (case.id, finding.text)
        for case, when in SITUATIONS
        for finding in RULES[case.rule].findings(case.program(when).stack(), case.settings)
        if finding.answer is Answer.CANNOT_DECIDE and not finding.property
    ]

    assert nameless == []


def test_the_order_of_resources_changes_nothing():
    for case, when in SITUATIONS:
        program = case.program(when)
        forwards = RULES[case.rule].findings(program.stack(), case.settings)

        program.resources.reverse()

        key = {(finding.urn, finding.text) for finding in RULES[case.rule].findings(program.stack(), case.settings)}
        assert key == {(finding.urn, finding.text) for finding in forwards}, case.id


def test_inputs_that_the_engine_does_not_show_are_read_from_the_state():
    for case in corpus():
        if "deployed" in case.when and case.answer == "violated" and case.id not in TOLD_BY_INPUTS_ALONE:
            program = case.program("deployed")
            program.resources = [replace(each, inputs=None, outputs={**(each.inputs or {}), **each.outputs}) for each in program.resources]

            assert Verdict(RULES[case.rule], program, case.settings).answer == "violated", case.id
