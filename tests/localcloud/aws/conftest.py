"""One local AWS for all tests of this folder, and short ways to make what a test needs on it."""

import contextlib
import io
import itertools
import json
import socket
import time
import zipfile

import boto3
import botocore.config
import botocore.exceptions
import pytest

from localcloud.aws import process

QUICK = {"ROTATION_RETRY_SECONDS": "0.05", "ROTATION_TICK_SECONDS": "0.1"}

ROTATOR = """
import os, boto3
secrets = boto3.client("secretsmanager")

def handler(event, context):
    secret, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    print("step", step, token)
    if step == os.environ.get("FAIL"):
        raise RuntimeError("canary-in-the-error")
    if step == "createSecret" and not os.environ.get("LAZY"):
        secrets.put_secret_value(SecretId=secret, ClientRequestToken=token, SecretString="minted-" + token, VersionStages=["AWSPENDING"])
    if step == "testSecret":
        secrets.get_secret_value(SecretId=secret, VersionId=token, VersionStage="AWSPENDING")
    if step == "finishSecret":
        versions = secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]
        current = [version for version, labels in versions.items() if "AWSCURRENT" in labels]
        if current != [token]:
            source = {"RemoveFromVersionId": current[0]} if current else {}
            secrets.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, **source)
"""


class Cloud:
    """A running local AWS as its administrator sees it."""

    rotator = ROTATOR

    def __init__(self, running):
        self.running = running
        self.administrator = process.administrator(running)
        self._numbers = itertools.count(1)
        self._session, self._clients = boto3.Session(), {}

    def name(self, prefix="thing"):
        return f"{prefix}-{next(self._numbers)}"

    def client(self, service, key=None, secret=None, token=None):
        if key is None and service in self._clients:
            return self._clients[service]
        client = self._session.client(
            service,
            endpoint_url=self.running.url,
            region_name=self.running.region,
            aws_access_key_id=key or self.administrator.access_key_id,
            aws_secret_access_key=secret or self.administrator.secret_access_key,
            aws_session_token=token,
            config=botocore.config.Config(retries={"total_max_attempts": 1}),
        )
        return self._clients.setdefault(service, client) if key is None else client

    def arn(self, service, rest):
        return f"arn:aws:{service}:{self.running.region}:{self.running.account}:{rest}"

    def role(self, *statements, service="lambda.amazonaws.com", name=None):
        """Gives the name of a role that the account and a service may assume, with these statements as its policy."""
        name = name or self.name("role")
        trust = [
            {"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"}
            for who in ({"AWS": self.running.account}, {"Service": service})
        ]
        iam = self.client("iam")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(*trust))
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document(*statements))
        return name

    def as_role(self, role, service):
        """Gives a client with the credentials of a session of the role."""
        got = self.client("sts").assume_role(RoleArn=f"arn:aws:iam::{self.running.account}:role/{role}", RoleSessionName="test")[
            "Credentials"
        ]
        return self.client(service, got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"])

    def key(self, *statements):
        """Gives the ARN of a key that the account administers; with no statements, everything on it is IAM's to give."""
        owner = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{self.running.account}:root"}, "Resource": "*"}
        policy = document(*statements) if statements else document({**owner, "Action": "kms:*"})
        return self.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]

    def secret(self, value=None, **more):
        """Gives the ARN of a new secret."""
        content = {"SecretString": value} if value else {}
        return self.client("secretsmanager").create_secret(Name=self.name("test/secret"), **content, **more)["ARN"]

    def function(self, source=ROTATOR, *statements, invoked_by="secretsmanager.amazonaws.com", source_account=None, **more):
        """Gives the ARN of a function whose role may use secrets and whose policy lets `invoked_by` call it."""
        grant = statements or ({"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"},)
        name, role = self.name("function"), self.role(*grant)
        functions = self.client("lambda")
        arn = functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="code.handler",
            Role=f"arn:aws:iam::{self.running.account}:role/{role}",
            Code={"ZipFile": zipped(source)},
            **{"Timeout": 20, **more},
        )["FunctionArn"]
        if invoked_by:
            functions.add_permission(
                FunctionName=name,
                StatementId="caller",
                Action="lambda:InvokeFunction",
                Principal=invoked_by,
                SourceAccount=source_account or self.running.account,
            )
        return arn

    def queue(self, *statements):
        """Gives (url, ARN) of a queue that takes what SNS and EventBridge send, or what `statements` say."""
        sqs, name = self.client("sqs"), self.name("queue")
        arn = self.arn("sqs", name)
        services = {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}
        policy = statements or ({"Effect": "Allow", "Principal": services, "Action": "sqs:SendMessage", "Resource": arn},)
        return sqs.create_queue(QueueName=name, Attributes={"Policy": document(*policy)})["QueueUrl"], arn

    def rule(self, pattern, target, **more):
        """Makes a rule with one target and gives its ARN."""
        events, name = self.client("events"), self.name("rule")
        arn = events.put_rule(Name=name, EventPattern=json.dumps(pattern), **{key: more.pop(key) for key in ("State",) if key in more})[
            "RuleArn"
        ]
        events.put_targets(Rule=name, Targets=[{"Id": "one", "Arn": target, **more}])
        return arn

    def events_of(self, secret):
        """Gives (url of) a queue that gets every service event of the secret."""
        url, arn = self.queue()
        kind = {"detail-type": ["AWS Service Event via CloudTrail"], "detail": {"additionalEventData": {"SecretId": [secret]}}}
        self.rule({"source": ["aws.secretsmanager"], **kind}, arn)
        return url

    def messages(self, queue_url, until=1, within=30):
        """Gives the bodies of messages, as soon as there are `until` of them."""
        got, sqs = [], self.client("sqs")
        deadline = time.monotonic() + within
        while len(got) < until and time.monotonic() < deadline:
            for message in sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", []):
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
                got.append(json.loads(message["Body"]))
            if len(got) < until:
                time.sleep(0.02)
        return got

    def rotate(self, secret, function=None, **more):
        """Starts a rotation; with a function, enables it first."""
        enable = {"RotationLambdaARN": function, "RotationRules": {"AutomaticallyAfterDays": 30}} if function else {}
        return self.client("secretsmanager").rotate_secret(SecretId=secret, **enable, **more)

    def rotated(self, secret, function):
        """Rotates and waits for the end; gives the names of the events, in their order."""
        queue = self.events_of(secret)
        self.rotate(secret, function)
        return [event["detail"]["eventName"] for event in self.messages(queue, until=2)]


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def zipped(source):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("code.py", source)
    return content.getvalue()


@pytest.fixture(scope="session")
def refused():
    """A block that passes when it is refused with this code and these words."""

    @contextlib.contextmanager
    def block(code, words=""):
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            yield
        assert (caught.value.response["Error"]["Code"], words in str(caught.value)) == (code, True), str(caught.value)

    return block


@pytest.fixture(scope="session")
def free_port():
    def find():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    return find


@pytest.fixture(scope="session")
def cloud(tmp_path_factory, free_port):
    running = process.start(tmp_path_factory.mktemp("aws"), free_port(), settings=QUICK)
    yield Cloud(running)
    process.stop(running)


@pytest.fixture
def own_cloud(tmp_path, free_port):
    """Starts clouds that the test may stop or kill; ends those that still run."""
    started = []

    def start(directory="cloud", **settings):
        running = process.start(tmp_path / directory, free_port(), settings={**QUICK, **settings})
        started.append(running)
        return Cloud(running)

    yield start
    for running in started:
        if process.find(running.directory):
            process.stop(running)
