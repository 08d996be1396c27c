"""A secret value is found whichever way it takes, and no finding shows it."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from policies.pack.graph.taint import Taint
from policies.pack.message import message
from policies.pack.values import UNKNOWN, Marked
from policies.rules import rules
from tests.policies.planted import (
    ACCESS_KEY,
    COMMAND,
    CONFIG_MAP,
    DEPLOYMENT,
    INSTANCE,
    KUBERNETES_SECRET,
    PARAMETER,
    PRIVATE_KEY,
    RANDOM_PASSWORD,
    VALUE,
    function,
    password,
    table,
    version,
)
from tests.policies.program import FUNCTION, SECRET, SECRET_VERSION, Program

RULES = {rule.name: rule for rule in rules()}
EXPOSURE = [rule for rule in RULES.values() if rule.group.value == "Exposure"]
TASK = "aws:ecs/taskDefinition:TaskDefinition"
COMPONENT = "acme:platform:Passwords"


def environment(value):
    return FUNCTION, "environment", {"variables": {"X": value, "LEVEL": "info"}}


def containers(value):
    if value is UNKNOWN:
        return TASK, "containerDefinitions", UNKNOWN
    hidden = isinstance(value, Marked)
    text = json.dumps([{"name": "api", "environment": [{"name": "X", "value": value.value if hidden else value}]}])
    return TASK, "containerDefinitions", Marked(text) if hidden else text


def pods(value):
    container = {"name": "api", "env": [{"name": "LEVEL", "value": "info"}, {"name": "X", "value": value}]}
    return DEPLOYMENT, "spec", {"template": {"spec": {"containers": [container]}}}


SINKS = {
    "no-secret-in-environment-variables": [environment, containers, pods, lambda value: (INSTANCE, "userData", value)],
    "no-secret-in-manifests": [
        lambda value: (CONFIG_MAP, "data", {"X": value}),
        lambda value: (DEPLOYMENT, "metadata", {"name": "api", "annotations": {"X": value}}),
        lambda value: ("kubernetes:helm.sh/v3:Release", "values", {"auth": {"X": value}}),
    ],
    "no-secret-in-metadata": [
        lambda value: (SECRET, "tags", {"X": value}),
        lambda value: (SECRET, "description", value),
        lambda value: ("aws:kms/alias:Alias", "name", value),
    ],
}
# What each way makes of the value, and whether something else goes in beside it.
WAYS = {
    "direct": (VALUE, False),
    "all": (VALUE, True),
    "concat": (f"host=db password={VALUE} user=billing", False),
    "json": (json.dumps({"user": "billing", "password": VALUE}), True),
}
ROUNDABOUT = {
    "command": lambda program, made: through(program, COMMAND, made),
    "two commands": lambda program, made: through(program, "command:remote:Command", through(program, COMMAND, made)),
    "dynamic resource": lambda program, made: through(program, "pulumi-python:dynamic:Resource", made),
    "plain parameter": lambda program, made: through(program, PARAMETER, made, "value", type="String"),
    "parameter": lambda program, made: through(program, PARAMETER, made, "value", type="SecureString"),
    "version": lambda program, made: version(program, program.later(VALUE), [made]),
    "component": lambda program, made: program.get(made).parent,
}


def through(program, token, made, name="stdin", **more):
    inputs = {name: program.later(Marked(VALUE)), **more}
    return program.add(token, f"through-{token}", inputs, outputs={"stdout": program.later(VALUE)}, made_from={name: [made]})


class Estate(Program):
    def get(self, urn):
        return self._get(urn)

    def password_in_a_component(self):
        component = self.add(COMPONENT, "passwords", {})
        inputs = {"length": 20}
        return self.add(RANDOM_PASSWORD, "inner", inputs, outputs={"result": self.later(Marked(VALUE))}, parent=component)


def judged(rule, program):
    found = RULES[rule].findings(program.stack())
    return {finding.answer.value for finding in found if finding.urn.endswith("::sink")}


def no_value_shown(program):
    said = [message(finding, mend=rule.mend, page="") for rule in EXPOSURE for finding in rule.findings(program.stack())]
    return said and not [text for text in said if VALUE in text or base64.b64encode(VALUE.encode()).decode() in text]


@settings(max_examples=300, deadline=None)
@given(some.data(), some.booleans(), some.booleans())
def test_a_password_is_found_whichever_way_it_takes(data, deployed, marked):
    program = Estate(deployed=deployed)
    made = program.password_in_a_component() if data.draw(some.booleans(), label="in a component") else password(program)
    value, has_more = data.draw(some.sampled_from(sorted(WAYS)).map(WAYS.get))
    origins = [table(program), made] if has_more else [made]
    rule = data.draw(some.sampled_from(sorted(SINKS)))
    token, name, inputs = data.draw(some.sampled_from(SINKS[rule]))(program.later(Marked(value) if marked else value))
    program.add(token, "sink", {name: inputs}, made_from={name: origins})

    assert judged(rule, program) == {"violated"}
    assert no_value_shown(program)


@settings(max_examples=200, deadline=None)
@given(some.data(), some.booleans())
def test_a_password_that_goes_round_is_no_pass_either(data, marked):
    deployed = data.draw(some.booleans())
    program = Estate(deployed=deployed)
    between = data.draw(some.sampled_from(sorted(ROUNDABOUT)).map(ROUNDABOUT.get))(program, program.password_in_a_component())
    rule = data.draw(some.sampled_from(sorted(SINKS)))
    token, name, inputs = data.draw(some.sampled_from(SINKS[rule]))(program.later(Marked(VALUE) if marked else VALUE))
    program.add(token, "sink", {name: inputs}, made_from={name: [between]})

    assert judged(rule, program) == ({"violated"} if deployed else {"cannot decide"})
    assert no_value_shown(program)


@pytest.mark.parametrize("rule", sorted(SINKS))
def test_the_arn_of_a_secret_is_found_nowhere(any_program, rule):
    password(any_program)
    secret = any_program.secret()
    arn = any_program.later(any_program.arn_of(secret))
    for position, sink in enumerate(SINKS[rule]):
        token, name, inputs = sink(arn)
        any_program.add(token, f"sink-{position}", {name: inputs}, made_from={name: [secret]})

    assert RULES[rule].findings(any_program.stack()) == []


@pytest.mark.parametrize(
    ("token", "answer", "text"),
    [
        (ACCESS_KEY, "secret", VALUE),
        (PRIVATE_KEY, "privateKeyPem", "-----BEGIN " + "PRIVATE KEY-----\nMC4CAQAwBQ\n-----END PRIVATE KEY-----\n"),
        ("vault:appRole/authBackendRoleSecretId:AuthBackendRoleSecretId", "secretId", VALUE),
        ("vault:kv/secretV2:SecretV2", "dataJson", json.dumps({"username": "billing-app-01", "password": VALUE})),
        (KUBERNETES_SECRET, "data", {"password": base64.b64encode(VALUE.encode()).decode(), "user": "YmlsbGluZy1hcHAtMDE="}),
        ("aws:rds/instance:Instance", "password", VALUE),
        (PARAMETER, "value", VALUE),
        (SECRET_VERSION, "secretString", VALUE),
    ],
)
def test_a_value_of_the_stack_is_known_again_and_its_resource_named(deployed, judge, token, answer, text):
    deployed.add(token, "origin", {}, outputs={answer: Marked(text)})
    function(deployed, {"X": VALUE if VALUE in str(text) or isinstance(text, dict) else text, "USER": "billing-app-01"})

    verdict = judge(RULES["no-secret-in-environment-variables"], deployed)

    assert verdict.properties == {"environment.variables.X"}
    assert f'the secret value of {token.rpartition(":")[2]} "origin"' in verdict.text


@pytest.mark.parametrize(
    "text", ["changeme", "change-it", "postgres", "production", "db.internal.example.com", "arn:aws:iam::1:role/x", "short-1", "[secret]"]
)
def test_a_secret_text_that_could_be_anything_is_not_known_again(deployed, judge, text):
    version(deployed, text)
    function(deployed, {"X": text})

    assert judge(RULES["no-secret-in-environment-variables"], deployed).answer == "holds"


def test_a_generated_value_is_known_again_also_where_it_looks_like_a_path(deployed, judge):
    deployed.add(RANDOM_PASSWORD, "password", {}, outputs={"result": Marked("/x7K2.p9/Qw")})
    function(deployed, {"X": "/x7K2.p9/Qw"})

    assert judge(RULES["no-secret-in-environment-variables"], deployed).answer == "violated"


def test_a_database_that_is_tagged_with_its_own_password_is_told(deployed, judge):
    deployed.add("aws:rds/instance:Instance", "db", {"password": Marked(VALUE), "tags": {"initial": VALUE}})

    assert judge(RULES["no-secret-in-metadata"], deployed).properties == {"tags.initial"}


def test_two_resources_that_are_made_from_each_other_end():
    program = Program()
    urn = "urn:pulumi:dev::shop::command:local:Command::"
    program.add(COMMAND, "a", {"stdin": UNKNOWN}, made_from={"stdin": [f"{urn}b", password(program)]})
    b = program.add(COMMAND, "b", {"stdin": UNKNOWN}, made_from={"stdin": [f"{urn}a"]})
    sink = program.add(FUNCTION, "sink", {"environment": {"variables": {"X": UNKNOWN}}}, made_from={"environment": [b]})
    stack = program.stack()

    flow = Taint(stack).of(stack.resources.get(sink), "environment")

    assert [source.label for source in flow.sources] == ['RandomPassword "password"']


def test_a_read_of_a_secret_version_is_told_by_its_type(program, judge):
    read = "urn:pulumi:dev::shop::aws:secretsmanager/secretVersion:SecretVersion::old"
    function(program, {"X": UNKNOWN}, [read])

    verdict = judge(RULES["no-secret-in-environment-variables"], program)

    assert verdict.answer == "cannot decide"
    assert 'made from SecretVersion "old"' in verdict.text


def test_a_chain_of_a_thousand_functions_around_one_password_is_walked_once(program):
    made = password(program)
    for position in range(1000):
        function(program, {"X": UNKNOWN}, [made], name=f"api-{position}")
    stack = program.stack()
    taint = Taint(stack)

    flows = [taint.of(resource, "environment") for resource in stack.resources.of_type(FUNCTION)]

    assert {len(flow.certain) for flow in flows} == {1}
