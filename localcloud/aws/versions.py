"""Versions of a secret and their staging labels, by AWS's documented rules.

A label sits on one version at a time; moving AWSCURRENT moves AWSPREVIOUS behind it; a version's content never changes; a token is
a version's id, so a repeated request changes nothing. A version without content (a rotation's pending one) cannot be read.
Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html

Assumed, not documented: AWSPENDING leaves a version that PutSecretValue makes current; removing AWSPREVIOUS by hand is allowed.
"""

import time
from typing import Any

from ministack.core.responses import new_uuid
from ministack.services import secretsmanager

from localcloud.aws import keys
from localcloud.aws.answers import RefusedError, living, named, require, secret_of

_LARGEST = 65536
_UNLABELLED_KEPT = 100
_QUIET_LABELS = ("AWSPENDING", "AWSPREVIOUS")


def get(data: dict[str, Any]) -> dict[str, Any]:
    """GetSecretValue: the content of a version that the caller may decrypt."""
    secret = living(secret_of(data))
    identifier, label = data.get("VersionId"), data.get("VersionStage")
    if identifier is None:
        identifier = labelled(secret, label or "AWSCURRENT")
    version = secret["Versions"].get(identifier)
    if version is not None and label and label not in version["Stages"]:
        raise RefusedError("InvalidRequestException", "You provided a VersionStage that is not associated to the provided VersionId.")
    if identifier is None or not has_content(version):
        what = f"VersionId: {data['VersionId']}" if data.get("VersionId") else f"staging label: {label or 'AWSCURRENT'}"
        raise RefusedError("ResourceNotFoundException", f"Secrets Manager can't find the specified secret value for {what}")
    require(keys.read_refusal(secret, identifier))
    secret["LastAccessedDate"] = int(time.time()) // 86400 * 86400
    content = {key: version[key] for key in ("SecretString", "SecretBinary") if version.get(key) is not None}
    return named(secret, VersionId=identifier, VersionStages=list(version["Stages"]), CreatedDate=version["CreatedDate"], **content)


def put(data: dict[str, Any]) -> dict[str, Any]:
    """PutSecretValue: a new version, or the content of the pending one of a rotation."""
    secret = living(secret_of(data, changes=True))
    labels = list(dict.fromkeys(data.get("VersionStages") or ["AWSCURRENT"]))
    if len(labels) > 20 or not all(1 <= len(label) <= 256 for label in labels):
        raise RefusedError("InvalidParameterException", "A version has 1 to 20 staging labels of 1 to 256 characters.")
    identifier = add(secret, data, labels)
    return named(secret, VersionId=identifier, VersionStages=list(secret["Versions"][identifier]["Stages"]))


def add(secret: dict[str, Any], data: dict[str, Any], labels: list[str]) -> str:
    """Stores the content that a request carries and gives the version's id; the same request again changes nothing."""
    content, identifier = content_of(data, required=True), token_of(data)
    require(keys.write_refusal(secret, identifier))
    existing = secret["Versions"].get(identifier)
    if has_content(existing):
        if any(existing.get(key) != content.get(key) for key in ("SecretString", "SecretBinary")):
            message = (
                f"You can't use ClientRequestToken {identifier} because that value is already in use for a version of {secret['ARN']}."
            )
            raise RefusedError("ResourceExistsException", message)
        return identifier
    if "AWSCURRENT" in labels:
        _abandon_rotation(secret, identifier)
    secret["Versions"][identifier] = {"SecretString": None, "SecretBinary": None, **content, "CreatedDate": int(time.time()), "Stages": []}
    for label in labels:
        place(secret, label, identifier)
    if "AWSCURRENT" in labels and "AWSPENDING" not in labels:
        secretsmanager._remove_stage(secret, identifier, "AWSPENDING")
    _touched(secret)
    return identifier


