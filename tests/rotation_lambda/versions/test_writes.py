"""What is written, to the letter, and what becomes of a write that is refused."""

import json

import pytest

from rotation_lambda.errors import ConflictError, NetworkError, PermissionRefusedError
from tests.rotation_lambda.versions.secret import AHEAD, ALL_PAUSES, TOKEN, moves, refuse


@pytest.mark.parametrize(("given", "sent"), [("rotation-token", {"RotationToken": "rotation-token"}), (None, {}), ("", {})])
def test_rule_7_the_new_value_is_stored_as_pending_under_the_token(world, given, sent):
    value = {"username": "billing", "password": "the-new-one"}

    assert world.versions(TOKEN, rotation_token=given).put(value) is True
    assert world.manager.calls == [
        (
            "put_secret_value",
            {
                "SecretId": world.arn,
                "ClientRequestToken": TOKEN,
                "SecretString": json.dumps(value),
                "VersionStages": ["AWSPENDING"],
                **sent,
            },
        )
    ]
    assert world.redaction.clean("the-new-one") == "[redacted]"


def test_rule_6_a_value_that_came_second_is_not_stored(world, versions):
    world.version(TOKEN, {"password": "of the faster one"}, "AWSPENDING")

    assert versions.put({"password": "of the slower one"}) is False
    assert world.stored(TOKEN) == {"password": "of the faster one"}


@pytest.mark.parametrize(("code", "error"), [("ThrottlingException", NetworkError), ("InvalidParameterException", ConflictError)])
def test_a_value_that_cannot_be_stored_is_an_error(world, versions, code, error):
    refuse(world, code, "put_secret_value")

    with pytest.raises(error, match="put_secret_value"):
        versions.put({"password": "of the faster one"})


def test_a_value_ahead_is_stored_in_a_version_of_its_own(world):
    kept = world.versions(TOKEN, rotation_token="rotation-token").keep_ahead({"key": "the-next-one"})

    assert kept == {"key": "the-next-one"}
    assert world.manager.calls[-1] == (
        "put_secret_value",
        {
            "SecretId": world.arn,
            "ClientRequestToken": AHEAD,
            "SecretString": '{"key": "the-next-one"}',
            "VersionStages": ["AWSNEXT"],
            "RotationToken": "rotation-token",
        },
    )


def test_of_two_values_ahead_the_first_counts(world, versions, pauses):
    world.version(AHEAD, {"key": "of the faster one"}, "AWSNEXT")
    world.secret.versions[AHEAD].unseen = 2

    assert versions.keep_ahead({"key": "of the slower one"}) == {"key": "of the faster one"}
    assert world.manager.calls[-1] == ("get_secret_value", {"SecretId": world.arn, "VersionId": AHEAD})
    assert pauses == [0.1, 0.2]


def test_a_value_ahead_that_cannot_be_read_back_is_an_error(world, versions):
    world.version(AHEAD, {"key": "of the faster one"}, "AWSNEXT")
    world.secret.versions[AHEAD].unseen = 1000

    with pytest.raises(ConflictError) as refused:
        versions.keep_ahead({"key": "of the slower one"})

    assert str(refused.value) == "the value made ahead cannot be read back; it is tried again"


def test_what_was_announced_belongs_to_the_current_version(world):
    world.version(AHEAD, {"key": "announced"}, "AWSNEXT")
    world.labels("before").clear()
    world.labels(TOKEN).add("AWSCURRENT")

    newer = world.versions("newer")

    assert newer.announced(world.versions(TOKEN).state()) == {"key": "announced"}


def test_nothing_was_announced_before_anything_is_current(world, versions):
    del world.secret.versions["before"]

    assert versions.announced(versions.state()) is None


@pytest.mark.parametrize(("labels", "waited"), [(["AWSNEXT"], ALL_PAUSES), ([], [])])
def test_what_was_announced_is_waited_for_if_its_version_is_there(world, versions, pauses, labels, waited):
    world.version(AHEAD, None, *labels)
    world.labels("before").clear()
    world.labels(TOKEN).add("AWSCURRENT")

    assert versions.announced(versions.state()) is None
    assert pauses == waited


