"""What the secrets of one environment share: a key of its own, and somebody who hears when a rotation fails."""

import json
from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import cloudwatch, get_caller_identity_output, get_region_output, kms, sns

from components._arguments import named, refused
from components._iam import document, statement
from keyturn.catalogue import protocol_of
from keyturn.names import alert_rule_name

# Everything that looks after a key, and nothing that uses it: a grant would, past Secrets Manager.
_ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:Delete*",
    "kms:Describe*",
    "kms:Disable*",
    "kms:Enable*",
    "kms:Get*",
    "kms:List*",
    "kms:Put*",
    "kms:Revoke*",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:Update*",
)

# A rotation that was given up without a failure, and a trial without effect, leave a secret unrotated, too.
_FAILURES = ("RotationFailed", "RotationAbandoned", "TestRotationFailed")


class SecretEnvironmentArgs(TypedDict):
    """What a SecretEnvironment needs."""

    environment: str
    """Name of the environment, e.g. `prod`: the first part of the name of each of its secrets."""
    alerts: NotRequired[Sequence[str]]
    """Who hears of a failed rotation: e-mail addresses, https:// addresses or ARNs of SQS queues. Default nobody."""


class SecretEnvironment(pulumi.ComponentResource):
    """A customer managed key that only Secrets Manager can use, and a topic that failed and abandoned rotations reach.

    Raises:
        InputPropertyError: an argument is wrong; raised before anything is created.
    """

    kms_key_arn: pulumi.Output[str]
    """ARN of the key that encrypts every secret of the environment."""
    alert_topic_arn: pulumi.Output[str]
    """ARN of the topic that failed rotations reach."""

    def __init__(self, name: str, args: SecretEnvironmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        environment = args["environment"]
        rule_name = named(lambda: alert_rule_name(environment))
        alerts = {alert: _protocol(alert) for alert in args.get("alerts") or ()}
        intent = {"environment": environment}
        super().__init__("keyturn:index:SecretEnvironment", name, intent, opts)
        child = pulumi.ResourceOptions(parent=self)
        place = _Place(pulumi.InvokeOptions(parent=self))
        tags = {"keyturn:environment": environment}

        key = kms.Key(
            name,
            description=f"Secrets of {environment}",
            enable_key_rotation=True,
            policy=_key_policy(place),
            tags=tags,
            opts=child,
        )
        kms.Alias(f"{name}-alias", name=f"alias/keyturn/{environment}", target_key_id=key.key_id, opts=child)

        # Not encrypted with a key: EventBridge may not use the managed one, and a message names a secret but holds no value.
        topic = sns.Topic(f"{name}-alerts", name=f"keyturn_{environment}_alerts", tags=tags, opts=child)
        for alert, protocol in alerts.items():
            sns.TopicSubscription(f"{name}-alert-{alert}", topic=topic.arn, protocol=protocol, endpoint=alert, opts=child)
        rule = cloudwatch.EventRule(
            f"{name}-rotation-failed",
            name=rule_name,
            description=f"A secret of {environment} was not rotated",
            event_pattern=place.secrets_of(environment).apply(_failed_rotations),
            tags=tags,
            opts=child,
        )
        policy = sns.TopicPolicy(
            f"{name}-alerts-policy",
            arn=topic.arn,
            policy=_topic_policy(topic.arn),
            opts=child,
        )
        # A target that may not publish yet would lose the first failure.
        cloudwatch.EventTarget(
            f"{name}-rotation-failed-target",
            rule=rule.name,
            arn=topic.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )

        self.kms_key_arn = key.arn
        self.alert_topic_arn = topic.arn
        self.register_outputs({**intent, "kmsKeyArn": self.kms_key_arn, "alertTopicArn": self.alert_topic_arn})


class _Place:
    """Where the environment is: account, region and partition of the provider in use."""

    def __init__(self, options: pulumi.InvokeOptions) -> None:
        caller = get_caller_identity_output(opts=options)
        self.account = caller.apply(lambda caller: caller.account_id)
        self.partition = caller.apply(lambda caller: caller.arn.split(":")[1])
        self.region = get_region_output(opts=options).apply(lambda region: region.region)

    def secrets_of(self, environment: str) -> pulumi.Output[str]:
        """Gives what the ARN of each secret of the environment begins with."""
        return pulumi.Output.format("arn:{0}:secretsmanager:{1}:{2}:secret:{3}/", self.partition, self.region, self.account, environment)


def _key_policy(place: _Place) -> pulumi.Output[str]:
    account = {"AWS": pulumi.Output.format("arn:{0}:iam::{1}:root", place.partition, place.account)}
    return document(
        statement("TheAccountAdministersTheKey", _ADMINISTRATION, ["*"], principal=account),  # in a key policy, `*` is this key
        statement(
            "WhoeverIamAllowsUsesTheKeyThroughSecretsManager",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            ["*"],
            principal=account,
            conditions={
                "StringEquals": {
                    "kms:CallerAccount": place.account,
                    "kms:ViaService": pulumi.Output.concat("secretsmanager.", place.region, ".amazonaws.com"),
                },
            },
        ),
    )


def _topic_policy(topic_arn: pulumi.Output[str]) -> pulumi.Output[str]:
    """Without a condition: EventBridge is not documented to fill aws:SourceArn here, and a condition it misses loses alerts in silence."""
    return document(
        statement("EventBridgePublishesFailedRotations", ["sns:Publish"], [topic_arn], principal={"Service": "events.amazonaws.com"}),
    )


def _failed_rotations(secrets: str) -> str:
    """The pattern of the events; Secrets Manager reports them by itself, without an API call that could be denied."""
    return json.dumps(
        {
            "source": ["aws.secretsmanager"],
            "detail-type": ["AWS Service Event via CloudTrail"],
            "detail": {"eventName": list(_FAILURES), "additionalEventData": {"SecretId": [{"prefix": secrets}]}},
        }
    )


def _protocol(alert: str) -> str:
    protocol = protocol_of(alert)
    if protocol is None:
        raise refused("alerts", "must be e-mail addresses, https:// addresses or ARNs of SQS queues")
    return protocol
