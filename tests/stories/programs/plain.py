"""What the programs share: a key, alarms, roles, grants and rotations in plain pulumi_aws, without tags and without our components."""

import json

import pulumi
from pulumi_aws import cloudwatch, get_caller_identity, iam, kms, lambda_, secretsmanager, sns

NAME = "prod/billing/database"
_STEPS = ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
_HEARD = {
    "failures": ("AWS Service Event via CloudTrail", {"eventName": ["RotationFailed", "RotationAbandoned"]}),
    "denials": ("AWS API Call via CloudTrail", {"eventName": ["GetSecretValue"], "errorCode": [{"prefix": "AccessDenied"}]}),
    "changes": ("AWS API Call via CloudTrail", {"eventName": ["PutResourcePolicy", "DeleteSecret"]}),
    "keys": ("AWS API Call via CloudTrail", {"eventName": ["DisableKey", "ScheduleKeyDeletion"]}),
}


def owned_key():
    """A key of the customer's, and somebody who hears what happens to it and to secrets."""
    topic = sns.Topic("alerts")
    for name, (kind, detail) in _HEARD.items():
        # Reads, denied ones too, come to a rule of this state only.
        state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" if name == "denials" else None
        rule = cloudwatch.EventRule(name, event_pattern=json.dumps({"detail-type": [kind], "detail": detail}), state=state)
        cloudwatch.EventTarget(name, rule=rule.name, arn=topic.arn)
    return kms.Key("key", enable_key_rotation=True)


def database_secret(key_id):
    """Billing's secret, under a key."""
    return secretsmanager.Secret("billing-database", name=NAME, kms_key_id=key_id)


def role(service):
    """A role that Lambda functions may take."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return iam.Role(service, assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))


def may_read(service, secret, key):
    """A role named like the service, which reads the secret."""
    _grant(f"{service}-reads", role(service), (secret.arn, "secretsmanager:GetSecretValue"), (key.arn, "kms:Decrypt"))


def rotated(secret, key):
    """A rotation of the secret every 30 days."""
    rotator = role("rotator")
    steps = [f"secretsmanager:{step}" for step in _STEPS]
    _grant("rotator-rotates", rotator, (secret.arn, *steps), (key.arn, "kms:Decrypt", "kms:GenerateDataKey"))
    function = lambda_.Function(
        "rotation",
        role=rotator.arn,
        runtime="python3.13",
        handler="function.handler",
        timeout=60,
        code=pulumi.FileArchive("rotation"),
    )
    lambda_.Permission(
        "rotation-invoked",
        action="lambda:InvokeFunction",
        function=function.name,
        principal="secretsmanager.amazonaws.com",
        source_account=get_caller_identity().account_id,
    )
    secretsmanager.SecretRotation(
        "rotation",
        secret_id=secret.id,
        rotation_lambda_arn=function.arn,
        rotation_rules={"automatically_after_days": 30},
    )


def _grant(name, holder, *allowed):
    statements = [{"Effect": "Allow", "Action": list(actions), "Resource": arn} for arn, *actions in allowed]
    iam.RolePolicy(name, role=holder.name, policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements}))
