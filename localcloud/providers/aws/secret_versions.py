"""Secrets Manager: values that a program writes, and the schedule by which a function renews them."""
# ruff: noqa: ARG002 (the calls give every type more than most types need)

import base64
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from localcloud.providers.aws import checks
from localcloud.providers.properties import Kind, Property, between, flag, nested, text, unmodelled, whole
from localcloud.providers.provider import Failure, RefusedError
from localcloud.providers.resource import Made, Resource
from localcloud.providers.wire import Properties, holds_unknown

_CURRENT = "AWSCURRENT"
_SCHEDULE = re.compile(r"rate\([0-9]+ (hours?|days?)\)|cron\([0-9A-Za-z#?*/, -]+\)")


def _same_secret(one: str, other: str) -> bool:
    """A secret may be given by its name or by its ARN, which ends in the name and a suffix."""
    arn, name = (one, other) if one.startswith("arn:") else (other, one)
    return one == other or arn.partition(":secret:")[2].rpartition("-")[0] == name


class SecretRotation(Resource):
    """The schedule. Creating it rotates at once, unless `rotateImmediately` is false; removing it cancels rotation."""

    type = "aws:secretsmanager/secretRotation:SecretRotation"
    inputs: ClassVar = {
        "region": text(computed=True, replaces=True),
        "rotateImmediately": flag(True, unread=True),
        "rotationEnabled": flag(computed=True),
        "rotationLambdaArn": text(check=checks.arn("lambda")),
        "rotationRules": nested(
            {
                "automaticallyAfterDays": whole(check=between(1, 1_000)),
                "duration": text(check=checks.matching(r"[0-9]{1,2}h", "a number of hours such as 3h")),
                "scheduleExpression": text(
                    check=lambda value: None if _SCHEDULE.fullmatch(value) else "must be rate(<number> hours|days) or cron(<six fields>)"
                ),
            }
        ),
        "secretId": text(required=True, replaces=True, check=checks.length(2_048, 1), same=_same_secret),
        **unmodelled("externalSecretRotationMetadatas", "externalSecretRotationRoleArn"),
    }

    def check(self, inputs: Properties) -> Iterator[Failure]:
        """A rotation has exactly one kind of schedule."""
        rules, enabled = inputs.get("rotationRules"), inputs.get("rotationEnabled")
        if enabled is False:
            if rules:
                yield Failure("rotationRules", "must be omitted when rotationEnabled is false")
            return
        if rules is None:
            yield Failure("rotationRules", "is required")
        elif not holds_unknown(rules):
            days, expression = rules.get("automaticallyAfterDays"), rules.get("scheduleExpression")
            if days is not None and expression is not None:
                yield Failure(
                    "rotationRules.scheduleExpression", "conflicts with rotationRules.automaticallyAfterDays: give one of the two"
                )
            if days is None and expression is None:
                yield Failure("rotationRules", "is incomplete: one of automaticallyAfterDays, scheduleExpression must be given")

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Starts the schedule; for a disabled rotation, cancels what there is."""
        arn = aws.secrets.describe_secret(SecretId=inputs["secretId"])["ARN"]
        if inputs.get("rotationEnabled") is False:
            aws.secrets.cancel_rotate_secret(SecretId=arn)
        else:
            self._schedule(aws, arn, inputs)
        made(arn)

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Gives the schedule as Secrets Manager has it; a rotation that somebody cancelled is drift, not gone."""
        secret = aws.secrets.describe_secret(SecretId=identity)
        if secret.get("DeletedDate") or (not state and not secret.get("RotationEnabled")):
            return None
        enabled, rules = secret.get("RotationEnabled", False), secret.get("RotationRules") or {}
        keys = {"automaticallyAfterDays": "AutomaticallyAfterDays", "duration": "Duration", "scheduleExpression": "ScheduleExpression"}
        given = {name: rules[key] for name, key in keys.items() if rules.get(key) not in (None, "", 0)}
        if "scheduleExpression" in given:
            given.pop("automaticallyAfterDays", None)  # Secrets Manager works the days out of an expression
        return {
            "rotationEnabled": enabled,
            "rotationLambdaArn": secret.get("RotationLambdaARN") if enabled else None,
            "rotationRules": given if enabled else None,
            "secretId": identity,
        }

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Changes the schedule, which rotates again unless `rotateImmediately` is false."""
        if inputs.get("rotationEnabled") is False:
            aws.secrets.cancel_rotate_secret(SecretId=identity)
        elif changed & {"rotationLambdaArn", "rotationRules", "rotationEnabled"} or not olds.get("rotationEnabled"):
            self._schedule(aws, identity, inputs)

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Cancels the schedule; the secret keeps its value."""
        aws.secrets.cancel_rotate_secret(SecretId=identity)

    @staticmethod
    def _schedule(aws: Any, arn: str, inputs: Properties) -> None:
        keys = {"automaticallyAfterDays": "AutomaticallyAfterDays", "duration": "Duration", "scheduleExpression": "ScheduleExpression"}
        rules = {keys[name]: value for name, value in (inputs.get("rotationRules") or {}).items()}
        function = {"RotationLambdaARN": inputs["rotationLambdaArn"]} if inputs.get("rotationLambdaArn") else {}
        aws.secrets.rotate_secret(SecretId=arn, RotationRules=rules, RotateImmediately=inputs["rotateImmediately"], **function)


