"""What the secrets of one environment share: a key of its own, and somebody who hears of failures and dangerous changes."""

import json
from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import cloudwatch, get_caller_identity_output, get_region_output, kms, sns

from components._arguments import named, refused
from components._iam import document, statement
from keyturn.catalogue import PROTECTED_ENVIRONMENTS, protocol_of
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
_SECRET_CHANGES = ("DeleteSecret", "PutResourcePolicy", "DeleteResourcePolicy", "CancelRotateSecret")
_KEY_CHANGES = ("DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy")

# EventBridge drops calls that only read, unless a rule says that it wants them.
# Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
_WITH_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


class SecretEnvironmentArgs(TypedDict):
    """What a SecretEnvironment needs."""

    environment: str
    """Name of the environment, e.g. `prod`: the first part of the name of each of its secrets."""
    alerts: NotRequired[Sequence[str]]
    """Who hears of failed rotations, denied reads, deletions and changed policies, and of disabled keys: e-mail addresses,
    https:// addresses or ARNs of SQS queues. Default nobody."""


class SecretEnvironment(pulumi.ComponentResource):
    """A customer managed key that only Secrets Manager can use, and a topic that failures and dangerous changes reach.

    Denied reads, deletions, changed policies and disabled keys are events of CloudTrail: the account needs a trail for them. The events
    of keys name no environment: every environment of an account hears of every key. In `prod` and `staging` the engine
    refuses to delete the key, until `pulumi state unprotect`.

    Raises:
        InputPropertyError: an argument is wrong; raised before anything is created.
    """

    kms_key_arn: pulumi.Output[str]
    """ARN of the key that encrypts every secret of the environment."""
    alert_topic_arn: pulumi.Output[str]
    """ARN of the topic that failures and dangerous changes reach."""

    def __init__(self, name: str, args: SecretEnvironmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        environment = args["environment"]
        names = named(lambda: {happening: alert_rule_name(environment, happening) for happening in _HAPPENINGS})
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
            opts=pulumi.ResourceOptions(parent=self, protect=True if environment in PROTECTED_ENVIRONMENTS else None),
        )
        kms.Alias(f"{name}-alias", name=f"alias/keyturn/{environment}", target_key_id=key.key_id, opts=child)

        # Not encrypted with a key: EventBridge may not use the managed one, and a message names a secret but holds no value.
        topic = sns.Topic(f"{name}-alerts", name=f"keyturn_{environment}_alerts", tags=tags, opts=child)
        for alert, protocol in alerts.items():
            sns.TopicSubscription(f"{name}-alert-{alert}", topic=topic.arn, protocol=protocol, endpoint=alert, opts=child)
        policy = sns.TopicPolicy(
            f"{name}-alerts-policy",
            arn=topic.arn,
            policy=_topic_policy(topic.arn),
            opts=child,
        )
        for happening, said in _HAPPENINGS.items():
            logical = f"{name}-{happening.replace('_', '-')}"
            rule = cloudwatch.EventRule(
                logical,
                name=names[happening],
                description=f"{said} in {environment}",
                event_pattern=place.secrets_of(environment).apply(_PATTERNS[happening]),
                state=_WITH_READS if happening == "read_denied" else None,
                tags=tags,
                opts=child,
            )
            # A target that may not publish yet would lose the first failure.
            cloudwatch.EventTarget(
                f"{logical}-target",
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
        statement("EventBridgePublishesAlerts", ["sns:Publish"], [topic_arn], principal={"Service": "events.amazonaws.com"}),
    )


def _failed_rotations(secrets: str) -> str:
    """The pattern of the events; Secrets Manager reports them by itself, without an API call that could be denied."""
    detail = {"eventName": list(_FAILURES), "additionalEventData": {"SecretId": [{"prefix": secrets}]}}
    return json.dumps({"source": ["aws.secretsmanager"], "detail-type": ["AWS Service Event via CloudTrail"], "detail": detail})


def _denied_reads(secrets: str) -> str:
    return _calls({"eventName": ["GetSecretValue"], "errorCode": [{"prefix": "AccessDenied"}], "requestParameters": _one_of(secrets)})


def _changes(secrets: str) -> str:
    of_secrets = {"eventName": list(_SECRET_CHANGES), "requestParameters": _one_of(secrets)}
    return _calls({"$or": [of_secrets, {"eventName": list(_KEY_CHANGES)}]})


def _calls(detail: dict[str, Any]) -> str:
    sources = ["aws.secretsmanager", "aws.kms"]
    return json.dumps({"source": sources, "detail-type": ["AWS API Call via CloudTrail"], "detail": detail})


def _one_of(secrets: str) -> dict[str, Any]:
    """A call names a secret by its ARN or by its name."""
    return {"secretId": [{"prefix": secrets}, {"prefix": secrets.split(":", 6)[6]}]}


_HAPPENINGS = {
    "rotation_failed": "A secret was not rotated",
    "read_denied": "Somebody was not allowed to read a secret",
    "secret_changed": "A secret was deleted or its policy changed, or a key was disabled",
}
_PATTERNS = {"rotation_failed": _failed_rotations, "read_denied": _denied_reads, "secret_changed": _changes}


def _protocol(alert: str) -> str:
    protocol = protocol_of(alert)
    if protocol is None:
        raise refused("alerts", "must be e-mail addresses, https:// addresses or ARNs of SQS queues")
    return protocol
