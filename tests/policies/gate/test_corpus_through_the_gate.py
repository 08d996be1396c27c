"""Whatever the rules find in the corpus, the gate reads it and every report can be written."""

import json
from xml.etree import ElementTree

import pytest

from policies.gate.junit import junit
from policies.gate.markdown import comment
from policies.gate.record import Record
from policies.gate.sarif import sarif
from policies.pack.exemptions import Status
from policies.pack.operation import Operation
from policies.pack.recording import as_json
from tests.policies.cases import corpus
from tests.policies.gate.records import judgement
from tests.policies.hearing import RULES, hear

# The first of each answer is enough: what the others find is the rules' own question.
CASES = {(case.rule, case.answer): case for case in reversed(corpus())}


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.id)
def test_the_findings_of_a_case_reach_every_report(case):
    for when in case.when:
        stack = case.program(when).stack()
        proceedings = hear(stack, {case.rule: dict(case.settings)})
        written = json.dumps(as_json(proceedings, Operation("shop", "dev"), "keyturn", "1.2.3"))

        found = judgement(Record.model_validate_json(written))

        assert len(list(found.findings)) == len(proceedings.rulings)
        assert found.verdict == ("stopped" if any(ruling.level.value == "mandatory" for ruling in proceedings.rulings) else "passes")
        shown = {ruling.rule.name for ruling in proceedings.rulings if ruling.standing.status is not Status.BASELINE}
        assert {rule for rule in RULES if f"<code>{rule}</code>" in comment(found)} == shown
        assert len(json.loads(sarif(found, RULES.values(), location="Pulumi.yaml"))["runs"][0]["results"]) == len(proceedings.rulings)
        assert len(ElementTree.fromstring(junit(found, RULES.values()))) == 1  # noqa: S314 - our own text
