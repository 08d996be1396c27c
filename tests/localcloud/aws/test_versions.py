"""The rules of versions, staging labels and tokens."""

import json
import uuid

import pytest


@pytest.fixture
def secrets(cloud):
    return cloud.client("secretsmanager")


def labels(secrets, secret):
    return secrets.describe_secret(SecretId=secret).get("VersionIdsToStages", {})


def test_a_new_value_moves_the_old_one_to_previous(cloud, secrets):
    secret = cloud.secret("first")

    second = secrets.put_secret_value(SecretId=secret, SecretString="second")["VersionId"]
    third = secrets.put_secret_value(SecretId=secret, SecretString="third")["VersionId"]

    assert labels(secrets, secret) == {second: ["AWSPREVIOUS"], third: ["AWSCURRENT"]}
    assert secrets.get_secret_value(SecretId=secret, VersionStage="AWSPREVIOUS")["SecretString"] == "second"


def test_the_same_token_and_value_again_change_nothing(cloud, secrets):
    secret, token = cloud.secret("first"), str(uuid.uuid4())
    secrets.put_secret_value(SecretId=secret, SecretString="second", ClientRequestToken=token)
    secrets.put_secret_value(SecretId=secret, SecretString="third")

    again = secrets.put_secret_value(SecretId=secret, SecretString="second", ClientRequestToken=token)

    assert again["VersionId"] == token
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == "third"


def test_the_same_token_with_another_value_is_refused(cloud, secrets, refused):
    secret, token = cloud.secret("first"), str(uuid.uuid4())
    secrets.put_secret_value(SecretId=secret, SecretString="second", ClientRequestToken=token)

    with refused("ResourceExistsException"):
        secrets.put_secret_value(SecretId=secret, SecretString="other", ClientRequestToken=token)


def test_a_label_of_ones_own_sits_on_one_version(cloud, secrets):
    secret = cloud.secret("first")

    secrets.put_secret_value(SecretId=secret, SecretString="one", VersionStages=["AWSNEXT"])
    two = secrets.put_secret_value(SecretId=secret, SecretString="two", VersionStages=["AWSNEXT"])["VersionId"]

    assert [version for version, names in labels(secrets, secret).items() if "AWSNEXT" in names] == [two]
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == "first"


def test_taking_current_from_a_version_needs_its_name(cloud, secrets, refused):
    secret = cloud.secret("first")
    current = next(iter(labels(secrets, secret)))
    second = secrets.put_secret_value(SecretId=secret, SecretString="second", VersionStages=["AWSPENDING"])["VersionId"]
    move = {"SecretId": secret, "VersionStage": "AWSCURRENT", "MoveToVersionId": second}

    with refused("InvalidParameterException", "RemoveFromVersionId can't be empty"):
        secrets.update_secret_version_stage(**move)
    with refused("InvalidParameterException", f"currently attached to version {current}"):
        secrets.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT", RemoveFromVersionId=second)
    secrets.update_secret_version_stage(**move, RemoveFromVersionId=current)

    assert labels(secrets, secret) == {current: ["AWSPREVIOUS"], second: ["AWSPENDING", "AWSCURRENT"]}


def test_going_back_swaps_current_and_previous(cloud, secrets):
    secret = cloud.secret("first")
    first = next(iter(labels(secrets, secret)))
    second = secrets.put_secret_value(SecretId=secret, SecretString="second")["VersionId"]

    secrets.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=first, RemoveFromVersionId=second)

    assert labels(secrets, secret) == {first: ["AWSCURRENT"], second: ["AWSPREVIOUS"]}


def test_current_cannot_be_taken_away_altogether(cloud, secrets, refused):
    secret = cloud.secret("first")
    current = next(iter(labels(secrets, secret)))

    with refused("InvalidParameterException", "It can't be completely removed"):
        secrets.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT", RemoveFromVersionId=current)


def test_a_version_without_a_label_is_listed_on_request_only(cloud, secrets):
    secret = cloud.secret("first")
    pending = secrets.put_secret_value(SecretId=secret, SecretString="x", VersionStages=["AWSPENDING"])["VersionId"]
    secrets.update_secret_version_stage(SecretId=secret, VersionStage="AWSPENDING", RemoveFromVersionId=pending)

    shown = secrets.list_secret_version_ids(SecretId=secret)["Versions"]
    everything = secrets.list_secret_version_ids(SecretId=secret, IncludeDeprecated=True)["Versions"]

    assert pending not in [version["VersionId"] for version in shown]
    assert pending in [version["VersionId"] for version in everything]


def test_the_empty_pending_version_of_a_rotation_is_not_found(cloud, secrets, refused):
    secret = cloud.secret("first")
    token = cloud.rotate(secret, cloud.function("import time\ndef handler(event, context): time.sleep(1)"))["VersionId"]

    for question in ({"VersionStage": "AWSPENDING"}, {"VersionId": token}, {"VersionId": token, "VersionStage": "AWSPENDING"}):
        with refused("ResourceNotFoundException", "can't find the specified secret value"):
            secrets.get_secret_value(SecretId=secret, **question)
    assert labels(secrets, secret)[token] == ["AWSPENDING"]


def test_a_version_that_does_not_carry_the_label_is_refused(cloud, secrets, refused):
    secret = cloud.secret("first")
    version = next(iter(labels(secrets, secret)))

    with refused("InvalidRequestException", "not associated to the provided VersionId"):
        secrets.get_secret_value(SecretId=secret, VersionId=version, VersionStage="AWSPREVIOUS")


def test_a_value_of_more_than_64_kilobytes_is_refused(cloud, secrets, refused):
    secret = cloud.secret("x" * 65536)

    with refused("ValidationException", "65536"):
        secrets.put_secret_value(SecretId=secret, SecretString="x" * 65537)


def test_every_label_but_pending_and_previous_is_announced(cloud, secrets):
    secret, (queue, arn) = cloud.secret("first"), cloud.queue()
    cloud.rule({"source": ["aws.secretsmanager"], "detail-type": ["Secret Label Updated"], "resources": [secret]}, arn)

    secrets.put_secret_value(SecretId=secret, SecretString="a", VersionStages=["AWSPENDING"])
    secrets.put_secret_value(SecretId=secret, SecretString="b", VersionStages=["AWSNEXT"])
    current = secrets.put_secret_value(SecretId=secret, SecretString="c")["VersionId"]
    events = cloud.messages(queue, until=3, within=0.5)

    assert [event["detail"]["labelUpdated"] for event in events] == ["AWSNEXT", "AWSCURRENT"]
    assert events[1]["detail"] == {"name": secret.split(":secret:")[1][:-7], "labelUpdated": "AWSCURRENT", "versionId": current}
    assert json.dumps(events).count('"c"') == 0
