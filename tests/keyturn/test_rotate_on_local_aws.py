"""`keyturn rotate` as a process, against a local AWS that really runs a function: what it logs is what is shown."""

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile

import boto3
import pytest

from localcloud import ports
from localcloud.aws import process

# The local AWS outlives the call that starts it; Python warns of that when it forgets the process object.
pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")

FUNCTION = """
import json, os, pathlib, time, uuid
import boto3

def handler(event, context):
    secrets, step, token, arn = boto3.client("secretsmanager"), event["Step"], event["ClientRequestToken"], event["SecretId"]
    time.sleep(float(os.environ.get("SECONDS", "0")))
    marks = pathlib.Path(os.environ["MARKS"]) / f"{token}-{step}"
    earlier = int(marks.read_text()) if marks.exists() else 0
    marks.write_text(str(earlier + 1))
    failed = step == os.environ.get("FAIL_AT") and earlier < int(os.environ.get("FAIL_TIMES", "99"))
    line = {"keyturn": "rotation", "secret": "local/billing/database", "version": token, "step": step, "milliseconds": 7}
    if failed:
        print(json.dumps({**line, "outcome": "failed", "errorClass": "network", "message": "cannot connect to db:5432"}))
        raise RuntimeError("failed on purpose")
    stages = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
    if step == "createSecret" and not earlier:
        secrets.put_secret_value(SecretId=arn, ClientRequestToken=token, VersionStages=["AWSPENDING"], SecretString=VALUE)
    if step == "finishSecret":
        current = next((version for version, labels in stages.items() if "AWSCURRENT" in labels), None)
        move = {"RemoveFromVersionId": current} if current else {}
        secrets.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, **move)
    print(json.dumps({**line, "outcome": "done", "errorClass": None, "message": None}))
"""
VALUE = "minted-by-the-function"
NAME = "local/billing/database"


