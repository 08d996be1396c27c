"""What RotateSecret does with a function that works, one that fails, and one that it may not call."""

import json
import uuid

import pytest


@pytest.fixture
def secrets(cloud):
    return cloud.client("secretsmanager")


def test_a_rotation_runs_every_step_and_makes_the_minted_value_current(cloud, secrets):
    secret = cloud.secret("first")

    events = cloud.rotated(secret, cloud.function())

    now = secrets.get_secret_value(SecretId=secret)
    before = secrets.get_secret_value(SecretId=secret, VersionStage="AWSPREVIOUS")
    assert events == ["RotationStarted", "RotationSucceeded"]
    assert (now["SecretString"], now["VersionStages"]) == ("minted-" + now["VersionId"], ["AWSCURRENT"])
    assert before["SecretString"] == "first"


def test_a_secret_without_any_version_gets_its_first_value_from_a_rotation(cloud, secrets):
    secret = cloud.secret()

    events = cloud.rotated(secret, cloud.function())

    assert events == ["RotationStarted", "RotationSucceeded"]
    assert secrets.get_secret_value(SecretId=secret)["SecretString"].startswith("minted-")


def test_a_finished_rotation_says_when_the_next_one_is(cloud, secrets):
    secret = cloud.secret("first")

    cloud.rotated(secret, cloud.function())

    shown = secrets.describe_secret(SecretId=secret)
    assert shown["RotationEnabled"] is True
    assert 29 <= (shown["NextRotationDate"] - shown["LastRotatedDate"]).days <= 31


@pytest.mark.parametrize("step", ["createSecret", "setSecret", "testSecret", "finishSecret"])
def test_a_failed_step_leaves_the_pending_version_and_raises_rotation_failed(cloud, secrets, step):
    secret = cloud.secret("first")
    queue = cloud.events_of(secret)

    cloud.rotate(secret, cloud.function(Environment={"Variables": {"FAIL": step}}))
    events = cloud.messages(queue, until=6)

    labels = secrets.describe_secret(SecretId=secret)["VersionIdsToStages"].values()
    failed = [event["detail"] for event in events if event["detail"]["eventName"] == "RotationFailed"]
    assert len(failed) == 3
    assert f"during {step} step" in failed[0]["errorMessage"]
    assert "canary" not in json.dumps(events)
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == "first"
    assert sorted(map(tuple, labels)) == [("AWSCURRENT",), ("AWSPENDING",)]


def test_a_function_that_mints_nothing_is_found_out(cloud):
    secret = cloud.secret("first")
    queue = cloud.events_of(secret)

    cloud.rotate(secret, cloud.function("def handler(event, context): pass"))

    failed = cloud.messages(queue, until=2)[1]["detail"]
    assert "was not created by Lambda" in failed["errorMessage"]


def test_a_second_rotation_waits_for_the_first(cloud, refused):
    secret = cloud.secret("first")
    queue = cloud.events_of(secret)
    cloud.rotate(secret, cloud.function(Environment={"Variables": {"FAIL": "setSecret"}}))
    cloud.messages(queue, until=6)

    with refused("InvalidRequestException", "A previous rotation isn't complete"):
        cloud.rotate(secret)


def test_a_rotation_whose_pending_label_was_taken_away_can_start_anew(cloud, secrets):
    secret, function = cloud.secret("first"), cloud.function(Environment={"Variables": {"FAIL": "setSecret"}})
    queue = cloud.events_of(secret)
    stuck = cloud.rotate(secret, function)["VersionId"]
    cloud.messages(queue, until=6)
    cloud.client("lambda").update_function_configuration(FunctionName=function, Environment={"Variables": {}})

    secrets.update_secret_version_stage(SecretId=secret, VersionStage="AWSPENDING", RemoveFromVersionId=stuck)
    cloud.rotate(secret)

    assert [event["detail"]["eventName"] for event in cloud.messages(queue, until=2)] == ["RotationStarted", "RotationSucceeded"]


def test_the_same_token_again_changes_nothing(cloud):
    secret, function, token = cloud.secret("first"), cloud.function(), str(uuid.uuid4())
    queue = cloud.events_of(secret)

    first = cloud.rotate(secret, function, ClientRequestToken=token)
    again = cloud.rotate(secret, function, ClientRequestToken=token)
    events = cloud.messages(queue, until=2)
    later = cloud.rotate(secret, function, ClientRequestToken=token)

    assert first["VersionId"] == again["VersionId"] == later["VersionId"] == token
    assert [event["detail"]["eventName"] for event in events] == ["RotationStarted", "RotationSucceeded"]
    assert cloud.messages(queue, until=1, within=0.3) == []


def test_a_function_without_permission_for_secrets_manager_is_refused(cloud, refused):
    secret, function = cloud.secret("first"), cloud.function(invoked_by=None)

    with refused("AccessDeniedException", "cannot invoke the specified Lambda function"):
        cloud.rotate(secret, function)


def test_a_permission_for_another_account_is_none(cloud, refused):
    secret, function = cloud.secret("first"), cloud.function(source_account="999999999999")

    with refused("AccessDeniedException", "cannot invoke the specified Lambda function"):
        cloud.rotate(secret, function)


