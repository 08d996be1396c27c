"""What the secrets of one environment share. Not proven here: that AWS takes the inputs, and that events reach the topic."""

from fnmatch import fnmatchcase

import pulumi
import pytest

from components import SecretEnvironment

ACCOUNT = "111122223333"
SECRETS_OF_PROD = [{"prefix": f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:prod/"}, {"prefix": "prod/"}]
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def environment(**args):
    return lambda: SecretEnvironment("prod", {"environment": "prod", **args})


def test_an_environment_has_a_key_a_topic_and_the_rules_between_them(deploy):
    deployment = deploy(environment())

    assert deployment.names() == [
        ("Alias", "prod-alias"),
        ("EventRule", "prod-read-denied"),
        ("EventRule", "prod-rotation-failed"),
        ("EventRule", "prod-secret-changed"),
        ("EventTarget", "prod-read-denied-target"),
        ("EventTarget", "prod-rotation-failed-target"),
        ("EventTarget", "prod-secret-changed-target"),
        ("Key", "prod"),
        ("SecretEnvironment", "prod"),
        ("Topic", "prod-alerts"),
        ("TopicPolicy", "prod-alerts-policy"),
    ]


def test_the_intent_is_an_input_and_an_output(deploy):
    deployment = deploy(environment())

    assert deployment.inputs("SecretEnvironment", "prod") == {"environment": "prod"}
    assert deployment.outputs["prod"] == {
        "environment": "prod",
        "kmsKeyArn": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd",
        "alertTopicArn": f"arn:aws:sns:eu-central-1:{ACCOUNT}:keyturn_prod_alerts",
    }
    assert deployment.results == {
        "kms_key_arn": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd",
        "alert_topic_arn": f"arn:aws:sns:eu-central-1:{ACCOUNT}:keyturn_prod_alerts",
    }


def test_the_key_is_used_through_secrets_manager_only(deploy):
    key = deploy(environment()).inputs("Key", "prod")

    administration, use = key.pop("policy")["Statement"]
    assert key == {
        "description": "Secrets of prod",
        "enableKeyRotation": True,
        "tags": {"keyturn:environment": "prod"},
    }
    assert use == {
        "Sid": "WhoeverIamAllowsUsesTheKeyThroughSecretsManager",
        "Effect": "Allow",
        "Principal": ROOT,
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": ["*"],
        "Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com"}},
    }
    assert (administration["Principal"], administration["Resource"]) == (ROOT, ["*"])


@pytest.mark.parametrize("use", ["Decrypt", "Encrypt", "ReEncryptFrom", "GenerateDataKey", "GenerateDataKeyPair", "CreateGrant", "Sign"])
def test_who_administers_the_key_cannot_use_it(deploy, use):
    administration, _ = deploy(environment()).inputs("Key", "prod")["policy"]["Statement"]

    assert [action for action in administration["Action"] if fnmatchcase(f"kms:{use}", action)] == []


@pytest.mark.parametrize("duty", ["PutKeyPolicy", "ScheduleKeyDeletion", "EnableKeyRotation", "CreateAlias", "DescribeKey", "TagResource"])
def test_the_account_can_still_look_after_the_key(deploy, duty):
    administration, _ = deploy(environment()).inputs("Key", "prod")["policy"]["Statement"]

    assert any(fnmatchcase(f"kms:{duty}", action) for action in administration["Action"])


def test_the_key_has_a_name_that_people_find(deploy):
    assert deploy(environment()).inputs("Alias", "prod-alias") == {"name": "alias/keyturn/prod", "targetKeyId": "1234abcd"}


