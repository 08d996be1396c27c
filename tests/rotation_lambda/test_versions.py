"""What is asked of Secrets Manager, to the letter, and what is made of each of its answers."""

import datetime
import json
import time
import uuid

import pytest
from botocore.exceptions import ClientError

from rotation_lambda.deadline import Deadline
from rotation_lambda.errors import ConfigurationError, ConflictError, NetworkError, PermissionRefusedError
from rotation_lambda.versions import State
from tests.rotation_lambda.memory_engine import World

TOKEN = "11111111-2222-3333-4444-555555555555"
AHEAD = str(uuid.uuid5(uuid.NAMESPACE_OID, f"keyturn:AWSNEXT:{TOKEN}"))
DATE = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
ALL_PAUSES = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2]
NO_OBJECT = "the value of the secret is no JSON object; put one with the keys that AWS documents for databases"


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    waited = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.fixture
def world():
    world = World()
    world.version("before", {"username": "billing", "password": "the-current-one"}, "AWSCURRENT")
    world.version(TOKEN, None, "AWSPENDING")
    return world


@pytest.fixture
def versions(world):
    return world.versions(TOKEN)


def refuse(world, code, *calls, times=1000):
    """Secrets Manager refuses these calls the first few times."""
    left = [times]

    def before(call, _request):
        if call in calls and left[0]:
            left[0] -= 1
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, call)

    world.manager.before = before


def answers(world, monkeypatch, **changes):
    """DescribeSecret says something else."""
    describe = world.manager.describe_secret

    def changed(**request):
        return {key: value for key, value in {**describe(**request), **changes}.items() if value is not None}

    monkeypatch.setattr(world.manager, "describe_secret", changed)


def state(*, rotated=None, **labels):
    named = {"token": TOKEN, "ahead": AHEAD}
    return State(True, {named.get(version, version): frozenset(stages.split()) for version, stages in labels.items()}, rotated)


# What the labels say.


def test_the_holder_of_a_label_is_found():
    labels = state(a="AWSPREVIOUS", b="AWSCURRENT AWSPENDING")

    assert [labels.holder_of(label) for label in ("AWSCURRENT", "AWSPREVIOUS", "AWSNEXT")] == ["b", "a", None]


@pytest.mark.parametrize(
    ("labels", "without"),
    [
        (state(token="AWSCURRENT AWSPENDING"), state(token="AWSPENDING")),
        (state(token="AWSCURRENT AWSPENDING", rotated=DATE), state(token="AWSPENDING", rotated=DATE)),
        (state(token="AWSPENDING", ahead="AWSCURRENT AWSNEXT"), state(token="AWSPENDING", ahead="AWSNEXT")),
        (state(token="AWSCURRENT"), state(token="")),
    ],
    ids=["in a rotation", "in a repeated rotation", "the value ahead came first", "given up"],
)
def test_a_first_version_that_nobody_published_is_not_current(labels, without):
    assert labels.before_publishing(TOKEN) == without


@pytest.mark.parametrize(
    "labels",
    [
        state(token="AWSPENDING"),
        state(token="AWSPENDING", other="AWSCURRENT"),
        state(token="AWSCURRENT AWSPENDING", other="AWSPREVIOUS"),
        state(token="AWSCURRENT", other="AWSPREVIOUS"),
        state(token="AWSCURRENT", rotated=DATE),
    ],
    ids=["nothing is current", "another is current", "one is previous", "published", "published first"],
)
def test_what_was_published_stays_current(labels):
    assert labels.before_publishing(TOKEN) == labels


def test_an_abandoned_rotation_is_refused():
    with pytest.raises(ConflictError) as refused:
        state(token="AWSCURRENT").refuse_abandoned(TOKEN)

    assert str(refused.value) == "the version is not AWSPENDING any more: the rotation was abandoned, and a new one starts afresh"
    state(token="AWSPENDING").refuse_abandoned(TOKEN)


# DescribeSecret.


def test_the_state_is_what_secrets_manager_describes(world, versions):
    world.secret.rotated = DATE

    assert versions.state() == state(rotated=DATE, before="AWSCURRENT", token="AWSPENDING")
    assert world.manager.calls == [("describe_secret", {"SecretId": world.arn})]


