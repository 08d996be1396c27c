"""One call to Secrets Manager: begun only while there is time, and its failures by the class that a person acts on."""

from collections.abc import Callable
from typing import Any

import botocore.exceptions

from rotation_lambda.deadline import Deadline
from rotation_lambda.errors import ConfigurationError, ConflictError, NetworkError, PermissionRefusedError, RotationError

_NONE: frozenset[str] = frozenset()


def ask(
    call: Callable[..., dict[str, Any]], deadline: Deadline, *, unless: frozenset[str] = _NONE, on: str = "", **request: Any
) -> dict[str, Any]:
    """Gives the answer; an empty one when the call is refused with one of the codes in `unless`.

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
        status = str(answer.get("ResponseMetadata", {}).get("HTTPStatusCode"))
        raise _refused(f"{error.operation_name}{on}", code, status) from None
    except botocore.exceptions.BotoCoreError as error:
        raise _unanswered(error) from None


def _refused(call: str, code: str, status: str) -> RotationError:
    match code:
        case "AccessDeniedException" | "AccessDenied":
            return PermissionRefusedError(f"{call} is denied; the function's role needs it, and the key through Secrets Manager")
        case "ExpiredTokenException" | "UnrecognizedClientException" | "InvalidSignatureException":
            return PermissionRefusedError(f"{call} is refused ({code}); the function runs under its role on Lambda only")
        case "ResourceExistsException" | "InvalidParameterException" | "InvalidRequestException":
            return ConflictError(f"{call} is refused ({code}): the secret's labels changed meanwhile")
        case "ResourceNotFoundException":
            return ConfigurationError(f"{call} found nothing; the secret or its value does not exist")
        case _ if status.startswith("5") or "Throttling" in code or code in {"InternalServiceError", "ServiceUnavailable"}:
            return NetworkError(f"{call} got no answer from Secrets Manager ({code}); it is tried again")
        case _:
            return ConfigurationError(f"{call} is refused ({code})")


def _unanswered(error: botocore.exceptions.BotoCoreError) -> RotationError:
    match error:
        case botocore.exceptions.NoCredentialsError():
            return PermissionRefusedError("the function has no credentials; it runs under its role on Lambda only")
        case botocore.exceptions.ParamValidationError():
            return ConfigurationError("Secrets Manager was not called: the event or the value does not have the form that it takes")
        case _:
            return NetworkError(
                f"Secrets Manager cannot be reached ({type(error).__name__}); a function in a VPC needs the service's endpoint or a NAT"
                f" gateway"
            )
