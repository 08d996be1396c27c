"""The Secrets Manager of these tests keeps the rules that AWS documents: what they prove stands on it."""

import re

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from tests.rotation_lambda.memory_engine import World
from tests.rotation_lambda.secrets_manager import SecretsManager

TOKEN, OTHER = "1" * 36, "2" * 36


@pytest.fixture
def manager():
    return SecretsManager()


@pytest.fixture
def arn(manager):
    return manager.create("prod/billing/database", {"username": "billing"})


def labels(manager, arn, version):
    return manager.secrets[arn].versions[version].labels


def put(manager, arn, token=TOKEN, text="{}", **more):
    return manager.put_secret_value(SecretId=arn, ClientRequestToken=token, SecretString=text, **more)


def refused(code, call, **request):
    with pytest.raises(ClientError) as refusal:
        call(**request)
    assert refusal.value.response["Error"]["Code"] == code


def test_a_move_of_current_moves_previous_with_it(manager, arn):
    old = manager.secrets[arn].holder("AWSCURRENT")
    put(manager, arn, VersionStages=["AWSPENDING"])

    manager.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=TOKEN, RemoveFromVersionId=old)

    assert (labels(manager, arn, TOKEN), labels(manager, arn, old)) == ({"AWSPENDING", "AWSCURRENT"}, {"AWSPREVIOUS"})


@pytest.mark.parametrize("off", [{}, {"RemoveFromVersionId": OTHER}])
def test_a_label_moves_only_off_the_version_that_is_named_and_holds_it(manager, arn, off):
    put(manager, arn, VersionStages=["AWSPENDING"])
    put(manager, arn, OTHER, VersionStages=["SOMEBODYS"])

    refused(
        "InvalidParameterException",
        manager.update_secret_version_stage,
        SecretId=arn,
        VersionStage="AWSCURRENT",
        MoveToVersionId=TOKEN,
        **off,
    )


def test_a_value_without_labels_becomes_current(manager, arn):
    put(manager, arn)

    assert labels(manager, arn, TOKEN) == {"AWSCURRENT"}


def test_the_same_value_again_is_ignored(manager, arn):
    put(manager, arn, VersionStages=["AWSPENDING"])
    manager.abandon(arn)

    put(manager, arn, VersionStages=["AWSPENDING"])

    assert labels(manager, arn, TOKEN) == set()


def test_another_value_under_the_same_token_is_refused(manager, arn):
    put(manager, arn, VersionStages=["AWSPENDING"])

    refused("ResourceExistsException", put, manager=manager, arn=arn, text='{"another": 1}')


def test_a_rotation_begins_with_an_empty_version_and_a_label(manager, arn):
    token = manager.start(arn)

    assert manager.describe_secret(SecretId=arn)["VersionIdsToStages"][token] == ["AWSPENDING"]
    refused("ResourceNotFoundException", manager.get_secret_value, SecretId=arn, VersionId=token, VersionStage="AWSPENDING")


def test_a_rotation_that_is_not_complete_stands_in_the_way_of_every_other(manager, arn):
    token = manager.start(arn)

    refused("InvalidRequestException", manager.start, arn=arn)
    assert manager.start(arn, token) == token


def test_a_pending_label_on_the_current_version_stands_in_nobodys_way(manager, arn):
    labels(manager, arn, manager.secrets[arn].holder("AWSCURRENT")).add("AWSPENDING")

    token = manager.start(arn)

    assert manager.secrets[arn].holder("AWSPENDING") == token


def test_a_version_is_read_by_a_label_that_it_carries(manager, arn):
    current = manager.secrets[arn].holder("AWSCURRENT")

    refused("ResourceNotFoundException", manager.get_secret_value, SecretId=arn, VersionId=current, VersionStage="AWSPENDING")
    assert manager.get_secret_value(SecretId=arn)["VersionId"] == current


def test_a_version_without_labels_is_listed_only_when_it_is_asked_for(manager, arn):
    put(manager, arn, VersionStages=["AWSPENDING"])
    manager.abandon(arn)

    assert TOKEN not in manager.describe_secret(SecretId=arn)["VersionIdsToStages"]
    assert [version["VersionId"] for version in manager.list_secret_version_ids(SecretId=arn)["Versions"]] == [
        manager.secrets[arn].holder("AWSCURRENT")
    ]
    assert TOKEN in [version["VersionId"] for version in manager.list_secret_version_ids(SecretId=arn, IncludeDeprecated=True)["Versions"]]


def test_a_test_only_call_leaves_no_version_behind(manager, arn):
    before = {version: set(kept.labels) for version, kept in manager.secrets[arn].versions.items()}
    seen = []

    manager.rotate_test_only(arn, lambda event, _context: seen.append(event["Step"]), None)

    assert seen == ["testSecret"]
    assert {version: kept.labels for version, kept in manager.secrets[arn].versions.items()} == before


def test_after_a_failure_the_whole_process_comes_again(manager, arn):
    seen = []

    def fails_once(event, _context):
        seen.append(event["Step"])
        if seen == ["createSecret", "setSecret"]:
            raise RuntimeError
        if event["Step"] == "createSecret":
            put(manager, arn, event["ClientRequestToken"], VersionStages=["AWSPENDING"])
        if event["Step"] == "finishSecret":
            old = manager.secrets[arn].holder("AWSCURRENT")
            manager.update_secret_version_stage(
                SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=event["ClientRequestToken"], RemoveFromVersionId=old
            )

    manager.rotate(arn, fails_once, None, attempts=2)

    assert seen == ["createSecret", "setSecret", "createSecret", "setSecret", "testSecret", "finishSecret"]


def test_every_request_of_a_rotation_is_one_that_awss_own_client_sends():
    """Names, types and lengths of the arguments, as AWS publishes them."""
    model, world = botocore.session.get_session().get_service_model("secretsmanager"), World("dual password")
    for _ in range(3):
        world.rotate()

    def report(call, request):
        operation = model.operation_model(re.sub(r"_?([a-z]+)", lambda word: word[1].title(), call))
        return ParamValidator().validate(request, operation.input_shape).generate_report()

    assert len({call for call, _ in world.manager.calls}) == 5
    assert [told for call, request in world.manager.calls if (told := report(call, request))] == []
