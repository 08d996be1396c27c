"""An IAM user's access key: two live keys, inactive before deleted, and no key of somebody else's touched."""

import functools

import pytest

from rotation_lambda.engines import _iam_user
from rotation_lambda.handler import handler
from tests.rotation_lambda.conftest import refusal
from tests.rotation_lambda.generated import DAY, HOUR, MINUTE
from tests.rotation_lambda.subjects.iam_access_key import Service


@pytest.fixture
def service(monkeypatch, pauses):  # noqa: ARG001 - nobody waits
    return Service(monkeypatch)


@pytest.fixture
def refused(service, lines):
    return functools.partial(refusal, service, lines)


def _writes(calls):
    return [call for call in calls if not call.startswith(("List", "Get"))]


def test_the_first_rotation_makes_a_key(service):
    service.rotate()

    [key] = service.iam.keys.values()
    assert service.current == {"UserName": service.username, "AccessKeyId": key.identity, "SecretAccessKey": key.secret}


def test_the_key_before_stays_active_until_the_next_rotation_needs_its_place(service):
    service.rotate()
    service.rotate_after(30 * DAY)
    first, second = service.labelled("AWSPREVIOUS"), service.current
    assert [service.works(value) for value in (first, second)] == [True, True]

    service.rotate_after(30 * DAY)

    assert [service.works(value) for value in (first, second, service.current)] == [False, True, True]
    assert len(service.iam.keys) == 2


def test_a_key_is_taken_out_of_use_before_it_is_deleted_and_the_current_one_is_never_touched(service):
    """A peer takes the active key out of use before there is another."""
    service.rotate()
    service.rotate()
    service.iam.calls.clear()

    service.rotate()

    assert _writes(service.iam.calls) == [
        "UpdateAccessKey Inactive KEYOFTESTS0000000001",
        "DeleteAccessKey KEYOFTESTS0000000001",
        "TagUser",
        "CreateAccessKey",
        "UntagUser",
    ]


def test_the_users_own_tags_are_as_they_were(service):
    service.rotate()
    service.rotate()

    assert service.iam.tags == {"team": "billing"}


def test_a_key_is_asked_for_once_since_a_second_request_would_make_a_second_key(service):
    service.rotate()

    assert service.attempts.count(1) == 1
    assert service.iam.calls.count("CreateAccessKey") == 1


def test_a_key_that_was_put_by_hand_is_taken_over_and_keeps_working(service):
    by_hand = service.write_key()

    service.rotate()

    assert service.works(by_hand)
    assert service.labelled("AWSPREVIOUS") == by_hand


@pytest.mark.parametrize("left", [{}, {"note": "moved"}])
def test_a_key_keeps_working_until_the_next_rotation_when_somebody_emptied_the_value(service, left):
    service.rotate()
    before = service.current
    service.write(left)

    service.rotate()

    assert service.works(before)
    service.rotate()
    assert not service.works(before)
    assert len(service.iam.keys) == 2


def test_what_others_keep_in_the_value_survives(service):
    service.write({**service.write_key(), "region": "eu-central-1"})

    service.rotate()

    assert service.current["region"] == "eu-central-1"


def test_steps_that_are_repeated_make_no_second_key(service):
    service.rotate()
    version = service.until("finishSecret")

    for step in ("createSecret", "setSecret", "testSecret", "finishSecret", "createSecret", "finishSecret"):
        service.step(step, version)

    assert len(service.iam.keys) == 2
    assert service.works(service.current)


def test_a_new_key_that_is_not_known_everywhere_yet_is_waited_for(service, pauses):
    service.iam.lag = 4

    service.rotate()

    assert service.works(service.current)
    assert pauses == [0.25, 0.5, 1.0]


def test_a_key_that_somebody_deleted_before_it_was_published_is_given_up(service, refused):
    service.rotate()
    version = service.until("setSecret")
    del service.iam.keys[service.pending(version)["AccessKeyId"]]

    with refused("conflict", says="somebody deleted the new key"):
        service.step("setSecret", version)

    assert service.rotate() != version
    assert service.works(service.current)


def test_a_key_that_somebody_took_out_of_use_before_it_was_published_is_given_up(service, refused):
    version = service.until("setSecret")
    service.iam.keys[service.pending(version)["AccessKeyId"]].status = "Inactive"

    with refused("conflict", says="or took it out of use"):
        service.step("setSecret", version)

    service.rotate()
    assert len(service.iam.keys) == 1, "the one that was given up is deleted: a version of the secret held it"


def test_a_secret_that_is_not_the_keys_is_given_up_once_it_cannot_be_a_matter_of_time(service, refused):
    version = service.until("setSecret")
    service.tamper(version, SecretAccessKey="x" * 40)

    service.step("setSecret", version)
    with refused("authentication", says="(SignatureDoesNotMatch)"):
        service.step("testSecret", version)
    service.wait(6 * MINUTE)
    with refused("conflict", says="rotate again for another one"):
        service.step("setSecret", version)

    service.rotate()
    assert service.works(service.current)


def test_testing_alone_writes_nothing(service):
    service.rotate()
    before, service.iam.calls[:] = service.manager.writes(), []

    service.manager.rotate_test_only(service.arn, handler, service.context)

    assert service.manager.writes() == before
    assert service.iam.calls == ["GetCallerIdentity KEYOFTESTS0000000001"]


def test_twenty_rotations_leave_two_keys(service):
    for _ in range(20):
        service.rotate_after(HOUR)

    assert len(service.iam.keys) == 2


@pytest.mark.parametrize(("region", "endpoint"), [("eu-central-1", "amazonaws.com"), ("cn-north-1", "amazonaws.com.cn")])
def test_the_key_is_proved_at_the_regions_own_endpoint_and_waited_for_a_bounded_time(monkeypatch, region, endpoint):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")

    caller = _iam_user.client_of(region, "k" * 20, "s" * 40)

    config = caller.meta.config
    assert caller.meta.endpoint_url == f"https://sts.{region}.{endpoint}"
    assert (config.connect_timeout, config.read_timeout, config.retries) == (4, 5, {"total_max_attempts": 2, "mode": "standard"})