class SecretVersion(Resource):
    """A value that a program writes. Keyturn's own components never make one; programs under its rules may."""

    type = "aws:secretsmanager/secretVersion:SecretVersion"
    inputs: ClassVar = {
        "region": text(computed=True, replaces=True),
        "secretBinary": text(replaces=True, sensitive=True),
        "secretId": text(required=True, replaces=True, check=checks.length(2_048, 1), same=_same_secret),
        "secretString": text(replaces=True, sensitive=True),
        "secretStringWo": text(
            unread=True, sensitive=True, same=lambda *_: True
        ),  # a new value alone changes nothing: its version number does
        "secretStringWoVersion": whole(replaces=True, unread=True),
        "versionStages": Property(kind=Kind.SET, computed=True),
    }
    outputs: ClassVar = {"arn": Kind.TEXT, "secretArn": Kind.TEXT, "versionId": Kind.TEXT, "hasSecretStringWo": Kind.FLAG}
    conflicts = (("secretString", "secretBinary", "secretStringWo"),)
    needs_one = (("secretString", "secretBinary", "secretStringWo"),)

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Puts the value as a new version."""
        value: dict[str, Any] = {"SecretString": inputs.get("secretString", inputs.get("secretStringWo"))}
        if "secretBinary" in inputs:
            value = {"SecretBinary": _binary(inputs["secretBinary"])}
        stages = {"VersionStages": inputs["versionStages"]} if inputs.get("versionStages") else {}
        answer = aws.secrets.put_secret_value(SecretId=inputs["secretId"], **value, **stages)
        made(f"{answer['ARN']}|{answer['VersionId']}")

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Reads the version; a value that was given write-only is not read back."""
        arn, version = _split(identity)
        labels = aws.secrets.describe_secret(SecretId=arn).get("VersionIdsToStages") or {}
        if version not in labels:
            return None
        result: Properties = {
            "arn": arn,
            "hasSecretStringWo": "secretStringWo" in state or "secretStringWoVersion" in state,
            "secretArn": arn,
            "secretId": arn,
            "versionId": version,
            "versionStages": sorted(labels[version]),
        }
        if not result["hasSecretStringWo"]:
            value = aws.secrets.get_secret_value(SecretId=arn, VersionId=version)
            result["secretString"] = value.get("SecretString")
            result["secretBinary"] = _text(value["SecretBinary"]) if value.get("SecretBinary") else None
        return result

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Moves staging labels: all else is another version."""
        arn, version = _split(identity)
        wanted, had = set(inputs.get("versionStages") or ()), set(olds.get("versionStages") or ())
        for stage in sorted(wanted - had):
            labels = aws.secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
            holder = next((other for other, stages in labels.items() if stage in stages), None)
            more = {"RemoveFromVersionId": holder} if holder else {}
            aws.secrets.update_secret_version_stage(SecretId=arn, VersionStage=stage, MoveToVersionId=version, **more)
        for stage in sorted(had - wanted - {_CURRENT}):
            aws.secrets.update_secret_version_stage(SecretId=arn, VersionStage=stage, RemoveFromVersionId=version)

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Takes the labels away; a current version stays, since a secret cannot be without it."""
        arn, version = _split(identity)
        labels = aws.secrets.describe_secret(SecretId=arn).get("VersionIdsToStages") or {}
        for stage in labels.get(version, ()):
            if stage != _CURRENT:
                aws.secrets.update_secret_version_stage(SecretId=arn, VersionStage=stage, RemoveFromVersionId=version)


def _split(identity: str) -> tuple[str, str]:
    arn, _, version = identity.partition("|")
    if not version:
        raise RefusedError("the id of a secret version is <ARN>|<version id>")
    return arn, version


def _binary(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        raise RefusedError("secretBinary must be base64") from None


def _text(binary: bytes) -> str:
    return base64.b64encode(binary).decode()


TYPES = (SecretRotation, SecretVersion)
