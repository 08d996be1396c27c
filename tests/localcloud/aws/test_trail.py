"""What was done and what was refused is on record, with who it was and without what was secret."""

import json

import pytest


@pytest.fixture
def found(cloud):
    """Gives the records of an operation on a secret, newest first."""

    def look(operation, secret):
        events = cloud.client("cloudtrail").lookup_events(LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": secret}])[
            "Events"
        ]
        return [json.loads(event["CloudTrailEvent"]) for event in events if event["EventName"] == operation]

    return look


def test_a_denied_read_is_on_record_with_the_role_that_tried(cloud, found, refused):
    secret, role = cloud.secret("first"), cloud.role()

    with refused("AccessDeniedException"):
        cloud.as_role(role, "secretsmanager").get_secret_value(SecretId=secret)

    (record,) = found("GetSecretValue", secret)
    issuer = record["userIdentity"]["sessionContext"]["sessionIssuer"]
    assert (record["errorCode"], record["eventType"], record["readOnly"]) == ("AccessDenied", "AwsApiCall", True)
    assert (record["userIdentity"]["type"], issuer["arn"]) == ("AssumedRole", f"arn:aws:iam::{cloud.running.account}:role/{role}")
    assert record["requestParameters"] == {"secretId": secret}


def test_the_administrators_call_is_on_record_by_name_and_without_the_value(cloud, found):
    secret = cloud.secret("first")

    cloud.client("secretsmanager").put_secret_value(SecretId=secret, SecretString="canary-on-record")

    (record,) = found("PutSecretValue", secret)
    assert (record["userIdentity"]["type"], record["userIdentity"]["userName"]) == ("IAMUser", "administrator")
    assert "errorCode" not in record
    assert "canary" not in json.dumps(record)


def test_a_rotations_own_events_are_on_record(cloud, found):
    secret = cloud.secret("first")

    cloud.rotated(secret, cloud.function())

    assert [len(found(name, secret)) for name in ("RotateSecret", "RotationStarted", "RotationSucceeded")] == [1, 1, 1]


def test_a_call_with_a_wrong_signature_is_put_on_nobodys_record(cloud, found, refused):
    secret = cloud.secret("first")

    with refused("InvalidSignatureException"):
        cloud.client("secretsmanager", cloud.administrator.access_key_id, "wrong").get_secret_value(SecretId=secret)

    assert found("GetSecretValue", secret) == []


def test_a_denied_write_reaches_eventbridge(cloud, refused):
    secret, (queue, arn) = cloud.secret("first"), cloud.queue()
    pattern = {"source": ["aws.secretsmanager"], "detail-type": ["AWS API Call via CloudTrail"]}
    cloud.rule({**pattern, "detail": {"errorCode": [{"prefix": "AccessDenied"}], "requestParameters": {"secretId": [secret]}}}, arn)

    with refused("AccessDeniedException"):
        cloud.as_role(cloud.role(), "secretsmanager").delete_secret(SecretId=secret)

    (event,) = cloud.messages(queue)
    assert (event["detail"]["eventName"], event["detail"]["userIdentity"]["type"]) == ("DeleteSecret", "AssumedRole")


def test_reads_reach_only_the_rules_that_ask_for_them(cloud):
    secret, (quiet, quiet_arn), (asking, asking_arn) = cloud.secret("first"), cloud.queue(), cloud.queue()
    pattern = {"source": ["aws.secretsmanager"], "detail": {"eventName": ["GetSecretValue"], "requestParameters": {"secretId": [secret]}}}
    cloud.rule(pattern, quiet_arn)
    cloud.rule(pattern, asking_arn, State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")

    cloud.client("secretsmanager").get_secret_value(SecretId=secret)

    assert len(cloud.messages(asking)) == 1
    assert cloud.messages(quiet, within=0.1) == []


def test_no_value_is_in_the_servers_log(cloud):
    secret = cloud.secret("canary-in-the-log", KmsKeyId=cloud.key())
    cloud.client("secretsmanager").get_secret_value(SecretId=secret)
    cloud.rotated(secret, cloud.function(Environment={"Variables": {"FAIL": "setSecret"}}))

    text = cloud.running.log.read_text()
    assert "canary" not in text
    assert "minted-" not in text
    assert cloud.administrator.secret_access_key not in text