def test_a_version_that_is_not_seen_yet_is_waited_for(world, versions, pauses):
    hidden = world.secret.versions.pop(TOKEN)
    world.manager.after = lambda *_: len(pauses) == 2 and world.secret.versions.update({TOKEN: hidden})

    assert versions.state().labels[TOKEN] == {"AWSPENDING"}
    assert pauses == [0.1, 0.2, 0.4]


def test_a_version_that_is_never_seen_is_refused(world, versions, pauses):
    del world.secret.versions[TOKEN]

    with pytest.raises(ConflictError) as refused:
        versions.state()

    assert str(refused.value) == "the secret has no version of this token; the rotation was started for another secret or is gone"
    assert pauses == ALL_PAUSES


def test_a_secret_without_any_label_is_waited_for_too(world, versions, monkeypatch, pauses):
    answers(world, monkeypatch, VersionIdsToStages=None)

    with pytest.raises(ConflictError):
        versions.state()

    assert pauses == ALL_PAUSES


def test_without_a_word_about_it_a_secret_does_not_rotate(world, versions, monkeypatch):
    answers(world, monkeypatch, RotationEnabled=None)

    assert versions.state().rotates is False


def test_an_answer_without_an_arn_is_taken(world, versions, monkeypatch):
    answers(world, monkeypatch, ARN=None)

    assert versions.state().rotates


def test_another_secrets_description_is_refused(world, versions, monkeypatch):
    answers(world, monkeypatch, ARN=world.admin)

    with pytest.raises(ConflictError) as refused:
        versions.state()

    assert str(refused.value) == "Secrets Manager described another secret than it asked to rotate"


def test_a_secret_that_is_being_deleted_is_left_alone(world, versions, monkeypatch):
    answers(world, monkeypatch, DeletedDate=DATE)

    with pytest.raises(ConfigurationError) as refused:
        versions.state()

    assert str(refused.value) == "the secret is scheduled for deletion; restore it, or cancel its rotation"


def test_rule_20_no_call_begins_after_the_time_is_up(world):
    world.deadline = Deadline(5)

    with pytest.raises(NetworkError, match="time is used up"):
        world.versions(TOKEN).state()
    with pytest.raises(NetworkError, match="time is used up"):
        world.versions(TOKEN).admin(world.admin)

    assert world.manager.calls == []


def test_rule_20_no_pause_is_longer_than_the_time_that_is_left(world, monkeypatch, pauses):
    now = [0.0]
    monkeypatch.setattr(time, "sleep", lambda seconds: (pauses.append(seconds), now.__setitem__(0, now[0] + seconds)))
    world.deadline = Deadline(6, clock=lambda: now[0])
    del world.secret.versions[TOKEN]

    with pytest.raises(NetworkError, match="time is used up"):
        world.versions(TOKEN).state()

    assert pauses == [0.1, 0.2, 0.4, pytest.approx(0.3)]


# Once more, right before something is written.


def test_what_has_not_changed_is_confirmed(versions):
    assert versions.confirm(versions.state()) == state(before="AWSCURRENT", token="AWSPENDING")


def test_an_abandoned_rotation_is_not_confirmed(world, versions):
    before = versions.state()
    world.manager.abandon(world.arn)
    world.labels(TOKEN).add("SOMEBODYS")

    with pytest.raises(ConflictError, match="was abandoned"):
        versions.confirm(before)


def test_another_current_version_is_not_confirmed(world, versions):
    before = versions.state()
    world.manager.write(world.arn, {"username": "billing"})

    with pytest.raises(ConflictError) as refused:
        versions.confirm(before)

    assert str(refused.value) == "another version became AWSCURRENT while this step ran, so it changed nothing; it is tried again"


def test_a_duplicate_that_published_is_confirmed(world, versions):
    before = versions.state()
    world.versions(TOKEN).publish()

    assert versions.confirm(before).holder_of("AWSCURRENT") == TOKEN


@pytest.mark.parametrize("first", [TOKEN, AHEAD])
def test_a_first_version_that_is_current_at_once_is_confirmed(world, versions, first):
    del world.secret.versions["before"]
    before = versions.state()
    world.version(AHEAD, {}, "AWSNEXT")
    world.labels(first).add("AWSCURRENT")

    assert versions.confirm(before).holder_of("AWSCURRENT") == first


