"""setSecret changes one login, of the declared server, and never the one that is in use (rules 10 to 18)."""

import json

import pytest

from rotation_lambda.engines import _postgres_session, postgres
from rotation_lambda.errors import PolicyError, RotationError


def test_rule_10_a_value_that_the_servers_policy_refuses_is_given_up(service, lines, monkeypatch):
    service.rotate()
    before = service.current
    token = service.until("setSecret")
    lines()

    def refuses(*_):
        raise PolicyError("the server's password policy refuses the new password")

    with monkeypatch.context() as during:
        during.setattr(postgres, "set_credential", refuses)
        with pytest.raises(PolicyError):
            service.step("setSecret", token)

    assert lines()[0]["errorClass"] == "policy"
    assert service.manager.secrets[service.arn].versions[token].labels == set()
    service.rotate()  # nobody's hand was needed
    assert service.current["username"] != before["username"]
    assert service.logs_in(service.current)


@pytest.mark.parametrize("state", ["22023", "28000"])
def test_rule_10_a_refusal_of_the_password_itself_is_a_policy_error(state):
    assert _postgres_session._by_sqlstate_of_a_password(state, "user x").error_class == "policy"


def test_rule_11_a_pending_login_that_works_is_not_set_again(service, lines):
    service.rotate()
    token = service.until("testSecret")
    stored = service.stored(service.clone)
    lines()

    service.step("setSecret", token)

    assert service.stored(service.clone) == stored
    assert lines()[0]["outcome"] == "unchanged"


@pytest.mark.parametrize(
    "changes",
    [
        {"host": "attacker.example"},
        {"port": 5433},
        {"dbname": "postgres"},
        {"engine": "mysql"},
        {"masterarn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/other/admin-a1B2c3"},
        {"masterarn": None},
        {"username": "admin"},
        {"username": "postgres"},
    ],
)
@pytest.mark.parametrize("step", ["setSecret", "testSecret", "finishSecret"])
def test_rule_12_a_pending_value_that_somebody_changed_is_refused(service, refused, changes, step):
    service.rotate()
    token = service.until(step)
    service.tamper(token, **changes)
    logged = len(service.server.log())

    with refused("configuration", says=next(iter(changes))):
        service.step(step, token)

    assert "keyturn" not in service.server.log()[logged:]
    assert "authorized" not in service.server.log()[logged:]


def test_rule_12_after_a_value_that_somebody_changed_the_next_rotation_needs_no_hand(service, refused):
    service.rotate()
    token = service.until("setSecret")
    service.tamper(token, host="attacker.example")
    with refused("configuration", says="host"):
        service.step("setSecret", token)

    service.rotate()

    assert service.current["host"] == service.server.host
    assert service.logs_in(service.current)


def test_rule_12_the_pending_user_is_the_other_one_never_the_current(service, refused):
    service.rotate()
    token = service.until("setSecret")
    service.tamper(token, username=service.username)
    stored = service.stored(service.username)

    with refused("configuration", says="username"):
        service.step("setSecret", token)

    assert service.stored(service.username) == stored


def test_rule_13_only_a_wrong_password_moves_on_to_the_next_one(service, refused):
    service.declare(strategy="single-user")
    service.rotate()
    token = service.until("setSecret")
    service.declare(database="missing")
    service.tamper(token, dbname="missing")

    with refused("configuration", says="3D000"):
        service.step("setSecret", token)


def test_rule_14_the_admin_changes_nothing_for_who_cannot_log_in(service, refused):
    service.rotate()
    token = service.until("setSecret")
    service.server.run(f"ALTER ROLE {service.username} PASSWORD 'changed by somebody'")
    logged = len(service.server.log())

    with refused("authentication", says="put an empty object into the secret"):
        service.step("setSecret", token)

    said = [line for line in service.server.log()[logged:].splitlines() if line.startswith("admin ") and "execute" in line]
    assert [line for line in said if ": SELECT" not in line] == []  # it looks whether there is such a user, and no more
    assert service.stored(service.clone) is None


def test_rule_14_the_current_user_stays_as_it_is(service):
    service.rotate()
    stored, logged = service.stored(service.username), len(service.server.log())

    service.rotate()

    assert service.stored(service.username) == stored
    assert f'ALTER ROLE "{service.username}"' not in service.server.log()[logged:]


@pytest.mark.parametrize("which", ["username", "clone", "owner"])
def test_rule_14_the_admin_is_another_user_than_those_that_rotate(service, refused, which):
    service.manager.write(service.admin, {"username": getattr(service, which), "password": "no-matter-which"})
    token = service.until("setSecret")

    with refused("configuration", says="needs a user of its own"):
        service.step("setSecret", token)


@pytest.mark.parametrize(
    "value",
    [{"username": "admin"}, {"password": "alone-without-a-user"}, "no json at all", {"username": "a\0b", "password": "with-a-zero"}],
)
def test_an_admin_secret_without_a_login_is_refused(service, refused, value):
    service.manager.write(service.admin, value)
    token = service.until("setSecret")

    with refused("configuration", says="zero" if "\\u0000" in json.dumps(value) else "admin"):
        service.step("setSecret", token)


def test_an_admin_whose_password_is_old_is_named(service, refused):
    service.manager.write(service.admin, {"username": "admin", "password": "this-was-yesterday"})
    token = service.until("setSecret")

    with refused("authentication", says="user admin"):
        service.step("setSecret", token)


def test_rule_16_no_password_is_in_the_servers_log_or_statistics(service):
    for _ in range(3):
        service.rotate()
    service.declare(strategy="single-user")
    service.rotate()

    log = service.server.log()
    statements = str(service.server.run("SELECT query FROM pg_stat_statements UNION ALL SELECT query FROM pg_stat_activity"))

    assert "SCRAM-SHA-256$" in log  # the statements are there
    assert [password for password in service.secrets_ever() if password in log or password in statements] == []


def test_rule_16_what_a_driver_says_never_leaves(service, refused, monkeypatch):
    token = service.until("setSecret")
    password = service.pending(token)["password"]

    def talks(*_):
        raise RuntimeError(f"could not log in with {password}")

    monkeypatch.setattr(postgres, "verify", talks)

    with refused("unexpected", says="RuntimeError at test_set_secret.py"):
        service.step("setSecret", token)


def test_rule_20_every_session_is_closed(service):
    service.rotate()
    service.rotate()
    service.until("setSecret")

    assert service.sessions_end()


@pytest.mark.parametrize(
    ("step", "statement"), [("setSecret", 1), ("setSecret", 2), ("setSecret", 5), ("testSecret", 1), ("finishSecret", 1)]
)
def test_rule_20_every_session_is_closed_when_a_step_fails(service, monkeypatch, step, statement):
    service.rotate()
    token, ran, run = service.until(step), [], _postgres_session.Session._run

    def breaks(session, *said):
        ran.append(said)
        if len(ran) == statement:
            raise RuntimeError("the driver broke")
        return run(session, *said)

    with monkeypatch.context() as during:
        during.setattr(_postgres_session.Session, "_run", breaks)
        with pytest.raises(RotationError):
            service.step(step, token)

    assert len(ran) == statement
    assert service.sessions_end()