def move_label(data: dict[str, Any]) -> dict[str, Any]:
    """UpdateSecretVersionStage: moves a label, which the caller must say it takes from another version; or removes it."""
    secret = living(secret_of(data, changes=True))
    label, to, source = data.get("VersionStage"), data.get("MoveToVersionId"), data.get("RemoveFromVersionId")
    if not label or not (to or source):
        raise RefusedError("InvalidParameterException", "You must specify VersionStage and MoveToVersionId or RemoveFromVersionId.")
    for identifier in (to, source):
        if identifier and identifier not in secret["Versions"]:
            raise RefusedError("ResourceNotFoundException", f"Secrets Manager can't find the specified secret version: {identifier}.")
    holder = labelled(secret, label)
    if source and source not in (holder, to):
        message = f"The staging label {label} is currently attached to version {holder}, not version {source}."
        raise RefusedError("InvalidParameterException", message)
    if to and holder not in (None, to, source):
        message = (
            f"The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently attached to version {holder}, "
            "so you must explicitly reference that version in RemoveFromVersionId."
        )
        raise RefusedError("InvalidParameterException", message)
    if not to and label == "AWSCURRENT":
        raise RefusedError(
            "InvalidParameterException",
            "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
        )
    if to:
        place(secret, label, to)
    else:
        secretsmanager._remove_stage(secret, source, label)
    _touched(secret)
    return named(secret)


def list_all(data: dict[str, Any]) -> dict[str, Any]:
    """ListSecretVersionIds: versions with a label, and with IncludeDeprecated those without."""
    secret = secret_of(data)
    shown = [
        {"VersionId": identifier, "VersionStages": list(version["Stages"]), "CreatedDate": version["CreatedDate"]}
        for identifier, version in sorted(secret["Versions"].items(), key=lambda item: (-item[1]["CreatedDate"], item[0]))
        if version["Stages"] or data.get("IncludeDeprecated")
    ]
    return named(secret, Versions=shown)


def labelled(secret: dict[str, Any], label: str) -> str | None:
    """Gives the id of the version that carries `label`."""
    return secretsmanager._find_stage_version(secret, label)[0]


def pending(secret: dict[str, Any]) -> str | None:
    """Gives the version of a rotation that has not finished: AWSPENDING on a version that is not current."""
    identifier = labelled(secret, "AWSPENDING")
    return None if identifier == labelled(secret, "AWSCURRENT") else identifier


def has_content(version: dict[str, Any] | None) -> bool:
    """Says whether a version can be read."""
    return bool(version) and (version.get("SecretString") is not None or version.get("SecretBinary") is not None)


def place(secret: dict[str, Any], label: str, identifier: str) -> None:
    """Puts a label on a version and takes it from every other; AWSPREVIOUS follows AWSCURRENT."""
    holder = labelled(secret, label)
    if holder == identifier:
        return
    if label == "AWSCURRENT" and holder:
        place(secret, "AWSPREVIOUS", holder)
    secretsmanager._remove_stage_everywhere(secret, label)
    secretsmanager._add_stage(secret, identifier, label)
    if label not in _QUIET_LABELS:
        secretsmanager._emit_secret_label_updated(secret, label, identifier)
    _forget_old(secret)


def content_of(data: dict[str, Any], *, required: bool) -> dict[str, Any]:
    """Gives the one content that a request carries."""
    content = {key: data[key] for key in ("SecretString", "SecretBinary") if data.get(key) is not None}
    if len(content) > 1 or (required and not content):
        raise RefusedError("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
    for key, value in content.items():
        if not 1 <= len(value.encode()) <= (_LARGEST if key == "SecretString" else _LARGEST * 4 // 3 + 4):
            raise RefusedError("ValidationException", f"{key} must have a length of 1 to {_LARGEST} bytes.")
    return content


def token_of(data: dict[str, Any]) -> str:
    """Gives the request's token, which becomes the version's id; a new one when there is none."""
    token = data.get("ClientRequestToken") or new_uuid()
    if not 32 <= len(token) <= 64:
        raise RefusedError("InvalidParameterException", "ClientRequestToken must be 32-64 characters long.")
    return token


def _abandon_rotation(secret: dict[str, Any], identifier: str) -> None:
    """A new current version from outside ends the rotation under way: rotation.py sees it at its next step."""
    other = pending(secret)
    if other and other != identifier:
        secret["_Abandoned"] = other
        secretsmanager._remove_stage_everywhere(secret, "AWSPENDING")


def _touched(secret: dict[str, Any]) -> None:
    secret["LastChangedDate"] = int(time.time())
    secretsmanager._sync_replicas(secret)


def _forget_old(secret: dict[str, Any]) -> None:
    """Versions without a label stay for a while; above a hundred, those older than a day go."""
    unlabelled = sorted((version["CreatedDate"], key) for key, version in secret["Versions"].items() if not version["Stages"])
    for created, key in unlabelled[: max(0, len(unlabelled) - _UNLABELLED_KEPT)]:
        if created < time.time() - 86400:
            del secret["Versions"][key]
