"""Names and passwords that try to be SQL, for MySQL and MariaDB (rule 15)."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rotation_lambda.engines import mysql
from rotation_lambda.engines._mysql_rights import Right, rights_of
from rotation_lambda.engines._mysql_session import identifier
from tests.rotation_lambda.mysql_service import MySQLService, server_of

# Everything that ends a quote or a name somewhere, words of statements, and letters of other scripts.
_PIECES = st.sampled_from(
    ["a", "'", '"', "`", "\\", ";", "--", "$", "%", "%s", "_", "@", "#", "/*", "*/", "\n", " TO ", " ON ", ".", "ß", "文"]
)
_HOSTILE = st.lists(_PIECES, min_size=1, max_size=6).map(lambda pieces: "".join(pieces)[:14]).filter(lambda name: name == name.rstrip())
_PASSWORDS = st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=40)
_STRATEGIES = [("mysql", "dual-password"), ("mysql", "alternating-users"), ("mysql", "single-user"), ("mariadb", "alternating-users")]

_several = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_fresh = itertools.count()


@pytest.fixture(params=["mysql", "mariadb"])
def service(request, manager, monkeypatch, pauses):  # noqa: ARG001
    return MySQLService(server_of(request.param), manager, monkeypatch, "alternating-users")


def _accounts(service):
    return {name for (name,) in service.server.run("SELECT DISTINCT user FROM mysql.user")}


@pytest.mark.parametrize("one", _STRATEGIES, ids=" ".join)
@_several
@given(name=_HOSTILE, passwords=st.lists(_PASSWORDS, min_size=2, max_size=2, unique=True))
def test_rule_15_hostile_names_and_passwords_are_names_and_passwords_only(manager, monkeypatch, one, name, passwords):
    kind, strategy = one
    service = MySQLService(server_of(kind), manager, monkeypatch, strategy)
    username = f"x{next(_fresh)}{name}"
    service.declare(username=username)
    service.arn = manager.create(service.name)
    before = _accounts(service)
    supply = iter(passwords)
    monkeypatch.setattr(mysql, "new_password", lambda: next(supply))

    service.rotate()
    service.rotate()

    made = {username, f"{username}_clone", f"{username}_owner"} if strategy == "alternating-users" else {username}
    assert _accounts(service) - before == made
    assert service.current["password"] == passwords[1]
    assert service.ask("SELECT CURRENT_USER()") == [(f"{service.current['username']}@%",)]


@_several
@given(name=_HOSTILE)
def test_a_right_on_something_hostile_is_shared_as_it_is(service, name):  # samples#158
    service.username = f"y{next(_fresh)}"
    service.arn = service.manager.create(service.name)
    service.declare(username=service.username)
    database, table = f"d{next(_fresh)}{name.replace('.', '')}".rstrip(), identifier(f"t{name}")
    place = f"{identifier(database)}.{table}"
    service.server.run(f"CREATE DATABASE {identifier(database)}", f"CREATE TABLE {place} (a INT)")
    service.made_by_hand(rights=f"SELECT ON {place}")
    service.server.run(f"GRANT USAGE ON app.* TO {service.username} WITH GRANT OPTION")
    before = _accounts(service)

    service.rotate()

    assert _accounts(service) - before == {service.clone, service.owner}
    assert service.ask(f"SELECT * FROM {place}") == []  # noqa: S608 - the name is the test
    [line] = [line for line in service.rights(service.owner) if "SELECT" in line]
    assert line.startswith(f"GRANT SELECT ON {place} TO ")


@pytest.mark.parametrize("mode", ["ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT"])
def test_rule_15_a_server_that_quotes_in_another_way_changes_nothing(service, monkeypatch, mode):
    service.declare(username=f"z{next(_fresh)}\\'\"`", strategy="single-user")
    passwords = iter(["it's \\' \" 1", "\\", "'"])
    monkeypatch.setattr(mysql, "new_password", lambda: next(passwords))
    [(before,)] = service.server.run("SELECT @@GLOBAL.sql_mode")
    service.server.rows("SET GLOBAL sql_mode = %s", mode)
    try:
        for _ in range(3):
            service.rotate()
            assert service.ask("SELECT CURRENT_USER()") == [(f"{service.current['username']}@%",)]
    finally:
        service.server.rows("SET GLOBAL sql_mode = %s", before)


class _Server:
    """Tells about rights as either server does."""

    def __init__(self, *lines):
        self._lines = lines

    def run(self, _statement):
        return [(line,) for line in self._lines]


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("GRANT USAGE ON *.* TO `u`@`%`", None),
        ("GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*9F' REQUIRE SSL WITH MAX_USER_CONNECTIONS 5", None),
        ("SET DEFAULT ROLE `r` FOR `u`@`%`", None),
        ("GRANT USAGE ON *.* TO 'u'@'%' WITH GRANT OPTION", Right("USAGE ON *.*", may_pass_on=True)),
        ("GRANT SELECT ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*9F' WITH GRANT OPTION", Right("SELECT ON *.*", may_pass_on=True)),
        ("GRANT SELECT ON `d TO ``u``@``%```.* TO `u`@`%`", Right("SELECT ON `d TO ``u``@``%```.*")),
        ("GRANT SELECT (`a TO 'x'`), UPDATE (`b`) ON `d`.`t` TO `u`@`%`", Right("SELECT (`a TO 'x'`), UPDATE (`b`) ON `d`.`t`")),
        ("GRANT EXECUTE ON PROCEDURE `d`.`p` TO `u`@`%`", Right("EXECUTE ON PROCEDURE `d`.`p`")),
        ("GRANT `r TO ``u```@`%` TO `u`@`%` WITH ADMIN OPTION", Right("`r TO ``u```@`%`", may_pass_on=True)),
        ("GRANT `r` TO `u`", Right("`r`")),
    ],
)
def test_what_a_server_tells_of_rights_is_read_by_its_quotes(line, right):
    assert rights_of(_Server(line), "`u`@`%`") == ([right] if right else [])


def test_several_roles_in_one_line_are_several():
    line = "GRANT `a`@`%`,`b,``c`@`%` TO `u`@`%`"

    assert rights_of(_Server(line), "`u`@`%`") == [Right("`a`@`%`"), Right("`b,``c`@`%`")]


@pytest.mark.parametrize(
    "line", ["GRANT PROXY ON `o`@`%` TO `u`@`%`", "GRANT PROXY ON ''@'%' TO 'u'@'%'", "REVOKE INSERT ON `d`.* FROM `u`@`%`"]
)
def test_what_cannot_be_shared_is_known(line):
    [right] = rights_of(_Server(line), "`u`@`%`")

    assert not right.shareable


@pytest.mark.parametrize("database", ["my_db", "my%db"])
def test_rights_in_a_database_are_rights_in_no_other_one(service, database):
    others = ["myXdb", "my_db", "my%db"]
    service.server.run(*(f"CREATE DATABASE IF NOT EXISTS {identifier(name)}" for name in others))
    service.declare(database=database)

    service.rotate()

    assert {name for (name,) in service.ask("SHOW DATABASES")} & set(others) == {database}