def test_rule_23_the_label_moves_off_the_version_that_holds_it(world, versions):
    assert versions.publish() == "before"
    assert moves(world) == [
        {"SecretId": world.arn, "VersionStage": "AWSCURRENT", "MoveToVersionId": TOKEN, "RemoveFromVersionId": "before"},
    ]
    assert (world.labels("before"), world.labels(TOKEN)) == ({"AWSPREVIOUS"}, {"AWSPENDING", "AWSCURRENT"})


def test_rule_23_the_first_label_moves_off_nothing(world, versions):
    del world.secret.versions["before"]

    assert versions.publish() is None
    assert moves(world) == [{"SecretId": world.arn, "VersionStage": "AWSCURRENT", "MoveToVersionId": TOKEN}]


def test_rule_23_what_is_published_already_is_not_moved(world, versions):
    versions.publish()
    world.manager.abandon(world.arn)

    assert versions.publish() == "before"
    assert len(moves(world)) == 1


def test_rule_23_a_move_whose_answer_was_lost_and_that_was_sent_again_is_success(world, versions, pauses):
    def sent_before(call, _request):
        if call == "update_secret_version_stage":
            world.manager.before = lambda *_: None
            world.versions(TOKEN).publish()

    world.manager.before = sent_before

    assert versions.publish() == "before"
    assert pauses == [0.1]


def test_rule_3_what_was_abandoned_is_not_published(world, versions):
    world.version(TOKEN, {}, "SOMEBODYS")

    with pytest.raises(ConflictError, match="was abandoned"):
        versions.publish()

    assert moves(world) == []


def test_rule_23_labels_that_moved_since_are_read_again(world, versions, pauses):
    moved = []

    def move_first(call, _request):
        if call == "update_secret_version_stage" and len(moved) < 2:
            moved.append(world.manager.write(world.arn, {"number": len(moved)}))

    world.manager.before = move_first

    assert versions.publish() == moved[-1]
    assert pauses == [0.1, 0.2]
    assert world.secret.holder("AWSCURRENT") == TOKEN


@pytest.mark.parametrize("code", ["InvalidParameterException", "ResourceNotFoundException", "InvalidRequestException"])
def test_rule_23_labels_that_never_stand_still_are_an_error(world, versions, pauses, code):
    refuse(world, code, "update_secret_version_stage")

    with pytest.raises(ConflictError) as refused:
        versions.publish()

    assert str(refused.value) == "AWSCURRENT moved each time before it could be moved; nothing was published, and it is tried again"
    assert pauses == ALL_PAUSES


def test_a_label_that_may_not_be_moved_is_an_error_at_once(world, versions, pauses):
    refuse(world, "AccessDeniedException", "update_secret_version_stage")

    with pytest.raises(PermissionRefusedError, match="update_secret_version_stage is denied"):
        versions.publish()

    assert pauses == []


def test_rule_10_a_value_that_is_given_up_loses_its_label(world, versions):
    versions.release(versions.state())

    assert moves(world) == [{"SecretId": world.arn, "VersionStage": "AWSPENDING", "RemoveFromVersionId": TOKEN}]
    assert world.labels(TOKEN) == set()


def test_rule_10_a_first_version_that_is_current_at_once_keeps_its_label(world, versions):
    del world.secret.versions["before"]
    world.labels(TOKEN).add("AWSCURRENT")

    versions.release(versions.state().before_publishing(TOKEN))

    assert world.labels(TOKEN) == {"AWSPENDING", "AWSCURRENT"}


def test_nothing_is_given_up_for_labels_that_moved(world, versions):
    before = versions.state()
    world.manager.write(world.arn, {})

    with pytest.raises(ConflictError):
        versions.release(before)

    assert world.labels(TOKEN) == {"AWSPENDING"}
