"""Each way in which Secrets Manager refuses or does not answer has a class and words that help; its own words are left out."""

from unittest import mock

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    SSLError,
)

from rotation_lambda.calls import ask
from rotation_lambda.deadline import Deadline
from rotation_lambda.errors import ConfigurationError, ConflictError, NetworkError, PermissionRefusedError, TlsError

CALL = "GetSecretValue"
DENIED = f"{CALL} is denied; the function's role needs it, and the key through Secrets Manager"
NO_VPC_ENDPOINT = "a function in a VPC needs the service's endpoint or a NAT gateway"


def refusal(code, status=400):
    said = {"Error": {"Code": code, "Message": "the-value was sent"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(said, CALL)


def asked(error, **more):
    return ask(mock.Mock(side_effect=error), Deadline(60), **more)


def test_an_answer_is_given_as_it_is():
    call = mock.Mock(return_value={"ARN": "…"})

    assert ask(call, Deadline(60), SecretId="prod/billing/database", VersionId="one") == {"ARN": "…"}
    assert call.call_args_list == [mock.call(SecretId="prod/billing/database", VersionId="one")]


def test_rule_20_nothing_is_asked_after_the_time_is_up():
    call = mock.Mock()

    with pytest.raises(NetworkError, match="time is used up"):
        ask(call, Deadline(5))

    assert not call.called


def test_a_refusal_that_is_expected_is_an_empty_answer():
    assert asked(refusal("ResourceExistsException"), unless=frozenset({"ResourceExistsException"})) == {}


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (refusal("AccessDeniedException"), PermissionRefusedError, DENIED),
        (refusal("AccessDenied"), PermissionRefusedError, DENIED),
        *(
            (refusal(code), PermissionRefusedError, f"{CALL} is refused ({code}); the function runs under its role on Lambda only")
            for code in ("ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException")
        ),
        *(
            (refusal(code), ConflictError, f"{CALL} is refused ({code}): the secret's labels changed meanwhile")
            for code in ("ResourceExistsException", "InvalidParameterException", "InvalidRequestException")
        ),
        (refusal("ResourceNotFoundException"), ConfigurationError, f"{CALL} found nothing; the secret or its value does not exist"),
        *(
            (refusal(code, status), NetworkError, f"{CALL} got no answer from Secrets Manager ({code}); it is tried again")
            for code, status in {
                "ThrottlingException": 400,
                "InternalServiceError": 400,
                "ServiceUnavailable": 400,
                "Unheard": 500,
                "Busy": 503,
            }.items()
        ),
        (refusal("NewlyInvented", 499), ConfigurationError, f"{CALL} is refused (NewlyInvented)"),
        *(
            (
                refusal(code),
                ConfigurationError,
                f"{CALL} is refused ({code}): look whether the secret's KMS key is enabled and not being deleted",
            )
            for code in ("DecryptionFailure", "EncryptionFailure")
        ),
        (ClientError({"Error": {"Code": "Bare"}}, CALL), ConfigurationError, f"{CALL} is refused (Bare)"),
        (ClientError({}, CALL), ConfigurationError, f"{CALL} is refused ()"),
        (NoCredentialsError(), PermissionRefusedError, "the function has no credentials; it runs under its role on Lambda only"),
        (
            ParamValidationError(report="the-value"),
            ConfigurationError,
            "Secrets Manager was not called: the event or the value does not have the form that it takes",
        ),
        (
            EndpointConnectionError(endpoint_url="https://service"),
            NetworkError,
            f"Secrets Manager cannot be reached (EndpointConnectionError); {NO_VPC_ENDPOINT}",
        ),
        (
            SSLError(endpoint_url="https://service", error="the-value"),
            TlsError,
            "Secrets Manager did not prove who it is; is there a proxy between the function and AWS?",
        ),
        (
            ReadTimeoutError(endpoint_url="https://service"),
            NetworkError,
            f"Secrets Manager cannot be reached (ReadTimeoutError); {NO_VPC_ENDPOINT}",
        ),
    ],
)
def test_each_failure_has_its_class_and_its_words(error, kind, says):
    with pytest.raises(kind) as failure:
        asked(error, unless=frozenset({"AnotherCode"}))

    assert (type(failure.value), str(failure.value)) == (kind, says)
    assert failure.value.__suppress_context__


def test_it_is_said_on_what_the_call_failed():
    with pytest.raises(PermissionRefusedError) as failure:
        asked(refusal("AccessDenied"), on=" on the admin secret")

    assert str(failure.value) == DENIED.replace(CALL, f"{CALL} on the admin secret")


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (refusal("NoSuchEntity"), ConflictError, f"{CALL} on it: NoSuchEntity"),
        (refusal("AccessDenied"), ConfigurationError, f"{CALL} on it is refused (AccessDenied)"),
        (refusal("ServiceFailure", 500), NetworkError, f"{CALL} on it got no answer from IAM (ServiceFailure); it is tried again"),
        (
            ReadTimeoutError(endpoint_url="https://service"),
            NetworkError,
            f"IAM cannot be reached (ReadTimeoutError); {NO_VPC_ENDPOINT}",
        ),
    ],
)
def test_another_service_has_words_of_its_own(error, kind, says):
    def iam_says(call, code):
        return ConflictError(f"{call}: {code}") if code == "NoSuchEntity" else None

    with pytest.raises(kind) as failure:
        asked(error, on=" on it", service="IAM", says=iam_says)

    assert str(failure.value) == says
