"""Every program of the corpus gets the answer that it must get."""

import pytest

from policies.rules import rules
from tests.policies.cases import corpus
from tests.policies.program import Verdict

RULES = {rule.name: rule for rule in rules()}


@pytest.mark.parametrize(("case", "when"), [pytest.param(case, when, id=f"{case.id} ({when})") for case in corpus() for when in case.when])
def test_a_program_gets_its_answer(case, when):
    verdict = Verdict(RULES[case.rule], case.program(when), case.settings)

    assert (verdict.answer, verdict.resources) == (case.answer, case.at), verdict.text
    if case.properties is not None:
        assert verdict.properties == case.properties
