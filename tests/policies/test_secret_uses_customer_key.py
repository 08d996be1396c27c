"""Whose key encrypts a secret."""

import pytest

from policies.pack.values import UNKNOWN, Marked
from policies.rules.secret_uses_customer_key import policy as rule
from tests.policies.program import KEY, SECRET

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KMS = "arn:aws:kms:eu-central-1:111122223333"


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        (None, "violated"),
        ("", "violated"),
        ("  ", "violated"),
        ("alias/aws/secretsmanager", "violated"),
        ("aws/secretsmanager", "violated"),
        ("Alias/AWS/SecretsManager", "violated"),
        (f"{KMS}:alias/aws/secretsmanager", "violated"),
        ("arn:aws-cn:kms:cn-north-1:111122223333:alias/aws/secretsmanager", "violated"),
        ("alias/aws/ssm", "violated"),
        (Marked("alias/aws/secretsmanager"), "violated"),
        ("billing", "violated"),
        (True, "violated"),
        ([KEY_ID], "violated"),
        (KEY_ID, "holds"),
        (f"{KMS}:key/{KEY_ID}", "holds"),
        ("mrk-1234abcd12ab34cd56ef1234567890ab", "holds"),
        (f"{KMS}:key/mrk-1234abcd12ab34cd56ef1234567890ab", "holds"),
        ("alias/keyturn/dev", "holds"),
        ("alias/awsome", "holds"),
        (f"{KMS}:alias/keyturn/dev", "holds"),
        (Marked(f"{KMS}:key/{KEY_ID}"), "holds"),
    ],
)
def test_a_key_that_is_known(any_program, judge, key, answer):
    any_program.secret(kmsKeyId=key)

    verdict = judge(rule, any_program)

    assert verdict.answer == answer
    assert verdict.properties == ({"kmsKeyId"} if answer == "violated" else set())


def test_a_misspelt_property_is_no_key(any_program, judge):
    any_program.secret(KmsKeyId=KEY_ID, kms_key_id=KEY_ID)

    assert judge(rule, any_program).answer == "violated"


@pytest.mark.parametrize(
    ("origin", "answer"),
    [
        (KEY, "holds"),
        ("aws:kms/alias:Alias", "holds"),
        ("aws:kms/replicaKey:ReplicaKey", "holds"),
        ("aws:ssm/parameter:Parameter", "cannot decide"),
        ("aws:s3/bucket:Bucket", "cannot decide"),
        (None, "cannot decide"),
    ],
)
@pytest.mark.parametrize("key", [UNKNOWN, Marked(UNKNOWN)])
def test_a_key_that_is_not_known_yet_is_told_by_what_it_is_made_from(program, judge, key, origin, answer):
    made_from = [program.add(origin, "origin")] if origin else []
    program.add(SECRET, "database", {"name": "dev/billing/database", "kmsKeyId": key}, made_from={"kmsKeyId": made_from})

    verdict = judge(rule, program)

    assert verdict.answer == answer
    assert verdict.properties == ({"kmsKeyId"} if answer == "cannot decide" else set())


def test_a_key_of_another_stack_that_is_not_known_yet_cannot_be_decided(program, judge):
    elsewhere = "urn:pulumi:dev::shop::pulumi:pulumi:StackReference::acme/platform/dev"
    program.add(SECRET, "database", {"kmsKeyId": UNKNOWN}, made_from={"kmsKeyId": [elsewhere]})

    assert judge(rule, program).answer == "cannot decide"


@pytest.mark.parametrize(
    ("replicas", "answer", "about"),
    [
        ([{"region": "eu-west-1", "kmsKeyId": f"{KMS}:key/{KEY_ID}"}], "holds", set()),
        ([{"region": "eu-west-1"}], "violated", {"replicas[0].kmsKeyId"}),
        ([{"region": "eu-west-1", "kmsKeyId": KEY_ID}, {"region": "eu-west-2"}], "violated", {"replicas[1].kmsKeyId"}),
        ([{"region": "eu-west-1", "kmsKeyId": UNKNOWN}], "cannot decide", {"replicas[0].kmsKeyId"}),
        ([UNKNOWN], "cannot decide", {"replicas[0].kmsKeyId"}),
        (UNKNOWN, "cannot decide", {"replicas[0].kmsKeyId"}),
        ([], "holds", set()),
    ],
)
def test_a_replica_has_a_key_of_its_own(any_program, judge, replicas, answer, about):
    any_program.secret(kmsKeyId=KEY_ID, replicas=replicas)

    verdict = judge(rule, any_program)

    assert verdict.answer == answer
    assert verdict.properties == about
