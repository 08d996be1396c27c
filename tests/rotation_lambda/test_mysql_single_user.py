"""One login of MySQL or MariaDB that changes its own password, and what is left of another strategy."""

import pytest

from rotation_lambda.engines import _mysql_users
from rotation_lambda.engines import mysql as engine
from tests.rotation_lambda.mysql_service import MySQLService, server_of
from tests.rotation_lambda.secrets_manager import KilledError


@pytest.fixture(params=["mysql", "mariadb"])
def service(request, manager, monkeypatch, pauses):  # noqa: ARG001
    return MySQLService(server_of(request.param), manager, monkeypatch, "single-user")


@pytest.fixture
def mysql(manager, monkeypatch, pauses):  # noqa: ARG001
    return MySQLService(server_of("mysql"), manager, monkeypatch, "single-user")


def _changed(service):
    """Somebody set another password by hand."""
    return "'changed-by-hand-1'" if service.server.kind == "mysql" else "PASSWORD('changed-by-hand-1')"


def test_a_user_changes_its_own_password_without_an_admin(service):
    service.made_by_hand(rights="SELECT ON app.*")
    service.declare(admin=None)
    before = service.current

    service.rotate()

    assert [service.logs_in(value) for value in (service.current, before)] == [True, False]


def test_the_account_that_the_function_logs_in_to_is_the_one_that_rotates(service):  # samples#101
    service.made_by_hand(host="127.0.0.%")
    service.declare(admin=None)

    service.rotate()

    assert service.ask("SELECT CURRENT_USER()") == [(f"{service.username}@127.0.0.%",)]


def test_rule_27_an_abandoned_password_that_is_in_force_is_found(service, manager):
    service.made_by_hand()
    service.declare(admin=None)
    for _ in range(3):
        service.until("finishSecret")
        manager.abandon(service.arn)

    service.rotate()

    assert service.logs_in(service.current)


def test_rule_27_with_the_previous_password_only_the_next_rotation_recovers(service, manager):
    service.made_by_hand()
    service.declare(admin=None)
    manager.write(service.arn, {**service.current, "password": "never-was-set-1"})

    service.rotate()

    assert service.logs_in(service.current)


def test_rule_25_an_invocation_that_comes_between_sets_the_same_password_once(mysql, monkeypatch):
    """The second one runs from start to end after the first has seen that the new password is not in force yet."""
    mysql.made_by_hand()
    mysql.server.run(f"ALTER USER {mysql.username} PASSWORD HISTORY 5")  # a second time would be against the policy
    token = mysql.until("setSecret")
    original = engine.verify

    def overtaken(*arguments):
        monkeypatch.setattr(engine, "verify", original)
        try:
            original(*arguments)
        finally:
            mysql.step("setSecret", token)

    monkeypatch.setattr(engine, "verify", overtaken)
    mysql.step("setSecret", token)

    assert mysql.logs_in(mysql.pending(token))


def test_a_first_rotation_that_was_cut_off_before_the_rights_is_completed(service, manager, monkeypatch):
    """The value was current at once, and the user made; then the function was gone."""
    manager.first_is_current = True

    def killed(*_):
        raise KilledError

    with monkeypatch.context() as during:
        during.setattr(_mysql_users, "give", killed)
        with pytest.raises(KilledError):
            service.rotate()
    manager.abandon(service.arn)

    service.rotate()

    assert service.logs_in(service.current)
    assert service.rights(f"{service.username}@'%'") == [f"GRANT ALL PRIVILEGES ON `app`.* TO `{service.username}`@`%`"]


def test_a_user_that_nobody_can_log_in_as_is_repaired_by_the_admin(service):
    service.made_by_hand()
    service.server.run(f"SET PASSWORD FOR {service.username} = {_changed(service)}")

    service.rotate()

    assert service.logs_in(service.current)


def test_a_user_that_nobody_can_log_in_as_needs_an_admin(service, refused):
    service.made_by_hand()
    service.declare(admin=None)
    service.server.run(f"SET PASSWORD FOR {service.username} = {_changed(service)}")
    token = service.until("setSecret")

    with refused("authentication", says="name an 'admin' in the declaration"):
        service.step("setSecret", token)


def test_an_empty_secret_without_an_admin_says_what_is_missing(service, refused):
    service.declare(admin=None)
    token = service.until("setSecret")

    with refused("configuration", says="no 'admin' to make its user"):
        service.step("setSecret", token)


def test_a_user_without_any_right_gets_those_in_the_database_once(service):
    service.rotate()

    service.ask(f"CREATE TABLE {service.username}_table (a INT)")
    assert service.rights(f"{service.username}@'%'") == [f"GRANT ALL PRIVILEGES ON `app`.* TO `{service.username}`@`%`"]


def test_who_was_stripped_of_every_right_is_not_given_them_back(service, refused):
    """Somebody stopped this user in an emergency; the night's rotation must not undo that."""
    service.rotate()
    service.server.run(f"REVOKE ALL ON app.* FROM {service.username}")
    token = service.until("setSecret")

    with refused("permission", says="has no right in the database"):
        service.step("setSecret", token)

    assert [right for right in service.rights(service.username) if "app" in right] == []


def test_a_user_that_was_there_gets_no_more_rights(service):
    service.made_by_hand(rights="SELECT ON app.*")
    service.manager.write(service.arn, {})

    service.rotate()

    assert service.rights(f"{service.username}@'%'") == [f"GRANT SELECT ON `app`.* TO `{service.username}`@`%`"]


def test_a_password_by_hand_may_hold_anything(service):
    hostile = 'it\'s "quoted" `x`; -- \\ %s ü'
    service.made_by_hand()
    quoted = hostile.replace("\\", "\\\\").replace("'", "''")
    service.server.run(f"ALTER USER {service.username} IDENTIFIED BY '{quoted}'")
    service.manager.write(service.arn, {**service.current, "password": hostile})
    service.declare(admin=None)

    service.rotate()

    assert service.logs_in(service.current)


def test_a_server_that_wants_the_password_in_force_is_told_it(mysql, manager):
    mysql.made_by_hand()
    mysql.server.run(f"ALTER USER {mysql.username} PASSWORD REQUIRE CURRENT")
    mysql.declare(admin=None)
    mysql.until("finishSecret")
    manager.abandon(mysql.arn)

    mysql.rotate()

    assert mysql.logs_in(mysql.current)


@pytest.mark.parametrize("strategy", ["single-user", "alternating-users"])
def test_a_second_password_does_not_outlive_a_change_of_the_strategy(mysql, strategy):
    mysql.declare(strategy="dual-password")
    mysql.rotate()
    mysql.rotate()
    values = [mysql.current]
    mysql.declare(strategy=strategy)

    for _ in range(2):
        mysql.rotate()
        values.append(mysql.current)

    assert [mysql.logs_in(value) for value in values] == [False, strategy == "alternating-users", True]
    assert mysql.server.rows("SELECT user_attributes->'$.additional_password' FROM mysql.user WHERE user = %s", mysql.username) == [(None,)]
