"""What Secrets Manager answers: a document, or a refusal with AWS's code and words."""

from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import secretsmanager

Response = tuple[int, dict[str, str], bytes]


class RefusedError(Exception):
    """Ends a call with an error of AWS's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.response: Response = error_response_json(code, message, 400)


def require(response: Response | None) -> None:
    """Ends the call with `response` when there is one: a refusal that another part has made."""
    if response is not None:
        refusal = RefusedError("Refused", "")
        refusal.response = response
        raise refusal


def secret_of(data: dict[str, Any], *, changes: bool = False) -> dict[str, Any]:
    """Gives the secret that a request names; one to be changed is neither marked for deletion nor a replica."""
    _, secret = secretsmanager._resolve(data.get("SecretId"))
    if secret is None:
        raise RefusedError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    if changes and secretsmanager._is_replica(secret):
        require(secretsmanager._replica_mutation_error())
    return secret


def living(secret: dict[str, Any]) -> dict[str, Any]:
    """Gives the secret back, unless it is marked for deletion."""
    if secret.get("DeletedDate"):
        raise RefusedError("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
    return secret


def named(secret: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Gives the fields that every answer about a secret has, and `more`."""
    return {"ARN": secret["ARN"], "Name": secret["Name"], **more}
