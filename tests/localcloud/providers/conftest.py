"""The provider as the engine meets it: a process that speaks the protocol, offline; and a stack on a real local AWS."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import boto3
import grpc
import pytest
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub

from localcloud.aws import process
from localcloud.providers.wire import UNKNOWN, received, sent
from localcloud.pulumi.plugins import offer

ROOT = Path(__file__).parents[3]
PLUGIN = ROOT / "localcloud" / "providers" / "bin" / "pulumi-resource-aws"
PROGRAM = '''
import json, pathlib, re
import pulumi

OUTPUTS = ["arn", "keyId", "url", "name", "targetId", "statementId", "versionId"]
made = {}

def filled(value):
    """Puts outputs where `${resource.output}` stands."""
    if isinstance(value, dict):
        if set(value) == {"archive"}:
            return pulumi.FileArchive(value["archive"])
        return {key: filled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item) for item in value]
    if isinstance(value, str) and "${" in value:
        parts = re.split(r"\\$\\{(\\w+)\\.(\\w+)\\}", value)
        found = [parts[0]]
        for name, output, text in zip(parts[1::3], parts[2::3], parts[3::3]):
            found += [made[name].id if output == "id" else made[name].__dict__[output], text]
        return pulumi.Output.concat(*found)
    return value

for name, (kind, arguments, options) in json.loads(pathlib.Path("wanted.json").read_text()).items():
    options = {**options, "depends_on": [made[other] for other in options.get("depends_on", ())]}
    properties = {**dict.fromkeys(OUTPUTS), **filled(arguments)}
    made[name] = pulumi.CustomResource(kind, name, properties, pulumi.ResourceOptions(version="7.51.1", **options))
for name, output in json.loads(pathlib.Path("exports.json").read_text()).items():
    pulumi.export(name, filled(output))
'''


class Wire:
    """A provider process on the other end of a gRPC channel."""

    def __init__(self, config=None, *, package="aws", **environment):
        kept = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}", "HOME": tempfile.gettempdir()}
        self.process = subprocess.Popen(
            [PLUGIN.with_name(f"pulumi-resource-{package}")], env=kept | environment, stdout=subprocess.PIPE, text=True
        )
        port = self.process.stdout.readline().strip()
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.call = ResourceProviderStub(self.channel)
        if config is not None:
            self.configure(config)

    def configure(self, config):
        return self.call.Configure(provider_pb2.ConfigureRequest(args=sent(config)))

    def check(self, kind, news, olds=None, name="thing", **more):
        answer = self.call.Check(provider_pb2.CheckRequest(urn=_urn(kind, name), news=sent(news), olds=sent(olds or {}), **more))
        return received(answer.inputs), {failure.property: failure.reason for failure in answer.failures}

    def diff(self, kind, olds, news, **more):
        request = provider_pb2.DiffRequest(urn=_urn(kind, "thing"), olds=sent(olds), old_inputs=sent(olds), news=sent(news), **more)
        return self.call.Diff(request)

    def preview(self, kind, inputs, olds=None):
        urn = _urn(kind, "thing")
        if olds is None:
            return received(self.call.Create(provider_pb2.CreateRequest(urn=urn, properties=sent(inputs), preview=True)).properties)
        request = provider_pb2.UpdateRequest(urn=urn, id="id", olds=sent(olds), news=sent(inputs), preview=True)
        return received(self.call.Update(request).properties)

    def create(self, kind, inputs):
        answer = self.call.Create(provider_pb2.CreateRequest(urn=_urn(kind, "thing"), properties=sent(inputs)))
        return answer.id, received(answer.properties)

    def read(self, kind, identity, state, inputs):
        request = provider_pb2.ReadRequest(urn=_urn(kind, "thing"), id=identity, properties=sent(state), inputs=sent(inputs))
        answer = self.call.Read(request)
        return answer.id, received(answer.properties), received(answer.inputs)

    def update(self, kind, identity, olds, news):
        request = provider_pb2.UpdateRequest(urn=_urn(kind, "thing"), id=identity, olds=sent(olds), news=sent(news))
        return received(self.call.Update(request).properties)

    def delete(self, kind, identity, state):
        self.call.Delete(provider_pb2.DeleteRequest(urn=_urn(kind, "thing"), id=identity, properties=sent(state)))

    def invoke(self, token, arguments):
        answer = self.call.Invoke(provider_pb2.InvokeRequest(tok=token, args=sent(arguments)))
        return received(getattr(answer, "return")), {failure.property: failure.reason for failure in answer.failures}

    def refusal(self, call):
        """Gives the message with which the provider refuses what `call` asks."""
        with pytest.raises(grpc.RpcError) as refused:
            call()
        return refused.value.details()

    def close(self):
        self.channel.close()
        self.process.terminate()
        self.process.communicate(timeout=10)


def _urn(kind, name):
    return f"urn:pulumi:test::project::{kind}::{name}"


@pytest.fixture(scope="session")
def wire():
    """An offline provider that is configured for account 123456789012 in eu-central-1."""
    made = Wire({"region": "eu-central-1", "allowedAccountIds": '["123456789012"]'}, KEYTURN_OFFLINE="1")
    yield made
    made.close()


@pytest.fixture
def started():
    """Starts providers with a configuration and an environment of the test's own."""
    made = []

    def start(config=None, *, package="aws", **environment):
        made.append(Wire(config, package=package, **environment))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def provider_plugin():
    """The executable that the engine starts."""
    return PLUGIN


