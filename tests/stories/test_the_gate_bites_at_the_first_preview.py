"""What a reviewer gets: the pull request that shares, does not rotate or wrongly encrypts a secret is stopped before it exists.

Each program is previewed on an empty stack: every ARN in it is still unknown.
"""

import textwrap

import pytest

pytestmark = pytest.mark.story

HEAD = """
    import json
    import pulumi
    from pulumi_aws import iam, kms, lambda_, secretsmanager

    def role(service):
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        return iam.Role(service, assume_role_policy=json.dumps(trust))

    def may_read(service, secret):
        statement = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret.arn}
        iam.RolePolicy(f"{service.urn and service._name}-reads-{secret._name}", role=service.name, policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]}))

    def rotated(secret):
        function = lambda_.Function(f"{secret._name}-rotation", role=role(f"{secret._name}-rotator").arn, runtime="python3.13", handler="h.h", code=pulumi.FileArchive("code"))
        secretsmanager.SecretRotation(f"{secret._name}-rotation", secret_id=secret.id, rotation_lambda_arn=function.arn, rotation_rules={"automatically_after_days": 30})

    key = kms.Key("key")
"""

GOOD = """
    secret = secretsmanager.Secret("billing-database", kms_key_id=key.arn)
    rotated(secret)
    may_read(role("billing"), secret)
"""

SHARED = (
    GOOD
    + """
    may_read(role("reports"), secret)
"""
)

UNROTATED = """
    secret = secretsmanager.Secret("billing-database", kms_key_id=key.arn)
    may_read(role("billing"), secret)
"""

AWS_MANAGED_KEY = """
    secret = secretsmanager.Secret("billing-database", kms_key_id="alias/aws/secretsmanager")
    rotated(secret)
    may_read(role("billing"), secret)
"""

COMPONENTS_SHARED = """
    from components import DatabaseCredential, RotationFunction, SecretEnvironment, ServiceAccess

    environment = SecretEnvironment("dev", {"environment": "dev"})
    accesses = {"billing": ["dev/billing/database"], "reports": ["dev/billing/database"]}
"""


def previewed(cloud, tmp_path, body):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "h.py").write_text("def h(event, context): ...\n")
    (tmp_path / "Pulumi.yaml").write_text("name: gate\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(textwrap.dedent(HEAD) + textwrap.dedent(body))
    return cloud.preview_program(tmp_path)


def test_a_secret_with_one_reader_a_rotation_and_a_customer_key_passes(cloud, tmp_path):
    preview = previewed(cloud, tmp_path, GOOD)

    assert preview.returncode == 0, preview.stdout + preview.stderr


@pytest.mark.parametrize(
    ("program", "rule", "mend"),
    [
        (SHARED, "secret-has-one-reader", "Give each service a secret of its own"),
        (UNROTATED, "secret-is-rotated", "SecretRotation"),
        (AWS_MANAGED_KEY, "secret-uses-customer-key", "customer managed key"),
    ],
    ids=["shared", "unrotated", "aws-managed-key"],
)
def test_the_preview_fails_with_the_rule_the_resource_and_the_mend(cloud, tmp_path, program, rule, mend):
    preview = previewed(cloud, tmp_path, program)

    output = preview.stdout + preview.stderr
    assert preview.returncode != 0
    assert rule in output
    assert "billing-database" in output
    assert mend in output
