"""createSecret mints one value a rotation, keeps what others put there, and touches nothing that is current (rules 5 to 9)."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rotation_lambda.handler import handler
from rotation_lambda.passwords import new_password


def test_rule_5_the_new_value_is_read_by_token_and_label(service):
    token = service.until("finishSecret")
    calls = [request for call, request in service.manager.calls if call == "get_secret_value" and request.get("VersionId") == token]

    assert len(calls) >= 3
    assert {request["VersionStage"] for request in calls} == {"AWSPENDING"}


def test_rule_5_a_value_that_cannot_be_read_yet_is_waited_for(service, pauses):
    service.manager.lag = 3

    service.rotate()

    assert service.logs_in(service.current)
    assert pauses == [0.1, 0.2, 0.4]


def test_rule_5_the_wait_is_bounded(service, refused, pauses):
    token = service.until("setSecret")
    service.manager.secrets[service.arn].versions[token].unseen = 1000

    with refused("configuration", says="no new value under AWSPENDING"):
        service.step("setSecret", token)

    assert sum(pauses) <= 10


def test_rule_6_create_secret_twice_mints_one_value(service, lines):
    token = service.until("setSecret")
    minted = service.pending(token)
    lines()

    service.step("createSecret", token)

    assert service.pending(token) == minted
    assert service.manager.writes() == ["put_secret_value"]
    assert lines()[0]["outcome"] == "unchanged"


def test_rule_6_a_duplicate_that_was_faster_wins(service, lines):
    token = service.manager.start(service.arn)
    faster = {"username": service.username, "password": "the-faster-one-minted-this"}

    def put_first(call, _request):
        if call == "put_secret_value":
            service.manager.secrets[service.arn].versions[token].value = json.dumps(faster)

    service.manager.before = put_first

    service.step("createSecret", token)

    assert service.pending(token) == faster
    assert lines()[0]["outcome"] == "unchanged"


def test_rule_7_the_value_is_stored_under_the_token_as_pending_only(service):
    service.rotate()
    before = service.current

    token = service.until("setSecret")

    [request] = [
        request for call, request in service.manager.calls if call == "put_secret_value" and request["ClientRequestToken"] == token
    ]
    assert (request["VersionStages"], request["RotationToken"]) == (["AWSPENDING"], f"rotation-of-{token}")
    assert service.current == before


def test_rule_7_without_a_rotation_token_none_is_sent(service):
    event = service.manager.event(service.arn, service.manager.start(service.arn), "createSecret")
    del event["RotationToken"]

    handler(event, service.context)

    assert "RotationToken" not in dict(service.manager.calls)["put_secret_value"]


def test_rule_8_what_others_keep_in_the_value_survives(service):
    service.rotate()
    service.manager.write(service.arn, {**service.current, "proxy": "pgbouncer.example", "pool": {"size": 5}})
    before = service.current

    service.rotate()

    changed = {key for key in service.current if service.current[key] != before.get(key)}
    assert changed == {"username", "password"}
    assert service.current.keys() == before.keys()


def test_rule_8_an_empty_placeholder_is_filled(service):
    token = service.manager.start(service.arn)
    assert service.manager.secrets[service.arn].versions[token].value is None

    service.step("createSecret", token)

    assert service.pending(token)["password"]


@given(length=st.integers(16, 128))
def test_rule_9_a_password_has_every_class_and_nothing_that_needs_quoting(length):
    password = new_password(length=length)

    assert len(password) == length
    assert set(password) <= set(string.ascii_letters + string.digits + "-_.~")
    assert password[0] in string.ascii_letters
    assert all(set(password) & set(kind) for kind in (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_.~"))


@pytest.mark.parametrize("length", [15, 129])
def test_rule_9_a_length_out_of_range_is_refused(length):
    with pytest.raises(ValueError, match="16 to 128"):
        new_password(length=length)


def test_rule_9_no_two_passwords_are_alike():
    assert len({new_password() for _ in range(100)}) == 100


@pytest.mark.parametrize("value", ["plain text", '"json text"', "[1, 2]", "{broken"])
def test_a_secret_that_holds_no_json_object_is_refused(service, refused, value):
    service.manager.write(service.arn, value)

    with refused("configuration", says="no JSON object"):
        service.step("createSecret", service.manager.start(service.arn))


@pytest.mark.parametrize("changes", [{"username": "somebody"}, {"username": 5}, {"password": ""}, {"password": None}])
def test_a_current_value_of_another_user_or_without_a_password_is_refused(service, refused, changes):
    service.rotate()
    service.manager.write(service.arn, {**service.current, **changes})

    with refused("configuration", says=next(iter(changes))):
        service.step("createSecret", service.manager.start(service.arn))
