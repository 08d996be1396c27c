"""What was answered is kept: over a stop, over a kill, and over a kill in the middle of a rotation."""

import json
import os
import signal
import time

import pytest

from localcloud.aws import process


@pytest.fixture
def after_kill(own_cloud):
    """Kills a cloud without a warning and gives it as it is after a new start."""

    def again(cloud):
        os.kill(cloud.running.pid, signal.SIGKILL)
        while process.find(cloud.running.directory):
            time.sleep(0.01)
        return own_cloud()

    return again


def changed(cloud, name):
    """Waits until the next save of a service has happened."""
    file = cloud.running.directory / "aws-state" / f"{name}.json"
    before = file.stat().st_mtime_ns if file.exists() else 0
    deadline = time.monotonic() + 30
    while not file.exists() or file.stat().st_mtime_ns == before:
        assert time.monotonic() < deadline, f"{name} was not saved"
        time.sleep(0.02)


def test_state_survives_a_kill(own_cloud, after_kill):
    cloud = own_cloud()
    key = cloud.key()
    secret = cloud.secret("first", KmsKeyId=key, Tags=[{"Key": "keyturn:service", "Value": "billing"}])
    changed(cloud, "secretsmanager")

    again = after_kill(cloud)

    secrets = again.client("secretsmanager")
    assert again.administrator == cloud.administrator
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == "first"
    assert secrets.describe_secret(SecretId=secret)["KmsKeyId"] == key


def test_a_disk_that_refuses_is_told_and_tried_again(own_cloud, after_kill):
    cloud = own_cloud()
    folder = cloud.running.directory / "aws-state"
    folder.rename(folder.with_name("elsewhere"))
    folder.touch()
    secret = cloud.secret("first")
    deadline = time.monotonic() + 30
    while "state is not on disk" not in cloud.running.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)

    folder.unlink()
    folder.with_name("elsewhere").rename(folder)
    changed(cloud, "secretsmanager")

    assert after_kill(cloud).client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"] == "first"


def test_a_rotation_cut_by_a_kill_goes_on_with_its_token(own_cloud, after_kill):
    cloud = own_cloud()
    secret = cloud.secret("first")
    source = cloud.rotator.replace("    print(", '    if step == "setSecret": __import__("time").sleep(1)\n    print(')
    token = cloud.rotate(secret, cloud.function(source))["VersionId"]
    secrets = cloud.client("secretsmanager")
    while not any(token == version["VersionId"] for version in secrets.list_secret_version_ids(SecretId=secret)["Versions"]):
        time.sleep(0.02)
    changed(cloud, "secretsmanager")

    again = after_kill(cloud).client("secretsmanager")

    deadline = time.monotonic() + 40
    while again.describe_secret(SecretId=secret)["VersionIdsToStages"][token] != ["AWSCURRENT"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert again.get_secret_value(SecretId=secret)["VersionId"] == token


def test_what_a_cut_test_left_behind_is_removed(own_cloud, after_kill):
    cloud = own_cloud()
    secret = cloud.secret("first")
    cloud.rotate(secret, cloud.function("import time\ndef handler(event, context): time.sleep(10)"), RotateImmediately=False)
    changed(cloud, "secretsmanager")

    again = after_kill(cloud).client("secretsmanager")

    assert list(again.describe_secret(SecretId=secret)["VersionIdsToStages"].values()) == [["AWSCURRENT"]]


def test_a_rotation_is_due_when_its_window_has_opened(own_cloud):
    cloud = own_cloud()
    secret = cloud.secret("first")
    cloud.rotated(secret, cloud.function())
    first = cloud.client("secretsmanager").get_secret_value(SecretId=secret)["VersionId"]
    process.stop(cloud.running)
    file = cloud.running.directory / "aws-state" / "secretsmanager.json"
    state = json.loads(file.read_text())
    (record,) = state["payload"]["secrets"]["data"].values()
    record["_NextRotationStart"] = 1
    file.write_text(json.dumps(state))

    again = own_cloud().client("secretsmanager")

    deadline = time.monotonic() + 40
    while again.get_secret_value(SecretId=secret)["VersionId"] == first and time.monotonic() < deadline:
        time.sleep(0.05)
    assert again.get_secret_value(SecretId=secret, VersionStage="AWSPREVIOUS")["VersionId"] == first
    assert again.describe_secret(SecretId=secret)["NextRotationDate"].timestamp() > time.time()


def test_a_secret_whose_window_has_passed_is_gone(own_cloud):
    cloud = own_cloud()
    name = cloud.name("gone")
    cloud.client("secretsmanager").create_secret(Name=name, SecretString="first")
    cloud.client("secretsmanager").delete_secret(SecretId=name, RecoveryWindowInDays=7)
    process.stop(cloud.running)
    file = cloud.running.directory / "aws-state" / "secretsmanager.json"
    state = json.loads(file.read_text())
    (record,) = state["payload"]["secrets"]["data"].values()
    record["DeletedDate"] = 1
    file.write_text(json.dumps(state))

    again = own_cloud().client("secretsmanager")

    assert again.create_secret(Name=name, SecretString="second")["Name"] == name
