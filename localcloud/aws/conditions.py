"""Condition keys and policy variables that ministack leaves out; an unresolved key would turn a Deny into nothing.

Added: every `secretsmanager:` key that a request carries, `kms:EncryptionContext:*`, `kms:CallerAccount`, `kms:RequestAlias`,
`aws:ResourceTag` of secrets in resource policies, `aws:PrincipalArn` as the role's ARN, and `${variables}` in resources and
conditions. A call by a KMS alias is authorised on the key itself. `kms:ViaService` is set where Secrets Manager calls (keys.py).
"""

import dataclasses
import json
import re
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, kms, secretsmanager

_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_REQUEST_KEYS = (
    "VersionStage",
    "VersionId",
    "Name",
    "Description",
    "KmsKeyId",
    "RotationLambdaARN",
    "BlockPublicPolicy",
    "ForceDeleteWithoutRecovery",
    "RecoveryWindowInDays",
    "RotateImmediately",
    "ForceOverwriteReplicaSecret",
)

_request_context = iam_actions.request_tag_context
_resource_arn = iam_actions.extract_resource_arn
_condition_value = iam_evaluator._resolve_condition_key
_first_match = iam_evaluator._first_match


def install() -> None:
    """Puts the keys, the role's ARN, the variables and the alias's key in place."""
    iam_actions.request_tag_context = request_context
    iam_actions.extract_resource_arn = resource_arn
    iam_evaluator._resolve_condition_key = condition_value
    iam_evaluator._first_match = first_match


def allows_service(policy: Any, service: str, action: str, resource: str, source: str) -> bool:
    """Says whether a resource's policy lets a service of AWS act on it for `source`, a resource of this account."""
    context = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=get_region(),
        service_context={"aws:sourceaccount": get_account_id(), "aws:sourcearn": source},
    )
    return iam_evaluator.evaluate_resource_policy(policy, context, service=service).decision == "Allow"


def secret_context(secret: dict[str, Any] | None, data: dict[str, Any], *, reads: bool) -> dict[str, Any]:
    """Gives the keys of a Secrets Manager request on `secret`; a read without a version asks for AWSCURRENT."""
    context: dict[str, Any] = {}
    if secret:
        context["secretsmanager:SecretId"] = secret["ARN"]
        context["secretsmanager:resource/AllowRotationLambdaArn"] = secret.get("RotationLambdaARN")
        for tag in secret.get("Tags") or []:
            for prefix in ("secretsmanager", "aws"):
                context[f"{prefix}:ResourceTag/{tag['Key']}"] = tag["Value"]
    given = {"VersionStage": "AWSCURRENT", **data} if reads and not data.get("VersionId") else data
    return context | {f"secretsmanager:{name}": given[name] for name in _REQUEST_KEYS if given.get(name) is not None}


def request_context(service: str, iam_action: str, body: bytes, parameters: dict[str, Any]) -> dict[str, Any]:
    """Gives ministack's keys of a request and those of Secrets Manager and KMS."""
    context = _request_context(service, iam_action, body, parameters)
    if service not in ("secretsmanager", "kms"):
        return context
    data = _object(body)
    if service == "kms":
        pairs = data["EncryptionContext"] if isinstance(data.get("EncryptionContext"), dict) else {}
        context |= {f"kms:EncryptionContext:{key}": value for key, value in pairs.items()}
        context |= {"kms:EncryptionContextKeys": list(pairs)} if pairs else {}
        alias = str(data.get("KeyId", "")).rpartition(":")[2]
        return context | {"kms:CallerAccount": get_account_id()} | ({"kms:RequestAlias": alias} if alias.startswith("alias/") else {})
    _, secret = secretsmanager._resolve(data.get("SecretId"))
    return context | secret_context(secret, data, reads=iam_action.endswith(":GetSecretValue"))


def resource_arn(service: str, *request: Any) -> str:
    """Gives the ARN that a call is authorised on: for a KMS alias, the key behind it."""
    arn = _resource_arn(service, *request)
    action = str(request[2].get("x-amz-target", ""))
    if service == "kms" and ":alias/" in arn and not action.endswith("Alias"):
        key = kms._resolve_key(arn)
        return key["Arn"] if key else arn
    return arn


def condition_value(key: str, context: Any) -> Any:
    """Gives a key's value; of a role's session, `aws:PrincipalArn` is the role, as on AWS."""
    if key.lower() == "aws:principalarn" and ":assumed-role/" in context.principal_arn:
        name = context.principal_arn.split("/")[1]
        role = iam._roles.get_scoped(context.principal_account, None, name)
        return role["Arn"] if role else f"arn:aws:iam::{context.principal_account}:role/{name}"
    return _condition_value(key, context)


def first_match(context: Any, statements: list[Any], effect: str) -> Any:
    """Gives the first statement of `effect` that applies, with the policy variables filled in."""
    return _first_match(context, [_filled(statement, context) for statement in statements], effect)


def _filled(statement: Any, context: Any) -> Any:
    parts = (statement.resources, statement.not_resources, statement.conditions)
    if "${" not in str(parts):
        return statement
    resources, not_resources, conditions = (_fill(part, context) for part in parts)
    return dataclasses.replace(statement, resources=resources, not_resources=not_resources, conditions=conditions)


def _fill(value: Any, context: Any) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: _variable(found, context), value)
    if isinstance(value, list):
        return [_fill(one, context) for one in value]
    return {key: _fill(one, context) for key, one in value.items()} if isinstance(value, dict) else value


def _variable(found: re.Match[str], context: Any) -> str:
    value = condition_value(found[1], context)
    # A value with a wildcard in it must not become a pattern: left unfilled, it matches nothing.
    return value if isinstance(value, str) and not set("*?") & set(value) else found[0]


def _object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
