"""A function knows its zip, boto3, its own variables and its role's credentials."""

import json

import pytest

LOOK_AROUND = """
import os, sys, importlib.util, boto3
def handler(event, context):
    print("looked around")
    return {
        "variables": dict(os.environ),
        "packages": [name for name in ("ministack", "hypercorn", "yaml", "localcloud", "pulumi") if importlib.util.find_spec(name)],
        "boto3": boto3.__version__,
        "identity": boto3.client("sts").get_caller_identity()["Arn"],
        "path": sys.path,
    }
"""


def invoke(cloud, function, payload=None):
    answer = cloud.client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload or {}))
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


@pytest.fixture(scope="module")
def seen(cloud):
    function = cloud.function(LOOK_AROUND, Environment={"Variables": {"MINE": "yes", "LANG": "C"}})
    error, seen = invoke(cloud, function)
    assert error is None, seen
    return seen


def test_a_function_sees_its_own_variables_and_none_of_the_servers(seen, cloud):
    variables = seen["variables"]

    assert (variables["MINE"], variables["LANG"]) == ("yes", "C")
    assert variables["AWS_ENDPOINT_URL"] == cloud.running.url
    assert not {"STATE_DIR", "AUTH", "GATEWAY_PORT", "PERSIST_STATE", "PYTHONPATH", "VIRTUAL_ENV", "AWS_PROFILE"} & set(variables)
    assert (cloud.running.directory / "aws-root-secret").read_text() not in variables.values()
    assert variables["HOME"].startswith(str(cloud.running.directory))


def test_a_function_finds_boto3_and_nothing_of_the_project_or_the_server(seen):
    assert seen["packages"] == []
    assert seen["boto3"] == "1.43.106"


def test_a_function_acts_as_its_role(seen):
    assert ":assumed-role/role-" in seen["identity"]


def test_a_function_may_do_what_its_role_may_and_no_more(cloud):
    mine, other = cloud.secret("mine"), cloud.secret("other")
    source = """
import boto3
def handler(event, context):
    try:
        return boto3.client("secretsmanager").get_secret_value(SecretId=event)["SecretString"]
    except Exception as error:
        return error.response["Error"]["Code"]
"""
    function = cloud.function(source, {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": mine})

    assert invoke(cloud, function, mine) == (None, "mine")
    assert invoke(cloud, function, other) == (None, "AccessDeniedException")


def test_a_function_ends_at_its_timeout(cloud):
    function = cloud.function("import time\ndef handler(event, context): time.sleep(30)", Timeout=1)

    error, answer = invoke(cloud, function)

    assert error == "Unhandled"
    assert "timed out after 1" in answer["errorMessage"]


def test_a_role_that_lambda_may_not_assume_makes_no_function(cloud, refused):
    name = cloud.role(service="ecs-tasks.amazonaws.com")

    with refused("InvalidParameterValueException", "cannot be assumed by Lambda"):
        cloud.client("lambda").create_function(
            FunctionName=cloud.name("function"),
            Runtime="python3.13",
            Handler="code.handler",
            Role=f"arn:aws:iam::{cloud.running.account}:role/{name}",
            Code={"ZipFile": b"x"},
        )


@pytest.mark.parametrize("group", [None, "/keyturn/functions"])
def test_what_a_function_prints_is_read_from_its_log_group(cloud, group):
    more = {"LoggingConfig": {"LogGroup": group}} if group else {}
    function = cloud.function('def handler(event, context):\n    print("a line of " + event)\n    raise ValueError("failed")', **more)

    invoke(cloud, function, function)

    logs = cloud.client("logs").filter_log_events(logGroupName=group or f"/aws/lambda/{function.rpartition(':')[2]}")["events"]
    assert f"a line of {function}" in [event["message"] for event in logs]
