"""What the labels say, and what is made of each answer of DescribeSecret."""

import time

import pytest

from rotation_lambda.deadline import Deadline
from rotation_lambda.errors import ConfigurationError, ConflictError, NetworkError
from tests.rotation_lambda.versions.secret import AHEAD, ALL_PAUSES, DATE, TOKEN, answers, state


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
