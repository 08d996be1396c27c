"""One call to an AWS service: begun only while there is time, and its failures by the class that a person acts on."""

import logging
from collections.abc import Callable
from typing import Any

import botocore.exceptions

from rotation_lambda.deadline import Deadline
from rotation_lambda.errors import ConfigurationError, ConflictError, NetworkError, PermissionRefusedError, RotationError, TlsError

_NONE: frozenset[str] = frozenset()
_NO_ANSWER = frozenset({"InternalServiceError", "ServiceUnavailable"})

# Its debug lines hold what is sent and answered, and Lambda has a setting that lets a function log everything.
logging.getLogger("botocore").setLevel(logging.INFO)


def secrets_manager_says(call: str, code: str) -> RotationError | None:
    """Gives the error for a refusal that Secrets Manager documents."""
    if code in {"AccessDeniedException", "AccessDenied"}:
        return PermissionRefusedError(f"{call} is denied; the function's role needs it, and the key through Secrets Manager")
    if code in {"ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException"}:
        return PermissionRefusedError(f"{call} is refused ({code}); the function runs under its role on Lambda only")
    if code in {"ResourceExistsException", "InvalidParameterException", "InvalidRequestException"}:
        return ConflictError(f"{call} is refused ({code}): the secret's labels changed meanwhile")
    if code == "ResourceNotFoundException":
        return ConfigurationError(f"{call} found nothing; the secret or its value does not exist")
    if code in {"DecryptionFailure", "EncryptionFailure"}:
        return ConfigurationError(f"{call} is refused ({code}): look whether the secret's KMS key is enabled and not being deleted")
    return None


def ask(
    call: Callable[..., dict[str, Any]],
    deadline: Deadline,
    *,
    unless: frozenset[str] = _NONE,
    on: str = "",
    service: str = "Secrets Manager",
    says: Callable[[str, str], RotationError | None] = secrets_manager_says,
    **request: Any,
) -> dict[str, Any]:
    """Gives the answer; an empty one when the call is refused with one of the codes in `unless`.

    `says` gives the errors for the codes that mean something at the service.

    Raises:
        RotationError: another refusal, or no answer. The service's own message is left out: it may repeat what was sent.
    """
    deadline.check()
    try:
        return call(**request)
    except botocore.exceptions.ClientError as error:
        answer: Any = error.response
        code = str(answer.get("Error", {}).get("Code", ""))
        if code in unless:
            return {}
        name, status = f"{error.operation_name}{on}", str(answer.get("ResponseMetadata", {}).get("HTTPStatusCode"))
        if status.startswith("5") or "Throttling" in code or code in _NO_ANSWER:
            raise NetworkError(f"{name} got no answer from {service} ({code}); it is tried again") from None
        raise says(name, code) or ConfigurationError(f"{name} is refused ({code})") from None
    except botocore.exceptions.BotoCoreError as error:
        raise _unanswered(error, service) from None


def _unanswered(error: botocore.exceptions.BotoCoreError, service: str) -> RotationError:
    match error:
        case botocore.exceptions.NoCredentialsError():
            return PermissionRefusedError("the function has no credentials; it runs under its role on Lambda only")
        case botocore.exceptions.ParamValidationError():
            return ConfigurationError(f"{service} was not called: the event or the value does not have the form that it takes")
        case botocore.exceptions.SSLError():
            return TlsError(f"{service} did not prove who it is; is there a proxy between the function and AWS?")
        case _:
            return NetworkError(
                f"{service} cannot be reached ({type(error).__name__}); a function in a VPC needs the service's endpoint or a NAT gateway"
            )
