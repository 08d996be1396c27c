"""Two users of MySQL or MariaDB who may do the same, whoever was granted it, and however the first of them came to be."""

import pymysql
import pytest

from rotation_lambda.errors import PermissionRefusedError, RotationError
from tests.rotation_lambda.mysql_server import rows_of
from tests.rotation_lambda.mysql_service import MySQLService, server_of
from tests.rotation_lambda.secrets_manager import RotationFailedError


@pytest.fixture(params=["mysql", "mariadb"])
def service(request, manager, monkeypatch, pauses):  # noqa: ARG001
    return MySQLService(server_of(request.param), manager, monkeypatch, "alternating-users")


def _cause(service):
    with pytest.raises(RotationFailedError) as caught:
        service.rotate()
    cause = caught.value.__cause__
    assert isinstance(cause, RotationError)
    return cause.error_class, str(cause)


def test_users_take_turns_and_both_stay_valid(service):
    values = []
    for _ in range(3):
        service.rotate()
        values.append(service.current)

    assert [value["username"] for value in values] == [service.username, service.clone, service.username]
    assert [service.logs_in(value) for value in values] == [False, True, True]


def test_a_later_grant_to_the_role_reaches_both_users_at_once(service):
    service.rotate()
    service.rotate()
    clone = service.current
    service.rotate()

    service.server.run(
        "CREATE DATABASE IF NOT EXISTS later", "CREATE TABLE IF NOT EXISTS later.t (a int)", f"GRANT SELECT ON later.* TO {service.owner}"
    )

    assert [service.ask("SELECT COUNT(*) FROM later.t", value) for value in (service.current, clone)] == [[(0,)], [(0,)]]


def test_a_later_grant_to_one_user_reaches_the_other_with_the_next_rotation(service):
    service.rotate()
    service.rotate()
    service.server.run("CREATE DATABASE IF NOT EXISTS later", f"GRANT SELECT ON later.* TO {service.clone}@'%'")

    service.rotate()

    assert service.current["username"] == service.username
    assert ("later",) in service.ask("SHOW DATABASES")


def test_what_one_user_makes_the_other_may_use_change_and_drop(service):
    """Rule 19, for servers without owners."""
    name = service.username
    for turn in range(3):
        service.rotate()
        if turn:
            view, table, procedure = (f"{name}_{kind}{turn - 1}" for kind in ("view", "table", "procedure"))
            service.ask(f"CALL {procedure}()")
            service.ask(f"ALTER TABLE {table} ADD COLUMN b INT")
            service.ask(f"CREATE OR REPLACE VIEW {view} AS SELECT b FROM {table}")  # noqa: S608 - names of our own
            service.ask(f"DROP PROCEDURE {procedure}")
        view, table, procedure = (f"{name}_{kind}{turn}" for kind in ("view", "table", "procedure"))
        service.ask(f"CREATE TABLE {table} (a INT)")
        service.ask(f"CREATE VIEW {view} AS SELECT * FROM {table}")  # noqa: S608 - names of our own
        # In a view, the rights of its maker count: also what the maker has through the role.
        service.ask(f"CREATE PROCEDURE {procedure}() SELECT COUNT(*) FROM {view}")  # noqa: S608 - names of our own
        assert service.ask(f"CALL {procedure}()") == [(0,)]


def test_who_was_stripped_of_every_right_is_not_given_them_back(service):
    """Somebody stopped this service in an emergency; the night's rotation must not undo that."""
    service.rotate()
    service.rotate()
    for grantee in (service.username, service.clone, service.owner):
        if any("app" in right for right in service.rights(grantee)):
            service.server.run(f"REVOKE ALL ON app.* FROM {grantee}")

    assert _cause(service)[0] == "permission"
    assert [right for name in (service.username, service.clone, service.owner) for right in service.rights(name) if "app" in right] == []


