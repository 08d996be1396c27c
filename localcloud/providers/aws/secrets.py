"""Secrets Manager: secrets (the containers), and policies on them."""
# ruff: noqa: ARG002 (the calls give every type more than most types need)

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

from localcloud.providers.aws import checks, tags
from localcloud.providers.aws.documents import policy_of_resource
from localcloud.providers.aws.failures import code_of
from localcloud.providers.naming import Name
from localcloud.providers.properties import Kind, Property, between, flag, text, unmodelled, whole
from localcloud.providers.provider import Failure, RefusedError
from localcloud.providers.resource import Made, Resource
from localcloud.providers.wire import Properties, is_unknown

_LETTERS = r"[a-zA-Z0-9/_+=.@-]+"
_WORDS = "letters, digits or /_+=.@-"
_WINDOW = 30


class Secret(Resource):
    """A container for versions of a secret; it is created without any."""

    type = "aws:secretsmanager/secret:Secret"
    inputs: ClassVar = {
        "description": text(check=checks.length(2_048)),
        "forceOverwriteReplicaSecret": flag(False, unread=True),
        "kmsKeyId": text(check=checks.length(2_048)),
        "name": text(computed=True, replaces=True, check=checks.matching(_LETTERS, _WORDS, longest=512)),
        "namePrefix": text(computed=True, replaces=True, unread=True, check=checks.matching(_LETTERS, _WORDS, longest=486)),
        "policy": policy_of_resource(computed=True, empty=True),
        "recoveryWindowInDays": whole(default=_WINDOW, unread=True, check=between(7, 30, or_zero=True)),
        "region": text(computed=True, replaces=True),
        "replicas": Property(
            kind=Kind.OBJECTS,
            computed=True,
            fields={
                "kmsKeyId": text(computed=True),
                "region": text(required=True),
                "lastAccessedDate": text(computed=True, unread=True),
                "status": text(computed=True, unread=True),
                "statusMessage": text(computed=True, unread=True),
            },
        ),
        "tags": tags.argument,
        **unmodelled("type"),
    }
    outputs: ClassVar = {"arn": Kind.TEXT}
    conflicts = (("name", "namePrefix"),)
    name = Name()

    def check(self, inputs: Properties) -> Iterator[Failure]:
        """Each region holds at most one replica."""
        regions = [replica.get("region") for replica in inputs.get("replicas") or () if isinstance(replica, dict)]
        known = [region for region in regions if region and not is_unknown(region)]
        if len(known) != len(set(known)):
            yield Failure("replicas", "must name each region once")

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Makes the empty container, then its policy."""
        optional = {"Description": "description", "KmsKeyId": "kmsKeyId"}
        more = {key: inputs[name] for key, name in optional.items() if inputs.get(name)}
        if inputs.get("replicas"):
            more |= {"AddReplicaRegions": _replicas(inputs), "ForceOverwriteReplicaSecret": inputs["forceOverwriteReplicaSecret"]}
        try:
            answer = aws.secrets.create_secret(Name=inputs["name"], Tags=tags.listed(inputs.get("tags")), **more)
        except Exception as error:
            _tell_about_the_recovery_window(aws, inputs["name"], error)
            raise
        made(answer["ARN"])
        if _has_policy(inputs):
            aws.secrets.put_resource_policy(SecretId=answer["ARN"], ResourcePolicy=inputs["policy"])

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """A secret that waits for its deletion counts as gone."""
        secret = aws.secrets.describe_secret(SecretId=identity)
        if secret.get("DeletedDate"):
            return None
        primary = secret.get("PrimaryRegion", aws.region)
        replicas = [replica for replica in secret.get("ReplicationStatus") or () if replica["Region"] not in (primary, aws.region)]
        return {
            "arn": secret["ARN"],
            "description": secret.get("Description"),
            "kmsKeyId": secret.get("KmsKeyId"),
            "name": secret["Name"],
            "policy": aws.secrets.get_resource_policy(SecretId=identity).get("ResourcePolicy"),
            "replicas": [
                {"region": replica["Region"], "kmsKeyId": replica.get("KmsKeyId"), "status": replica.get("Status")} for replica in replicas
            ],
            "tags": tags.mapped(secret.get("Tags")),
        }

    def identity(self, identity: str, state: Properties) -> str:
        """The ARN, also when an import gave the name."""
        return str(state["arn"])

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Changes everything but the name."""
        client = aws.secrets
        if changed & {"description", "kmsKeyId"}:
            more = {"KmsKeyId": inputs.get("kmsKeyId") or "alias/aws/secretsmanager"} if "kmsKeyId" in changed else {}
            client.update_secret(SecretId=identity, Description=inputs.get("description", ""), **more)
        if "policy" in changed and _has_policy(inputs):
            client.put_resource_policy(SecretId=identity, ResourcePolicy=inputs["policy"])
        elif "policy" in changed:
            client.delete_resource_policy(SecretId=identity)
        if "replicas" in changed:
            before, after = ({item["region"] for item in given.get("replicas") or ()} for given in (olds, inputs))
            if before - after:
                client.remove_regions_from_replication(SecretId=identity, RemoveReplicaRegions=sorted(before - after))
            if added := [item for item in _replicas(inputs) if item["Region"] not in before]:
                client.replicate_secret_to_regions(SecretId=identity, AddReplicaRegions=added)
        write, remove = tags.delta(olds.get("tags"), inputs.get("tags"))
        if remove:
            client.untag_resource(SecretId=identity, TagKeys=remove)
        if write:
            client.tag_resource(SecretId=identity, Tags=tags.listed(write))

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Removes the replicas, then the secret: after its recovery window, or at once when that is 0 days."""
        if regions := sorted(item["region"] for item in state.get("replicas") or ()):
            aws.secrets.remove_regions_from_replication(SecretId=identity, RemoveReplicaRegions=regions)
        days = int(state.get("recoveryWindowInDays", _WINDOW))
        how = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
        aws.secrets.delete_secret(SecretId=identity, **how)


def _has_policy(inputs: Properties) -> bool:
    return (inputs.get("policy") or "{}").strip() not in ("", "{}")


def _replicas(inputs: Properties) -> list[dict[str, str]]:
    return [
        {"Region": item["region"], **({"KmsKeyId": item["kmsKeyId"]} if item.get("kmsKeyId") else {})}
        for item in inputs.get("replicas") or ()
    ]


def _tell_about_the_recovery_window(aws: Any, name: str, error: Exception) -> None:
    if code_of(error) != "InvalidRequestException" or "scheduled for deletion" not in str(error):
        return
    deleted: datetime | None = aws.secrets.describe_secret(SecretId=name).get("DeletedDate")
    if deleted is None:
        return
    deleted = deleted.astimezone(UTC)
    when = (
        f"until {deleted:%Y-%m-%d %H:%M} UTC" if deleted > datetime.now(UTC) else f"since {deleted:%Y-%m-%d %H:%M} UTC, for up to 30 days"
    )
    message = error.response["Error"]["Message"]  # type: ignore[attr-defined]
    raise RefusedError(
        f"CreateSecret: InvalidRequestException: {message} The name {name} is kept by its recovery window {when}. Restore the secret "
        f"(aws secretsmanager restore-secret --secret-id {name}) "
        "and import it (pulumi import aws:secretsmanager/secret:Secret <name> <ARN>), or wait until the window is over"
    ) from error


class SecretPolicy(Resource):
    """Who else may use a secret."""

    type = "aws:secretsmanager/secretPolicy:SecretPolicy"
    inputs: ClassVar = {
        "blockPublicPolicy": flag(unread=True),
        "policy": policy_of_resource(required=True),
        "region": text(computed=True, replaces=True),
        "secretArn": text(required=True, replaces=True, check=checks.arn("secretsmanager")),
    }

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Writes the policy."""
        self._put(aws, inputs["secretArn"], inputs)
        made(inputs["secretArn"])

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Gives the policy, if there is one."""
        answer = aws.secrets.get_resource_policy(SecretId=identity)
        policy = answer.get("ResourcePolicy")
        return {"policy": policy, "secretArn": answer["ARN"]} if policy else None

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Writes the policy anew."""
        self._put(aws, identity, inputs)

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Removes the policy."""
        aws.secrets.delete_resource_policy(SecretId=identity)

    @staticmethod
    def _put(aws: Any, secret: str, inputs: Properties) -> None:
        aws.secrets.put_resource_policy(
            SecretId=secret, ResourcePolicy=inputs["policy"], BlockPublicPolicy=bool(inputs.get("blockPublicPolicy"))
        )


TYPES = (Secret, SecretPolicy)