def test_the_rule_hears_failed_rotations_of_this_environment_only(deploy):
    rule = deploy(environment()).inputs("EventRule", "prod-rotation-failed")

    assert rule == {
        "name": "keyturn_prod_rotation_failed",
        "description": "A secret was not rotated in prod",
        "eventPattern": {
            "source": ["aws.secretsmanager"],
            "detail-type": ["AWS Service Event via CloudTrail"],
            "detail": {
                "eventName": ["RotationFailed", "RotationAbandoned", "TestRotationFailed"],
                "additionalEventData": {"SecretId": [{"prefix": f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:prod/"}]},
            },
        },
        "tags": {"keyturn:environment": "prod"},
    }


def test_denied_reads_are_heard_by_name_and_by_arn(deploy):
    rule = deploy(environment()).inputs("EventRule", "prod-read-denied")

    assert rule == {
        "name": "keyturn_prod_read_denied",
        "description": "Somebody was not allowed to read a secret in prod",
        "state": "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
        "eventPattern": {
            "source": ["aws.secretsmanager", "aws.kms"],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {
                "eventName": ["GetSecretValue"],
                "errorCode": [{"prefix": "AccessDenied"}],
                "requestParameters": {"secretId": SECRETS_OF_PROD},
            },
        },
        "tags": {"keyturn:environment": "prod"},
    }


def test_deletions_policies_and_keys_are_heard_of(deploy):
    rule = deploy(environment()).inputs("EventRule", "prod-secret-changed")

    assert rule["eventPattern"]["detail"] == {
        "$or": [
            {
                "eventName": ["DeleteSecret", "PutResourcePolicy", "DeleteResourcePolicy", "CancelRotateSecret"],
                "requestParameters": {"secretId": SECRETS_OF_PROD},
            },
            {"eventName": ["DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy"]},
        ]
    }


@pytest.mark.parametrize(("name", "protected"), [("prod", True), ("staging", True), ("dev", False)])
def test_the_key_is_protected_where_somebody_misses_it(deploy, name, protected):
    deployment = deploy(lambda: SecretEnvironment(name, {"environment": name}))

    assert deployment.request("Key", name).protect is protected
    assert not deployment.request("Topic", f"{name}-alerts").protect


def test_eventbridge_may_publish_to_the_topic_before_the_rule_is_aimed_at_it(deploy):
    deployment = deploy(environment())

    topic_arn = f"arn:aws:sns:eu-central-1:{ACCOUNT}:keyturn_prod_alerts"
    assert deployment.inputs("TopicPolicy", "prod-alerts-policy") == {
        "arn": topic_arn,
        "policy": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "EventBridgePublishesAlerts",
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": ["sns:Publish"],
                    "Resource": [topic_arn],
                }
            ],
        },
    }
    assert deployment.inputs("EventTarget", "prod-rotation-failed-target") == {
        "rule": "keyturn_prod_rotation_failed",
        "arn": topic_arn,
    }
    assert "prod-alerts-policy" in deployment.depends_on("EventTarget", "prod-rotation-failed-target")


def test_everybody_who_is_to_be_alerted_is_subscribed(deploy):
    queue = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:alerts"
    alerts = ["oncall@example.com", "https://example.com/alerts", queue]

    deployment = deploy(environment(alerts=alerts))

    subscriptions = [deployment.inputs("TopicSubscription", f"prod-alert-{alert}") for alert in alerts]
    assert [(given["protocol"], given["endpoint"]) for given in subscriptions] == list(zip(["email", "https", "sqs"], alerts, strict=True))
    assert {given["topic"] for given in subscriptions} == {f"arn:aws:sns:eu-central-1:{ACCOUNT}:keyturn_prod_alerts"}


@pytest.mark.parametrize("alert", ["oncall", "http://example.com", "arn:aws:sns:eu-central-1:111122223333:x"])
def test_an_alert_that_reaches_nobody_is_refused(deploy, alert):
    with pytest.raises(pulumi.InputPropertyError, match=r"^alerts: must be e-mail addresses"):
        deploy(environment(alerts=[alert]))


def test_an_environment_that_is_no_name_is_refused(deploy):
    with pytest.raises(pulumi.InputPropertyError, match=r"^environment: must begin with a lower-case letter"):
        deploy(lambda: SecretEnvironment("prod", {"environment": "Prod"}))


def test_an_environment_whose_name_makes_a_name_that_aws_refuses_is_refused(deploy):
    """EventBridge takes 64 characters for a rule."""
    longest = "e" * 40

    rule = deploy(lambda: SecretEnvironment("prod", {"environment": longest})).inputs("EventRule", "prod-rotation-failed")

    assert len(rule["name"]) == 64
    with pytest.raises(pulumi.InputPropertyError, match=r"^environment: .* is longer than the 64 characters"):
        deploy(lambda: SecretEnvironment("prod", {"environment": longest + "e"}))


def test_account_and_region_are_those_of_the_components_provider(deploy):
    deployment = deploy(environment())

    assert sorted({token for token, _ in deployment.calls}) == [
        "aws:index/getCallerIdentity:getCallerIdentity",
        "aws:index/getRegion:getRegion",
    ]


def test_in_another_partition_arns_are_of_that_partition(deploy):
    china = {"aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT, "arn": f"arn:aws-cn:iam::{ACCOUNT}:user/ada"}}

    deployment = deploy(environment(), answers=china)

    assert deployment.inputs("Key", "prod")["policy"]["Statement"][0]["Principal"] == {"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"}


def test_children_stand_below_the_component_and_take_its_protection(deploy):
    deployment = deploy(
        lambda: SecretEnvironment("prod", {"environment": "prod"}, pulumi.ResourceOptions(protect=True, aliases=[pulumi.Alias(name="old")]))
    )

    component, *children = deployment.requests
    assert {request.parent.rsplit("::", 1)[1] for request in children} == {"prod"}
    assert component.protect
    assert [list(request.aliases) for request in children] == [[]] * len(children)
