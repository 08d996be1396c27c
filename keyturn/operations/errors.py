"""What a person is told when AWS does not do what they asked: the cause and the way out, never a traceback and never a value."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
)

LOCAL_HINT = 'For the local cloud type: eval "$(make -s env)"'

_BAD_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


class OperationError(Exception):
    """Says in a few sentences what went wrong and what to do; the command prints it and exits with 1."""


class NotFoundError(OperationError):
    """The thing that was named does not exist in this account and region."""


class DeniedError(OperationError):
    """The person, or Secrets Manager on their behalf, lacks a permission."""


class UnreachableError(OperationError):
    """No answer came: network, endpoint, or AWS itself."""


class RotationUnfinishedError(OperationError):
    """Secrets Manager refuses to rotate, because an earlier rotation left AWSPENDING on a version that is not current."""


@contextmanager
def explained(action: str, resource: str) -> Generator[None]:
    """Turns whatever boto3 raises in the block into an OperationError; `action` is the IAM action that the call needs."""
    try:
        yield
    except ClientError as error:
        raise _refusal(error, action, resource) from None
    except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound, SSOError) as error:
        cause = str(error).rstrip(".")
        raise OperationError(f"AWS credentials: {cause}. Log in first (`aws sso login`, AWS_PROFILE, …). {LOCAL_HINT}") from None
    except NoRegionError:
        raise OperationError(f"There is no AWS region: set AWS_REGION or a region in the profile. {LOCAL_HINT}") from None
    except (ConnectionError, HTTPClientError) as error:
        raise UnreachableError(
            f"{action}: no answer from AWS ({error}). Check the network and AWS_ENDPOINT_URL; "
            "`make status` shows whether the local cloud runs."
        ) from None
    except BotoCoreError as error:
        raise OperationError(f"{action}: {error}") from None


def _refusal(error: ClientError, action: str, resource: str) -> OperationError:
    answer: Mapping[str, Any] = cast("Any", error).response.get("Error", {})
    code, text = str(answer.get("Code", "Unknown")), str(answer.get("Message", "")).rstrip(".")
    if code in _BAD_CREDENTIALS:
        return OperationError(f"AWS does not accept the credentials ({code}: {text}). Log in again. {LOCAL_HINT}")
    if code.startswith("ResourceNotFound"):
        return NotFoundError(f"{action}: {resource} does not exist ({text}).")
    if "cannot invoke" in text:
        return DeniedError(f"Secrets Manager may not invoke the rotation function ({text}). `pulumi up` brings the permission back.")
    if code.startswith("AccessDenied"):
        return DeniedError(f"{action} on {resource} is denied ({text}). Ask for that permission or take another profile.")
    if "previous rotation" in text.lower():
        return RotationUnfinishedError(f"{text}.")
    return OperationError(f"{action} on {resource}: AWS answers {code} ({text}).")
