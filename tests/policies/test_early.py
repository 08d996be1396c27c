"""An update stops before it creates what is certainly wrong: the whole stack is judged only when everything is there."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, StackValidationPolicy

from policies.pack.finding import cannot_decide, violated
from policies.pack.rule import Group, Level, Severity, rule
from policies.pack.server import Analyzer
from policies.pack.values import UNKNOWN
from policies.rules.no_plaintext_value import policy as no_plaintext_value
from tests.policies.hearing import on_the_wire
from tests.policies.planted import VALUE, password, version
from tests.policies.program import ROLE, SECRET, TODAY, Program
from tests.policies.wire import requests


@rule(
    id="secret-is-blue",
    title="T",
    severity=Severity.LOW,
    group=Group.KEEPING,
    mend="Paint it.",
    references=[],
    of=lambda stack: stack.secrets,
    level=Level.PROTECTED,
    early=(SECRET,),
)
def secret_is_blue(secret, stack):
    colour = secret.resource.read("colour")
    if colour is UNKNOWN:
        yield cannot_decide(secret.urn, "its colour is not known yet", property="colour")
    elif colour != "blue":
        yield violated(secret.urn, f"is not blue, and stands in {len(list(stack.resources.ancestors(secret.resource)))}", property="colour")


PREVIEW = analyzer_pb2.AnalyzerStackConfigureRequest(stack="dev", project="shop", dry_run=True)
UPDATE = analyzer_pb2.AnalyzerStackConfigureRequest(stack="dev", project="shop")


def analyzer(operation, given=None, rules=(secret_is_blue,)):
    started = Analyzer("test", "1", rules, today=lambda: TODAY)
    started.ConfigureStack(operation, None)
    started.Configure(on_the_wire(given or {}), None)
    return started


def said(responses):
    return [(entry.urn.rpartition("::")[2], entry.message.split("\n")[0]) for response in responses for entry in response.diagnostics]


def early(program, operation=UPDATE, given=None):
    started = analyzer(operation, given)
    return said(started.Analyze(request, None) for request in requests(program)[0])


def test_what_is_certainly_wrong_is_said_when_it_is_asked_for(program):
    outer = program.add("pulumi:component:Outer", "outer", {})
    inner = program.add("pulumi:component:Inner", "inner", {}, parent=outer)
    program.add(SECRET, "red", {"name": "red", "colour": "red"}, parent=inner)
    program.add(SECRET, "blue", {"name": "blue", "colour": "blue"}, parent=inner)

    assert early(program) == [("red", "Is not blue, and stands in 2 (property colour)")]


def test_a_generated_value_is_not_taken_for_a_literal_before_its_origin_is_shown(deployed):
    version(deployed, VALUE, [password(deployed)])
    started = analyzer(UPDATE, rules=(no_plaintext_value,))
    single, whole = requests(deployed)

    assert said(started.Analyze(request, None) for request in single) == []
    assert said([started.AnalyzeStack(whole, None)]) == []


def test_a_literal_is_told_when_its_origin_is_shown(deployed):
    version(deployed, VALUE)
    started = analyzer(UPDATE, rules=(no_plaintext_value,))
    single, whole = requests(deployed)

    assert said(started.Analyze(request, None) for request in single) == []
    assert [name for name, _ in said([started.AnalyzeStack(whole, None)])] == ["value"]


def test_what_is_not_known_waits_for_the_whole_stack(program):
    program.secret(colour=UNKNOWN)

    assert early(program) == []


@pytest.mark.parametrize(
    "operation", [PREVIEW, analyzer_pb2.AnalyzerStackConfigureRequest()], ids=["preview", "a judged state, which says nothing"]
)
def test_where_nothing_is_created_everything_is_said_at_the_end(program, operation):
    program.secret(colour="red")

    assert early(program, operation) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"enforcementLevel": "advisory"},
        {"enforcementLevel": "disabled"},
        {"levels": [{"environments": ["dev"], "level": "advisory"}]},
        {
            "exemptions": [
                {"urn": f"urn:pulumi:dev::shop::{SECRET}::database", "reason": "may be", "owner": "team", "expires": "2026-07-01"}
            ]
        },
        {"baseline": [{"urn": f"urn:pulumi:dev::shop::{SECRET}::database", "property": "colour"}]},
    ],
    ids=["advisory", "disabled", "levels", "exemptions", "baseline"],
)
def test_what_stops_nothing_is_said_once_at_the_end(program, settings):
    program.secret(colour="red", tags={"keyturn:environment": "dev"})
    started = analyzer(UPDATE, {"secret-is-blue": settings})
    single, whole = requests(program)

    one_by_one = said(started.Analyze(request, None) for request in single)
    together = said([started.AnalyzeStack(whole, None)])

    assert one_by_one == []
    assert len(together) == (settings.get("enforcementLevel") != "disabled")


def test_the_environment_of_the_stack_counts_at_once(program):
    program.secret(colour="red")
    operation = analyzer_pb2.AnalyzerStackConfigureRequest(stack="dev", config={"keyturn:environment": "dev"})

    assert early(program, operation) == []


def test_parents_in_a_circle_end(program):
    urns = [f"urn:pulumi:dev::shop::pulumi:component:C::{name}" for name in ("a", "b")]
    for urn, parent in zip(urns, reversed(urns), strict=True):
        program.add("pulumi:component:C", urn[-1], {}, parent=parent)
    program.add(SECRET, "red", {"name": "red", "colour": "red"}, parent=urns[0])

    assert early(program) == [("red", "Is not blue, and stands in 2 (property colour)")]


def test_a_rule_that_fails_early_stops_the_update_too(program):
    program.secret()

    @rule(id="fails", title="T", severity=Severity.LOW, group=Group.KEEPING, mend="M", references=[], of=len, early=(SECRET,))
    def policy(secret, stack): ...

    started = analyzer(UPDATE, rules=[policy])

    ((name, text),) = said(started.Analyze(request, None) for request in requests(program)[0])

    assert (name, text.partition(" at ")[0]) == ("database", "The rule itself failed and judged nothing here: TypeError")


def test_many_at_once_are_judged_like_one_after_the_other():
    program = Program()
    for number in range(300):
        program.secret(f"s{number:03}", f"dev/billing/s{number}", colour="red" if number % 3 else "blue")
        program.role(f"r{number}")
    single, whole = requests(program)
    started = analyzer(UPDATE)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda request: started.Analyze(request, None), single))

    red = [f"s{number:03}" for number in range(300) if number % 3]
    assert [name for name, _ in said(answers)] == red
    assert [name for name, _ in said([started.AnalyzeStack(whole, None)])] == red
    assert {request.type for request in single} == {SECRET, ROLE}


def test_an_ordinary_policy_about_stacks_is_refused_since_it_would_see_nothing():
    ordinary = StackValidationPolicy("ordinary", "T", print, EnforcementLevel.MANDATORY)

    with pytest.raises(TypeError, match="'ordinary' is about stacks"):
        Analyzer("test", "1", [ordinary])
