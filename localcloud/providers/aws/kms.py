"""KMS: keys and their aliases."""
# ruff: noqa: ARG002 (the calls give every type more than most types need)

from typing import Any, ClassVar

from localcloud.providers.aws import checks, tags
from localcloud.providers.aws.documents import policy_of_resource
from localcloud.providers.naming import Name
from localcloud.providers.properties import Kind, between, flag, one_of, text, unmodelled, whole
from localcloud.providers.resource import Made, Resource
from localcloud.providers.wire import Properties

_SPECS = (
    "SYMMETRIC_DEFAULT", "RSA_2048", "RSA_3072", "RSA_4096", "HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512", "ECC_NIST_P256",
    "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "ML_DSA_44", "ML_DSA_65", "ML_DSA_87", "SM2", "ECC_NIST_EDWARDS25519",
)  # fmt: skip
_GONE = ("PendingDeletion", "PendingReplicaDeletion")


class Key(Resource):
    """A key. Removing it schedules its deletion, as KMS does."""

    type = "aws:kms/key:Key"
    inputs: ClassVar = {
        "bypassPolicyLockoutSafetyCheck": flag(False, unread=True),
        "customerMasterKeySpec": text(default="SYMMETRIC_DEFAULT", replaces=True, check=one_of(*_SPECS)),
        "deletionWindowInDays": whole(unread=True, check=between(7, 30)),
        "description": text(computed=True, check=checks.length(8_192)),
        "enableKeyRotation": flag(False),
        "isEnabled": flag(True),
        "keyUsage": text(
            default="ENCRYPT_DECRYPT",
            replaces=True,
            check=one_of("ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"),
        ),
        "multiRegion": flag(computed=True, replaces=True),
        "policy": policy_of_resource(computed=True, longest=32_768),
        "region": text(computed=True, replaces=True),
        "rotationPeriodInDays": whole(computed=True, check=between(90, 2_560)),
        "tags": tags.argument,
        **unmodelled("customKeyStoreId", "xksKeyId"),
    }
    outputs: ClassVar = {"arn": Kind.TEXT, "keyId": Kind.TEXT}

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Makes the key with its policy and tags, then turns rotation on."""
        optional = {"Policy": inputs.get("policy"), "MultiRegion": inputs.get("multiRegion")}
        key = aws.kms.create_key(
            Description=inputs.get("description", ""),
            KeySpec=inputs["customerMasterKeySpec"],
            KeyUsage=inputs["keyUsage"],
            BypassPolicyLockoutSafetyCheck=inputs["bypassPolicyLockoutSafetyCheck"],
            Tags=tags.listed(inputs.get("tags"), "TagKey", "TagValue"),
            **{name: value for name, value in optional.items() if value is not None},
        )["KeyMetadata"]["KeyId"]
        made(key)
        if inputs["enableKeyRotation"]:
            self._rotate(aws, key, inputs)
        if not inputs["isEnabled"]:
            aws.kms.disable_key(KeyId=key)

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """A key that waits for its deletion counts as gone."""
        key = aws.kms.describe_key(KeyId=identity)["KeyMetadata"]
        if key["KeyState"] in _GONE:
            return None
        rotation = aws.kms.get_key_rotation_status(KeyId=identity) if key.get("KeySpec", _SPECS[0]) == _SPECS[0] else {}
        rotates = rotation.get("KeyRotationEnabled", False)
        return {
            "arn": key["Arn"],
            "keyId": key["KeyId"],
            "customerMasterKeySpec": key.get("KeySpec", _SPECS[0]),
            "description": key.get("Description", ""),
            "enableKeyRotation": rotates,
            "isEnabled": key["Enabled"],
            "keyUsage": key["KeyUsage"],
            "multiRegion": key.get("MultiRegion", False),
            "policy": aws.kms.get_key_policy(KeyId=identity, PolicyName="default")["Policy"],
            "rotationPeriodInDays": rotation.get("RotationPeriodInDays", 365) if rotates else None,
            "tags": tags.mapped(aws.kms.list_resource_tags(KeyId=identity).get("Tags"), "TagKey", "TagValue"),
        }

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """An enabled key first: KMS changes nothing of a disabled one."""
        kms = aws.kms
        if "isEnabled" in changed and inputs["isEnabled"]:
            kms.enable_key(KeyId=identity)
        if changed & {"enableKeyRotation", "rotationPeriodInDays"}:
            self._rotate(aws, identity, inputs)
        if "description" in changed:
            kms.update_key_description(KeyId=identity, Description=inputs.get("description", ""))
        if "policy" in changed:
            bypass = inputs["bypassPolicyLockoutSafetyCheck"]
            kms.put_key_policy(KeyId=identity, PolicyName="default", Policy=inputs["policy"], BypassPolicyLockoutSafetyCheck=bypass)
        write, remove = tags.delta(olds.get("tags"), inputs.get("tags"))
        if remove:
            kms.untag_resource(KeyId=identity, TagKeys=remove)
        if write:
            kms.tag_resource(KeyId=identity, Tags=tags.listed(write, "TagKey", "TagValue"))
        if "isEnabled" in changed and not inputs["isEnabled"]:
            kms.disable_key(KeyId=identity)

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Schedules the deletion."""
        if self.read(aws, identity, state) is not None:
            aws.kms.schedule_key_deletion(KeyId=identity, PendingWindowInDays=int(state.get("deletionWindowInDays") or 30))

    @staticmethod
    def _rotate(aws: Any, key: str, inputs: Properties) -> None:
        if not inputs["enableKeyRotation"]:
            aws.kms.disable_key_rotation(KeyId=key)
            return
        period = inputs.get("rotationPeriodInDays")
        aws.kms.enable_key_rotation(KeyId=key, **({"RotationPeriodInDays": period} if period else {}))


