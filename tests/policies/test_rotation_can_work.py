"""What the rule asks for is what the function really does; and what its findings say."""

import re

import pytest
from pydantic import ValidationError

from policies.pack.graph.rotation_rights import OF_OUR_CODE, ON_SECRET
from policies.rules.rotation_can_work import policy as rule
from tests.policies.program import document, statement
from tests.policies.rotations import ANYWHERE, RIGHTS, encrypted, function, invocation, key, rights, rotation
from tests.rotation_lambda.memory_engine import World


def calls_of_a_recorded_run():
    """Every call on its secret that our function made in three rotations, an abandoned one among them, as IAM spells it."""
    world = World("dual password")
    world.rotate()
    world.until("finishSecret")
    world.manager.abandon(world.arn)
    world.rotate()
    world.rotate()
    calls = {call for call, request in world.manager.calls if request["SecretId"] == world.arn}
    return {"secretsmanager:" + re.sub(r"_?([a-z]+)", lambda part: part[1].title(), call) for call in calls}


CALLS = sorted(calls_of_a_recorded_run())


def ours(program, actions):
    """Our function with a document that says at once what it grants."""
    secret, role = program.secret(), program.role("rotator")
    component = program.component("RotationFunction", "billing", environment="dev", service="billing", engine="postgres")
    by = function(program, role, parent=component)
    program.inline(role, document(statement(ANYWHERE, actions)))
    invocation(program, by)
    rotation(program, secret, by)


def test_the_rule_asks_for_the_calls_that_our_function_makes():
    assert sorted({*ON_SECRET, *OF_OUR_CODE}) == CALLS


def test_the_calls_of_our_function_are_enough(any_program, judge):
    ours(any_program, CALLS)

    assert judge(rule, any_program).answer == "holds"


@pytest.mark.parametrize("call", CALLS)
def test_without_one_of_them_the_finding_names_it(any_program, judge, call):
    ours(any_program, [other for other in CALLS if other != call])

    verdict = judge(rule, any_program)

    assert verdict.answer == "violated"
    assert re.findall(r"\w+:\w+", verdict.text) == [call]


def test_functions_of_others_are_not_asked_for_what_only_ours_does(any_program, judge):
    secret, role = any_program.secret(), any_program.role("rotator")
    by = function(any_program, role)
    any_program.inline(role, document(statement(ANYWHERE, RIGHTS)))
    invocation(any_program, by)
    rotation(any_program, secret, by)

    assert judge(rule, any_program).answer == "holds"


def test_the_uses_of_the_key_that_are_lacking_are_named(deployed, judge):
    secret, role = encrypted(deployed, key(deployed)), deployed.role("rotator")
    by = function(deployed, role)
    rights(deployed, role, secret)
    invocation(deployed, by)
    rotation(deployed, secret, by)

    assert 'lacks for Secret "database": kms:Decrypt, kms:GenerateDataKey' in judge(rule, deployed).text


def test_one_function_for_many_secrets_is_told_once_that_it_is_too_short(any_program, judge):
    role = any_program.role("rotator")
    by = function(any_program, role, timeout=3)
    invocation(any_program, by)
    any_program.inline(role, document(statement("*", RIGHTS)))
    for number in range(3):
        rotation(any_program, any_program.secret(f"database-{number}", f"dev/billing/{number}"), by, name=f"rotation-{number}")

    verdict = judge(rule, any_program)

    assert [(finding.urn, finding.property) for finding in verdict.findings] == [(by, "timeout")]


@pytest.mark.parametrize(("vpc", "answer"), [("vpc-1", "holds"), ("vpc-2", "cannot decide")])
def test_what_lambda_answers_tells_the_vpc_when_subnets_are_of_another_stack(deployed, judge, vpc, answer):
    secret, role = deployed.secret(), deployed.role("rotator")
    by = function(deployed, role, vpcConfig={"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]})
    deployed.resources[-1].outputs["vpcConfig"] = {"subnetIds": ["subnet-1"], "vpcId": vpc}
    endpoint = {"serviceName": "com.amazonaws.eu-central-1.secretsmanager", "vpcId": "vpc-1"}
    deployed.add("aws:ec2/vpcEndpoint:VpcEndpoint", "endpoint", endpoint)
    rights(deployed, role, secret)
    invocation(deployed, by)
    rotation(deployed, secret, by)

    assert judge(rule, deployed).answer == answer


@pytest.mark.parametrize("wrong", [{"minTimeout": 3}, {"minTimeout": 901}, {"vpcCheck": "sometimes"}, {"minimumTimeout": 30}])
def test_what_is_configured_is_checked(any_program, judge, wrong):
    with pytest.raises(ValidationError):
        judge(rule, any_program, wrong)
