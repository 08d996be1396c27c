"""What boto3 raises, as one plain sentence: the operation, AWS's code and AWS's message, and never a value of the program."""

import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from localcloud.providers.provider import RefusedError

_MISSING = {
    "AWS.SimpleQueueService.NonExistentQueue", "NoSuchEntity", "NotFound", "NotFoundException", "QueueDoesNotExist",
    "ResourceNotFoundException",
}  # fmt: skip


def code_of(error: BaseException) -> str:
    """Gives AWS's error code; empty for every other exception."""
    response: Any = getattr(error, "response", None)
    return response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""


def is_missing(error: BaseException) -> bool:
    """Says whether AWS answered that there is no such thing."""
    code = code_of(error)
    return code in _MISSING or code.removeprefix("com.amazonaws.sqs#") in _MISSING


@contextlib.contextmanager
def missing_is_fine() -> Iterator[None]:
    """Lets a removal pass when there is nothing to remove."""
    try:
        yield
    except Exception as error:
        if not is_missing(error):
            raise


@contextlib.contextmanager
def told_plainly(doing: str, sensitive: Iterable[Any] = ()) -> Iterator[None]:
    """Turns what boto3 raises into a refusal that begins with `doing`."""
    try:
        yield
    except RefusedError as error:
        raise RefusedError(f"{doing}: {error}") from error
    except Exception as error:
        raise RefusedError(f"{doing}: {sentence(error, sensitive)}") from error


def sentence(error: Exception, sensitive: Iterable[Any] = ()) -> str:
    """Gives the message for a person, without the values that must not be seen."""
    code = code_of(error)
    name = type(error).__name__
    if code:
        operation = getattr(error, "operation_name", "")
        message = f"{operation}: {code}: {error.response['Error'].get('Message', '')}"  # type: ignore[attr-defined]
    elif name == "ParamValidationError":
        message = re.sub(r",? value: .*?, (?=type:|valid )", ", ", str(error).replace("\n", " "))
    elif name in ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"):
        message = 'there are no AWS credentials in the environment: `eval "$(make -s env)"` sets those of the local administrator'
    elif name in ("EndpointConnectionError", "ConnectTimeoutError", "ConnectionClosedError", "ReadTimeoutError"):
        message = f"the local AWS does not answer ({name}): `make status` says whether it runs, `make up` starts it"
    elif isinstance(error, OSError):
        message = f"{error.strerror or name}: {error.filename}" if error.filename else str(error)
    else:
        message = f"{name}: {error}"
    for value in sensitive:
        if isinstance(value, str) and value:
            message = message.replace(value, "[secret]")
    return message
