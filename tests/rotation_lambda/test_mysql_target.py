"""What a target of MySQL or MariaDB may say, and which names fit."""

import pytest

from tests.rotation_lambda.mysql_service import MySQLService, server_of


@pytest.fixture(params=["mysql", "mariadb"])
def service(request, manager, monkeypatch, pauses):  # noqa: ARG001
    return MySQLService(server_of(request.param), manager, monkeypatch, "alternating-users")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"strategy": None}, "needs 'strategy'"),
        ({"strategy": "two-users"}, "one of: alternating-users, dual-password, single-user"),
        ({"admin": None}, "alternates users and has no 'admin'"),
        ({"host": None}, "needs 'host'"),
        ({"port": 0}, "'port', a whole number from 1 to 65535"),
        ({"port": "3306"}, "'port', a whole number from 1 to 65535"),
        ({"database": None}, "needs 'database'"),
        ({"database": "back\\slash"}, "a backslash"),
        ({"ca": None}, "needs 'ca'"),
        ({"ssl": False}, "has 'ssl', which a"),
        ({"username": ""}, "needs 'username'"),
        ({"username": "root"}, "does not reserve"),
        ({"username": "mysql.sys"}, "does not reserve"),
        ({"username": "rdsadmin"}, "does not reserve"),
        ({"username": "PUBLIC"}, "does not reserve"),
        ({"username": "ends "}, "does not end in a space"),
        ({"username": "elephant🐘"}, "Unicode's basic plane"),
        ({"username": "half\ud83d"}, "'username', a text"),
    ],
)
def test_a_target_that_lacks_or_mistakes_something_is_refused_before_anything_is_asked(service, manager, refused, changes, says):
    token = manager.start(service.arn)
    service.declare(**changes)

    with refused("configuration", says=says):
        service.step("createSecret", token)

    assert manager.calls == []


@pytest.mark.parametrize(("strategy", "less"), [("alternating-users", 6), ("single-user", 0)])
def test_the_longest_name_that_the_server_takes_rotates_and_a_longer_one_is_refused(service, manager, refused, strategy, less):
    longest = (32 if service.server.kind == "mysql" else 80) - less
    # Characters count, not bytes.
    service.username = service.username + "ß" * (longest - len(service.username))
    service.declare(strategy=strategy, username=service.username)
    service.rotate()
    service.rotate()
    assert service.logs_in(service.current)

    token = manager.start(service.arn)
    service.declare(username=service.username + "x")
    with refused("configuration", says=f"at most {longest} characters"):
        service.step("createSecret", token)


def test_rule_12_another_user_in_the_value_is_not_logged_in(service, refused):
    service.rotate()
    token = service.until("setSecret")
    service.tamper(token, username="root")

    with refused("configuration", says="'username' of the new value"):
        service.step("setSecret", token)


@pytest.mark.parametrize("key", ["engine", "host", "port", "dbname", "masterarn"])
def test_rule_12_another_place_in_the_value_is_not_logged_in_to(service, refused, key):
    service.rotate()
    token = service.until("setSecret")
    service.tamper(token, **{key: "elsewhere"})

    with refused("configuration", says=f"{key!r} of the new value"):
        service.step("setSecret", token)


def test_a_current_value_without_a_password_says_so(service, manager, refused):
    manager.write(service.arn, {"username": service.username})
    token = manager.start(service.arn)

    with refused("configuration", says="has no 'password'"):
        service.step("createSecret", token)


@pytest.mark.parametrize(
    "admin", [{}, {"username": "admin"}, {"username": 1, "password": "not-a-name-1"}, {"username": "nobody", "password": "no-user-1"}]
)
def test_an_admin_secret_that_is_none_says_so(service, manager, refused, admin):
    manager.write(service.admin, admin)
    token = service.until("setSecret")

    with refused("authentication" if admin.get("username") == "nobody" else "configuration"):
        service.step("setSecret", token)