def test_a_grant_option_survives_the_rotation(service):  # samples#90
    service.server.run("CREATE DATABASE IF NOT EXISTS passed", "CREATE TABLE IF NOT EXISTS passed.t (a INT, b INT)")
    service.made_by_hand(rights="SELECT, INSERT ON app.*")
    service.server.run(
        f"GRANT SELECT ON passed.* TO {service.username}@'%' WITH GRANT OPTION",
        f"GRANT UPDATE (a), INSERT (b) ON passed.t TO {service.username}@'%'",
        "CREATE USER IF NOT EXISTS reader@'%'",
    )

    service.rotate()

    assert service.current["username"] == service.clone
    service.ask("GRANT SELECT ON passed.* TO reader@'%'")
    service.ask("UPDATE passed.t SET a = 1")
    assert service.rights(service.owner) == [
        f"GRANT SELECT, INSERT ON `app`.* TO {_role(service)}",
        f"GRANT SELECT ON `passed`.* TO {_role(service)} WITH GRANT OPTION",
        *_columns(service),
    ]


def _role(service):
    return f"`{service.owner}`@`%`" if service.server.kind == "mysql" else f"`{service.owner}`"


def _columns(service):
    """Each server lists privileges in an order of its own."""
    return [line for line in service.rights(service.owner) if "passed`.`t`" in line and "INSERT (`b`)" in line and "UPDATE (`a`)" in line]


def test_rights_are_not_more_than_the_user_had(service):
    service.made_by_hand(rights="SELECT ON app.*")

    service.rotate()
    service.rotate()

    with pytest.raises(pymysql.OperationalError, match="1142"):
        service.ask("CREATE TABLE not_allowed (a INT)")


def test_a_role_that_the_user_has_is_the_other_users_too(service):
    role, asleep = f"{service.username}_reads", f"{service.username}_asleep"
    service.made_by_hand(rights="SELECT ON app.*")
    service.server.run(
        "CREATE DATABASE IF NOT EXISTS through_role",
        "CREATE DATABASE IF NOT EXISTS only_when_asked",
        f"CREATE ROLE {role}, {asleep}",
        f"GRANT SELECT ON through_role.* TO {role}",
        f"GRANT SELECT ON only_when_asked.* TO {asleep}",
        f"GRANT {role} TO {service.username}",
        f"GRANT {asleep} TO {service.username}",
        f"GRANT {role} TO admin WITH ADMIN OPTION",
        f"GRANT {asleep} TO admin WITH ADMIN OPTION",
        f"SET DEFAULT ROLE {role} {'TO' if service.server.kind == 'mysql' else 'FOR'} {service.username}",
    )

    for username in (service.clone, service.username):
        service.rotate()
        assert service.current["username"] == username
        databases = {name for (name,) in service.ask("SHOW DATABASES")}
        assert ("through_role" in databases, "only_when_asked" in databases) == (True, False)
        with service.session() as connection, connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {asleep}")
            cursor.execute("SHOW DATABASES")
            assert ("only_when_asked",) in cursor.fetchall()


def test_a_user_that_is_bound_to_a_host_gets_a_clone_that_is_bound_to_it(service):  # samples#101, #102, #112
    service.made_by_hand(host="127.0.0.%")

    service.rotate()
    service.rotate()

    accounts = service.server.rows(
        "SELECT user, host FROM mysql.user WHERE user IN %s ORDER BY user, host", (service.username, service.clone)
    )
    assert accounts == [(service.username, "127.0.0.%"), (service.clone, "127.0.0.%")]
    assert service.logs_in(service.current)


def test_all_accounts_of_the_name_rotate_together(service):  # samples#102
    """The application comes from another host than the function, and is another account there."""
    service.made_by_hand(host="127.0.0.1")
    service.server.run(
        f"CREATE USER {service.username}@'127.0.0.%' IDENTIFIED BY 'another-1'", f"GRANT SELECT ON app.* TO {service.username}@'127.0.0.%'"
    )

    for username in (service.clone, service.username):
        service.rotate()
        assert service.current["username"] == username
        with service.server.session(username, service.current["password"], source="127.0.0.9") as connection:
            assert rows_of(connection, "SELECT CURRENT_USER()") == [(f"{username}@127.0.0.%",)]


def test_a_clone_has_to_meet_the_same_demands(service):
    service.made_by_hand()
    service.server.run(f"ALTER USER {service.username} REQUIRE SSL WITH MAX_USER_CONNECTIONS 7")

    service.rotate()

    shown = service.server.run(f"SHOW CREATE USER {service.clone}@'%'")[0][0]
    assert "REQUIRE SSL WITH MAX_USER_CONNECTIONS 7" in shown


