"""One user with two passwords on a real Redis: nobody is locked out, nothing is left over, and no password is seen on the way."""

from types import SimpleNamespace

import pytest

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import redis as engine
from rotation_lambda.engines._redis_session import Session
from rotation_lambda.engines._redis_users import Users, hashed
from rotation_lambda.handler import handler
from rotation_lambda.targets import target_of
from tests.rotation_lambda.redis_server import ROOT_PASSWORD
from tests.rotation_lambda.subjects.redis import Service, running


@pytest.fixture(scope="module")
def server():
    with running() as server:
        yield server


@pytest.fixture
def service(server, monkeypatch, pauses):  # noqa: ARG001 - nobody waits
    return Service(server, monkeypatch)


def _whoami(service, value):
    with service.server.client(value["username"], value["password"]) as client:
        return client.acl_whoami()


def test_the_first_rotation_makes_the_user_by_its_rules(service):
    service.rotate()

    value = service.current
    assert {key: value[key] for key in value if key != "password"} == {
        "engine": "redis",
        "host": "localhost",
        "port": service.server.port,
        "username": service.username,
        "masterarn": service.admin,
    }
    assert _whoami(service, value) == service.username
    user = service.server.user(service.username)
    assert (user["enabled"], user["keys"], user["categories"][-1]) == (True, ["~billing:*"], "-@dangerous")


def test_rule_18_the_current_password_works_until_the_rotation_after_the_next(service):
    values = []
    for _ in range(3):
        service.rotate()
        values.append(service.current)

    assert [service.works(value) for value in values] == [False, True, True]
    assert service.server.passwords(service.username) == [hashed(value["password"]) for value in values[1:]]


def test_rule_18_what_worked_before_somebody_emptied_the_value_works_until_the_next_rotation(service):
    service.rotate()
    in_use = service.current
    service.manager.write(service.arn, "{}")

    service.rotate()

    assert [service.works(value) for value in (in_use, service.current)] == [True, True]


@pytest.mark.parametrize("step", ["setSecret", "testSecret", "finishSecret"])
def test_rule_18_the_current_password_works_through_every_step(service, step):
    service.rotate()
    service.rotate()

    service.until(step)

    assert [service.works(value) for value in (service.current, service.previous)] == [True, True]


def test_rule_18_what_abandoned_rotations_left_behind_goes_with_the_next_one(service):
    service.rotate()
    for _ in range(3):
        service.until("finishSecret")
        service.manager.abandon(service.arn)
    assert service.live() == 4

    service.rotate()

    assert (service.live(), service.works(service.current), service.works(service.previous)) == (2, True, True)


def test_what_a_person_moved_the_label_back_to_works_through_the_next_rotation(service):
    back = service.rotate()
    moved = service.current
    service.manager.update_secret_version_stage(
        SecretId=service.arn, VersionStage="AWSCURRENT", RemoveFromVersionId=service.rotate(), MoveToVersionId=back
    )

    service.rotate()

    assert [service.works(value) for value in (service.current, moved)] == [True, True]


def test_who_is_logged_in_stays_so(service):
    service.rotate()
    with service.server.client(service.username, service.current["password"]) as client:
        service.rotate()
        service.rotate()

        assert client.set("billing:1", "x") is True


def test_a_user_that_is_there_keeps_what_it_may_do(service):
    service.server.run("ACL", "SETUSER", service.username, "on", ">by hand and long", "~own:*", "+get")
    service.manager.write(service.arn, {"username": service.username, "password": "by hand and long"})

    service.rotate()

    user = service.server.user(service.username)
    assert (user["keys"], user["commands"]) == (["~own:*"], ["+get"])
    assert [service.works(value) for value in (service.current, service.previous)] == [True, True]


def test_a_user_that_is_there_needs_no_rules(service):
    service.server.run("ACL", "SETUSER", service.username, "on", "~own:*", "+get")
    service.declare(rules=None)

    service.rotate()

    assert service.works(service.current)


def test_a_missing_user_without_rules_is_named(service, refused):
    service.declare(rules=None)
    token = service.until("setSecret")

    with refused("configuration", says="no user billing"):
        service.step("setSecret", token)


def test_a_user_that_may_not_even_ask_who_it_is_rotates(service):
    service.declare(rules=["~billing:*", "+get"])

    service.rotate()
    service.rotate()

    assert service.works(service.current)


