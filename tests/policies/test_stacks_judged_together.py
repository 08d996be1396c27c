"""Exported states of two environments, judged together: in accounts of their own everything is called alike, and nothing is mixed up."""

from dataclasses import replace

import pytest

from policies.pack.graph.keys import Keys
from policies.rules import rules
from tests.policies.program import FUNCTION, KEY, ROLE, ROLE_POLICY, ROTATION, SECRET, Program, Verdict, document, statement
from tests.policies.rotations import PERMISSION, RIGHTS

ALIAS = "aws:kms/alias:Alias"
ACCOUNTS = {"dev": "111122223333", "prod": "999988887777"}
RULES = {rule.name: rule for rule in rules()}


def stack_of(environment, together):
    """The stack of an environment: a secret with its key, its reader and its rotation. No name speaks of the environment."""
    account, tags = ACCOUNTS[environment], {"keyturn:environment": environment, "keyturn:service": "billing"}
    program = Program(deployed=True, stack=environment)
    program.resources = together
    key_arn = f"arn:aws:kms:eu-central-1:{account}:key/1234abcd-12ab-34cd-56ef-{account}"
    key = program.add(KEY, "key", {"enableKeyRotation": True}, outputs={"arn": key_arn})
    program.add(ALIAS, "key", {"name": "alias/secrets", "targetKeyId": key_arn}, made_from={"targetKeyId": [key]})
    arn = f"arn:aws:secretsmanager:eu-central-1:{account}:secret:billing-database-{account[:6]}"
    inputs = {"name": "billing-database", "kmsKeyId": "alias/secrets", "tags": tags}
    secret = program.add(SECRET, "database", inputs, outputs={**inputs, "arn": arn})
    use_key = statement(key_arn, ["kms:Decrypt", "kms:GenerateDataKey"])
    for name, rights in (("app", ["secretsmanager:GetSecretValue"]), ("rotator", RIGHTS)):
        role = program.add(
            ROLE, name, {"name": name, "tags": tags}, outputs={"name": name, "arn": f"arn:aws:iam::{account}:role/{name}", "tags": tags}
        )
        text = document(statement(arn, rights), use_key)
        program.add(ROLE_POLICY, name, {"role": name, "policy": text}, made_from={"role": [role], "policy": [secret, key]})
    function_arn = f"arn:aws:lambda:eu-central-1:{account}:function:rotate"
    inputs = {"name": "rotate", "role": f"arn:aws:iam::{account}:role/rotator", "timeout": 30}
    function = program.add(FUNCTION, "rotate", inputs, outputs={**inputs, "arn": function_arn})
    inputs = {
        "function": "rotate",
        "action": "lambda:InvokeFunction",
        "principal": "secretsmanager.amazonaws.com",
        "sourceAccount": account,
    }
    program.add(PERMISSION, "rotate", inputs, made_from={"function": [function]})
    inputs = {"secretId": arn, "rotationLambdaArn": function_arn, "rotationRules": {"automaticallyAfterDays": 7}}
    program.add(ROTATION, "rotation", inputs, made_from={"secretId": [secret], "rotationLambdaArn": [function]})
    return program


@pytest.fixture(params=[("dev", "prod"), ("prod", "dev")], ids=["dev first", "prod first"])
def together(request):
    resources = []
    return [stack_of(environment, resources) for environment in request.param][-1]


@pytest.mark.parametrize(
    "rule",
    [
        "secret-has-one-reader",
        "secret-stays-in-its-environment",
        "key-stays-in-its-environment",
        "secret-is-rotated",
        "rotation-can-work",
        "rotator-touches-only-its-secrets",
        "reader-cannot-write",
        "decrypt-is-scoped",
    ],
)
def test_what_holds_in_each_stack_holds_in_both(together, rule):
    assert Verdict(RULES[rule], together).answer == "holds"


def test_an_alias_is_that_of_the_secrets_own_stack(together):
    stack = together.stack()

    assert [[key.resource.stack for key, _ in stack.part(Keys).of(secret)] for secret in stack.secrets] == [["dev"], ["prod"]]


def test_a_policy_is_for_the_role_of_its_own_stack_when_nothing_says_what_it_is_made_from(together):
    together.resources = [replace(resource, property_dependencies={}) for resource in together.resources]

    assert Verdict(RULES["secret-has-one-reader"], together).answer == "holds"
