"""Which keys encrypt which secrets, and who may use them."""

import pytest

from policies.pack.graph.keys import Keys
from policies.pack.graph.patterns import Match
from policies.pack.values import UNKNOWN
from tests.policies.program import ACCOUNT, KEY, document, statement

ALIAS = "aws:kms/alias:Alias"
GRANT = "aws:kms/grant:Grant"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
REPLICA_KEY = "aws:kms/replicaKey:ReplicaKey"

NUMBER = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/{NUMBER}"
OTHER = ARN.replace("1234abcd", "5678abcd")
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
THROUGH = {"StringEquals": {"kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com"}}


def key(program, name="key", arn=ARN, type_token=KEY, **inputs):
    known = {"arn": program.later(arn), "keyId": program.later(arn.rpartition("/")[2])}
    return program.add(type_token, name, inputs, outputs={**inputs, **known})


def encrypted(program, made_from, **inputs):
    made = program.secret()
    secret = program.resources.pop()
    return program.add(secret.type, secret.name, {**secret.inputs, **inputs}, outputs=secret.outputs, made_from=made_from) and made


def of(program):
    stack = program.stack()
    return [(found.resource.name, certainty) for found, certainty in stack.part(Keys).of(stack.secrets[0])]


def foreign(program):
    stack = program.stack()
    return stack.part(Keys).foreign(stack.secrets[0])


def granted(program, action="kms:decrypt"):
    keys = program.stack().part(Keys)
    return {reader.identity.label: reader.certainty for reader in keys.granted(keys.all[0], action)}


def test_a_secret_is_encrypted_by_the_key_that_it_is_made_from(any_program):
    made = key(any_program)
    encrypted(any_program, {"kmsKeyId": [made]}, kmsKeyId=any_program.later(ARN))

    assert of(any_program) == [("key", Match.ALWAYS)]
    assert foreign(any_program) == []


@pytest.mark.parametrize("text", [ARN, NUMBER, "alias/shop", f"arn:aws:kms:eu-central-1:{ACCOUNT}:alias/shop"])
def test_a_key_is_named_by_its_arn_its_id_or_an_alias(deployed, text):
    made = key(deployed)
    deployed.add(ALIAS, "alias", {"name": "alias/shop", "targetKeyId": NUMBER}, made_from={"targetKeyId": [made]})
    encrypted(deployed, {}, kmsKeyId=text)

    assert of(deployed) == [("key", Match.ALWAYS)]
    assert foreign(deployed) == []


def test_an_alias_means_its_key_before_the_first_deployment(program):
    made = key(program)
    alias = program.add(ALIAS, "alias", {"name": "alias/shop", "targetKeyId": UNKNOWN}, made_from={"targetKeyId": [made]})
    encrypted(program, {"kmsKeyId": [alias]}, kmsKeyId=UNKNOWN)

    assert of(program) == [("key", Match.ALWAYS)]


def test_the_key_of_a_replica_encrypts_the_secret_too(deployed):
    key(deployed)
    key(deployed, "there", OTHER, REPLICA_KEY)
    encrypted(deployed, {}, kmsKeyId=ARN, replicas=[{"region": "eu-west-1", "kmsKeyId": OTHER}])

    assert of(deployed) == [("key", Match.ALWAYS), ("there", Match.ALWAYS)]


def test_a_key_of_another_stack_is_foreign(any_program):
    key(any_program)
    encrypted(any_program, {}, kmsKeyId=OTHER, replicas=[{"region": "eu-west-1", "kmsKeyId": "alias/there"}])

    assert of(any_program) == []
    assert foreign(any_program) == [OTHER, "alias/there"]


def test_a_key_that_is_made_from_nothing_of_the_stack_is_foreign_and_not_known(program):
    encrypted(program, {}, kmsKeyId=UNKNOWN)

    assert len(foreign(program)) == 1
    assert foreign(program)[0] is UNKNOWN