@pytest.mark.parametrize(
    ("pending", "current", "latest"),
    [(TOKEN, "before", True), (TOKEN, TOKEN, True), (None, TOKEN, True), ("newer", TOKEN, False), (None, "before", False)],
)
def test_the_last_rotation_that_began_is_known(world, versions, pending, current, latest):
    world.version("newer", None)
    for label, version in {"AWSPENDING": pending, "AWSCURRENT": current}.items():
        for kept in world.secret.versions.values():
            kept.labels.discard(label)
        if version:
            world.labels(version).add(label)

    assert versions.is_latest() is latest


# GetSecretValue.


def test_a_labelled_value_is_read_by_its_version(world, versions):
    assert versions.labelled(versions.state(), "AWSCURRENT") == {"username": "billing", "password": "the-current-one"}
    assert world.manager.calls[-1] == ("get_secret_value", {"SecretId": world.arn, "VersionId": "before"})


def test_a_label_that_nobody_carries_gives_nothing(world, versions):
    assert versions.labelled(versions.state(), "AWSPREVIOUS") is None
    assert len(world.manager.calls) == 1


def test_an_empty_object_is_no_value(world, versions):
    world.version("before", {}, "AWSCURRENT")

    assert versions.labelled(versions.state(), "AWSCURRENT") is None


@pytest.mark.parametrize("label", ["AWSCURRENT", "AWSPREVIOUS"])
def test_a_labelled_version_without_a_value_is_refused_after_a_while(world, versions, pauses, label):
    world.version("before", None, label)

    with pytest.raises(ConfigurationError) as refused:
        versions.labelled(versions.state(), label)

    assert str(refused.value) == f"the version labelled {label} has no value; put one, or let the secret rotate from empty"
    assert pauses == ALL_PAUSES


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "InvalidRequestException"])
def test_a_value_that_cannot_be_read_yet_is_waited_for(world, versions, pauses, code):
    before = versions.state()
    refuse(world, code, "get_secret_value", times=2)

    assert versions.labelled(before, "AWSCURRENT") == {"username": "billing", "password": "the-current-one"}
    assert pauses == [0.1, 0.2]


def test_a_refused_read_is_not_waited_for(world, versions, pauses):
    before = versions.state()
    refuse(world, "AccessDeniedException", "get_secret_value")

    with pytest.raises(PermissionRefusedError):
        versions.labelled(before, "AWSCURRENT")

    assert pauses == []


@pytest.mark.parametrize("value", ["no json", "[1, 2]", '"text"', "null", "[" * 100_000])
def test_a_value_that_is_no_object_is_refused_and_not_told(world, versions, value):
    world.version("before", value, "AWSCURRENT")

    with pytest.raises(ConfigurationError) as refused:
        versions.labelled(versions.state(), "AWSCURRENT")

    assert str(refused.value) == NO_OBJECT
    assert world.redaction.clean(f"it was {value}") == "it was [redacted]"


def test_a_binary_value_is_refused(world, versions, monkeypatch):
    monkeypatch.setattr(world.manager, "get_secret_value", lambda **_: {"SecretBinary": b"binary"})

    with pytest.raises(ConfigurationError) as refused:
        versions.labelled(versions.state(), "AWSCURRENT")

    assert str(refused.value) == NO_OBJECT


def test_a_value_that_was_read_is_redacted(world, versions):
    versions.labelled(versions.state(), "AWSCURRENT")

    assert world.redaction.clean("billing has the-current-one") == "billing has [redacted]"


def test_the_previous_value_is_read_too(world, versions):
    world.version("long ago", {"password": "the-previous-one"}, "AWSPREVIOUS")

    assert versions.previous(versions.state()) == {"password": "the-previous-one"}


@pytest.mark.parametrize("value", [None, "no json"])
def test_a_previous_version_that_is_no_credential_is_passed_over(world, versions, value):
    world.version("long ago", value, "AWSPREVIOUS")

    assert versions.previous(versions.state()) is None


def test_a_previous_value_that_cannot_be_asked_for_is_an_error(world, versions):
    world.version("long ago", {}, "AWSPREVIOUS")
    before = versions.state()
    refuse(world, "ThrottlingException", "get_secret_value")

    with pytest.raises(NetworkError):
        versions.previous(before)


