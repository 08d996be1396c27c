"""The whole rotation on the local AWS: Secrets Manager calls the function, whose role may do what the engine says and nothing else."""

import io
import json
import socket
import zipfile
from pathlib import Path

import botocore.exceptions
import pytest

from localcloud.aws import process
from rotation_lambda.engines import iam_access_key
from tests.localcloud.aws.conftest import QUICK, Cloud

PACKAGE = Path(iam_access_key.__file__).parents[1]
NEEDED = ("ListAccessKeys", "CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey", "ListUserTags", "TagUser", "UntagUser")
TAGGING = ("TagUser", "UntagUser")  # with the one key that the engine writes: a user's tags may decide what it is allowed to do
NOTE = "keyturn:creating-access-key"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = process.start(tmp_path_factory.mktemp("aws"), port, settings={**QUICK, "ROTATION_ATTEMPTS": "1"})
    yield Cloud(running)
    process.stop(running)


class Billing:
    """A user, a secret, and the function between them."""

    def __init__(self, cloud, actions=NEEDED, tag=NOTE):
        self.cloud, self.iam, self.secrets = cloud, cloud.client("iam"), cloud.client("secretsmanager")
        self.username = cloud.name("billing")
        user = self.iam.create_user(UserName=self.username)["User"]["Arn"]
        self.secret = cloud.secret()
        name = self.secret.rsplit(":", 1)[-1].rsplit("-", 1)[0]
        reading = [f"secretsmanager:{action}" for action in ("DescribeSecret", "GetSecretValue", "ListSecretVersionIds")]
        writing = [f"secretsmanager:{action}" for action in ("PutSecretValue", "UpdateSecretVersionStage")]
        self.function = cloud.function(
            "",
            {"Effect": "Allow", "Action": [*reading, *writing], "Resource": self.secret},
            {"Effect": "Allow", "Action": [f"iam:{action}" for action in actions if action not in TAGGING], "Resource": user},
            {
                "Effect": "Allow",
                "Action": [f"iam:{action}" for action in actions if action in TAGGING],
                "Resource": user,
                "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": tag}, "Null": {"aws:TagKeys": "false"}},
            },
            Timeout=60,
            Environment={"Variables": {"KEYTURN_TARGETS": json.dumps({name: {"kind": "aws-access-key", "username": self.username}})}},
        )
        functions = cloud.client("lambda")
        functions.update_function_code(FunctionName=self.function, ZipFile=_zipped())
        functions.update_function_configuration(FunctionName=self.function, Handler="rotation_lambda.handler.handler")

    def rotate(self):
        return self.cloud.rotated(self.secret, self.function)

    def failure(self):
        """What the function said last."""
        events = self.cloud.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{self.function.rpartition(':')[2]}")["events"]
        line = [json.loads(event["message"]) for event in events if event["message"].startswith('{"keyturn"')][-1]
        return line["errorClass"], line["message"]

    @property
    def current(self):
        return json.loads(self.secrets.get_secret_value(SecretId=self.secret)["SecretString"])

    @property
    def keys(self):
        return [key["AccessKeyId"] for key in self.iam.list_access_keys(UserName=self.username)["AccessKeyMetadata"]]

    def works(self, value):
        try:
            self.cloud.client("sts", value["AccessKeyId"], value["SecretAccessKey"]).get_caller_identity()
        except botocore.exceptions.ClientError:
            return False
        return True


def _zipped():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in PACKAGE.rglob("*.py"):
            archive.write(path, f"rotation_lambda/{path.relative_to(PACKAGE)}")
    return content.getvalue()


def test_three_rotations_each_leave_the_current_and_the_previous_key(cloud):
    billing = Billing(cloud)
    values = []
    for _ in range(3):
        assert billing.rotate() == ["RotationStarted", "RotationSucceeded"]
        values.append(billing.current)

    assert [billing.works(value) for value in values] == [False, True, True]
    assert billing.keys == [value["AccessKeyId"] for value in values[1:]]
    assert values[-1].keys() == {"UserName", "AccessKeyId", "SecretAccessKey"}
    assert billing.iam.list_user_tags(UserName=billing.username)["Tags"] == []


@pytest.mark.parametrize("missing", ["ListAccessKeys", "TagUser", "CreateAccessKey"])
def test_without_one_of_the_rights_that_the_engine_names_the_rotation_fails_and_makes_no_key(cloud, missing):
    billing = Billing(cloud, [action for action in NEEDED if action != missing])

    assert billing.rotate() == ["RotationStarted", "RotationFailed"]

    assert billing.failure() == ("permission", f"{missing} is denied (AccessDenied); the function's role needs it for this user")
    assert billing.keys == []


def test_a_right_to_write_another_tag_is_none(cloud):
    billing = Billing(cloud, tag="team")

    assert billing.rotate() == ["RotationStarted", "RotationFailed"]

    assert billing.failure()[1].startswith("TagUser is denied")
    assert billing.keys == []


def test_two_keys_that_persons_made_are_left_alone(cloud):
    billing = Billing(cloud)
    strangers = [billing.iam.create_access_key(UserName=billing.username)["AccessKey"]["AccessKeyId"] for _ in range(2)]

    assert billing.rotate() == ["RotationStarted", "RotationFailed"]

    assert billing.failure()[0] == "configuration"
    assert billing.keys == strangers


def test_the_rights_that_the_engine_names_are_those_that_are_tried_here():
    assert all(name in iam_access_key.__doc__ for name in (*NEEDED, NOTE))
