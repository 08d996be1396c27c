"""What the graph says of a document is what the local AWS does with it: read, or refused."""

import json
import socket

import boto3
import botocore.config
import botocore.exceptions
import pytest

from localcloud.aws import process
from policies.pack.graph.keys import Keys
from policies.pack.graph.patterns import Match
from policies.rules import grant_names_exact_secrets
from tests.policies.program import KEY, ROLE, ROLE_POLICY, SECRET, SECRET_POLICY, Program, Verdict, document, statement

ACCOUNT, REGION = process.ACCOUNT, process.REGION
READ = "secretsmanager:GetSecretValue"
TAGS = {"service": "billing"}


class Shop:
    """Two secrets whose names begin alike, on a local AWS; each try gets a role, a key and secrets of its own."""

    def __init__(self, running):
        self._url, self._administrator = running.url, process.administrator(running)
        self._number = 0
        self.program = None
        """What was tried last, as rules see it."""

    def outcome(self, grants, *, opened=(), key_policy=None, has_key=False):
        """Gives what the graph says and what AWS does, for each secret: True when the role reads it."""
        self._number += 1
        role = f"role-{self._number}"
        key = {"arn": self._client("kms").create_key()["KeyMetadata"]["Arn"]} if has_key else {}
        words = {"ROLE": f"arn:aws:iam::{ACCOUNT}:role/{role}", "KEY": key.get("arn", ""), "FOLDER": self._folder}
        said, beside = filled(grants, words), filled(opened, words)
        secrets = {name: self._secret(name, beside, key) for name in ("database", "database-replica")}
        self._role(role, said)
        if key_policy:
            # Not before the secrets have their values: whoever writes them needs the key, too.
            key["policy"] = document(*filled(key_policy, words))
            self._client("kms").put_key_policy(KeyId=key["arn"], PolicyName="default", Policy=key["policy"])
        self.program = self._program(role, said, secrets, beside, key)
        return graph_says(self.program), {name: self._reads(role, arn) for name, arn in secrets.items()}

    @property
    def _folder(self):
        return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:dev-{self._number}/billing"

    def _client(self, service, *credentials):
        key, secret, token = credentials or (self._administrator.access_key_id, self._administrator.secret_access_key, None)
        return boto3.client(
            service,
            endpoint_url=self._url,
            region_name=REGION,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=botocore.config.Config(retries={"total_max_attempts": 1}),
        )

    def _secret(self, name, opened, key):
        secrets = self._client("secretsmanager")
        more = {"KmsKeyId": key["arn"]} if key else {}
        tags = [{"Key": each, "Value": value} for each, value in TAGS.items()]
        arn = secrets.create_secret(Name=f"dev-{self._number}/billing/{name}", SecretString="canary", Tags=tags, **more)["ARN"]
        if opened:
            secrets.put_resource_policy(SecretId=arn, ResourcePolicy=document(*opened))
        return arn

    def _role(self, name, said):
        iam = self._client("iam")
        trust = document({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"})
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, Tags=[{"Key": "service", "Value": "billing"}])
        if said:
            iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document(*said))

    def _reads(self, role, arn):
        session = self._client("sts").assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", RoleSessionName="test")["Credentials"]
        client = self._client("secretsmanager", session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
        try:
            client.get_secret_value(SecretId=arn)
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] == "AccessDeniedException":
                return False
            raise
        return True

    def _program(self, role, said, secrets, opened, key):
        program = Program(deployed=True)
        for name, arn in secrets.items():
            inputs = {"name": arn.split(":")[6][:-7], "tags": TAGS, **({"kmsKeyId": key["arn"]} if key else {})}
            program.add(SECRET, name, inputs, outputs={**inputs, "arn": arn})
            if opened:
                program.add(SECRET_POLICY, name, {"secretArn": arn, "policy": document(*opened)})
        program.add(ROLE, role, {"name": role, "tags": TAGS}, outputs={"name": role, "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}"})
        program.add(ROLE_POLICY, "inline", {"role": role, "policy": document(*said)})
        if key:
            inputs = {name: value for name, value in key.items() if name == "policy"}
            program.add(KEY, "key", inputs, outputs={**inputs, "arn": key["arn"]})
        return program


def filled(said, words):
    text = json.dumps(list(said))
    for word, value in words.items():
        text = text.replace(word, value)
    return json.loads(text)


def graph_says(program):
    """Whether the one role reads each secret, by grants on the secret and on its key; it has to be certain."""
    stack = program.stack()
    keys = stack.part(Keys)
    [role] = [stack.identities.at(resource.urn) for resource in stack.resources.of_type(ROLE)]
    said = {}
    for secret in stack.secrets:
        reads = max((reader.certainty for reader in stack.granted(secret) if reader.identity == role), default=Match.NEVER)
        certainty = min([reads, *(keys.may(role, key) for key, _ in keys.of(secret))])
        assert certainty is not Match.MAYBE
        said[secret.resource.name] = certainty is Match.ALWAYS
    return said


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = process.start(tmp_path_factory.mktemp("aws"), port)
    yield Shop(running)
    process.stop(running)


