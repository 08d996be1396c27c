"""The customer's key behind a secret: who reads or writes the value needs the key too, through Secrets Manager.

Secrets Manager calls KMS as the caller, with `kms:ViaService` and the encryption context of the secret and the version. The
default key `aws/secretsmanager` asks nothing of the account's own callers.

Assumed, not found in AWS's documentation: a disabled or missing key answers DecryptionFailure on a read and EncryptionFailure
on a write, and the write checks GenerateDataKey before Decrypt.
"""

from typing import Any

from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import kms

from localcloud.aws import caller

NO_VERSION = "RequestToValidateKeyAccess"
"""The version id in the encryption context when a container is made or its key is changed without a value."""


def read_refusal(secret: dict[str, Any], version: str) -> Any:
    """Gives why the caller may not decrypt this version, or None."""
    return _refusal(secret, secret.get("KmsKeyId"), ("kms:Decrypt",), version, "DecryptionFailure")


def write_refusal(secret: dict[str, Any], version: str, key: str | None = None) -> Any:
    """Gives why the caller may not encrypt this version with the secret's key, or with `key`; or None."""
    return _refusal(secret, key or secret.get("KmsKeyId"), ("kms:GenerateDataKey", "kms:Decrypt"), version, "EncryptionFailure")


def _refusal(secret: dict[str, Any], key: str | None, actions: tuple[str, ...], version: str, failure: str) -> Any:
    if not key or key.endswith("alias/aws/secretsmanager"):
        return None
    record = kms._resolve_key(key)
    if record is None or record["KeyState"] != "Enabled" or record.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        return error_response_json(failure, f"The KMS key {key} is missing, disabled or not symmetric.", 400)
    context = {
        "kms:ViaService": f"secretsmanager.{get_region()}.amazonaws.com",
        "kms:CallerAccount": get_account_id(),
        "kms:EncryptionContext:SecretARN": secret["ARN"],
        "kms:EncryptionContext:SecretVersionId": version,
        "kms:EncryptionContextKeys": ["SecretARN", "SecretVersionId"],
    }
    if all(caller.may(action, "kms", record["Arn"], context) for action in actions):
        return None
    return error_response_json("AccessDeniedException", "Access to KMS is not allowed", 400)
