"""The judgement as JUnit XML, for CI systems that show tests: a suite for each stack, a case for each rule."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import cast

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from policies.gate.judgement import Judgement
from policies.gate.record import Finding
from policies.pack.message import one_line, printable
from policies.pack.rule import Rule


def junit(judgement: Judgement, rules: Iterable[Rule]) -> str:
    """Gives the JUnit file. What stops the change is a failure; everything else is the output of a case that passes."""
    names = [rule.name for rule in rules]
    file = JUnitXml("keyturn")
    for record in judgement.records:
        file.add_testsuite(_suite(record.name, names, record.findings, record.switched_off))
    if judgement.together:
        file.add_testsuite(_suite("several stacks together", sorted({finding.rule for finding in judgement.together}), judgement.together))
    for one in judgement.not_judged:
        case = TestCase("the rules look at the stack", printable(one.stack))
        case.result = [Error(printable(one.why), "not judged")]
        suite = TestSuite(printable(one.stack))
        suite.add_testcase(case)
        file.add_testsuite(suite)
    file.update_statistics()
    # junitparser does not say what it gives: bytes of UTF-8.
    return str(cast(bytes, file.tostring()), "utf-8")  # pyright: ignore[reportUnknownMemberType]


def _suite(name: str, rules: Iterable[str], findings: Sequence[Finding], switched_off: Sequence[str] = ()) -> TestSuite:
    by_rule: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_rule[finding.rule].append(finding)
    suite = TestSuite(printable(name))
    for rule in dict.fromkeys([*rules, *sorted(by_rule)]):
        case = _case(printable(name), rule, by_rule[rule])
        if rule in switched_off:
            case.result = [Skipped("the configuration switches it off")]
        suite.add_testcase(case)
    return suite


def _case(suite: str, rule: str, findings: Sequence[Finding]) -> TestCase:
    case = TestCase(rule, suite)
    stopping = [finding for finding in findings if finding.stops]
    others = [finding for finding in findings if not finding.stops]
    if stopping:
        failure = Failure(printable(stopping[0].sentence if len(stopping) == 1 else f"{len(stopping)} findings"), stopping[0].severity)
        failure.text = "\n\n".join(map(_told, stopping))
        case.result = [failure]
    if others:
        case.system_out = "\n\n".join(map(_told, others))
    return case


def _told(finding: Finding) -> str:
    counts = finding.level if finding.status == "open" else finding.status
    property_line = f"\nProperty: {one_line(finding.property_name)}" if finding.property_name else ""
    said, where, mend = (one_line(text) for text in (finding.sentence, finding.urn or "several stacks", finding.mend))
    return f"[{counts}] {said}\nResource: {where}{property_line}\nMend: {mend}"