BOTH, ONE, NONE = (True, True), (True, False), (False, False)

DENIED = statement("*", READ, "Deny")
EXACT = statement("FOLDER/database-??????")
ON_KEY = statement("KEY", "kms:Decrypt")
DELEGATED = statement("*", "kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
THROUGH = {"StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com", "kms:CallerAccount": ACCOUNT}}


@pytest.mark.parametrize(
    ("grants", "reads"),
    [
        pytest.param([EXACT], ONE, id="the documented form names one secret"),
        pytest.param([statement("FOLDER/database-*")], BOTH, id="a prefix captures longer names"),
        pytest.param([statement("FOLDER/database")], NONE, id="a name without a suffix names none"),
        pytest.param([statement("*", "*"), DENIED], NONE, id="a denial counts more"),
        pytest.param([statement("*", "secretsmanager:Describe*")], NONE, id="another action"),
        pytest.param([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], BOTH, id="everything but what NotAction names"),
        pytest.param([{"Effect": "Allow", "Action": READ, "NotResource": "FOLDER/database-??????"}], (False, True), id="NotResource"),
        pytest.param(
            [statement("*", Condition={"StringEquals": {"aws:ResourceTag/service": "${aws:PrincipalTag/service}"}})],
            BOTH,
            id="a tag of the caller",
        ),
        pytest.param([statement("*", Condition={"StringEquals": {"aws:ResourceTag/service": "reports"}})], NONE, id="another tag"),
    ],
)
def test_a_document_reads_what_the_graph_says(shop, grants, reads):
    said, done = shop.outcome(grants)

    assert (tuple(said.values()), tuple(done.values())) == (reads, reads)


@pytest.mark.parametrize(
    "grants",
    [
        pytest.param([EXACT], id="the documented form"),
        pytest.param([statement("FOLDER/*")], id="a folder"),
        pytest.param([statement("FOLDER/database*")], id="a prefix"),
        pytest.param([statement("*"), DENIED], id="everything, and a denial of it"),
        pytest.param([EXACT, statement("*", "secretsmanager:ListSecrets")], id="listing"),
        pytest.param([{"Effect": "Allow", "NotAction": "secretsmanager:*", "Resource": "*"}], id="all but secrets"),
    ],
)
def test_what_the_rule_refuses_reads_a_secret_that_nobody_named(shop, grants):
    _, done = shop.outcome(grants)

    assert (Verdict(grant_names_exact_secrets.policy, shop.program).answer == "violated") == done["database-replica"]


@pytest.mark.parametrize(
    ("grants", "opened", "reads"),
    [
        pytest.param([], [statement("*", Principal={"AWS": "ROLE"})], BOTH, id="a secret's policy lets in by itself"),
        pytest.param([EXACT], [statement("*", READ, "Deny", Principal="*")], NONE, id="a secret's policy keeps everybody out"),
        pytest.param([DENIED], [statement("*", Principal={"AWS": "ROLE"})], NONE, id="a role's own denial counts, too"),
        pytest.param([], [statement("*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})], NONE, id="its account leaves it to IAM"),
    ],
)
def test_a_secrets_policy_does_what_the_graph_says(shop, grants, opened, reads):
    said, done = shop.outcome(grants, opened=opened)

    assert (tuple(said.values()), tuple(done.values())) == (reads, reads)


@pytest.mark.parametrize(
    ("grants", "key_policy", "reads"),
    [
        pytest.param([EXACT], None, NONE, id="reading without decrypting fails"),
        pytest.param([EXACT, ON_KEY], None, ONE, id="reading and decrypting travel together"),
        pytest.param(
            [EXACT, ON_KEY], [statement("*", ["kms:Put*", "kms:Create*"], Principal=DELEGATED["Principal"])], NONE, id="not IAM's to give"
        ),
        pytest.param([EXACT], [statement("*", "kms:Decrypt", Principal={"AWS": "ROLE"})], ONE, id="the key's policy lets in by itself"),
        pytest.param([EXACT, ON_KEY], [{**DELEGATED, "Condition": THROUGH}], ONE, id="through Secrets Manager"),
        pytest.param([EXACT, ON_KEY], [DELEGATED, statement("*", "kms:Decrypt", "Deny", Principal={"AWS": "ROLE"})], NONE, id="denied"),
    ],
)
def test_a_key_does_what_the_graph_says(shop, grants, key_policy, reads):
    said, done = shop.outcome(grants, key_policy=key_policy, has_key=True)

    assert (tuple(said.values()), tuple(done.values())) == (reads, reads)