def test_the_default_user_rotates_like_any_other(service):
    service.declare(username="default")
    service.server.run("ACL", "SETUSER", "default", "reset", "on", "~*", "+@all", ">of old and long")
    service.manager.write(service.arn, {"username": "default", "password": "of old and long"})

    service.rotate()
    service.rotate()

    assert _whoami(service, service.current) == "default"
    assert not service.server.accepts("default", "of old and long")


def test_peer_bug_elasticache_test_secret_never_authenticates(service, refused):
    """aws-samples: testSecret of the ElastiCache function only asks the control plane for the user's state."""
    service.rotate()
    token = service.until("testSecret")
    service.server.run("ACL", "SETUSER", service.username, f"!{hashed(service.pending(token)['password'])}")

    with refused("authentication", says=f"user {service.username} is not accepted"):
        service.step("testSecret", token)


def test_peer_bug_elasticache_test_secret_ignores_the_token(service, refused):
    service.rotate()
    service.until("testSecret")

    with refused("conflict", says="no version of this token"):
        service.step("testSecret", "00000000-0000-0000-0000-000000000000")


def test_peer_bug_infisical_creates_users_per_rotation(service):
    service.rotate()
    users = service.server.run("ACL", "USERS")

    service.rotate()
    service.rotate()

    assert service.server.run("ACL", "USERS") == users


def test_rule_16_no_password_is_in_what_the_server_shows_or_writes(service):
    service.rotate()
    watcher = service.server.client("root", ROOT_PASSWORD)
    watcher.connection.send_command("MONITOR")
    watcher.connection.read_response()

    service.rotate()
    service.rotate()

    service.server.run("ECHO", "the end")
    seen = []
    while "the end" not in (seen or [""])[-1]:
        seen.append(watcher.connection.read_response())
    watcher.close()
    shown = str([seen, service.server.run("SLOWLOG", "GET", "1000"), service.server.run("ACL", "LOG"), service.server.run("ACL", "LIST")])
    written = "".join((service.server.home / name).read_text() for name in ("log", "users.acl"))
    assert any("whoami" in line.lower() for line in seen)
    assert [password for password in service.secrets_ever() if password in shown + written] == []


def test_rule_16_a_password_travels_in_a_login_and_in_no_other_command(service, monkeypatch):
    """Redis hides ACL SETUSER from its logs today; a proxy, a module or a rename may not."""
    sent, exchange = [], Session._exchange
    monkeypatch.setattr(Session, "_exchange", lambda session, commands: [sent.append(commands), exchange(session, commands)][1])

    for _ in range(3):
        service.rotate()

    others = [command for commands in sent for command in commands if command[0] != b"AUTH"]
    assert {command[0] for command in others} == {b"ACL", b"INFO", b"CONFIG", b"MULTI", b"EXEC"}
    assert [command for command in others for password in service.secrets_ever() if password.encode() in b" ".join(command)] == []


def test_rule_21_the_test_of_a_schedule_writes_nothing(service):
    service.rotate()
    before = service.server.run("ACL", "LIST")

    service.manager.rotate_test_only(service.arn, handler, service.context)

    assert service.server.run("ACL", "LIST") == before


@pytest.mark.parametrize("step", ["createSecret", "setSecret", "testSecret", "finishSecret"])
def test_rule_25_each_step_may_come_twice(service, step):
    service.rotate()
    token = service.until(step)

    service.step(step, token)
    service.step(step, token)
    service.rotate(token)

    assert (service.live(), service.works(service.current)) == (2, True)


def test_rule_25_a_duplicate_that_cleared_away_first_is_no_failure(service, monkeypatch):
    service.rotate()
    service.rotate()
    token, oldest = service.until("finishSecret"), hashed(service.previous["password"])

    def somebody_is_faster(_users):
        if oldest in service.server.passwords(service.username):
            service.server.run("ACL", "SETUSER", service.username, f"!{oldest}")

    monkeypatch.setattr(Users, "save", somebody_is_faster)
    service.step("finishSecret", token)

    assert (service.live(), service.works(service.current)) == (2, True)


def test_nothing_is_withdrawn_while_the_server_does_not_have_the_one_to_keep(service):
    service.rotate()
    target, known = target_of(service.arn, None), SimpleNamespace(admin=lambda: service.manager.value(service.admin))
    lost = {"username": service.username, "password": "published, and forgotten by the server"}

    engine.cleanup(target, keep=[lost], gone=[service.current], known=known, deadline=Deadline(60))

    assert service.works(service.current)
