"""testSecret proves without writing; finishSecret publishes what was proved (rules 21 to 25)."""

import concurrent.futures
import contextlib
from unittest import mock

import pytest

from rotation_lambda.engines import postgres
from rotation_lambda.engines._postgres_session import Session
from rotation_lambda.errors import RotationError
from rotation_lambda.handler import handler


def test_rule_21_the_test_asks_the_server_who_it_is(service, refused):
    token = service.until("testSecret")
    service.server.run(f"ALTER ROLE {service.username} RESET role")

    with refused("permission", says=f"does not act as {service.owner}"):
        service.step("testSecret", token)


def test_rule_21_a_proxy_that_logs_in_as_somebody_else_is_seen(service, refused, monkeypatch):
    token = service.until("testSecret")
    session = mock.Mock(run=lambda *_: [["proxy", service.owner, True]])
    monkeypatch.setattr(postgres, "logged_in", lambda *_, **__: contextlib.nullcontext(session))

    with refused("configuration", says="proxy"):
        service.step("testSecret", token)


def test_rule_21_the_test_looks_at_what_the_user_may_do(service, refused):
    token = service.until("testSecret")
    service.server.run(f"REVOKE CREATE ON SCHEMA {service.owner} FROM {service.owner}")

    with refused("permission", says="create in its schema"):
        service.step("testSecret", token)


def test_rule_21_the_test_writes_nothing(service):
    token = service.until("testSecret")
    logged = len(service.server.log())

    service.step("testSecret", token)

    said = [line for line in service.server.log()[logged:].splitlines() if "execute" in line or "statement:" in line]
    assert said
    assert [line for line in said if "SELECT" not in line] == []
    assert service.manager.writes() == ["put_secret_value"]


def test_rule_21_the_tests_session_could_not_write_if_it_wanted_to(service, refused, monkeypatch):
    token, asked = service.until("testSecret"), Session.run
    monkeypatch.setattr(Session, "run", lambda session, *_: asked(session, "CREATE TABLE written (id int)"))

    with refused("configuration", says="25006"):
        service.step("testSecret", token)


def test_rule_21_a_test_only_call_passes_and_writes_nothing(service):
    service.rotate()
    before, writes, stored = service.current, service.manager.writes(), service.stored(service.username)

    service.manager.rotate_test_only(service.arn, handler, service.context)

    assert (service.current, service.manager.writes(), service.stored(service.username)) == (before, writes, stored)


def test_rule_21_a_test_only_call_passes_after_the_declaration_named_another_host(service):
    service.rotate()
    service.declare(host="127.0.0.1")

    service.manager.rotate_test_only(service.arn, handler, service.context)

    service.rotate()
    assert service.current["host"] == "127.0.0.1"


def test_rule_21_a_test_only_call_fails_when_the_current_password_does_not_work(service, refused):
    service.rotate()
    service.server.run(f"ALTER ROLE {service.username} PASSWORD 'changed by somebody'")

    with refused("authentication"):
        service.manager.rotate_test_only(service.arn, handler, service.context)


@pytest.mark.parametrize("rotated", [False, True])
def test_a_test_only_call_without_a_value_says_so(service, refused, rotated):
    if rotated:
        service.rotate()

    with refused("configuration", says="has to rotate once"):
        service.manager.rotate_test_only(service.arn, handler, service.context, copy=False)


def test_rule_22_a_server_that_learns_late_is_asked_again(service, pauses, monkeypatch):
    token = service.until("testSecret")
    service.server.run(f"ALTER ROLE {service.username} RENAME TO not_yet")
    pauses.clear()

    def learn(seconds):
        pauses.append(seconds)
        if len(pauses) == 2:
            service.server.run(f"ALTER ROLE not_yet RENAME TO {service.username}")

    monkeypatch.setattr("time.sleep", learn)

    service.step("testSecret", token)

    assert pauses == [0.25, 0.5]


def test_rule_22_the_patience_ends(service, refused, pauses):
    token = service.until("testSecret")
    service.server.run(f"ALTER ROLE {service.username} PASSWORD 'changed by somebody'")
    pauses.clear()

    with refused("authentication"):
        service.step("testSecret", token)

    assert pauses == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0]


def test_rule_23_the_label_moves_off_the_version_that_holds_it(service):
    old = service.rotate()

    new = service.rotate()

    versions = service.manager.secrets[service.arn].versions
    [request] = [
        request for call, request in service.manager.calls if call == "update_secret_version_stage" and request["MoveToVersionId"] == new
    ]
    assert request["RemoveFromVersionId"] == old
    assert (versions[new].labels, versions[old].labels) == ({"AWSCURRENT"}, {"AWSPREVIOUS"})


def test_rule_23_the_first_version_is_published_without_a_holder(service):
    token = service.rotate()

    [request] = [request for call, request in service.manager.calls if call == "update_secret_version_stage"]
    assert request == {"SecretId": service.arn, "VersionStage": "AWSCURRENT", "MoveToVersionId": token}


def test_rule_23_labels_that_moved_since_they_were_read_are_read_again(service):
    service.rotate()
    token = service.until("finishSecret")
    moved = []

    def move_first(call, _request):
        if call == "update_secret_version_stage" and not moved:
            moved.append(service.manager.write(service.arn, service.current))

    service.manager.before = move_first

    service.step("finishSecret", token)

    assert service.manager.secrets[service.arn].holder("AWSCURRENT") == token


def test_rule_23_a_duplicate_that_published_first_is_success(service):
    service.rotate()
    token = service.until("finishSecret")

    def publish_first(call, _request):
        if call == "update_secret_version_stage":
            service.manager.before = lambda *_: None
            service.step("finishSecret", token)

    service.manager.before = publish_first

    service.step("finishSecret", token)

    assert service.manager.secrets[service.arn].holder("AWSCURRENT") == token
    assert service.manager.writes().count("update_secret_version_stage") == 3  # the first rotation's, the duplicate's, the refused one


@pytest.mark.parametrize("cleared", [True, False])
def test_rule_24_the_next_rotation_succeeds_with_the_pending_label_left_or_cleared(service, cleared):
    service.manager.clears_pending = cleared

    tokens = [service.rotate() for _ in range(3)]

    versions = service.manager.secrets[service.arn].versions
    assert [token for token in tokens if "AWSPENDING" in versions[token].labels] == ([] if cleared else [tokens[-1]])
    assert service.logs_in(service.current)


def test_rule_25_every_step_may_come_twice(service):
    service.rotate()
    token = service.manager.start(service.arn)

    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        service.step(step, token)
        service.step(step, token)

    assert service.manager.writes().count("put_secret_value") == 2
    assert service.manager.secrets[service.arn].holder("AWSCURRENT") == token
    assert service.logs_in(service.current)


@pytest.mark.parametrize("step", ["createSecret", "setSecret"])
def test_rule_25_duplicates_at_the_same_time_converge(service, step):
    service.rotate()
    token = service.until(step)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        for done in [pool.submit(service.step, step, token) for _ in range(2)]:
            done.result()

    service.rotate(token)
    assert service.logs_in(service.current)


@pytest.mark.parametrize("step", ["setSecret", "testSecret", "finishSecret"])
def test_rule_25_a_step_that_comes_too_early_publishes_nothing(service, step):
    service.rotate()
    before = service.current
    token = service.manager.start(service.arn)
    if step == "finishSecret":
        service.step("createSecret", token)

    with pytest.raises(RotationError):
        service.step(step, token)

    assert service.current == before
    service.rotate(token)
    assert service.logs_in(service.current)
