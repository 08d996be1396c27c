"""What MySQL and MariaDB say no to, told apart: each number has its class, and only a login shows a wrong password (rule 13)."""

import pytest

from rotation_lambda.engines._mysql_refusals import refusal, refusal_of_a_login, refusal_of_a_password
from tests.rotation_lambda.mysql_server import ROOT_PASSWORD, rows_of
from tests.rotation_lambda.mysql_service import BY_HAND, MySQLService, server_of

_OF_BOTH = ["mysql", "mariadb"]


@pytest.fixture
def service(request, manager, monkeypatch, pauses):  # noqa: ARG001
    return MySQLService(server_of(getattr(request, "param", "mysql")), manager, monkeypatch, "single-user")


@pytest.mark.parametrize("service", _OF_BOTH, indirect=True)
@pytest.mark.parametrize(
    ("happened", "error_class", "says"),
    [
        ("ALTER USER {user} ACCOUNT LOCK", "permission", "account is locked"),
        ("REVOKE ALL ON app.* FROM {user}", "permission", "no right in the database"),
        ("DROP USER {user}", "authentication", "accepts neither"),
    ],
)
def test_rule_13_what_the_server_says_no_to_is_told_apart(service, refused, happened, error_class, says):
    service.rotate()
    service.declare(admin=None)
    token = service.until("setSecret")
    service.server.run(happened.format(user=service.username))

    with refused(error_class, says=says):
        service.step("setSecret", token)


@pytest.mark.parametrize("service", _OF_BOTH, indirect=True)
def test_rule_13_a_server_that_is_full_is_a_network_error(service, refused):
    service.rotate()
    token = service.until("setSecret")
    service.server.run(f"ALTER USER {service.username} WITH MAX_USER_CONNECTIONS 1")

    with service.session(), refused("network", says="full"):
        service.step("setSecret", token)


@pytest.mark.parametrize("service", _OF_BOTH, indirect=True)
def test_rule_21_a_login_that_ends_as_somebody_else_is_no_proof(service, refused):
    """An account without a name, for a host that is named more closely, takes every name."""
    service.rotate()
    token = service.until("testSecret")
    service.server.run(
        f"CREATE USER ''@'127.0.0.1' IDENTIFIED BY '{service.pending(token)['password']}'", "GRANT ALL ON app.* TO ''@'127.0.0.1'"
    )
    try:
        with refused("configuration", says="ends as another user"):
            service.step("testSecret", token)
    finally:
        with service.server.session("root", ROOT_PASSWORD, None, source="127.0.0.9") as root:
            rows_of(root, "DROP USER ''@'127.0.0.1'")


@pytest.mark.parametrize("service", _OF_BOTH, indirect=True)
def test_rule_13_a_missing_database_is_named(service, refused):
    service.made_by_hand(rights="SELECT ON *.*")
    token = service.until("setSecret")
    service.declare(database="missing")
    service.tamper(token, dbname="missing")

    with refused("configuration", says="no such database"):
        service.step("setSecret", token)


@pytest.mark.parametrize(("service", "other"), [("mysql", "mariadb"), ("mariadb", "mysql")], indirect=["service"])
def test_a_server_of_the_other_kind_gets_no_password(service, refused, other):
    """Each of them hides a password in its logs that is set in its own way."""
    elsewhere = server_of(other)
    service.made_by_hand()
    elsewhere.run(f"CREATE USER {service.username} IDENTIFIED BY '{BY_HAND}'", f"GRANT ALL ON app.* TO {service.username}")
    token = service.until("setSecret")
    service.tamper(token, port=elsewhere.port)
    (service.server.home / "theirs.pem").write_bytes((elsewhere.home / "ca.pem").read_bytes())
    service.declare(port=elsewhere.port, ca="theirs.pem")

    with refused("configuration", says="the declared kind does not fit"):
        service.step("setSecret", token)


_CLASSES = {
    "permission": [1044, 1045, 1130, 1142, 1227, 1410, 1698, 1820, 1862, 3118, 3955, 4151],
    "configuration": [1049, 1064, 1193, 1251, 1290, 1524, 1836, 2059, 9999],
    "network": [None, 0, 1040, 1129, 1203, 1226, 2003, 2006, 2013, 3032],
    "conflict": [1205, 1213, 1317, 1396, 3024, 3891],
}


@pytest.mark.parametrize(("error_class", "number"), [(name, number) for name, numbers in _CLASSES.items() for number in numbers])
def test_rule_13_numbers_have_their_class(error_class, number):
    assert refusal(number, "user x").error_class == error_class


def test_rule_13_a_wrong_password_shows_at_a_login_only():
    """A GRANT that is refused has the same number, and must not send the engine on to the next password."""
    assert [refusal_of_a_login(number, "user x").error_class for number in (1045, 1698, 1040)] == [
        "authentication",
        "authentication",
        "network",
    ]


def test_rule_10_a_password_that_the_policy_refuses_is_a_matter_of_the_policy():
    assert [refusal_of_a_password(number, "user x").error_class for number in (1819, 1372, 3638, 1205)] == ["policy"] * 3 + ["conflict"]