class LocalAws:
    """One local AWS with one secret; a test says how its function behaves."""

    def __init__(self, running, marks):
        self._running = running
        self._marks = marks
        key = process.administrator(running)
        self._environment = {
            "PATH": os.defpath,
            "HOME": str(marks),
            "AWS_ENDPOINT_URL": running.url,
            "AWS_REGION": running.region,
            "AWS_ACCESS_KEY_ID": key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
        }
        session = boto3.Session(key.access_key_id, key.secret_access_key, region_name=running.region)
        self.client = lambda service: session.client(service, endpoint_url=running.url)

    def create_function(self):
        role = self._role()
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as opened:
            opened.writestr("function.py", FUNCTION + f"\nVALUE = {VALUE!r}\n")
        functions = self.client("lambda")
        self._function = functions.create_function(
            FunctionName="rotation",
            Runtime="python3.13",
            Role=role,
            Handler="function.handler",
            Code={"ZipFile": code.getvalue()},
            Timeout=10,
        )["FunctionArn"]
        functions.add_permission(
            FunctionName="rotation", StatementId="rotation", Action="lambda:InvokeFunction", Principal="secretsmanager.amazonaws.com"
        )

    def _role(self):
        identities = self.client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        role = identities.create_role(RoleName="rotation", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        identities.put_role_policy(RoleName="rotation", PolicyName="all", PolicyDocument=document(everything))
        return role

    def create_secret(self):
        """A secret with a value and a rotation that has not begun; gives the first version."""
        secrets = self.client("secretsmanager")
        first = secrets.create_secret(Name=NAME, SecretString="first")["VersionId"]
        self.behave()
        secrets.rotate_secret(
            SecretId=NAME, RotationLambdaARN=self._function, RotationRules={"AutomaticallyAfterDays": 30}, RotateImmediately=False
        )
        # Secrets Manager tries testSecret at once, on a version of its own that has AWSPENDING until the trial is over.
        assert wait_until(lambda: "AWSPENDING" not in self.versions())
        return first

    def delete_secret(self):
        self.client("secretsmanager").delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)

    def behave(self, **variables):
        variables = {"MARKS": str(self._marks), **variables}
        self.client("lambda").update_function_configuration(FunctionName="rotation", Environment={"Variables": variables})

    def user_with(self, *actions):
        """The variables of a person who may do these actions and nothing else."""
        identities = self.client("iam")
        name = f"person-{time.monotonic_ns()}"
        identities.create_user(UserName=name)
        allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        identities.put_user_policy(UserName=name, PolicyName="these", PolicyDocument=document(allowed))
        key = identities.create_access_key(UserName=name)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def start(self, *arguments, **environment):
        return subprocess.Popen(
            [sys.executable, "-m", "keyturn.cli", *arguments],
            env={**self._environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def keyturn(self, *arguments, **environment):
        command = self.start(*arguments, **environment)
        stdout, stderr = command.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, command.returncode, stdout, stderr)

    def versions(self):
        labels = self.client("secretsmanager").describe_secret(SecretId=NAME)["VersionIdsToStages"]
        return {label: version for version, stages in labels.items() for label in stages}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    directory = tmp_path_factory.mktemp("aws")
    running = process.start(directory, ports.choose("aws", asked=None, kept=None, taken=set()), settings={"ROTATION_RETRY_SECONDS": "0.2"})
    aws = LocalAws(running, tmp_path_factory.mktemp("marks"))
    aws.create_function()
    yield aws
    process.stop(running)


@pytest.fixture
def first(cloud):
    """The secret's version before the test, current."""
    yield cloud.create_secret()
    cloud.delete_secret()


def test_a_rotation_shows_the_functions_steps_and_never_the_value(cloud, first):
    answer = cloud.keyturn("rotate", NAME)

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert [line.split()[2] for line in answer.stdout.splitlines() if "✓" in line] == [
        "createSecret",
        "setSecret",
        "testSecret",
        "finishSecret",
    ]
    assert cloud.versions()["AWSPREVIOUS"] == first
    assert VALUE not in answer.stdout + answer.stderr


def test_a_failure_ends_with_the_cause_after_secrets_managers_own_attempts(cloud, first):
    cloud.behave(FAIL_AT="setSecret")

    answer = cloud.keyturn("rotate", NAME, "--quiet-period", "6", "--json")

    told = json.loads(answer.stdout)
    assert answer.returncode == 1
    assert told["error"]["cause"] == "cannot connect to db:5432"
    assert max(step["attempt"] for step in told["steps"]) == 3
    assert f"The previous value stays current (version {first})" in answer.stderr


@pytest.mark.usefixtures("first")
def test_an_attempt_that_fails_is_followed_by_one_that_succeeds(cloud):
    cloud.behave(FAIL_AT="testSecret", FAIL_TIMES="1")

    answer = cloud.keyturn("rotate", NAME)

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "✗ testSecret" in answer.stdout
    assert "attempt 2:" in answer.stdout


def test_after_a_failure_the_next_rotation_succeeds_without_a_hand(cloud, first):
    cloud.behave(FAIL_AT="setSecret")
    cloud.keyturn("rotate", NAME, "--quiet-period", "6")
    left = cloud.versions()["AWSPENDING"]
    cloud.behave()

    answer = cloud.keyturn("rotate", NAME, "--quiet-period", "6")

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert f"AWSPENDING is taken off version {left}" in answer.stdout
    assert cloud.versions()["AWSCURRENT"] not in (first, left)


def test_a_person_who_may_not_rotate_is_told_which_permission_is_missing(cloud, first):
    reader = cloud.user_with("secretsmanager:DescribeSecret", "lambda:GetFunctionConfiguration")

    answer = cloud.keyturn("rotate", NAME, **reader)

    assert answer.returncode == 1
    assert "secretsmanager:RotateSecret on local/billing/database is denied" in answer.stdout
    assert cloud.versions()["AWSCURRENT"] == first


@pytest.mark.usefixtures("first")
def test_a_person_who_may_not_read_logs_still_learns_the_end(cloud):
    operator = cloud.user_with("secretsmanager:DescribeSecret", "secretsmanager:RotateSecret", "lambda:InvokeFunction")

    answer = cloud.keyturn("rotate", NAME, **operator)

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "The steps cannot be shown, only the result: logs:FilterLogEvents" in answer.stdout


@pytest.mark.usefixtures("first")
def test_when_the_time_is_over_the_rotation_is_left_to_aws(cloud):
    cloud.behave(SECONDS="3")

    answer = cloud.keyturn("rotate", NAME, "--timeout", "2")

    assert answer.returncode == 1
    assert "it did not finish within 2 s" in answer.stdout


def test_ctrl_c_ends_the_command_and_not_the_rotation(cloud, first):
    cloud.behave(SECONDS="1")
    command = cloud.start("rotate", NAME)
    shown = command.stdout.readline() + command.stdout.readline()

    command.send_signal(signal.SIGINT)

    rest, _ = command.communicate(timeout=30)
    assert "createSecret" in shown
    assert command.returncode == 130
    assert "goes on in AWS" in rest
    assert wait_until(lambda: cloud.versions()["AWSCURRENT"] != first)


def test_a_deleted_secret_is_named_restored_and_rotates_again(cloud, first):
    cloud.client("secretsmanager").delete_secret(SecretId=NAME, RecoveryWindowInDays=7)

    refused = cloud.keyturn("rotate", NAME)
    restored = cloud.keyturn("restore", NAME)

    assert refused.returncode == 1
    assert f"keyturn restore {NAME}" in refused.stdout
    assert restored.returncode == 0, restored.stdout
    assert cloud.versions()["AWSCURRENT"] == first


def test_a_secret_that_does_not_exist_is_named(cloud):
    answer = cloud.keyturn("rotate", "local/billing/missing")

    assert answer.returncode == 1
    assert "Secrets Manager in eu-central-1 has no secret local/billing/missing" in answer.stdout


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def wait_until(holds, within_seconds=30):
    until = time.monotonic() + within_seconds
    while not (held := holds()) and time.monotonic() < until:
        time.sleep(0.2)
    return held
