"""Secrets without their values: made, changed, described and deleted by AWS's rules on names, keys, windows and policies.

Assumed, not documented: the order in which several faults of one request are named.
"""

import json
import re
import time
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import secretsmanager

from localcloud.aws import caller, conditions, keys, versions
from localcloud.aws.answers import RefusedError, Response, living, named, require, secret_of

_NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]{1,512}")


def resolve(secret_id: str | None, *, use_arn_scope: bool = False) -> tuple[Any, Any]:
    """Gives the secret of a name, an ARN, or an ARN without its six random characters; a mere beginning names nothing."""
    if not isinstance(secret_id, str):
        return None, None
    if not secret_id.startswith("arn:"):
        secret = secretsmanager._secrets.get(secret_id)
        return (secret_id, secret) if secret else (None, None)
    parts = secret_id.split(":", 6)
    if len(parts) != 7 or parts[2] != "secretsmanager" or parts[4] != get_account_id():
        return None, None
    region = parts[3] if use_arn_scope else get_region()
    for key in (parts[6][:-7], parts[6]):
        secret = secretsmanager._secrets.get_scoped(get_account_id(), region, key) if parts[3] == region else None
        if secret and secret_id in (secret["ARN"], secret["ARN"][:-7]):
            return key, secret
    return None, None


def create(data: dict[str, Any]) -> dict[str, Any]:
    """CreateSecret: with a value its first version, without one no version at all."""
    name, token, content = data.get("Name") or "", versions.token_of(data), versions.content_of(data, required=False)
    if not _NAME.fullmatch(name):
        message = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
        raise RefusedError("ValidationException", message)
    if existing := secretsmanager._secrets.get(name):
        return _same_again(existing, token, content)
    tags = data.get("Tags") or []
    if len(tags) > 50 or len({tag["Key"] for tag in tags}) < len(tags):
        raise RefusedError("InvalidParameterException", "A secret has at most 50 tags, and each key once.")
    now = int(time.time())
    secret = {
        "ARN": f"arn:aws:secretsmanager:{get_region()}:{get_account_id()}:secret:{name}-{new_uuid()[:6]}",
        "Name": name,
        "Description": data.get("Description", ""),
        "Tags": [dict(tag) for tag in tags],
        "CreatedDate": now,
        "LastChangedDate": now,
        "LastAccessedDate": None,
        "DeletedDate": None,
        "RotationEnabled": False,
        "RotationLambdaARN": None,
        "RotationRules": None,
        "KmsKeyId": data.get("KmsKeyId"),
        "ReplicationStatus": [],
        "Versions": {},
    }
    if not content:
        require(keys.write_refusal(secret, keys.NO_VERSION))
    else:
        versions.add(secret, {**data, "ClientRequestToken": token}, ["AWSCURRENT"])
    secretsmanager._secrets[name] = secret
    if regions := data.get("AddReplicaRegions"):
        secretsmanager._replicate_secret_to_regions({"SecretId": name, "AddReplicaRegions": regions})
    return named(secret, **({"VersionId": token} if content else {}))


def update(data: dict[str, Any]) -> dict[str, Any]:
    """UpdateSecret: description and key; with a value, a new current version too."""
    secret, content = living(secret_of(data, changes=True)), versions.content_of(data, required=False)
    key = data.get("KmsKeyId")
    if key is not None and key != secret.get("KmsKeyId"):
        require(keys.write_refusal(secret, keys.NO_VERSION, key))
        secret["KmsKeyId"] = key
    if "Description" in data:
        secret["Description"] = data["Description"]
    secret["LastChangedDate"] = int(time.time())
    return named(secret, **({"VersionId": versions.add(secret, data, ["AWSCURRENT"])} if content else {}))


def describe(data: dict[str, Any], stock: Any) -> dict[str, Any]:
    """DescribeSecret: ministack's answer with the dates of rotation."""
    secret = secret_of(data)
    shown = json.loads(stock(data)[2])
    for field in ("LastRotatedDate", "NextRotationDate"):
        if secret.get(field):
            shown[field] = secret[field]
    return shown


