"""Policy documents: statements that say in words what they are for, on exact names."""

from collections.abc import Mapping, Sequence
from typing import Literal, NotRequired, TypedDict

import pulumi

from components._json_text import dumps

Conditions = Mapping[str, Mapping[str, pulumi.Input[str | Sequence[pulumi.Input[str]]]]]


class Statement(TypedDict):
    """One permission or refusal, as IAM spells it."""

    Sid: str
    Effect: str
    Principal: NotRequired[Mapping[str, pulumi.Input[str]]]
    Action: Sequence[str]
    Resource: NotRequired[Sequence[pulumi.Input[str]]]
    Condition: NotRequired[pulumi.Input[Conditions]]


def statement(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[pulumi.Input[str]] = (),
    *,
    principal: Mapping[str, pulumi.Input[str]] | None = None,
    conditions: pulumi.Input[Conditions] | None = None,
    effect: Literal["Allow", "Deny"] = "Allow",
) -> Statement:
    """Gives a permission or a refusal. Without resources it is one of a trust policy."""
    said = Statement(Sid=sid, Effect=effect, Action=list(actions))
    if principal:
        said["Principal"] = principal
    if resources:
        said["Resource"] = list(resources)
    if conditions is not None:
        said["Condition"] = conditions
    return said


def use_of_key(sid: str, actions: Sequence[str], key_arn: pulumi.Input[str], secret_arns: Sequence[pulumi.Input[str]]) -> Statement:
    """Gives the use of a key for these secrets and nothing else: through Secrets Manager, and with their encryption context."""
    return statement(
        sid,
        actions,
        [key_arn],
        conditions={
            "StringEquals": {
                "kms:ViaService": pulumi.Output.concat("secretsmanager.", region_of(key_arn), ".amazonaws.com"),
                "kms:EncryptionContext:SecretARN": list(secret_arns),
            },
        },
    )


def document(*statements: Statement) -> pulumi.Output[str]:
    """Gives the policy document; unknown at a preview as long as one part of it is."""
    return dumps({"Version": "2012-10-17", "Statement": list(statements)})


def region_of(arn: pulumi.Input[str]) -> pulumi.Output[str]:
    """Gives the region that an ARN names."""
    return pulumi.Output.from_input(arn).apply(lambda arn: _parts(arn)[3])


def account_of(arn: pulumi.Input[str]) -> pulumi.Output[str]:
    """Gives the account that an ARN names."""
    return pulumi.Output.from_input(arn).apply(lambda arn: _parts(arn)[4])


def _parts(arn: str) -> list[str]:
    parts = arn.split(":", 5)
    if len(parts) < 6:
        raise ValueError("an ARN is needed where an id, a name or an alias is given; pass `.arn` of the resource")
    return parts
