"""No password stands in a log of the server (rule 16), and what the server's password policy says is heard (rules 9 and 10)."""

import contextlib

import pytest

from rotation_lambda.engines import _mysql_dialects, mysql
from tests.rotation_lambda.mysql_service import BY_HAND, MySQLService, server_of
from tests.rotation_lambda.test_mysql import EVERY

_PERFORMANCE = ["events_statements_current", "events_statements_history", "events_statements_history_long"]


@pytest.fixture
def service(request, manager, monkeypatch, pauses):  # noqa: ARG001
    kind, strategy = getattr(request, "param", ("mysql", "dual-password"))
    return MySQLService(server_of(kind), manager, monkeypatch, strategy)


def _everything_written(service):
    watched = [service.server.run(f"SELECT sql_text, digest_text FROM performance_schema.{table}") for table in _PERFORMANCE]  # noqa: S608
    return service.server.written() + repr(watched).encode()


@pytest.mark.parametrize("service", EVERY, indirect=True, ids=" ".join)
def test_rule_16_no_password_is_in_the_general_slow_or_binary_log_nor_in_performance_schema(service, manager):
    service.server.run("UPDATE performance_schema.setup_consumers SET enabled = 'YES' WHERE name LIKE 'events_statements%'")
    service.rotate()
    service.until("finishSecret")
    manager.abandon(service.arn)
    service.rotate()
    service.rotate()

    written = _everything_written(service)

    assert b"IDENTIFIED BY" in written
    assert service.username.encode() in written
    assert [password for password in service.secrets_ever() if password.encode() in written] == []


def test_rule_16_no_password_of_a_refused_statement_is_in_a_log(service):
    """The second password is set by a user that may not; the policy refuses another one."""
    service.made_by_hand()
    service.declare(admin=None)
    with contextlib.suppress(Exception):
        service.rotate()

    written = _everything_written(service)

    created = f"IDENTIFIED BY '{BY_HAND}'".encode()
    assert [password for password in service.secrets_ever() if password.encode() in written.replace(created, b"")] == []


@pytest.mark.parametrize("strategy", ["dual-password", "alternating-users", "single-user"])
def test_rule_16_a_server_that_writes_passwords_into_its_log_is_told_none(service, refused, strategy):
    service.declare(strategy=strategy)
    service.made_by_hand()
    token = service.until("setSecret")
    service.server.run("SET GLOBAL log_raw = ON")
    try:
        with refused("configuration", says="set log_raw = OFF"):
            service.step("setSecret", token)
    finally:
        service.server.run("SET GLOBAL log_raw = OFF")

    assert service.pending(token)["password"].encode() not in service.server.written()


def test_a_hash_is_the_one_that_mariadb_makes_itself():
    server = server_of("mariadb")
    password = 'Known "to" both\'s\\'

    assert server.rows("SELECT PASSWORD(%s)", password) == [(_mysql_dialects._hashed(password),)]


@pytest.mark.parametrize("service", [one for one in EVERY if one[0] == "mysql"], indirect=True, ids=" ".join)
def test_rule_10_mysqls_password_policy_is_heard_and_the_value_given_up(service, manager, monkeypatch, refused):
    service.rotate()
    current = service.current
    with monkeypatch.context() as before:
        before.setattr(mysql, "new_password", lambda: "weak-and-short")
        token = service.until("setSecret")
    service.server.run("INSTALL COMPONENT 'file://component_validate_password'")
    try:
        with refused("policy", says="password policy refuses the new password"):
            service.step("setSecret", token)

        assert service.logs_in(current)
        assert manager.secrets[service.arn].versions[token].labels == set()
        service.rotate()
    finally:
        service.server.run("UNINSTALL COMPONENT 'file://component_validate_password'")
    assert service.logs_in(service.current)


@pytest.mark.parametrize("service", [one for one in EVERY if one[0] == "mariadb"], indirect=True, ids=" ".join)
def test_rule_10_a_mariadb_that_must_see_a_password_is_told_none(service, manager, refused):
    """Its policy checks what stands in the statement, and its logs keep that."""
    service.rotate()
    current = service.current
    token = service.until("setSecret")
    service.server.run("INSTALL SONAME 'simple_password_check'")
    try:
        with refused("policy", says="strict_password_validation = OFF"):
            service.step("setSecret", token)

        assert service.logs_in(current)
        assert manager.secrets[service.arn].versions[token].labels == set()
        service.server.run("SET GLOBAL strict_password_validation = OFF")
        service.rotate()
    finally:
        service.server.run("SET GLOBAL strict_password_validation = ON", "UNINSTALL SONAME 'simple_password_check'")
    assert service.logs_in(service.current)
