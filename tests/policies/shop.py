"""A small project on the real engine: its program is a text, its backend a folder."""

import json
import os
import socket
import subprocess
import textwrap

from localcloud import environment
from localcloud.aws import process
from localcloud.directory import Directory
from tests.policies.wire import PACK

HEAD = """
import json
import pulumi
from pulumi_aws import cloudwatch, get_caller_identity, iam, kms, lambda_, s3, secretsmanager, sns

BILLING = {"keyturn:environment": "prod", "keyturn:service": "billing"}
KEPT = pulumi.ResourceOptions(protect=True)

def role(name, service="lambda.amazonaws.com"):
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return iam.Role(name, assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))

def allowed(resource, *actions):
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}

def grant(name, role, *statements):
    document = pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})
    iam.RolePolicy(name, role=role.name, policy=document)

def may_read(name, role, secret):
    grant(name, role, allowed(secret.arn, "secretsmanager:GetSecretValue"), allowed(key.arn, "kms:Decrypt"))

def rotated(secret):
    rotator = role("rotator")
    steps = [f"secretsmanager:{step}" for step in ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")]
    grant("rotator-rotates", rotator, allowed(secret.arn, *steps), allowed(key.arn, "kms:Decrypt", "kms:GenerateDataKey"))
    code = pulumi.AssetArchive({"rotate.py": pulumi.StringAsset("def handler(event, context): ...")})
    function = lambda_.Function("rotate", role=rotator.arn, runtime="python3.13", handler="rotate.handler", timeout=60, code=code)
    lambda_.Permission(
        "rotate-invoked",
        action="lambda:InvokeFunction",
        function=function.name,
        principal="secretsmanager.amazonaws.com",
        source_account=get_caller_identity().account_id,
    )
    rules = {"automatically_after_days": 30}
    secretsmanager.SecretRotation("rotation", secret_id=secret.id, rotation_lambda_arn=function.arn, rotation_rules=rules)

def alarmed():
    topic = sns.Topic("alerts")
    heard = {
        "failures": ("AWS Service Event via CloudTrail", {"eventName": ["RotationFailed", "RotationAbandoned"]}),
        "denials": ("AWS API Call via CloudTrail", {"eventName": ["GetSecretValue"], "errorCode": [{"prefix": "AccessDenied"}]}),
        "changes": ("AWS API Call via CloudTrail", {"eventName": ["PutResourcePolicy", "DeleteSecret"]}),
        "keys": ("AWS API Call via CloudTrail", {"eventName": ["DisableKey", "ScheduleKeyDeletion"]}),
    }
    for name, (kind, detail) in heard.items():
        state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" if name == "denials" else None
        rule = cloudwatch.EventRule(name, event_pattern=json.dumps({"detail-type": [kind], "detail": detail}), state=state)
        cloudwatch.EventTarget(name, rule=rule.name, arn=topic.arn)

key = kms.Key("key", enable_key_rotation=True, tags={"keyturn:environment": "prod"}, opts=KEPT)
alarmed()
"""


class Shop:
    """A project folder, and the engine that runs it."""

    def __init__(self, root):
        self.project = root / "project"
        self.project.mkdir()
        (self.project / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        (self.project / "Pulumi.dev.yaml").write_text("config: {}\n")
        state = root / "state"
        state.mkdir()
        self.directory = Directory(root / "cloud")
        self.environment = environment.applied(environment.offline(self.directory, state), offline=True)
        self.environment["KEYTURN_POLICY_RECORD"] = str(self.project / "record.json")
        self._aws = None

    @property
    def findings(self):
        """What the pack found at last."""
        return json.loads((self.project / "record.json").read_text())["findings"]

    def on_aws(self):
        """Lets what follows happen on a local AWS."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self._aws = process.start(self.directory.path / "aws", port)
        credentials = process.administrator(self._aws)
        self.environment.pop("KEYTURN_OFFLINE")
        self.environment.update(
            AWS_ENDPOINT_URL=self._aws.url,
            AWS_ACCESS_KEY_ID=credentials.access_key_id,
            AWS_SECRET_ACCESS_KEY=credentials.secret_access_key,
        )

    def stop(self):
        """Stops what was started."""
        if self._aws is not None:
            process.stop(self._aws)

    def write(self, body, head=HEAD):
        """Writes the program."""
        (self.project / "__main__.py").write_text(head + textwrap.dedent(body))

    def preview(self, body, *, head=HEAD, pack=PACK / "__main__.py", config=None):
        """Previews a program under the pack."""
        return self._run("preview", body, pack, config, head=head)

    def up(self, body, *options, config=None):
        """Deploys a program under the pack."""
        return self._run("up", body, PACK / "__main__.py", config, "--yes", *options)

    def analyze(self, *what, config=None):
        """Judges a state: `--stack dev`, or `--file` and an export."""
        return self._judged("policy", "analyze", *what, pack=PACK / "__main__.py", config=config)

    def configure(self, name, secret):
        """Gives the stack's configuration a secret."""
        self._pulumi("stack", "select", "--create", "dev")
        self._pulumi("config", "set", "--secret", name, secret, "--stack", "dev")

    def export(self):
        """The state of the stack."""
        return self._pulumi("stack", "export", "--stack", "dev").stdout

    def _run(self, command, body, pack, config, *options, head=HEAD):
        self.write(body, head)
        self._pulumi("stack", "select", "--create", "dev")
        return self._judged(command, "--stack", "dev", *options, pack=pack, config=config)

    def _judged(self, *arguments, pack, config):
        if config is not None:
            (self.project / "policies.json").write_text(json.dumps(config))
            arguments += ("--policy-pack-config", "policies.json")
        return self._pulumi(*arguments, "--non-interactive", "--color", "never", "--policy-pack", str(pack))

    def _pulumi(self, *arguments):
        return subprocess.run(
            ["pulumi", *arguments],
            cwd=self.project,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
