"""Keys that the secret does not know: the function's own leftovers go, and somebody's key never does."""

import contextlib
import functools
import json

import pytest

from rotation_lambda.handler import handler
from tests.rotation_lambda.access_keys import refused as denial
from tests.rotation_lambda.conftest import refusal
from tests.rotation_lambda.generated import DAY, HOUR, MINUTE
from tests.rotation_lambda.secrets_manager import KilledError, RotationFailedError
from tests.rotation_lambda.subjects.iam_access_key import Service


@pytest.fixture
def service(monkeypatch, pauses):  # noqa: ARG001 - nobody waits
    return Service(monkeypatch)


@pytest.fixture
def refused(service, lines):
    return functools.partial(refusal, service, lines)


@contextlib.contextmanager
def killed_after(service, monkeypatch, call):
    """The function vanishes right after AWS answered this call."""
    made = getattr(service.iam, call)

    def struck(**request):
        made(**request)
        raise KilledError

    with monkeypatch.context() as during, contextlib.suppress(KilledError):
        during.setattr(service.iam, call, struck)
        yield


def _cut_off(service, monkeypatch, call="create_access_key"):
    version = service.manager.start(service.arn)
    with killed_after(service, monkeypatch, call):
        service.step("createSecret", version)
    return version


@pytest.mark.parametrize("rotations", [0, 1, 2])
@pytest.mark.parametrize("way", ["same token", "new token"])
@pytest.mark.parametrize("call", ["tag_user", "create_access_key", "update_access_key", "delete_access_key"])
def test_a_key_that_was_made_and_never_stored_does_not_stand_in_the_way(service, monkeypatch, rotations, way, call):
    for _ in range(rotations):
        service.rotate_after(30 * DAY)
    version = _cut_off(service, monkeypatch, call)
    service.wait(DAY)
    if way == "new token":
        service.manager.abandon(service.arn)

    service.rotate(version if way == "same token" else None)

    assert service.works(service.current)
    assert len(service.iam.keys) == min(rotations + 1, 2)
    assert service.iam.tags == {"team": "billing"}


def test_a_key_of_an_abandoned_rotation_that_was_stored_goes(service):
    service.rotate()
    service.until("finishSecret")
    service.manager.abandon(service.arn)

    service.rotate()

    assert list(service.iam.keys) == ["KEYOFTESTS0000000001", service.current["AccessKeyId"]]


def test_two_keys_that_nobody_told_us_of_are_named_and_left_alone(service, refused):
    first, second = service.iam.make(), service.iam.make()

    with refused("configuration", says=f"{first.identity} and {second.identity}"):
        service.step("createSecret", service.manager.start(service.arn))

    assert service.live() == 2


def test_one_key_that_nobody_told_us_of_is_left_alone_as_long_as_there_is_a_place(service):
    """Who moves to Keyturn has a key in some file, and deletes it when the application reads the secret."""
    old = service.iam.make()

    service.rotate()
    with pytest.raises(RotationFailedError, match=f"no version of prod/billing/aws ever held {old.identity}"):
        service.rotate_after(30 * DAY)
    assert [service.works(service.current), old.status] == [True, "Active"]

    del service.iam.keys[old.identity]
    service.manager.abandon(service.arn)
    service.rotate()
    assert service.works(service.current)


@pytest.mark.parametrize("status", ["Active", "Inactive"])
def test_a_persons_second_key_is_refused_by_name_whether_it_was_used_or_not(service, refused, status):
    service.rotate()
    stranger = service.iam.make()
    stranger.status = status

    with refused("configuration", says=stranger.identity):
        service.step("createSecret", service.manager.start(service.arn))

    assert stranger.identity in service.iam.keys
    assert service.works(service.current)


def test_a_key_that_a_person_made_long_after_a_rotation_was_cut_off_is_not_taken_for_ours(service, monkeypatch, refused):
    service.rotate()
    version = _cut_off(service, monkeypatch, "tag_user")
    service.wait(HOUR)
    stranger = service.iam.make()

    with refused("configuration", says=stranger.identity):
        service.step("createSecret", version)

    assert stranger.identity in service.iam.keys


def test_a_key_that_a_person_made_because_the_function_may_not_is_left_alone(service, monkeypatch, refused):
    service.rotate()
    version = service.manager.start(service.arn)

    def denied(**_request):
        raise denial("AccessDenied", "CreateAccessKey", 403)

    with monkeypatch.context() as during:
        during.setattr(service.iam, "create_access_key", denied)
        with refused("permission", says="CreateAccessKey is denied"):
            service.step("createSecret", version)
    service.wait(MINUTE)
    by_hand = service.iam.make()

    with refused("configuration", says=by_hand.identity):
        service.step("createSecret", version)

    assert by_hand.identity in service.iam.keys