def test_a_user_that_is_made_from_nothing_must_use_tls(service):
    service.rotate()

    assert "REQUIRE SSL" in service.server.run(f"SHOW CREATE USER {service.username}@'%'")[0][0]


def test_rule_14_the_current_user_keeps_its_password(service):
    service.made_by_hand()
    before = service.current

    service.rotate()

    assert service.logs_in(before)


def test_rule_14_who_cannot_log_in_does_not_get_at_the_admins_power(service, manager):
    service.made_by_hand()
    service.rotate()
    manager.write(service.arn, {**service.current, "password": "somebody-wrote-this"})
    changes = service.server.changes()

    error_class, message = _cause(service)

    assert (error_class, "put an empty object into the secret" in message) == ("authentication", True)
    assert service.server.changes() == changes


def test_a_mighty_user_is_not_shared(service):
    service.made_by_hand(rights="ALL ON *.*")

    assert _cause(service) == ("configuration", f"the user {service.username} is a superuser (SUPER); a service's user must not")


def test_a_user_that_must_show_a_certificate_is_refused_before_anything_is_made(service):
    service.made_by_hand()
    service.server.run(f"CREATE USER {service.clone} REQUIRE X509")

    error_class, message = _cause(service)

    assert (error_class, service.clone in message, "REQUIRE SSL" in message) == ("configuration", True, True)


@pytest.mark.parametrize("service", ["mysql"], indirect=True)
def test_a_right_that_a_role_cannot_have_is_named(service):
    service.made_by_hand()
    service.server.run(f"CREATE USER {service.username}_other", f"GRANT PROXY ON {service.username}_other TO {service.username}")

    error_class, message = _cause(service)

    assert (error_class, "may act as another user (PROXY)" in message) == ("configuration", True)


def test_somebody_who_bears_the_roles_name_stays_who_it_is(service):
    service.server.run(f"CREATE USER {service.owner} IDENTIFIED BY 'somebody-else-1'")

    error_class, message = _cause(service)

    assert (error_class, "can log in, so it is somebody's user" in message) == ("configuration", True)


def test_the_admin_is_another_user(service, manager):
    manager.write(service.admin, {"username": service.username, "password": "x"})

    assert "which this secret rotates" in _cause(service)[1]


def test_an_admin_secret_of_username_and_password_is_enough(service, manager):  # samples#96, #117, #162
    assert sorted(manager.value(service.admin)) == ["password", "username"]

    service.rotate()

    assert service.logs_in(service.current)


def test_an_admin_that_may_not_pass_a_right_on_is_told_which(service):
    service.made_by_hand(rights="SELECT ON app.*")
    service.server.run(f"GRANT RELOAD ON *.* TO {service.username}")

    error_class, message = _cause(service)

    assert (error_class, f"run once: GRANT RELOAD ON *.* TO {_role(service)}" in message) == ("permission", True)
    service.server.run(f"GRANT RELOAD ON *.* TO {service.owner}")
    if service.server.kind == "mariadb":  # there the users have it by themselves, too
        service.server.run("GRANT RELOAD ON *.* TO admin WITH GRANT OPTION")
    service.manager.abandon(service.arn)
    service.rotate()
    service.server.run("REVOKE RELOAD ON *.* FROM admin")
    assert service.logs_in(service.current)


def test_a_turn_without_new_rights_grants_nothing(service):
    service.rotate()
    service.rotate()
    service.rotate()
    service.server.run("FLUSH LOGS")
    service.rotate()

    written = (service.server.home / "data" / service.server.run("SHOW BINARY LOGS")[-1][0]).read_bytes()

    assert [written.count(word) for word in (b"GRANT ", b"CREATE USER", b"DEFAULT ROLE")] == [0, 0, 0]


def test_a_login_without_the_role_is_mended(service):
    service.made_by_hand()
    service.rotate()
    token = service.until("testSecret")
    service.server.run(f"SET DEFAULT ROLE NONE {'TO' if service.server.kind == 'mysql' else 'FOR'} {service.username}")
    with pytest.raises(PermissionRefusedError, match=f"without the role {service.owner}"):
        service.step("testSecret", token)

    service.rotate(token)

    assert service.owner in service.ask("SELECT CURRENT_ROLE()")[0][0]