@pytest.fixture(scope="session")
def unknown():
    return UNKNOWN


@pytest.fixture(scope="session")
def aws():
    """A local AWS and its administrator's clients."""
    folder = Path(tempfile.mkdtemp(prefix="keyturn-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = process.start(folder, port)
    yield Account(running)
    process.stop(running)
    shutil.rmtree(folder, ignore_errors=True)


class Account:
    """The account in which the stacks of these tests stand."""

    def __init__(self, running):
        self.running = running
        self.region, self.account = running.region, running.account
        administrator = process.administrator(running)
        self.environment = {
            "AWS_ENDPOINT_URL": running.url,
            "AWS_REGION": running.region,
            "AWS_ACCESS_KEY_ID": administrator.access_key_id,
            "AWS_SECRET_ACCESS_KEY": administrator.secret_access_key,
        }
        self._session = boto3.Session(
            aws_access_key_id=administrator.access_key_id,
            aws_secret_access_key=administrator.secret_access_key,
            region_name=running.region,
        )

    def client(self, service):
        return self._session.client(service, endpoint_url=self.running.url)

    def left(self):
        """Gives what the account still holds of all that a stack may make."""
        iam, sns, logs = (self.client(service) for service in ("iam", "sns", "logs"))
        return [
            *(secret["Name"] for secret in self.client("secretsmanager").list_secrets()["SecretList"]),
            *(role["RoleName"] for role in iam.list_roles()["Roles"]),
            *(policy["PolicyName"] for policy in iam.list_policies(Scope="Local")["Policies"]),
            *(user["UserName"] for user in iam.list_users()["Users"] if user["UserName"] != "administrator"),
            *(function["FunctionName"] for function in self.client("lambda").list_functions()["Functions"]),
            *(topic["TopicArn"] for topic in sns.list_topics()["Topics"]),
            *(subscription["SubscriptionArn"] for subscription in sns.list_subscriptions()["Subscriptions"]),
            *(rule["Name"] for rule in self.client("events").list_rules()["Rules"]),
            *(group["logGroupName"] for group in logs.describe_log_groups(logGroupNamePrefix="/test")["logGroups"]),
            *self.client("sqs").list_queues().get("QueueUrls", []),
            *(
                alias["AliasName"]
                for alias in self.client("kms").list_aliases()["Aliases"]
                if not alias["AliasName"].startswith("alias/aws/")
            ),
        ]


@pytest.fixture
def stack(pulumi, aws):
    """A stack on the local AWS, by the real engine: `wanted` says which resources it has."""
    offer(pulumi.home, "resource", "aws", "7.51.1", PLUGIN)
    pulumi.environment |= aws.environment
    made = Stack(pulumi)
    yield made
    if made.wanted:
        made.run("destroy", "--yes", "--skip-preview")


class Stack:
    """Resources by name: (type, arguments, options); arguments may hold `${other.output}`."""

    def __init__(self, pulumi, name="test"):
        self.pulumi, self.name = pulumi, name
        pulumi.write({"Pulumi.yaml": "name: test\nruntime: python\n", "__main__.py": PROGRAM})
        self.wants({})
        self.run("stack", "init")

    def another(self, name):
        """Gives a second stack of the same program."""
        return Stack(self.pulumi, name)

    def forget(self):
        """Ends the stack without touching what it holds."""
        self.run("stack", "rm", "--yes", "--force")

    def wants(self, resources, exports=None):
        """Says which resources and outputs the program has from now on."""
        full = {name: [kind, arguments, *(more or [{}])] for name, (kind, arguments, *more) in resources.items()}
        self.wanted = full
        self.pulumi.write({"wanted.json": json.dumps(full), "exports.json": json.dumps(exports or {})})

    def run(self, *arguments, exits=0, **environment):
        return self.pulumi.run(*arguments, "--stack", self.name, exits=exits, **environment)

    def up(self, *more, exits=0):
        """Deploys; gives what happened to each resource, by name."""
        return self._steps("up", "--yes", "--skip-preview", *more, exits=exits)

    def differences(self):
        """Gives the changed property paths of the last command, by resource."""
        events = (json.loads(line).get("resourcePreEvent") for line in self.output.splitlines() if line.startswith("{"))
        metadata = [event["metadata"] for event in events if event]
        return {one["urn"].rpartition("::")[2]: sorted(one["detailedDiff"]) for one in metadata if one.get("detailedDiff")}

    def preview(self, *more):
        return self._steps("preview", *more)

    def refresh(self):
        return self._steps("refresh", "--yes", "--skip-preview")

    def _steps(self, *arguments, exits=0):
        self.output = self.run(*arguments, "--json", exits=exits, PULUMI_ENABLE_STREAMING_JSON_PREVIEW="true")
        return _operations(self.output)

    def states(self):
        """Gives what the engine keeps of each resource, by name."""
        deployment = json.loads(self.run("stack", "export"))["deployment"]
        return {resource["urn"].rpartition("::")[2]: resource for resource in deployment.get("resources", ())}


def _operations(output):
    steps = {}
    for line in output.splitlines():
        event = json.loads(line) if line.startswith("{") and line.endswith("}") else {}
        if "resourcePreEvent" in event:
            metadata = event["resourcePreEvent"]["metadata"]
            if metadata["type"].startswith("pulumi:"):
                continue  # the stack itself, and providers
            steps.setdefault(metadata["urn"].rpartition("::")[2], []).append(metadata["op"])
    return steps
