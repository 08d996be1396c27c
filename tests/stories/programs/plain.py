"""What the programs share: roles, grants and rotations in plain pulumi_aws, without tags and without our components."""

import json

import pulumi
from pulumi_aws import iam, lambda_, secretsmanager


def role(service):
    """A role that Lambda functions may take."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return iam.Role(service, assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))


def may_read(service, secret):
    """A role named like the service, which reads the secret."""
    grant = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret.arn}
    iam.RolePolicy(
        f"{service}-reads",
        role=role(service).name,
        policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [grant]}),
    )


def rotated(secret):
    """A rotation of the secret every 30 days."""
    function = lambda_.Function(
        "rotation",
        role=role("rotator").arn,
        runtime="python3.13",
        handler="function.handler",
        code=pulumi.FileArchive("rotation"),
    )
    secretsmanager.SecretRotation(
        "rotation",
        secret_id=secret.id,
        rotation_lambda_arn=function.arn,
        rotation_rules={"automatically_after_days": 30},
    )