def _alias_name(name: str, _: Any) -> str:
    return name if name.startswith("alias/") else f"alias/{name}"


def _same_key(one: str, other: str) -> bool:
    return one.rpartition("/")[2] == other.rpartition("/")[2]


class Alias(Resource):
    """A name for a key."""

    type = "aws:kms/alias:Alias"
    inputs: ClassVar = {
        "name": text(
            computed=True,
            replaces=True,
            check=checks.matching(
                r"alias/(?!aws/)[a-zA-Z0-9/_-]+",
                "alias/ and then letters, digits, /, _ or -, and not alias/aws/, which AWS keeps for itself",
                longest=256,
            ),
        ),
        "namePrefix": text(
            computed=True, replaces=True, unread=True, check=checks.matching(r"alias/(?!aws/)[a-zA-Z0-9/_-]*", "alias/ and a beginning")
        ),
        "region": text(computed=True, replaces=True),
        "targetKeyId": text(required=True, same=_same_key),
    }
    outputs: ClassVar = {"arn": Kind.TEXT, "targetKeyArn": Kind.TEXT}
    conflicts = (("name", "namePrefix"),)
    name = Name(shape=_alias_name)

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Makes the alias."""
        aws.kms.create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
        made(inputs["name"])

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """KMS lists aliases, it does not describe them."""
        for page in aws.kms.get_paginator("list_aliases").paginate():
            for alias in page["Aliases"]:
                if alias["AliasName"] == identity and alias.get("TargetKeyId"):
                    key = alias["TargetKeyId"]
                    prefix = alias["AliasArn"].removesuffix(identity)
                    return {"arn": alias["AliasArn"], "name": identity, "targetKeyId": key, "targetKeyArn": f"{prefix}key/{key}"}
        return None

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Points the alias at another key."""
        if "targetKeyId" in changed:
            aws.kms.update_alias(AliasName=identity, TargetKeyId=inputs["targetKeyId"])

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Removes the alias; the key stays."""
        aws.kms.delete_alias(AliasName=identity)


TYPES = (Key, Alias)