def delete(data: dict[str, Any], stock: Any) -> Response:
    """DeleteSecret: a primary with replicas stays."""
    _, secret = secretsmanager._resolve(data.get("SecretId"))
    if secret and secret.get("ReplicationStatus"):
        raise RefusedError("InvalidRequestException", "You can't delete a secret that still has replicas.")
    return stock(data)


def batch_get(data: dict[str, Any]) -> dict[str, Any]:
    """BatchGetSecretValue: each secret on its own authority; what is refused stands among the errors."""
    identifiers = data.get("SecretIdList")
    if identifiers is None:
        if not caller.may("secretsmanager:ListSecrets", "secretsmanager", "*"):
            raise RefusedError("AccessDeniedException", "The caller is not authorized to perform: secretsmanager:ListSecrets")
        alive = sorted(name for name, secret in secretsmanager._secrets.items() if not secret.get("DeletedDate"))
        identifiers = [secretsmanager._secrets[name]["ARN"] for name in secretsmanager._filter_secret_names(alive, data.get("Filters", []))]
    values, errors = [], []
    for identifier in identifiers:
        try:
            values.append(_authorized_value(identifier))
        except RefusedError as refusal:
            answer = json.loads(refusal.response[2])
            errors.append({"SecretId": identifier, "ErrorCode": answer["__type"], "Message": answer["message"]})
    return {"SecretValues": values, "Errors": errors}


def put_policy(data: dict[str, Any], stock: Any) -> Response:
    """PutResourcePolicy: a document that says who may do what; with BlockPublicPolicy, not everybody."""
    secret_of(data)
    try:
        document = json.loads(data.get("ResourcePolicy") or "")
        statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
        sound = all(one["Effect"] in ("Allow", "Deny") and ("Principal" in one or "NotPrincipal" in one) for one in statements)
    except (ValueError, KeyError, TypeError):
        sound = False
    if not sound:
        raise RefusedError("MalformedPolicyDocumentException", "This resource policy contains invalid Json or is missing elements.")
    if data.get("BlockPublicPolicy") and any(map(_is_public, statements)):
        raise RefusedError("PublicPolicyException", "You can't attach a resource policy that allows broad access to the secret.")
    return stock(data)


def remove_expired() -> None:
    """Removes the secrets whose recovery window has passed."""
    for (account, region, name), secret in list(secretsmanager._secrets._data.items()):
        if secret.get("DeletedDate") and secret["DeletedDate"] <= time.time():
            secretsmanager._secrets.pop_scoped(account, region, name, None)
            secretsmanager._resource_policies.pop_scoped(account, region, secret["ARN"], None)


def _same_again(existing: dict[str, Any], token: str, content: dict[str, Any]) -> dict[str, Any]:
    if existing.get("DeletedDate"):
        message = "You can't create this secret because a secret with this name is already scheduled for deletion."
        raise RefusedError("InvalidRequestException", message)
    version = existing["Versions"].get(token)
    if version and content and all(version.get(key) == value for key, value in content.items()):
        return named(existing, VersionId=token)
    raise RefusedError("ResourceExistsException", f"The operation failed because the secret {existing['Name']} already exists.")


def _authorized_value(identifier: str) -> dict[str, Any]:
    _, secret = secretsmanager._resolve(identifier)
    arn = secret["ARN"] if secret else f"arn:aws:secretsmanager:{get_region()}:{get_account_id()}:secret:{identifier}"
    context = conditions.secret_context(secret, {"SecretId": identifier}, reads=True)
    if not caller.may("secretsmanager:GetSecretValue", "secretsmanager", arn, context):
        message = f"The caller is not authorized to perform: secretsmanager:GetSecretValue on resource: {arn}"
        raise RefusedError("AccessDeniedException", message)
    return versions.get({"SecretId": identifier})


def _is_public(statement: dict[str, Any]) -> bool:
    """Says whether a statement opens to everybody; conditions are taken as a limit."""
    principal = statement.get("Principal")
    named_ones = principal.get("AWS") if isinstance(principal, dict) else principal
    everybody = named_ones == "*" or (isinstance(named_ones, list) and "*" in named_ones)
    return statement["Effect"] == "Allow" and everybody and not statement.get("Condition")
