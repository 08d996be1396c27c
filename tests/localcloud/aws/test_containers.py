"""The rules of secrets as containers: names, windows, keys and policies."""

import json
import uuid

import pytest


@pytest.fixture
def secrets(cloud):
    return cloud.client("secretsmanager")


def test_a_secret_made_without_a_value_has_no_version(cloud, secrets, refused):
    made = secrets.create_secret(Name=cloud.name("empty"))

    assert "VersionId" not in made
    assert secrets.list_secret_version_ids(SecretId=made["ARN"], IncludeDeprecated=True)["Versions"] == []
    with refused("ResourceNotFoundException", "staging label: AWSCURRENT"):
        secrets.get_secret_value(SecretId=made["ARN"])


def test_the_token_becomes_the_first_versions_id(cloud, secrets):
    token = str(uuid.uuid4())

    made = secrets.create_secret(Name=cloud.name("token"), SecretString="first", ClientRequestToken=token)

    assert made["VersionId"] == token
    assert secrets.get_secret_value(SecretId=made["ARN"])["VersionId"] == token


@pytest.mark.parametrize("name", ["with space", "colon:here", "x" * 513, "ümlaut"])
def test_a_name_with_other_characters_or_too_long_is_refused(secrets, refused, name):
    with refused("ValidationException"):
        secrets.create_secret(Name=name)


def test_a_name_is_given_once(cloud, secrets, refused):
    name = cloud.name("once")
    secrets.create_secret(Name=name, SecretString="first")

    with refused("ResourceExistsException"):
        secrets.create_secret(Name=name, SecretString="first")


def test_a_name_in_its_recovery_window_is_not_free_and_can_be_restored(cloud, secrets, refused):
    name = cloud.name("window")
    secrets.create_secret(Name=name, SecretString="first")
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7)

    with refused("InvalidRequestException", "already scheduled for deletion"):
        secrets.create_secret(Name=name)
    with refused("InvalidRequestException", "marked for deletion"):
        secrets.get_secret_value(SecretId=name)
    secrets.restore_secret(SecretId=name)

    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "first"


@pytest.mark.parametrize("days", [6, 31])
def test_a_window_is_seven_to_thirty_days(cloud, secrets, refused, days):
    secret = cloud.secret("first")

    with refused("InvalidParameterException", "between 7 and 30"):
        secrets.delete_secret(SecretId=secret, RecoveryWindowInDays=days)


def test_a_part_of_an_arn_names_a_secret_only_without_its_random_end(secrets, refused):
    secret = secrets.create_secret(Name="whole-name", SecretString="first")["ARN"]

    assert secrets.get_secret_value(SecretId=secret[:-7])["SecretString"] == "first"
    with refused("ResourceNotFoundException"):
        secrets.get_secret_value(SecretId=secret[:-8])
    with refused("ResourceNotFoundException"):
        secrets.get_secret_value(SecretId=secret[:-6])


def test_the_longer_name_is_not_meant_by_the_shorter_one(cloud, secrets):
    name = cloud.name("prefix")
    longer = secrets.create_secret(Name=name + "-longer", SecretString="longer")["ARN"]
    shorter = secrets.create_secret(Name=name, SecretString="shorter")["ARN"]

    assert secrets.get_secret_value(SecretId=shorter)["SecretString"] == "shorter"
    assert secrets.get_secret_value(SecretId=longer[:-7])["SecretString"] == "longer"


def test_description_and_value_are_updated(cloud, secrets):
    secret = cloud.secret("first")

    answer = secrets.update_secret(SecretId=secret, Description="changed", SecretString="second")

    assert secrets.describe_secret(SecretId=secret)["Description"] == "changed"
    assert secrets.get_secret_value(SecretId=secret)["VersionId"] == answer["VersionId"]


def test_a_policy_that_is_no_policy_is_refused(cloud, secrets, refused):
    secret = cloud.secret("first")

    for text in ("{", "{}", '{"Statement": [{"Effect": "Perhaps", "Principal": "*"}]}', '{"Statement": [{"Effect": "Allow"}]}'):
        with refused("MalformedPolicyDocumentException"):
            secrets.put_resource_policy(SecretId=secret, ResourcePolicy=text)


def test_a_public_policy_is_refused_when_it_was_to_be_blocked(cloud, secrets, refused):
    secret = cloud.secret("first")
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})

    with refused("PublicPolicyException"):
        secrets.put_resource_policy(SecretId=secret, ResourcePolicy=text, BlockPublicPolicy=True)
    secrets.put_resource_policy(SecretId=secret, ResourcePolicy=text, BlockPublicPolicy=False)


def test_a_batch_gives_what_the_caller_may_read_and_names_the_rest(cloud):
    mine, other = cloud.secret("mine"), cloud.secret("other")
    grant = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": mine}
    role = cloud.role(grant, {"Effect": "Allow", "Action": "secretsmanager:BatchGetSecretValue", "Resource": "*"})

    answer = cloud.as_role(role, "secretsmanager").batch_get_secret_value(SecretIdList=[mine, other])

    assert [value["SecretString"] for value in answer["SecretValues"]] == ["mine"]
    assert [(error["SecretId"], error["ErrorCode"]) for error in answer["Errors"]] == [(other, "AccessDeniedException")]
