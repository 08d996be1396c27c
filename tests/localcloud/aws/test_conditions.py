"""Condition keys and policy variables decide as on AWS: an Allow on them opens, a Deny on them closes."""

import json

import pytest

READ = "secretsmanager:GetSecretValue"
TEAM = [{"Key": "team", "Value": "billing"}]


@pytest.fixture
def allows(cloud):
    """Says whether a role with these statements may do `call` on Secrets Manager."""

    def ask(call, *statements, name=None):
        client = cloud.as_role(cloud.role(*statements, name=name), "secretsmanager")
        try:
            call(client)
        except client.exceptions.ClientError as error:
            return "AccessDenied" not in str(error)
        return True

    return ask


def statement(effect, action, **conditions):
    blocks = {operator: dict([pair]) for operator, pair in conditions.items()}
    return {"Effect": effect, "Action": action, "Resource": "*", **({"Condition": blocks} if blocks else {})}


def reading(secret, **more):
    return lambda client: client.get_secret_value(SecretId=secret, **more)


@pytest.mark.parametrize(
    ("key", "value", "other"),
    [
        ("secretsmanager:VersionStage", "AWSCURRENT", "AWSPREVIOUS"),
        ("secretsmanager:ResourceTag/team", "billing", "reports"),
        ("aws:ResourceTag/team", "billing", "reports"),
    ],
)
def test_a_key_of_the_request_or_the_secret_decides(cloud, allows, key, value, other):
    secret = cloud.secret("first", Tags=TEAM)

    assert allows(reading(secret), statement("Allow", READ, StringEquals=(key, value)))
    assert not allows(reading(secret), statement("Allow", READ, StringEquals=(key, other)))
    assert not allows(reading(secret), statement("Allow", READ), statement("Deny", READ, StringEquals=(key, value)))


def test_the_secret_id_in_a_condition_is_the_arn_even_when_the_call_used_the_name(cloud, allows):
    secret = cloud.secret("first")
    name = secret.split(":secret:")[1][:-7]

    assert allows(reading(name), statement("Allow", READ, ArnEquals=("secretsmanager:SecretId", secret)))


def test_a_rotation_function_may_be_prescribed(cloud, allows):
    secret, function = cloud.secret("first"), cloud.function()
    rotating = lambda client: client.rotate_secret(SecretId=secret, RotationLambdaARN=function)  # noqa: E731
    rotate, invoke = "secretsmanager:RotateSecret", statement("Allow", "lambda:InvokeFunction")
    key = "secretsmanager:RotationLambdaARN"

    assert not allows(rotating, invoke, statement("Allow", rotate, ArnEquals=(key, function + "-other")))
    assert allows(rotating, invoke, statement("Allow", rotate, ArnEquals=(key, function)))


def test_deleting_at_once_may_be_forbidden(cloud, allows):
    secret, delete = cloud.secret("first"), "secretsmanager:DeleteSecret"
    never = statement("Deny", delete, Bool=("secretsmanager:ForceDeleteWithoutRecovery", "true"))

    assert not allows(
        lambda client: client.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True), statement("Allow", delete), never
    )
    assert allows(lambda client: client.delete_secret(SecretId=secret, RecoveryWindowInDays=7), statement("Allow", delete), never)


def test_the_name_of_a_new_secret_decides(cloud, allows):
    mine = statement("Allow", "secretsmanager:CreateSecret", StringLike=("secretsmanager:Name", "mine/*"))

    assert allows(lambda client: client.create_secret(Name=cloud.name("mine/secret")), mine)
    assert not allows(lambda client: client.create_secret(Name=cloud.name("other/secret")), mine)


def test_of_a_session_the_principal_is_the_role(cloud, allows):
    secret, name = cloud.secret("first"), cloud.name("principal")
    role = f"arn:aws:iam::{cloud.running.account}:role/{name}"

    assert allows(reading(secret), statement("Allow", READ, ArnEquals=("aws:PrincipalArn", role)), name=name)


def test_a_variable_in_a_resource_stands_for_the_callers_tag(cloud):
    secret = cloud.client("secretsmanager").create_secret(Name=cloud.name("billing/secret"), SecretString="first")["ARN"]
    name = cloud.name("tagged")
    mine = {"Effect": "Allow", "Action": READ, "Resource": cloud.arn("secretsmanager", "secret:${aws:PrincipalTag/team}/*")}
    role = cloud.role(mine, name=name)
    reader = cloud.as_role(role, "secretsmanager")

    with pytest.raises(reader.exceptions.ClientError):
        reader.get_secret_value(SecretId=secret)
    cloud.client("iam").tag_role(RoleName=role, Tags=TEAM)

    assert reader.get_secret_value(SecretId=secret)["SecretString"] == "first"


def test_a_wildcard_in_a_callers_tag_opens_nothing(cloud):
    secret = cloud.client("secretsmanager").create_secret(Name=cloud.name("reports/secret"), SecretString="first")["ARN"]
    mine = {"Effect": "Allow", "Action": READ, "Resource": cloud.arn("secretsmanager", "secret:${aws:PrincipalTag/team}/*")}
    role = cloud.role(mine)
    cloud.client("iam").tag_role(RoleName=role, Tags=[{"Key": "team", "Value": "*"}])
    reader = cloud.as_role(role, "secretsmanager")

    with pytest.raises(reader.exceptions.ClientError, match="AccessDenied"):
        reader.get_secret_value(SecretId=secret)


def test_a_resource_policy_denies_by_the_secrets_tag(cloud, allows):
    secret = cloud.secret("first", Tags=TEAM)
    never = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": READ,
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/team": "billing"}},
    }
    cloud.client("secretsmanager").put_resource_policy(
        SecretId=secret, ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": never})
    )

    assert not allows(reading(secret), statement("Allow", READ))


def test_the_exact_arn_opens_and_the_name_with_a_star_opens_longer_names_too(cloud, allows):
    name = cloud.name("short")
    secrets = cloud.client("secretsmanager")
    short, longer = (secrets.create_secret(Name=text, SecretString="x")["ARN"] for text in (name, name + "-longer"))
    exact = {"Effect": "Allow", "Action": READ, "Resource": short}
    star = {"Effect": "Allow", "Action": READ, "Resource": cloud.arn("secretsmanager", f"secret:{name}-*")}

    assert allows(reading(short), exact)
    assert not allows(reading(longer), exact)
    assert allows(reading(longer), star)
