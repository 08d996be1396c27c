"""What goes back to the engine stays within the wire, and loses no severity there."""

from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel

from policies.pack.report import Report
from policies.rules import rules


def test_what_does_not_fit_blocks_when_one_of_it_blocks():
    report, rule = Report("test", "1"), rules()[0]
    for number in range(1000):
        report.add(rule, "x" * 4000, urn=f"a{number}", level=EnforcementLevel.ADVISORY)
    report.add(rule, "the last one", urn="b", level=EnforcementLevel.MANDATORY)

    response = report.response()

    assert response.ByteSize() < 4_000_000
    assert {entry.enforcementLevel for entry in response.diagnostics[:-1]} == {analyzer_pb2.ADVISORY}
    assert response.diagnostics[-1].enforcementLevel == analyzer_pb2.MANDATORY
    assert "more findings do not fit here" in response.diagnostics[-1].message


def test_what_fits_is_all_there():
    report, rule = Report("test", "1"), rules()[0]
    for urn in ("b", "a", "c"):
        report.add(rule, "said", urn=urn, level=EnforcementLevel.MANDATORY)
    report.add_not_applicable(rules()[1], "nothing to judge")

    response = report.response()

    assert [entry.urn for entry in response.diagnostics] == ["a", "b", "c"]
    assert [(entry.policy_name, entry.reason) for entry in response.not_applicable] == [(rules()[1].name, "nothing to judge")]
