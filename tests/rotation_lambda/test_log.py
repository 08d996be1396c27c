"""One line a step: what happened, how it failed, how long it took; and never a value (rules 16 and 28)."""

import base64
import io
import json
import logging
import re
import urllib.parse
from pathlib import Path

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, NoCredentialsError

from rotation_lambda import errors, targets, versions
from rotation_lambda.engines import postgres
from rotation_lambda.handler import handler
from tests.rotation_lambda.secrets_manager import STEPS, RotationFailedError

DOCUMENTED = Path(__file__).parents[2] / "docs" / "rotation.md"

REFUSALS = {
    "AccessDeniedException": "permission",
    "ThrottlingException": "network",
    "InternalServiceError": "network",
    "InvalidParameterException": "conflict",
    "SomethingNewException": "configuration",
}


def test_rule_28_each_step_prints_one_line(service, lines):
    token = service.rotate()

    printed = lines()
    assert [line["step"] for line in printed] == ["createSecret", "setSecret", "testSecret", "finishSecret"]
    for line in printed:
        duration, metric = line.pop("milliseconds"), line.pop("_aws")
        assert isinstance(duration, int)
        assert {**line, "step": ""} == {
            "keyturn": "rotation",
            "secret": "prod/billing/database",
            "version": token,
            "step": "",
            "outcome": "done",
            "errorClass": None,
            "message": None,
            "failures": 0,
        }
        [metrics] = metric["CloudWatchMetrics"]
        assert (metrics["Namespace"], metrics["Dimensions"]) == ("Keyturn", [["secret"]])
        assert [one["Name"] for one in metrics["Metrics"]] == ["failures", "milliseconds"]


def test_rule_28_a_failed_step_counts_and_raises(service, lines):
    service.declare(port=1)

    with pytest.raises(RotationFailedError, match="cannot be reached"):
        service.rotate()

    *_, line = lines()
    assert (line["step"], line["outcome"], line["errorClass"], line["failures"]) == ("setSecret", "failed", "network", 1)


@pytest.mark.parametrize("step", STEPS)
def test_rule_28_whichever_step_fails_has_its_line_and_raises(service, lines, step):
    token = service.until(step)
    lines()

    def unreachable(_call, _request):
        raise EndpointConnectionError(endpoint_url="https://secretsmanager")

    service.manager.before = unreachable

    with pytest.raises(errors.NetworkError):
        service.step(step, token)

    [line] = lines()
    assert isinstance(line["milliseconds"], int)
    assert (line["secret"], line["version"], line["step"]) == (service.name, token, step)
    assert (line["outcome"], line["errorClass"], line["failures"]) == ("failed", "network", 1)
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["secret"]]


def test_every_class_of_a_line_is_explained_to_who_is_on_call():
    def classes(error):
        return {error.error_class, *(name for kind in error.__subclasses__() for name in classes(kind))}

    table = DOCUMENTED.read_text().partition("| class |")[2].partition("\n\n")[0]

    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == classes(errors.RotationError)


def test_rule_28_a_retry_is_a_line_of_its_own(service, lines):
    service.declare(port=1)

    with pytest.raises(Exception, match="cannot be reached"):
        service.rotate(attempts=3)

    assert [line["outcome"] for line in lines()] == ["done", "failed", "unchanged", "failed", "unchanged", "failed"]


def test_an_event_of_nobody_is_logged_without_a_secret(lines):
    with pytest.raises(errors.ConfigurationError):
        handler({"SecretId": 5, "Step": "x" * 500}, None)

    [line] = lines()
    assert (line["secret"], line["version"], len(line["step"])) == (None, None, 64)
    assert "_aws" not in line


@pytest.mark.parametrize("event", [None, [], "createSecret"])
def test_what_is_no_event_is_logged_too(lines, event):
    with pytest.raises(errors.ConfigurationError):
        handler(event, None)

    [line] = lines()
    assert (line["secret"], line["step"], line["errorClass"]) == (None, None, "configuration")


def test_rule_16_a_message_with_a_value_in_it_is_cleaned(service, refused, monkeypatch):
    token = service.until("setSecret")
    password = service.pending(token)["password"]

    def talks(*_):
        raise errors.PolicyError(f"the server said: {password} is weak")

    monkeypatch.setattr(postgres, "verify", talks)

    with refused("policy", says="the server said: [redacted] is weak"):
        service.step("testSecret", token)


def test_rule_16_no_line_of_any_rotation_holds_a_value(service, capsys):
    for strategy in ("alternating-users", "single-user"):
        service.declare(strategy=strategy)
        service.rotate()
    service.server.run(f"ALTER ROLE {service.username} PASSWORD 'changed by somebody'")
    service.declare(strategy="alternating-users")
    with pytest.raises(Exception, match="not accepted"):
        service.rotate(attempts=2)

    printed = "".join(capsys.readouterr())
    assert len(printed.splitlines()) == 12
    assert [password for password in service.secrets_ever() if password in printed] == []


