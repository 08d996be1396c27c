"""One user of MySQL with two passwords: what is published is accepted all the time, whatever was here before."""

import contextlib

import pytest

from rotation_lambda.engines import _mysql_session
from rotation_lambda.errors import ConflictError
from tests.rotation_lambda.mysql_service import MySQLService, server_of
from tests.rotation_lambda.secrets_manager import KilledError


@pytest.fixture
def service(manager, monkeypatch, pauses):  # noqa: ARG001
    return MySQLService(server_of("mysql"), manager, monkeypatch, "dual-password")


@pytest.fixture
def statements(monkeypatch):
    """What the engine says to the server, first words only, without looking around."""
    said = []
    original = _mysql_session._Connection.query

    def query(connection, statement, *arguments, **settings):
        if statement.startswith(("ALTER", "CREATE", "GRANT")):
            said.append(" ".join(word for word in statement.replace("`", "").split() if word.isupper() or word == "CURRENT_USER()"))
        return original(connection, statement, *arguments, **settings)

    monkeypatch.setattr(_mysql_session._Connection, "query", query)
    return said


def test_a_rotation_is_one_statement_of_the_user_itself(service, statements):
    service.rotate()
    service.declare(admin=None)
    statements.clear()

    service.rotate()

    assert statements == ["ALTER USER CURRENT_USER() IDENTIFIED BY REPLACE RETAIN CURRENT PASSWORD"]


def test_rule_18_the_current_password_is_never_pushed_out_by_an_abandoned_one(service, manager, statements):
    service.rotate()
    current = service.current
    abandoned = service.pending(service.until("testSecret"))
    manager.abandon(service.arn)
    statements.clear()

    service.step("createSecret", token := manager.start(service.arn))
    service.step("setSecret", token)

    assert [service.logs_in(value) for value in (service.pending(token), current, abandoned)] == [True, True, False]
    assert statements == [
        "ALTER USER CURRENT_USER() IDENTIFIED BY REPLACE RETAIN CURRENT PASSWORD",
        "ALTER USER CURRENT_USER() IDENTIFIED BY REPLACE",  # of the abandoned one; what is second stays
    ]


def test_rule_18_ten_abandoned_rotations_change_nothing_for_who_uses_the_current_password(service, manager):
    service.rotate()
    service.declare(admin=None)
    current = service.current
    for _ in range(10):
        service.until("finishSecret")
        manager.abandon(service.arn)
        assert service.logs_in(current)

    service.rotate()

    assert [service.logs_in(value) for value in (service.current, current)] == [True, True]


def test_rule_25_an_invocation_that_comes_between_sets_the_same_password_once(service, monkeypatch):
    """The second one runs from start to end after the first has logged in and before it says anything."""
    service.rotate()
    service.server.run(f"ALTER USER {service.username} PASSWORD HISTORY 5")  # a second time would be against the policy
    current = service.current
    token = service.until("setSecret")
    original = _mysql_session.Session.set_password

    def overtaken(session, statement):
        monkeypatch.setattr(_mysql_session.Session, "set_password", original)
        service.step("setSecret", token)
        original(session, statement)

    monkeypatch.setattr(_mysql_session.Session, "set_password", overtaken)
    service.step("setSecret", token)

    assert [service.logs_in(value) for value in (service.pending(token), current)] == [True, True]


@pytest.mark.parametrize("newer", ["is set", "is published"])
def test_rule_25_an_abandoned_invocation_that_comes_late_pushes_nothing_out(service, manager, monkeypatch, newer):
    """It has logged in; then it is abandoned, and a newer rotation sets its own password."""
    service.rotate()
    current = service.current
    late = service.until("setSecret")
    original = _mysql_session.Session.set_password
    tokens = []

    def overtaken(session, statement):
        monkeypatch.setattr(_mysql_session.Session, "set_password", original)
        manager.abandon(service.arn)
        tokens.append(service.until("testSecret") if newer == "is set" else service.rotate())
        original(session, statement)

    monkeypatch.setattr(_mysql_session.Session, "set_password", overtaken)
    with pytest.raises(ConflictError, match="that the secret does not know"):
        service.step("setSecret", late)

    assert [service.logs_in(value) for value in (service.pending(tokens[0]), current, service.pending(late))] == [True, True, False]


def test_a_password_that_a_person_put_before_the_current_one_is_not_pushed_out(service, refused):
    service.rotate()
    current = service.current
    service.server.run(f"ALTER USER {service.username} IDENTIFIED BY 'set-in-an-emergency' RETAIN CURRENT PASSWORD")
    token = service.until("setSecret")

    with refused("conflict", says="set the current one as the first by hand"):
        service.step("setSecret", token)

    assert [service.logs_in(current), service.accepts("set-in-an-emergency")] == [True, True]
    service.server.run(f"ALTER USER {service.username} IDENTIFIED BY '{current['password']}'")
    service.rotate(token)
    assert [service.logs_in(value) for value in (service.current, current)] == [True, True]


