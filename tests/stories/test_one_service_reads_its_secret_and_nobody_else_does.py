"""What a team gets: billing reads billing's password; whoever else asks is refused, by whichever way."""

import json
from functools import partial

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

pytestmark = pytest.mark.story


def test_a_service_reads_its_own_secret_with_its_own_role(cloud):
    secrets = cloud.client("secretsmanager", service="billing")

    value = json.loads(secrets.get_secret_value(SecretId="local/billing/database")["SecretString"])

    assert cloud.database.logs_in(value)


@pytest.mark.parametrize(("service", "secret"), [("billing", "local/reports/database"), ("reports", "local/billing/database")])
def test_a_service_is_refused_the_other_services_secret(cloud, service, secret):
    secrets = cloud.client("secretsmanager", service=service)

    refused = refusal(lambda: secrets.get_secret_value(SecretId=secret))

    assert refused == "AccessDeniedException"


@pytest.mark.parametrize("service", ["billing", "reports"])
def test_a_service_is_refused_the_admin_secret(cloud, service):
    secrets = cloud.client("secretsmanager", service=service)

    refused = refusal(lambda: secrets.get_secret_value(SecretId="local/platform/database-admin"))

    assert refused == "AccessDeniedException"


def test_a_service_cannot_change_or_rotate_its_secret(cloud):
    secrets = cloud.client("secretsmanager", service="billing")

    refusals = {
        "put": refusal(lambda: secrets.put_secret_value(SecretId="local/billing/database", SecretString="{}")),
        "rotate": refusal(lambda: secrets.rotate_secret(SecretId="local/billing/database")),
        "delete": refusal(lambda: secrets.delete_secret(SecretId="local/billing/database")),
    }

    assert set(refusals.values()) == {"AccessDeniedException"}


def test_without_a_services_credentials_nothing_is_readable(cloud):
    endpoint = cloud.environment["AWS_ENDPOINT_URL"]
    unsigned = boto3.client("secretsmanager", endpoint_url=endpoint, region_name="eu-central-1", config=Config(signature_version=UNSIGNED))
    guessed_root = boto3.client(
        "secretsmanager",
        endpoint_url=endpoint,
        region_name="eu-central-1",
        aws_access_key_id="000000000000",
        aws_secret_access_key="test",
    )

    for client in (unsigned, guessed_root):
        for secret in ("local/billing/database", "local/reports/database", "local/platform/database-admin"):
            with pytest.raises(ClientError) as refused:
                client.get_secret_value(SecretId=secret)
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)


@pytest.mark.parametrize("secret", ["local/billing/database", "local/reports/database"])
def test_even_the_administrator_who_deploys_does_not_read_a_services_secret(cloud, secret):
    secrets = cloud.client("secretsmanager")

    refused = refusal(lambda: secrets.get_secret_value(SecretId=secret))

    assert refused == "AccessDeniedException"


def test_the_key_decrypts_for_nobody_outside_secrets_manager(cloud):
    key = cloud.output("kmsKeyArn")
    secret = cloud.output("services")["billing"]["secrets"]["database"]["arn"]
    context = {"SecretARN": secret, "SecretVersionId": "00000000-0000-0000-0000-000000000000"}

    def decrypt(service):
        return cloud.client("kms", service=service).decrypt(KeyId=key, CiphertextBlob=b"x" * 64, EncryptionContext=context)

    refusals = [refusal(partial(decrypt, service)) for service in ("billing", "reports", None)]

    assert refusals == ["AccessDeniedException"] * 3  # the last is the administrator


def test_rule_29_a_rotation_function_changes_its_own_secret_reads_the_admins_and_does_no_more(cloud):
    """Decided by the local IAM for the deployed role, all its policies together."""
    iam, secrets = cloud.client("iam"), cloud.output("services")
    own, other = (secrets[service]["secrets"]["database"]["arn"] for service in ("billing", "reports"))
    admin = cloud.client("secretsmanager").describe_secret(SecretId="local/platform/database-admin")["ARN"]
    role = iam.get_role(RoleName="keyturn_local_billing_postgres")["Role"]["Arn"]
    every = [f"secretsmanager:{name}" for name in boto3.client("secretsmanager", "eu-central-1").meta.service_model.operation_names]

    def allowed(resource):
        answer = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=every, ResourceArns=[resource])
        return sorted(
            result["EvalActionName"].partition(":")[2] for result in answer["EvaluationResults"] if result["EvalDecision"] == "allowed"
        )

    assert allowed(own) == ["DescribeSecret", "GetSecretValue", "ListSecretVersionIds", "PutSecretValue", "UpdateSecretVersionStage"]
    assert allowed(admin) == ["GetSecretValue"]
    assert allowed(other) == []


def refusal(call) -> str:
    """The error code of a refused call."""
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"]