@pytest.mark.parametrize(("code", "error_class"), REFUSALS.items())
@pytest.mark.parametrize("call", ["describe_secret", "get_secret_value", "put_secret_value"])
def test_refusals_of_secrets_manager_are_told_apart(service, call, code, error_class):
    service.manager.write(service.arn, {"username": service.username, "password": "the-current-one"})
    token = service.manager.start(service.arn)

    def refuse(called, _request):
        if called == call:
            raise ClientError({"Error": {"Code": code, "Message": "the-current-one was sent"}}, called)

    service.manager.before = refuse

    with pytest.raises(errors.RotationError) as caught:
        service.step("createSecret", token)

    assert caught.value.error_class == error_class
    assert "the-current-one" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "error_class"),
    [
        (EndpointConnectionError(endpoint_url="https://secretsmanager"), "network"),
        (ConnectTimeoutError(endpoint_url="https://secretsmanager"), "network"),
        (NoCredentialsError(), "permission"),
    ],
)
@pytest.mark.parametrize("call", ["describe_secret", "get_secret_value", "put_secret_value", "update_secret_version_stage"])
def test_a_secrets_manager_out_of_reach_is_told_apart(service, call, error, error_class):
    token = service.until("finishSecret" if call == "update_secret_version_stage" else "createSecret")
    step = "finishSecret" if call == "update_secret_version_stage" else "createSecret"

    def unreachable(called, _request):
        if called == call:
            raise error

    service.manager.before = unreachable

    with pytest.raises(errors.RotationError) as caught:
        service.step(step, token)

    assert caught.value.error_class == error_class


def test_an_admin_secret_out_of_reach_names_the_call(service, refused):
    token = service.until("setSecret")

    def deny(call, request):
        if call == "get_secret_value" and request["SecretId"] == service.admin:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetSecretValue")

    service.manager.before = deny

    with refused("permission", says="GetSecretValue on the admin secret"):
        service.step("setSecret", token)


def test_rule_16_a_function_that_logs_everything_logs_no_value(monkeypatch, caplog):
    """Lambda's own setting for it is ApplicationLogLevel=DEBUG; the client here is the function's real one."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "of-the-role")
    caplog.set_level(logging.DEBUG)
    client = versions.client.__wrapped__()
    answer = io.BytesIO(b'{"SecretString": "answered-by-aws"}')
    answer.stream = lambda: [answer.read()]
    client.meta.events.register("before-send", lambda request, **_: AWSResponse(request.url, 200, {}, answer))

    client.put_secret_value(SecretId="a-secret", ClientRequestToken="1" * 32, SecretString="sent-to-aws")

    assert [word for word in ("sent-to-aws", "answered-by-aws") if word in caplog.text] == []


def test_rule_16_no_exception_travels_along_with_the_failure(service, monkeypatch):
    token = service.until("setSecret")
    password = service.pending(token)["password"]

    def talks(*_):
        try:
            raise RuntimeError(f"the driver sent {password}")
        except RuntimeError as error:
            raise errors.NetworkError("the connection broke") from error

    monkeypatch.setattr(postgres, "verify", talks)

    with pytest.raises(errors.NetworkError) as caught:
        service.step("testSecret", token)

    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@pytest.mark.parametrize(
    "spelt",
    [
        lambda value: value,
        json.dumps,
        repr,
        urllib.parse.quote,
        lambda value: urllib.parse.quote(value, safe=""),
        urllib.parse.quote_plus,
        lambda value: base64.b64encode(value.encode()).decode(),
        lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
        lambda value: value.splitlines()[-1],
    ],
)
def test_rule_16_a_value_is_found_however_it_is_spelt(spelt):
    redaction = errors.Redaction()
    redaction.learn({"nested": [{"private": "-----BEGIN KEY-----\nc2VjcmV0/+?'\"~of~a~pem"}]})

    cleaned = redaction.clean(f"sent {spelt('-----BEGIN KEY-----' + chr(10) + 'c2VjcmV0/+?' + chr(39) + chr(34) + '~of~a~pem')} to it")

    assert "c2VjcmV0" not in cleaned
    assert "QkVHSU4gS0VZ" not in cleaned
    assert cleaned.startswith("sent ")
    assert cleaned.endswith(" to it")


def test_redaction_learns_values_and_not_places():
    redaction = errors.Redaction()
    redaction.learn({"host": "db.example", "username": "billing", "password": "p4ssw0rd", "keys": [{"d": "private-part"}], "n": "abc"})

    cleaned = redaction.clean("billing at db.example used p4ssw0rd, private-part, abc")

    assert cleaned == "billing at db.example used [redacted], [redacted], abc"


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/billing/database-a1B2c3", "prod/billing/database"),
        ("arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:a/b/c-d-AbCdEf", "a/b/c-d"),
        ("arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/billing/database", None),
        ("arn:aws:iam::123456789012:secret:prod/billing/database-a1B2c3", None),
        ("prod/billing/database", None),
    ],
)
def test_a_name_is_read_from_an_arn(arn, name):
    assert targets.name_in(arn) == name


def test_a_line_is_plain_json_on_one_line(service, capsys):
    service.rotate()

    for line in capsys.readouterr().out.splitlines():
        assert json.loads(line)["keyturn"] == "rotation"