@pytest.mark.parametrize("text", [None, "", "alias/aws/secretsmanager", "aws/secretsmanager"])
def test_the_key_of_aws_is_neither_of_the_stack_nor_foreign(program, text):
    encrypted(program, {}, kmsKeyId=text)

    assert of(program) == []
    assert foreign(program) == []


def test_without_a_policy_iam_decides_about_a_key(deployed):
    key(deployed)
    deployed.inline(deployed.role("billing"), document(statement(ARN, "kms:Decrypt")))

    assert granted(deployed) == {'Role "billing"': Match.ALWAYS}
    assert granted(deployed, "kms:generatedatakey") == {}


def test_before_the_first_deployment_a_document_that_is_made_from_the_key_may_use_it(program):
    made = key(program)
    program.inline(program.role("billing"), "", made_from=[made])

    assert granted(program) == {'Role "billing"': Match.MAYBE}


def test_the_policy_of_a_key_lets_iam_decide_by_naming_the_account(deployed):
    key(deployed, policy=document(statement("*", ["kms:Decrypt"], Principal=ROOT, Condition=THROUGH)))
    deployed.inline(deployed.role("billing"), document(statement(ARN, "kms:*")))

    assert granted(deployed) == {'Role "billing"': Match.ALWAYS}
    assert granted(deployed, "kms:generatedatakey") == {}


def test_the_policy_of_a_key_lets_a_role_in_by_itself(deployed):
    key(deployed, policy=document(statement("*", "kms:Decrypt", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/billing"})))
    deployed.role("billing")
    deployed.inline(deployed.role("reports"), document(statement(ARN, "kms:Decrypt")))

    assert granted(deployed) == {'Role "billing"': Match.ALWAYS}


def test_the_policy_of_a_key_keeps_a_role_out(deployed):
    kept_out = statement("*", "kms:Decrypt", "Deny", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/billing"})
    key(deployed, policy=document(statement("*", "kms:*", Principal=ROOT), kept_out))
    deployed.inline(deployed.role("billing"), document(statement(ARN, "kms:Decrypt")))

    assert granted(deployed) == {}


def test_a_policy_beside_the_key_is_its_policy(any_program):
    made = key(any_program, policy=document(statement("*", "kms:*", Principal=ROOT)))
    any_program.add(
        KEY_POLICY,
        "beside",
        {"keyId": any_program.later(NUMBER), "policy": document(statement("*", "kms:Put*", Principal=ROOT))},
        made_from={"keyId": [made]},
    )
    any_program.inline(any_program.role("billing"), document(statement("*", "kms:Decrypt")))

    assert granted(any_program) == {}


def test_a_policy_that_is_not_known_may_let_iam_decide_and_anybody_in(program):
    key(program, policy=UNKNOWN)
    program.inline(program.role("billing"), document(statement("*", "kms:Decrypt")))
    keys = program.stack().part(Keys)

    assert granted(program) == {'Role "billing"': Match.MAYBE, "a principal that is not known yet": Match.MAYBE}
    assert keys.statements(keys.all[0]) is UNKNOWN


def test_a_grant_lets_its_grantee_use_the_key(any_program):
    made = key(any_program)
    role = any_program.role("billing")
    any_program.add(
        GRANT,
        "grant",
        {
            "keyId": any_program.later(NUMBER),
            "granteePrincipal": any_program.later(f"arn:aws:iam::{ACCOUNT}:role/billing"),
            "operations": ["Decrypt"],
        },
        made_from={"keyId": [made], "granteePrincipal": [role]},
    )

    assert granted(any_program) == {'Role "billing"': Match.ALWAYS}
    assert granted(any_program, "kms:encrypt") == {}


def test_everybody_may_be_anybody(deployed):
    key(deployed, policy=document(statement("*", "kms:Decrypt", Principal="*", Condition=THROUGH)))
    deployed.role("billing")
    stack = deployed.stack()
    keys = stack.part(Keys)
    [billing] = [stack.identities.at(role.urn) for role in stack.resources.of_type("aws:iam/role:Role")]

    assert keys.may(billing, keys.all[0]) is Match.MAYBE
    assert keys.may(billing, keys.all[0], "kms:encrypt") is Match.NEVER
