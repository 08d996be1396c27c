"""Two promises of every rule, on programs that chance makes: doubt never turns a finding into a pass, and no message holds a value."""

import json

from hypothesis import given, settings
from hypothesis import strategies as some

from policies.pack.finding import Answer
from policies.pack.message import message
from policies.pack.resource import Resource
from policies.pack.rule import Group
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Marked
from policies.rules import rules
from tests.policies.program import (
    ACCOUNT,
    ATTACHMENT,
    READ,
    ROLE_POLICY,
    ROTATION,
    SECRET_POLICY,
    TODAY,
    Program,
    document,
)

RULES = rules()
# A mark where none belongs is what these look for.
MARKS_ARE_EVIDENCE = {rule.name for rule in RULES if rule.group is Group.EXPOSURE} | {"value-is-not-reused"}
CANARY = "canary-7f3a"
NAMES = ("dev/billing/database", "dev/billing/stripe", "dev/reports/database")
ARNS = [Program.arn(name) for name in NAMES]
PATTERNS = [*ARNS, "*", "arn:aws:secretsmanager:*:*:secret:dev/billing/*", ARNS[0][:-6] + "??????", "arn:aws:s3:::logs"]
ACTIONS = [READ, "secretsmanager:*", "*", "secretsmanager:DescribeSecret", "s3:GetObject", "secretsmanager:Get*"]
KEYS = [None, "", "alias/aws/secretsmanager", "alias/own", f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"]
EXPRESSIONS = ["rate(10 days)", "cron(0 4 1 * ? *)", "cron(0 4 1 1 ? 2020)", "often", None]
PRINCIPALS = ["*", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/a"}, {"AWS": "999988887777"}, {"Service": "lambda.amazonaws.com"}]


def some_statements(effects):
    return some.lists(
        some.fixed_dictionaries(
            {
                "Effect": some.sampled_from(effects),
                "Action": some.sampled_from(ACTIONS) | some.lists(some.sampled_from(ACTIONS), min_size=1, max_size=2),
                "Resource": some.sampled_from(PATTERNS) | some.lists(some.sampled_from(PATTERNS), min_size=1, max_size=2),
            },
            optional={"Condition": some.just({"Bool": {"aws:SecureTransport": "true"}})},
        ),
        max_size=2,
    )


@some.composite
def programs(draw, effects=("Allow",)):
    """A program with secrets, roles and what lies between them, all of it known."""
    program = Program(deployed=True)
    service = some.sampled_from([None, "billing", "reports"])
    secrets = []
    for position, name in enumerate(NAMES[: draw(some.integers(1, 3))]):
        kind = draw(some.sampled_from([{}, {"keyturn:kind": "static", "keyturn:reason": "vendor", "keyturn:review-by": "2026-09-01"}]))
        owner = draw(service)
        tags = {**kind, **({"keyturn:environment": "dev", "keyturn:service": owner} if owner else {})}
        secrets.append(program.secret(f"secret-{position}", name, kmsKeyId=draw(some.sampled_from(KEYS)), tags=tags))
    for name in ("a", "b", "c")[: draw(some.integers(0, 3))]:
        owner = draw(service)
        tags = {"keyturn:environment": "dev", "keyturn:service": owner} if owner else {}
        role = program.role(name, tags=tags)
        if draw(some.booleans()):
            text = document(*draw(some_statements(effects)))
            program.add(ROLE_POLICY, f"{name}-inline", {"role": name, "policy": text}, made_from={"role": [role]})
        if draw(some.booleans()):
            managed = draw(some.sampled_from(["AdministratorAccess", "ReadOnlyAccess"]))
            program.add(ATTACHMENT, f"{name}-attached", {"role": name, "policyArn": f"arn:aws:iam::aws:policy/{managed}"})
    for position, secret in enumerate(secrets):
        if draw(some.booleans()):
            days, expression = draw(some.sampled_from([None, 30, 2000])), draw(some.sampled_from(EXPRESSIONS))
            schedule = {"automaticallyAfterDays": days, "scheduleExpression": expression}
            enabled = draw(some.sampled_from([None, True, False]))
            program.rotation(secret, rotationRules=schedule, **({} if enabled is None else {"rotationEnabled": enabled}))
        if draw(some.booleans()):
            opened = [{**statement, "Principal": draw(some.sampled_from(PRINCIPALS))} for statement in draw(some_statements(effects))]
            program.add(SECRET_POLICY, f"opened-{position}", {"secretArn": program.arn_of(secret), "policy": document(*opened)})
    if draw(some.booleans()):
        exception = {"reason": draw(some.sampled_from(["why", ""])), "until": draw(some.sampled_from(["2026-12-31", "2026-01-01"]))}
        reads = draw(some.lists(some.sampled_from(NAMES), max_size=2, unique=True))
        intent = {"environment": "dev", "service": draw(some.sampled_from(["billing", "reports"])), "reads": reads}
        program.component("ServiceAccess", "access", **intent, exceptions=dict.fromkeys(reads[:1], exception))
    return program


def places(value, path=()):
    """Every place in a value that can become unknown, or secret."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, element in inner:
        yield from places(element, (*path, key))


def changed(value, path, change):
    if not path:
        return change(value)
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], change)
    return copy


def with_change(program, resource, path, change):
    """The same resources, with one value replaced wherever the engine shows it: as an input and as an output."""

    def apply(values):
        return changed(values, path, change) if path[0] in values else values

    replaced = Resource(**{**vars(resource), "inputs": apply(dict(resource.inputs)), "outputs": apply(dict(resource.outputs))})
    return [replaced if other is resource else other for other in program.resources]


@some.composite
def programs_with_a_place(draw, effects=("Allow",)):
    program = draw(programs(effects))
    candidates = [(resource, path) for resource in program.resources for path in places(resource.inputs) if path]
    return program, *draw(some.sampled_from(candidates))


def answers(resources):
    """What every rule answers, over one graph."""
    stack = Stack(resources, TODAY)
    return {rule.name: {finding.answer for finding in rule.findings(stack)} for rule in RULES}


def messages(resources):
    stack = Stack(resources, TODAY)
    return [message(finding, mend=rule.mend, page="") for rule in RULES for finding in rule.findings(stack)]


@settings(max_examples=300, deadline=None)
@given(programs_with_a_place(effects=("Allow", "Deny")))
def test_a_value_that_becomes_unknown_never_makes_a_finding_a_pass(drawn):
    program, resource, path = drawn

    before, after = answers(program.resources), answers(with_change(program, resource, path, lambda _: UNKNOWN))

    assert [rule for rule in before if before[rule] and not after[rule]] == []


@settings(max_examples=300, deadline=None)
@given(programs_with_a_place())
def test_a_value_that_becomes_unknown_accuses_nobody_for_certain(drawn):
    program, resource, path = drawn

    before, after = answers(program.resources), answers(with_change(program, resource, path, lambda _: UNKNOWN))

    assert [rule for rule in before if Answer.VIOLATED not in before[rule] and Answer.VIOLATED in after[rule]] == []


@settings(max_examples=200, deadline=None)
@given(programs_with_a_place(effects=("Allow", "Deny")))
def test_a_secret_wrapped_value_is_judged_like_any_other(drawn):
    program, resource, path = drawn

    before, after = answers(program.resources), answers(with_change(program, resource, path, Marked))

    assert [rule for rule in before if rule not in MARKS_ARE_EVIDENCE and before[rule] != after[rule]] == []


@settings(max_examples=200, deadline=None)
@given(programs_with_a_place(effects=("Allow", "Deny")))
def test_no_message_holds_a_value_that_is_marked_secret(drawn):
    program, resource, path = drawn

    def planted(value):
        return Marked(_planted(value))

    assert [text for text in messages(with_change(program, resource, path, planted)) if CANARY in text] == []


def _planted(value):
    """The value with the canary in every text of it, where it stays well-formed."""
    if isinstance(value, dict):
        return {key: _planted(element) for key, element in value.items()}
    if isinstance(value, list):
        return [_planted(element) for element in value]
    if isinstance(value, str) and value.startswith("{"):
        return json.dumps(_planted(json.loads(value)))
    return f"{value}{CANARY}" if isinstance(value, str) and value not in ("Allow", "Deny", "2012-10-17", READ) else value


@settings(max_examples=100, deadline=None)
@given(programs(), some.text(min_size=1, max_size=30))
def test_values_of_secrets_are_never_quoted(program, text):
    secret = program.resources[0]
    for property_name in ("secretString", "description", "policy", "kmsKeyId"):
        resources = with_change(program, secret, ("name",), lambda name: name)
        resources[0] = Resource(**{**vars(secret), "inputs": {**secret.inputs, property_name: f"{CANARY}{text}"}})
        assert [text for text in messages(resources) if CANARY in text] == []


def test_a_name_in_the_clear_is_quoted():
    program = Program(deployed=True)
    secret = program.secret()
    program.grant(program.role("billing"), secret)
    everything = document({"Effect": "Allow", "Action": "*", "Resource": "*"})
    program.add("aws:iam/userPolicy:UserPolicy", "x", {"user": CANARY, "policy": everything})

    # The reader has to be told who it is; this also shows that the tests above would see a value.
    assert any(CANARY in finding.text for rule in RULES for finding in rule.findings(program.stack()))


def test_rotations_are_part_of_the_programs_that_chance_makes():
    found = set()

    @settings(max_examples=100, deadline=None, database=None)
    @given(programs())
    def look(program):
        found.update(resource.type for resource in program.resources)

    look()

    assert {ROTATION, SECRET_POLICY, ATTACHMENT, ROLE_POLICY} <= found
