"""What the declaration, the value and AWS may say, and how it is told apart: by class, with the way out, and without a value."""

import functools

import botocore.exceptions
import pytest

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import _iam_user
from rotation_lambda.errors import NetworkError
from rotation_lambda.targets import Target
from tests.rotation_lambda.access_keys import refused as refusal_of
from tests.rotation_lambda.conftest import refusal
from tests.rotation_lambda.subjects.iam_access_key import Service


@pytest.fixture
def service(monkeypatch, pauses):  # noqa: ARG001 - nobody waits
    return Service(monkeypatch)


@pytest.fixture
def refused(service, lines):
    return functools.partial(refusal, service, lines)


def test_a_key_of_another_user_is_not_published(service, refused):
    service.rotate()
    version = service.until("testSecret")
    service.iam.arn = service.iam.arn.replace(service.username, "somebody-else")

    with refused("configuration", says=f"belongs to somebody-else of account 123456789012, and not to the user {service.username}"):
        service.step("testSecret", version)


@pytest.mark.parametrize(
    ("arn", "owner"),
    [
        ("arn:aws:iam::999999999999:user/services/{}", "of account 999999999999"),
        ("arn:aws:iam::123456789012:root", "belongs to root"),
        ("arn:aws:sts::123456789012:assumed-role/{0}/{0}", "belongs to assumed-role/"),
        ("arn:aws:iam::123456789012:user/{}/other", "belongs to other"),
    ],
)
def test_a_key_of_another_account_the_root_user_or_a_role_is_not_published(service, refused, arn, owner):
    version = service.until("testSecret")
    service.iam.arn = arn.format(service.username)

    with refused("configuration", says=owner):
        service.step("testSecret", version)


def test_a_user_that_is_called_root_is_not_the_root_user(service, refused):
    service.declare(username="root")
    service.iam.username, service.iam.arn = "root", "arn:aws:iam::123456789012:user/root"
    version = service.until("testSecret")
    service.iam.arn = "arn:aws:iam::123456789012:root"

    with refused("configuration", says="belongs to root of account 123456789012, and not to the user root"):
        service.step("testSecret", version)


@pytest.mark.parametrize("change", [{"AccessKeyId": "AKIA\r\nX: y"}, {"AccessKeyId": 5}, {"SecretAccessKey": ""}, {"AccessKeyId": "short"}])
def test_a_value_that_is_no_key_is_not_tried(service, refused, change):
    version = service.until("testSecret")
    service.tamper(version, **change)
    service.iam.calls.clear()

    with refused("configuration", says="no 'AccessKeyId' and 'SecretAccessKey'"):
        service.step("testSecret", version)

    assert service.iam.calls == []


def test_a_new_value_for_another_user_is_not_tried(service, refused):
    version = service.until("setSecret")
    service.tamper(version, UserName="administrator")
    service.iam.calls.clear()

    with refused("configuration", says="'UserName' of the new value"):
        service.step("setSecret", version)

    assert service.iam.calls == []


@pytest.mark.parametrize("username", ["", "services/billing", "arn:aws:iam::123456789012:user/billing", "a b", "ü", "x" * 65, 5])
def test_a_name_that_iam_does_not_have_is_refused(service, refused, username):
    service.declare(username=username)

    with refused("configuration", says="'username'"):
        service.step("createSecret", service.manager.start(service.arn))

    assert service.iam.calls == []


def test_a_setting_that_the_engine_does_not_know_is_refused(service, refused):
    service.declare(user="billing")

    with refused("configuration", says="'user'"):
        service.step("createSecret", service.manager.start(service.arn))


def test_a_user_that_does_not_exist_is_named(service, refused):
    service.iam.username = "another"

    with refused("configuration", says=f"there is no IAM user {service.username}"):
        service.step("createSecret", service.manager.start(service.arn))


@pytest.mark.parametrize("call", ["list_access_keys", "tag_user", "create_access_key"])
@pytest.mark.parametrize(
    "told",
    [
        (refusal_of("AccessDenied", "Call", 403), "permission", "is denied (AccessDenied)"),
        (refusal_of("InvalidClientTokenId", "Call", 403), "permission", "the function's role needs it"),
        (refusal_of("Throttling", "Call", 400), "network", "(Throttling)"),
        (refusal_of("ServiceFailure", "Call", 500), "network", "it is tried again"),
        (refusal_of("ConcurrentModification", "Call", 409), "conflict", "another change of the user"),
        (refusal_of("EntityTemporarilyUnmodifiable", "Call", 409), "conflict", "another change of the user"),
        (refusal_of("ValidationError", "Call", 400), "configuration", "is refused (ValidationError)"),
        (botocore.exceptions.ReadTimeoutError(endpoint_url="https://canary-of-iam"), "network", "IAM cannot be reached (ReadTimeoutError)"),
        (botocore.exceptions.EndpointConnectionError(endpoint_url="https://canary-of-iam"), "network", "or a NAT gateway"),
        (botocore.exceptions.SSLError(endpoint_url="https://canary-of-iam", error="x"), "tls", "did not prove who it is"),
        (botocore.exceptions.NoCredentialsError(), "permission", "has no credentials"),
        (botocore.exceptions.ParamValidationError(report="canary-of-iam"), "configuration", "was not called"),
    ],
)
def test_a_failure_of_iam_is_told_apart_and_the_next_rotation_is_fine(service, monkeypatch, refused, call, told):
    failure, error_class, says = told
    service.rotate()

    def fails(**_request):
        raise failure

    version = service.manager.start(service.arn)
    with monkeypatch.context() as during:
        during.setattr(service.iam, call, fails)
        with refused(error_class, says=says):
            service.step("createSecret", version)

    service.rotate(version)
    assert service.works(service.current)
    assert len(service.iam.keys) == 2


@pytest.mark.parametrize(
    ("call", "told"),
    [("CreateAccessKey", ("conflict", "has two keys")), ("TagUser", ("configuration", "has as many tags as IAM allows"))],
)
def test_a_limit_is_told_by_what_it_limits(service, monkeypatch, refused, call, told):
    error_class, says = told

    def fails(**_request):
        raise refusal_of("LimitExceeded", call, 409)

    monkeypatch.setattr(service.iam, {"CreateAccessKey": "create_access_key", "TagUser": "tag_user"}[call], fails)

    with refused(error_class, says=says):
        service.step("createSecret", service.manager.start(service.arn))


@pytest.mark.parametrize(
    ("failure", "error_class"),
    [
        (refusal_of("AccessDenied", "GetCallerIdentity", 403), "permission"),
        (refusal_of("Throttling", "GetCallerIdentity", 400), "network"),
        (botocore.exceptions.ConnectTimeoutError(endpoint_url="https://canary-of-iam"), "network"),
    ],
)
def test_a_failure_of_sts_is_no_wrong_key(service, monkeypatch, refused, failure, error_class):
    version = service.until("testSecret")

    class Caller:
        def get_caller_identity(self):
            raise failure

    monkeypatch.setattr(service.iam, "as_key", lambda _key, _secret: Caller())

    with refused(error_class):
        service.step("testSecret", version)


@pytest.mark.parametrize("call", [lambda user, _: user.listed(), lambda _, over: _iam_user.caller("eu-central-1", "AKIA", "secret", over)])
def test_no_call_begins_when_the_functions_time_is_used_up(service, call):
    target = Target(secret=service.name, arn=service.arn, kind="aws-access-key", admin=None, settings=service.target)
    over = Deadline(5)

    with pytest.raises(NetworkError, match="time is used up"):
        call(_iam_user.User(target, over), over)

    assert service.iam.calls == []