def test_a_retained_password_is_the_one_that_was_replaced_and_no_other(service, manager, monkeypatch):
    """Killed right after the statement, three times, with a new rotation each time."""
    service.rotate()
    current = service.current
    original = _mysql_session.Session.set_password

    def killed(session, statement):
        with contextlib.suppress(ConflictError):
            original(session, statement)
            raise KilledError
        raise KilledError

    for _ in range(3):
        with monkeypatch.context() as during, contextlib.suppress(KilledError):
            during.setattr(_mysql_session.Session, "set_password", killed)
            service.until("testSecret")
        manager.abandon(service.arn)
        assert service.logs_in(current)

    service.rotate()

    assert [service.logs_in(value) for value in (service.current, current)] == [True, True]


def test_a_user_that_may_not_keep_two_passwords_is_allowed_to_by_the_admin(service):
    service.made_by_hand()
    before = service.current

    service.rotate()

    assert [service.logs_in(value) for value in (service.current, before)] == [True, True]
    assert f"GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO `{service.username}`@`%`" in service.rights(service.username)


def test_who_was_stripped_of_every_right_is_not_given_them_back(service, refused):
    """Somebody stopped this user in an emergency; the night's rotation must not undo that."""
    service.rotate()
    service.server.run(f"REVOKE ALL ON app.* FROM {service.username}")
    token = service.until("setSecret")

    with refused("permission", says="has no right in the database"):
        service.step("setSecret", token)

    assert [right for right in service.rights(service.username) if "app" in right] == []


def test_a_user_that_may_not_keep_two_passwords_is_told_so_without_an_admin(service, refused):
    service.made_by_hand()
    service.declare(admin=None)
    token = service.until("setSecret")

    with refused("permission", says=f"GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {service.username}"):
        service.step("setSecret", token)


@pytest.mark.parametrize("policy", ["PASSWORD REQUIRE CURRENT", "PASSWORD HISTORY 5", "PASSWORD REUSE INTERVAL 365 DAY"])
def test_a_password_policy_of_the_user_does_not_get_in_the_way(service, manager, policy):
    service.rotate()
    service.server.run(f"ALTER USER {service.username} {policy}")
    service.declare(admin=None)
    service.rotate()
    current = service.current
    service.until("testSecret")
    manager.abandon(service.arn)

    service.rotate()

    assert [service.logs_in(value) for value in (service.current, current)] == [True, True]


def test_rule_27_with_the_previous_password_only_the_next_rotation_recovers(service):
    """The database was restored from before the last rotation."""
    service.rotate()
    previous = service.current
    service.rotate()
    service.server.run(
        f"ALTER USER {service.username} DISCARD OLD PASSWORD",
        f"ALTER USER {service.username} IDENTIFIED BY '{previous['password']}'",
    )
    service.declare(admin=None)

    service.rotate()

    assert [service.logs_in(value) for value in (service.current, previous)] == [True, True]


def test_what_a_person_moved_the_label_back_to_works_through_the_next_rotation(service):
    back = service.rotate()
    moved = service.current
    service.manager.update_secret_version_stage(
        SecretId=service.arn, VersionStage="AWSCURRENT", RemoveFromVersionId=service.rotate(), MoveToVersionId=back
    )

    service.rotate()

    assert [service.logs_in(value) for value in (service.current, moved)] == [True, True]


def test_a_user_that_nobody_can_log_in_as_is_repaired_by_the_admin(service):
    service.rotate()
    service.server.run(f"ALTER USER {service.username} DISCARD OLD PASSWORD", f"ALTER USER {service.username} IDENTIFIED BY 'lost-by-hand'")

    service.rotate()

    assert service.logs_in(service.current)
    assert not service.accepts("lost-by-hand")


def test_a_user_that_nobody_can_log_in_as_needs_an_admin(service, refused):
    service.rotate()
    service.server.run(f"ALTER USER {service.username} DISCARD OLD PASSWORD", f"ALTER USER {service.username} IDENTIFIED BY 'lost-by-hand'")
    service.declare(admin=None)
    token = service.until("setSecret")

    with refused("authentication", says="name an 'admin'"):
        service.step("setSecret", token)


def test_a_value_of_before_the_last_two_is_not_accepted(service):
    """At most two live: the new one, and the one before it."""
    values = []
    for _ in range(4):
        service.rotate()
        values.append(service.current)

    assert [service.logs_in(value) for value in values] == [False, False, True, True]


def test_mariadb_has_no_second_password_and_that_is_said_at_once(service, manager, refused):
    service.declare(kind="mariadb")
    token = manager.start(service.arn)

    with refused("configuration", says="use alternating-users"):
        service.step("createSecret", token)
