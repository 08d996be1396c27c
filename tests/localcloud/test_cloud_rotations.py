import json

import pytest

from localcloud import rotations
from localcloud.errors import LocalCloudError
from localcloud.rotations import Rotations


class SecretsManager:
    """Stands for Secrets Manager: secrets with versions and labels, and a rotation that the test decides."""

    def __init__(self, versions, *, rotates_to=None):
        self.versions, self.rotates_to, self.rotated, self.looked = versions, rotates_to, [], 0

    def get_paginator(self, _operation):
        return self

    def paginate(self):
        listed = [{"Name": name, "ARN": name, "RotationEnabled": True} for name in self.versions]
        return [{"SecretList": [*listed, {"Name": "prod/other/secret", "ARN": "x", "RotationEnabled": True}]}]

    def describe_secret(self, **request):
        self.looked += 1
        name = request["SecretId"]
        return {
            "VersionIdsToStages": dict(self.versions[name]),
            "RotationLambdaARN": "arn:aws:lambda:eu-central-1:000000000000:function:rotates",
        }

    def update_secret_version_stage(self, **request):
        self.versions[request["SecretId"]].pop(request["RemoveFromVersionId"])

    def rotate_secret(self, **request):
        self.rotated.append(request["SecretId"])
        self.versions[request["SecretId"]] = dict(self.rotates_to or {"new": ["AWSPENDING"]})


class Logs:
    """Stands for CloudWatch Logs with the lines of one function."""

    class exceptions:  # noqa: N801 (boto3's own name)
        class ResourceNotFoundException(Exception):  # noqa: N818
            pass

    def __init__(self, *lines):
        self.lines = lines

    def filter_log_events(self, **request):
        if not self.lines:
            raise self.exceptions.ResourceNotFoundException
        assert request["logGroupName"] == "/aws/lambda/rotates"
        return {"events": [{"message": line if isinstance(line, str) else json.dumps(line)} for line in self.lines]}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(rotations, "_QUIET_SECONDS", 0.3)


def test_secrets_that_are_rotated_and_those_of_other_environments_are_not_waited_for(capsys):
    secrets = SecretsManager({"local/billing/database": {"one": ["AWSCURRENT", "AWSPENDING"]}})

    Rotations(secrets, Logs(), "local").wait()

    assert secrets.looked == 1
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("cut_off", [{}, {"half": ["AWSPENDING"]}, {"old": ["AWSCURRENT"], "half": ["AWSPENDING"]}])
def test_a_rotation_that_was_cut_off_is_begun_anew(cut_off, capsys):
    secrets = SecretsManager({"local/billing/database": cut_off}, rotates_to={"new": ["AWSCURRENT"]})

    Rotations(secrets, Logs(), "local").wait()

    assert secrets.rotated == ["local/billing/database"]
    assert "the rotation of local/billing/database does not move: it is begun anew" in capsys.readouterr().err


def test_a_rotation_that_fails_is_told_with_the_step_and_the_cause():
    failed = {"keyturn": "rotation", "secret": "local/billing/database", "step": "setSecret", "outcome": "failed"}
    secrets = SecretsManager({"local/billing/database": {}})
    logs = Logs(
        "START", {**failed, "errorClass": "network", "message": "localhost:5432 refuses connections"}, {**failed, "outcome": "done"}
    )

    with pytest.raises(LocalCloudError) as told:
        Rotations(secrets, logs, "local").wait()

    assert "local/billing/database: setSecret failed (network): localhost:5432 refuses connections" in str(told.value)
    assert secrets.rotated == ["local/billing/database"]


@pytest.mark.parametrize(
    ("lines", "cause"),
    [((), "the function rotates has written no log"), (("START",), "no failed step is in the log group /aws/lambda/rotates")],
)
def test_a_rotation_that_fails_without_a_word_is_told_too(lines, cause):
    with pytest.raises(LocalCloudError, match=cause):
        Rotations(SecretsManager({"local/billing/database": {}}), Logs(*lines), "local").wait()


def test_all_rotating_secrets_of_the_environment_are_rotated_at_once_when_asked():
    secrets = SecretsManager({"local/billing/database": {"one": ["AWSCURRENT"]}, "local/reports/database": {"one": ["AWSCURRENT"]}})

    Rotations(secrets, Logs(), "local").begin()

    assert secrets.rotated == ["local/billing/database", "local/reports/database"]