def test_a_key_that_was_there_when_the_note_was_written_is_not_taken_for_ours(service, monkeypatch, refused):
    stranger = service.iam.make()
    version = _cut_off(service, monkeypatch)

    service.rotate(version)
    with refused("configuration", says=stranger.identity):
        service.step("createSecret", service.manager.start(service.arn))

    assert stranger.identity in service.iam.keys


def test_a_note_that_somebody_changed_vouches_for_nothing(service, monkeypatch, refused):
    service.rotate()
    version = _cut_off(service, monkeypatch)
    service.iam.tags["keyturn:creating-access-key"] = "whatever 12"

    with refused("configuration", says="KEYOFTESTS0000000002"):
        service.step("createSecret", version)


def test_a_stored_key_that_cannot_be_read_yet_is_not_deleted(service):
    service.rotate()
    version = service.until("setSecret")
    stored = service.pending(version)
    service.manager.secrets[service.arn].versions[version].unseen = 3

    service.step("createSecret", version)

    assert service.pending(version) == stored
    assert service.works(stored)
    assert service.rotate(version) == version


def test_of_two_invocations_at_once_one_key_is_left(service, monkeypatch):
    service.rotate()
    service.rotate()
    version = service.manager.start(service.arn)

    def doubled(call, _request):
        if call == "put_secret_value":
            monkeypatch.setattr(service.manager, "before", lambda _call, _request: None)
            # The other one finds a key that is neither stored nor anybody's yet, and takes it for a leftover.
            handler(service.manager.event(service.arn, version, "createSecret"), service.context)

    monkeypatch.setattr(service.manager, "before", doubled)
    service.step("createSecret", version)

    assert list(service.iam.keys) == [service.current["AccessKeyId"], service.pending(version)["AccessKeyId"]]
    assert service.works(service.pending(version))
    assert service.rotate(version) == version


@pytest.mark.parametrize("call", ["list_access_keys", "tag_user", "create_access_key"])
def test_two_invocations_that_meet_at_any_call_converge(service, monkeypatch, call):
    service.rotate()
    service.rotate()
    version = service.manager.start(service.arn)
    made = getattr(service.iam, call)

    def doubled(**request):
        monkeypatch.setattr(service.iam, call, made)
        handler(service.manager.event(service.arn, version, "createSecret"), service.context)
        return made(**request)

    monkeypatch.setattr(service.iam, call, doubled)
    with contextlib.suppress(Exception):
        service.step("createSecret", version)

    service.rotate(version)
    assert service.works(service.current)
    assert service.works(service.labelled("AWSPREVIOUS"))
    assert len(service.iam.keys) == 2


def test_a_key_that_another_invocation_deleted_first_is_no_error(service, monkeypatch):
    service.rotate()
    service.rotate()
    previous, listed = service.labelled("AWSPREVIOUS"), service.iam.list_access_keys

    def deleted_meanwhile(**request):
        answer = listed(**request)
        service.iam.keys.pop(previous["AccessKeyId"], None)
        return answer

    with monkeypatch.context() as during:
        during.setattr(service.iam, "list_access_keys", deleted_meanwhile)
        version = service.until("setSecret")

    assert service.works(service.pending(version))
    assert service.works(service.current)


def test_the_place_of_the_previous_key_is_not_taken_while_the_current_one_is_out_of_use(service, refused):
    service.rotate()
    service.rotate()
    service.iam.keys[service.current["AccessKeyId"]].status = "Inactive"

    with refused("configuration", says="the other one may be in use instead"):
        service.step("createSecret", service.manager.start(service.arn))

    assert service.works(service.labelled("AWSPREVIOUS"))


def test_a_current_key_that_somebody_deleted_is_replaced_and_the_previous_one_stays_until_then(service):
    service.rotate()
    service.rotate()
    del service.iam.keys[service.current["AccessKeyId"]]
    before = service.labelled("AWSPREVIOUS")

    version = service.until("finishSecret")
    assert service.works(before)
    service.step("finishSecret", version)

    assert service.works(service.current)


def test_a_slower_invocation_deletes_its_own_key_and_no_other(service, monkeypatch):
    version = service.manager.start(service.arn)

    def faster(call, request):
        if call == "put_secret_value":
            monkeypatch.setattr(service.manager, "before", lambda _call, _request: None)
            key = service.iam.make()
            value = {"UserName": service.username, "AccessKeyId": key.identity, "SecretAccessKey": key.secret}
            service.manager.put_secret_value(**{**request, "SecretString": json.dumps(value)})

    monkeypatch.setattr(service.manager, "before", faster)
    service.step("createSecret", version)

    assert list(service.iam.keys) == [service.pending(version)["AccessKeyId"]]
    service.wait(MINUTE)
    service.rotate(version)
    assert service.works(service.current)
