"""The same estate in CloudFormation, as far as it can be expressed there."""

import copy
import json
from collections.abc import Callable
from typing import Any

Template = dict[str, Any]

_REGION_AND_ACCOUNT = "eu-central-1:444455556666"
_ROOT = {"AWS": "arn:aws:iam::444455556666:root"}
_VIA = {"StringEquals": {"kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com"}}
_SECRET, _KEY = {"Ref": "Billing"}, {"Fn::GetAtt": ["Key", "Arn"]}


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def _trusting(principal: dict[str, Any], action: str = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    return _document({"Effect": "Allow", "Principal": principal, "Action": action, **more})


def _resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def _tags(environment: str, service: str) -> list[dict[str, str]]:
    return [{"Key": "environment", "Value": environment}, {"Key": "service", "Value": service}]


def _inline(role: str, *statements: dict[str, Any]) -> dict[str, Any]:
    return _resource("IAM::Policy", PolicyName=f"{role}Policy", Roles=[{"Ref": role}], PolicyDocument=_document(*statements))


_OIDC = "oidc.eks.eu-central-1.amazonaws.com/id/AB12"
_USE = [f"secretsmanager:{action}" for action in ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")]

SOUND: Template = {
    "Key": _resource(
        "KMS::Key",
        EnableKeyRotation=True,
        PendingWindowInDays=30,
        KeyPolicy=_document(
            _allow(["kms:Describe*", "kms:Enable*", "kms:Put*", "kms:ScheduleKeyDeletion"], "*", Principal=_ROOT),
            _allow(["kms:Decrypt", "kms:GenerateDataKey"], "*", Principal=_ROOT, Condition=_VIA),
        ),
    ),
    "Billing": _resource("SecretsManager::Secret", Name="prod/billing/database", KmsKeyId=_KEY, Tags=_tags("prod", "billing")),
    "BillingPolicy": _resource(
        "SecretsManager::ResourcePolicy",
        SecretId=_SECRET,
        BlockPublicPolicy=True,
        ResourcePolicy=_document(
            {
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": "secretsmanager:GetSecretValue",
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:PrincipalTag/service": "billing"}},
            }
        ),
    ),
    "Rotation": _resource(
        "SecretsManager::RotationSchedule",
        SecretId=_SECRET,
        RotationLambdaARN={"Fn::GetAtt": ["Rotator", "Arn"]},
        RotationRules={"AutomaticallyAfterDays": 30},
    ),
    "Rotator": _resource(
        "Lambda::Function",
        Role={"Fn::GetAtt": ["RotatorRole", "Arn"]},
        Code={"S3Bucket": "code-of-acme", "S3Key": "rotate.zip"},
        Handler="rotate.handler",
        Runtime="python3.13",
        Timeout=60,
    ),
    "RotatorRole": _resource("IAM::Role", AssumeRolePolicyDocument=_trusting({"Service": "lambda.amazonaws.com"})),
    "RotatorPolicy": _inline("RotatorRole", _allow(_USE, _SECRET), _allow(["kms:Decrypt", "kms:GenerateDataKey"], _KEY, Condition=_VIA)),
    "Invocation": _resource(
        "Lambda::Permission",
        Action="lambda:InvokeFunction",
        FunctionName={"Ref": "Rotator"},
        Principal="secretsmanager.amazonaws.com",
        SourceAccount="444455556666",
    ),
    "BillingRole": _resource(
        "IAM::Role",
        Tags=_tags("prod", "billing"),
        AssumeRolePolicyDocument=_trusting(
            {"Federated": f"arn:aws:iam::444455556666:oidc-provider/{_OIDC}"},
            "sts:AssumeRoleWithWebIdentity",
            Condition={
                "StringEquals": {f"{_OIDC}:aud": "sts.amazonaws.com", f"{_OIDC}:sub": "system:serviceaccount:billing:billing"},
            },
        ),
    ),
    "BillingGrant": _inline(
        "BillingRole",
        _allow(["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], _SECRET),
        _allow("kms:Decrypt", _KEY, Condition=_VIA),
    ),
    "Trail": _resource("CloudTrail::Trail", IsLogging=True, IsMultiRegionTrail=True, S3BucketName="trail-of-acme"),
    "Failed": _resource(
        "Events::Rule",
        EventPattern={"source": ["aws.secretsmanager"], "detail": {"eventName": ["RotationFailed"]}},
        Targets=[{"Id": "alerts", "Arn": f"arn:aws:sns:{_REGION_AND_ACCOUNT}:alerts"}],
    ),
}

_SECOND_ROLE = {
    "ReportsRole": _resource("IAM::Role", AssumeRolePolicyDocument=_trusting({"Service": "lambda.amazonaws.com"})),
    "ReportsGrant": _inline("ReportsRole", _allow("secretsmanager:GetSecretValue", _SECRET)),
}
_GENERATED = "{{resolve:ssm:password-of-the-pipeline}}"


def _with(**more: Any) -> Callable[[Template], None]:
    return lambda template: template.update(more)


def _without(name: str) -> Callable[[Template], None]:
    return lambda template: template.pop(name)


def _set(name: str, **properties: Any) -> Callable[[Template], None]:
    return lambda template: template[name]["Properties"].update(properties)


def _grant(action: str, resource: Any) -> Callable[[Template], None]:
    return _with(More=_inline("BillingRole", _allow(action, resource)))


def _second_secret(name: str, environment: str, tags: bool = True) -> Callable[[Template], None]:
    more = {"Tags": _tags(environment, "billing")} if tags else {}
    return _with(
        Second=_resource("SecretsManager::Secret", Name=name, KmsKeyId=_KEY, **more),
        SecondRotation=_resource(
            "SecretsManager::RotationSchedule",
            SecretId={"Ref": "Second"},
            RotationLambdaARN={"Fn::GetAtt": ["Rotator", "Arn"]},
            RotationRules={"AutomaticallyAfterDays": 30},
        ),
    )


_CHANGES: dict[str, Callable[[Template], None]] = {
    "secret-has-one-reader": _with(**_SECOND_ROLE),
    "secret-has-an-owner": _second_secret("stray", "prod", tags=False),
    "secret-stays-in-its-environment": _grant(
        "secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{_REGION_AND_ACCOUNT}:secret:dev/billing/database-??????"
    ),
    "key-stays-in-its-environment": _second_secret("dev/billing/database", "dev"),
    "secret-is-rotated": _without("Rotation"),
    "rotation-is-frequent-enough": _set("Rotation", RotationRules={"ScheduleExpression": "cron(0 4 1 1 ? *)"}),
    "rotation-can-work": _without("Invocation"),
    "rotator-touches-only-its-secrets": _with(More=_inline("RotatorRole", _allow("secretsmanager:PutSecretValue", "*"))),
    "nothing-fights-rotation": _set("Billing", SecretString=_GENERATED),
    "key-is-rotated": _set("Key", EnableKeyRotation=False),
    "grant-names-exact-secrets": _grant(
        "secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{_REGION_AND_ACCOUNT}:secret:prod/billing*"
    ),
    "reader-cannot-write": _grant("secretsmanager:PutSecretValue", _SECRET),
    "secret-policy-is-closed": _set(
        "BillingPolicy", ResourcePolicy=_document(_allow("secretsmanager:GetSecretValue", "*", Principal={"AWS": "999988887777"}))
    ),
    "decrypt-is-scoped": _grant("kms:Decrypt", "*"),
    "role-is-assumed-by-one-service": _set(
        "BillingRole",
        AssumeRolePolicyDocument=_trusting(
            {"Federated": f"arn:aws:iam::444455556666:oidc-provider/{_OIDC}"},
            "sts:AssumeRoleWithWebIdentity",
            Condition={"StringEquals": {f"{_OIDC}:aud": "sts.amazonaws.com"}},
        ),
    ),
    "no-secret-in-environment-variables": _set("Rotator", Environment={"Variables": {"DATABASE": _GENERATED}}),
    "no-plaintext-value": _set("Billing", SecretString="written-by-hand"),
    "secret-uses-customer-key": lambda template: template["Billing"]["Properties"].pop("KmsKeyId"),
    "deletion-is-recoverable": _set("Key", PendingWindowInDays=7),
    "reads-are-audited": _set("Trail", EventSelectors=[{"ReadWriteType": "WriteOnly"}]),
    "failures-raise-alarms": _without("Failed"),
}


def templates() -> dict[str, str]:
    """Gives the sound template, as `sound`, and by rule the one that breaks it, as JSON."""
    written = {"sound": json.dumps({"Resources": SOUND})}
    for rule, change in _CHANGES.items():
        template = copy.deepcopy(SOUND)
        change(template)
        written[rule] = json.dumps({"Resources": template})
    return written
