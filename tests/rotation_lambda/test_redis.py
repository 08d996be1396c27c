"""One user with two passwords on a real Redis: nobody is locked out, nothing is left over, and no password is seen on the way."""

from types import SimpleNamespace

import pytest

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import redis as engine
from rotation_lambda.engines._redis_session import Session
from rotation_lambda.engines._redis_users import User, Users, hashed
from rotation_lambda.errors import ConfigurationError
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


# Peers.


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


# Who may and who may not.


def test_rule_14_a_user_whose_passwords_were_never_ours_gets_none_from_the_admin(service, refused):
    service.rotate()
    service.server.run("ACL", "SETUSER", service.username, "resetpass", ">of somebody else")
    token = service.until("setSecret")

    with refused("authentication", says=service.username):
        service.step("setSecret", token)

    assert service.server.passwords(service.username) == [hashed("of somebody else")]


def test_rule_14_without_a_current_value_that_logs_in_the_admin_only_mends_what_was_ours(service):
    service.rotate()
    service.manager.write(service.arn, {**service.current, "password": "written by mistake"})

    service.rotate()

    assert (service.works(service.current), service.live()) == (True, 1)


@pytest.mark.parametrize("which", ["previous", "older"])
def test_rule_27_a_server_restored_from_yesterday_is_recovered(service, which):
    service.rotate()
    yesterdays = service.server.passwords(service.username)
    for _ in range({"previous": 1, "older": 2}[which]):
        service.rotate()
    service.server.run("ACL", "SETUSER", service.username, "resetpass", *(f"#{password}" for password in yesterdays))

    service.rotate()

    assert service.works(service.current)


def test_rule_27_a_user_that_is_gone_is_made_again(service):
    service.rotate()
    service.server.run("ACL", "DELUSER", service.username)

    service.rotate()

    assert (service.works(service.current), service.live()) == (True, 1)


def test_a_user_that_somebody_switched_off_stays_off(service, refused):
    service.rotate()
    service.server.run("ACL", "SETUSER", service.username, "off")
    token = service.until("setSecret")

    with refused("permission", says="is switched off at the server"):
        service.step("setSecret", token)

    assert service.server.user(service.username)["enabled"] is False


def test_a_user_that_takes_any_password_is_no_proof_of_a_password(service, refused):
    service.rotate()
    service.server.run("ACL", "SETUSER", service.username, "nopass")
    token = service.until("setSecret")

    with refused("configuration", says="takes any password"):
        service.step("setSecret", token)

    assert service.server.accepts(service.username, "any password")


def test_the_admin_does_not_close_a_user_that_takes_any_password(service):
    """Redis ends `nopass` with the first password that it is given: whoever came in without one would be locked out."""
    user = User(on=True, takes_any_password=True, passwords=frozenset())

    with pytest.raises(ConfigurationError, match="nopass"):
        engine._refuse_unusable(user, service.username)


def test_the_admin_does_not_rotate_itself(service, refused):
    service.declare(username="admin")
    token = service.until("setSecret")

    with refused("configuration", says="the admin needs a user of its own"):
        service.step("setSecret", token)


@pytest.mark.parametrize("admin", [{"username": "admin"}, {"password": "of another"}, {"username": 7, "password": "of another"}])
def test_an_admin_secret_that_is_none_is_named(service, refused, admin):
    service.manager.write(service.admin, admin)
    token = service.until("setSecret")

    with refused("configuration", says="no 'username' and 'password'"):
        service.step("setSecret", token)


def test_an_admin_that_is_not_accepted_is_named(service, refused):
    service.manager.write(service.admin, {"username": "admin", "password": "not the admin's"})
    token = service.until("setSecret")

    with refused("authentication", says="user admin is not accepted"):
        service.step("setSecret", token)


@pytest.mark.parametrize("missing", ["-acl", "-info", "-config|get", "-exec"])
def test_an_admin_that_may_too_little_is_told_what_it_needs(service, refused, missing):
    may = ["+acl", "+info", "+config|get", "+config|rewrite", "+multi", "+exec"]
    service.server.run("ACL", "SETUSER", "helper", "reset", "on", ">of the helper", *may, missing)
    service.manager.write(service.admin, {"username": "helper", "password": "of the helper"})
    token = service.until("setSecret")

    with refused("permission", says="needs +acl +info +config|get"):
        service.step("setSecret", token)

    assert not service.works(service.pending(token))


@pytest.mark.parametrize("value", [{"username": "another", "password": "of another"}, {"password": "of another"}, {"username": "billing"}])
def test_rule_12_a_current_value_of_another_user_is_refused(service, refused, value):
    service.declare(username="billing")
    service.manager.write(service.arn, value)
    token = service.manager.start(service.arn)

    with refused("configuration"):
        service.step("createSecret", token)


# What is seen.


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


# Twice, and at the same time.


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


# The declaration.


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"strategy": "alternating-users"}, "one of: dual-password"),
        ({"strategy": "single-user"}, "one of: dual-password"),
        ({"persistence": "perhaps"}, "one of: server, none"),
        ({"database": "app"}, "'database', which a redis secret does not know"),
        ({"admin": None}, "has no 'admin'"),
        ({"ca": None}, "'ca'"),
        ({"host": None}, "'host'"),
        ({"port": 0}, "'port'"),
        ({"username": ""}, "'username'"),
        ({"username": "two words"}, "without blanks"),
        ({"username": 'quo"te'}, "quotes"),
        ({"username": "line\nuser root on nopass +@all"}, "without blanks"),
        ({"rules": "+@all"}, "a list of texts"),
    ],
)
def test_a_malformed_target_is_refused_before_anything_is_read(service, refused, changes, says):
    service.declare(username="billing")
    service.declare(**changes)

    with refused("configuration", says=says):
        service.step("createSecret", "any-token")

    assert service.manager.calls == []


_PASSWORDS_AND_STATES = [">hello", "<hello", f"#{'0' * 64}", f"!{'0' * 64}", "nopass", "NoPass", "resetpass", "reset", "on", "OFF"]
_NO_RULES = ["~a b", "~a'b", '~a"b', "~a\nuser", "~", "&", "", "+", "(+get >hello)", "((+get))", "(+get", "%X~a", "%~a"]


@pytest.mark.parametrize("rule", [*_PASSWORDS_AND_STATES, *_NO_RULES])
def test_a_rule_that_is_not_about_keys_channels_or_commands_is_refused(service, refused, rule):
    service.declare(rules=["~billing:*", rule])

    with refused("configuration"):
        service.step("createSecret", "any-token")


def test_every_kind_of_rule_reaches_the_server(service):
    rules = ["allkeys", "resetkeys", "~a:*", "%R~b:*", "%RW~c\\*", "&news:*", "allcommands", "nocommands", "+@read", "-@dangerous"]
    service.declare(rules=[*rules, "+config|get", "-GETDEL", "sanitize-payload", "(+set ~only:*)"])

    service.rotate()

    user = service.server.user(service.username)
    assert (user["keys"], user["channels"]) == (["~a:*", "%R~b:*", "~c\\*"], ["&news:*"])
    assert "only:*" in str(user["selectors"])


def test_a_rule_that_the_server_does_not_know_names_the_setting(service, refused):
    service.declare(rules=["~billing:*", "+nonesuch"])
    token = service.until("setSecret")

    with refused("configuration", says="one of 'rules'"):
        service.step("setSecret", token)

    assert service.server.user(service.username) is None