@pytest.mark.parametrize(("wait", "waited"), [(True, ALL_PAUSES), (False, [])])
def test_rule_5_the_new_value_is_read_by_token_and_label(world, versions, pauses, wait, waited):
    assert versions.pending(wait=wait) is None
    assert pauses == waited
    assert world.manager.calls[-1] == (
        "get_secret_value",
        {"SecretId": world.arn, "VersionId": TOKEN, "VersionStage": "AWSPENDING"},
    )


def test_rule_5_a_new_value_without_its_label_is_not_it(world, versions):
    world.version(TOKEN, {"password": "abandoned"})

    assert versions.pending(wait=False) is None


def test_the_admin_secret_is_read_by_its_current_label(world, versions):
    assert versions.admin(world.admin) == {"username": "admin", "password": "of-the-admin"}
    assert world.manager.calls == [("get_secret_value", {"SecretId": world.admin, "VersionStage": "AWSCURRENT"})]
    assert world.redaction.clean("of-the-admin") == "[redacted]"


def test_an_admin_secret_that_is_denied_is_named(world, versions):
    refuse(world, "AccessDeniedException", "get_secret_value")

    with pytest.raises(PermissionRefusedError, match="get_secret_value on the admin secret is denied"):
        versions.admin(world.admin)


def test_an_admin_secret_without_an_object_is_named(world, versions):
    world.manager.write(world.admin, "no json")

    with pytest.raises(ConfigurationError) as refused:
        versions.admin(world.admin)

    assert str(refused.value) == NO_OBJECT.replace("the secret", "the admin secret")


# ListSecretVersionIds.


def test_values_without_a_label_come_newest_first(world, versions):
    for number in range(5):
        world.version(f"old {number}", {"number": number})

    assert list(versions.older(versions.state())) == [{"number": number} for number in (4, 3, 2, 1, 0)]
    pages = [request for call, request in world.manager.calls if call == "list_secret_version_ids"]
    assert pages == [
        {"SecretId": world.arn, "IncludeDeprecated": True},
        {"SecretId": world.arn, "IncludeDeprecated": True, "NextToken": "2"},
        {"SecretId": world.arn, "IncludeDeprecated": True, "NextToken": "4"},
        {"SecretId": world.arn, "IncludeDeprecated": True, "NextToken": "6"},
    ]


def test_no_more_than_ten_old_values_are_read(world, versions):
    for number in range(12):
        world.version(f"old {number}", {"number": number})

    assert list(versions.older(versions.state())) == [{"number": number} for number in range(11, 1, -1)]


def test_what_carries_a_label_then_or_now_is_not_old(world, versions):
    world.version("lost its label since", {"number": 1}, "AWSPREVIOUS")
    world.version("has an empty list of labels", {"number": 2})
    before = versions.state()
    before = State(before.rotates, {**before.labels, "has an empty list of labels": frozenset()})
    world.labels("lost its label since").clear()
    world.labels(TOKEN).clear()
    world.secret.versions[TOKEN].value = '{"number": 3}'
    world.version("began since", {"number": 4}, "AWSPENDING")

    assert list(versions.older(before)) == [{"number": 2}]


def test_old_versions_that_hold_nothing_are_passed_over(world, versions, pauses):
    world.version("older", {"number": 1})
    world.version("a note", "written by hand")
    world.version("empty", {})
    world.version("nothing", None)

    assert list(versions.older(versions.state())) == [{"number": 1}]
    assert pauses == []


def test_an_answer_without_versions_is_the_end(world, versions, monkeypatch):
    monkeypatch.setattr(world.manager, "list_secret_version_ids", lambda **_: {"ARN": world.arn})

    assert list(versions.older(versions.state())) == []


def test_old_values_that_cannot_be_listed_are_an_error(world, versions):
    before = versions.state()
    refuse(world, "AccessDeniedException", "list_secret_version_ids")

    with pytest.raises(PermissionRefusedError, match="list_secret_version_ids is denied"):
        list(versions.older(before))


# PutSecretValue.


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


# UpdateSecretVersionStage.


def moves(world):
    return [request for call, request in world.manager.calls if call == "update_secret_version_stage"]


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