def test_a_permission_for_another_secret_is_none(cloud, refused):
    secret, other, function = cloud.secret("first"), cloud.secret("other"), cloud.function(invoked_by=None)
    cloud.client("lambda").add_permission(
        FunctionName=function,
        StatementId="one",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
        SourceAccount=cloud.running.account,
        SourceArn=other,
    )

    cloud.rotate(other, function)
    with refused("AccessDeniedException", "cannot invoke the specified Lambda function"):
        cloud.rotate(secret, function)


def test_a_caller_who_may_not_invoke_the_function_may_not_rotate_with_it(cloud, refused):
    secret, function = cloud.secret("first"), cloud.function()
    role = cloud.role({"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"})

    with refused("AccessDeniedException", "lambda:InvokeFunction"):
        cloud.as_role(role, "secretsmanager").rotate_secret(SecretId=secret, RotationLambdaARN=function)


def test_a_secret_without_a_function_cannot_rotate(cloud, refused):
    secret = cloud.secret("first")

    with refused("InvalidRequestException", "No Lambda rotation function"):
        cloud.rotate(secret)


def test_without_rotating_at_once_only_the_test_runs(cloud, secrets):
    secret = cloud.secret("first")
    queue = cloud.events_of(secret)

    answer = cloud.rotate(secret, cloud.function(Environment={"Variables": {"FAIL": "createSecret"}}), RotateImmediately=False)
    events = [event["detail"]["eventName"] for event in cloud.messages(queue, until=2)]

    shown = secrets.describe_secret(SecretId=secret)
    assert "VersionId" not in answer
    assert events == ["TestRotationStarted", "TestRotationSucceeded"]
    assert list(shown["VersionIdsToStages"].values()) == [["AWSCURRENT"]]
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == "first"


def test_a_failed_test_is_told(cloud):
    secret = cloud.secret("first")
    queue = cloud.events_of(secret)

    cloud.rotate(secret, cloud.function(Environment={"Variables": {"FAIL": "testSecret"}}), RotateImmediately=False)

    failed = cloud.messages(queue, until=2)[1]["detail"]
    assert failed["eventName"] == "TestRotationFailed"


def test_a_value_put_by_hand_during_a_rotation_abandons_it(cloud, secrets):
    secret = cloud.secret("first")
    queue = cloud.events_of(secret)
    slow = "import time\ndef handler(event, context): time.sleep(1)"

    cloud.rotate(secret, cloud.function(slow))
    secrets.put_secret_value(SecretId=secret, SecretString="by hand")
    events = [event["detail"]["eventName"] for event in cloud.messages(queue, until=2)]

    assert events == ["RotationStarted", "RotationAbandoned"]
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == "by hand"


def test_a_cancelled_rotation_takes_no_further_step(cloud, secrets):
    secret = cloud.secret("first")
    queue = cloud.events_of(secret)
    slow = "import time\ndef handler(event, context): time.sleep(0.5)"

    token = cloud.rotate(secret, cloud.function(slow))["VersionId"]
    cancelled = secrets.cancel_rotate_secret(SecretId=secret)

    assert cancelled["VersionId"] == token
    assert [event["detail"]["eventName"] for event in cloud.messages(queue, until=2, within=1.5)] == ["RotationStarted"]
    assert secrets.describe_secret(SecretId=secret)["RotationEnabled"] is False


def test_the_event_of_a_failure_has_the_documented_envelope(cloud):
    secret, function = cloud.secret("first"), cloud.function(Environment={"Variables": {"FAIL": "createSecret"}})
    queue = cloud.events_of(secret)

    token = cloud.rotate(secret, function)["VersionId"]

    envelope = cloud.messages(queue, until=2)[1]
    detail = envelope["detail"]
    assert (envelope["source"], envelope["detail-type"], envelope["resources"]) == (
        "aws.secretsmanager",
        "AWS Service Event via CloudTrail",
        [],
    )
    assert detail["userIdentity"] == {"accountId": cloud.running.account, "invokedBy": "secretsmanager.amazonaws.com"}
    assert (detail["eventType"], detail["eventSource"], detail["readOnly"]) == ("AwsServiceEvent", "secretsmanager.amazonaws.com", False)
    assert detail["errorMessage"] == f"Error when executing lambda {function} during createSecret step"
    assert detail["requestID"] == f"Rotation-{secret}-{token}"
    assert detail["additionalEventData"] == {"SecretId": secret}
    assert "errorCode" not in detail


def test_a_finished_rotation_sends_one_label_updated_event(cloud):
    secret, (queue, arn) = cloud.secret("first"), cloud.queue()
    cloud.rule({"source": ["aws.secretsmanager"], "detail-type": ["Secret Label Updated"], "resources": [secret]}, arn)

    cloud.rotated(secret, cloud.function())

    (event,) = cloud.messages(queue, until=2, within=0.5)
    assert (event["detail"]["labelUpdated"], event["resources"]) == ("AWSCURRENT", [secret])


def test_a_rotation_works_through_the_customers_key(cloud):
    secret = cloud.secret(KmsKeyId=cloud.key())
    everything = {"Effect": "Allow", "Action": ["secretsmanager:*", "kms:*"], "Resource": "*"}

    assert cloud.rotated(secret, cloud.function(cloud.rotator, everything)) == ["RotationStarted", "RotationSucceeded"]
