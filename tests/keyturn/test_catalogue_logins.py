"""Logins of each kind of database in a declaration: what may be left out, and what is refused by its key with the way out."""

import pytest

from keyturn.catalogue import Kind, Strategy
from keyturn.declaration import Declaration
from keyturn.problems import DeclarationError

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
READER = "app.cluster-ro-c3x1y2z3a4b5.eu-central-1.rds.amazonaws.com"
PROXY = "app.proxy-c3x1y2z3a4b5.eu-central-1.rds.amazonaws.com"


def login(kind, **changes):
    given = {"kind": kind, "host": "db.example.com", "username": "billing", "admin": "prod/platform/database-admin", "ca": "ca.pem"}
    if kind != "redis":
        given["database"] = "app"
    return {key: value for key, value in {**given, **changes}.items() if value is not None}


@pytest.fixture
def read(tmp_path):
    (tmp_path / "ca.pem").write_text(PEM)

    def read(**secrets):
        services = {"billing": {"identity": {"type": "lambda"}, "secrets": secrets}}
        config = {"keyturn:environment": "prod", "keyturn:alerts": ["oncall@example.com"], "keyturn:services": services}
        return Declaration.from_config(config, directory=tmp_path, variables={})

    return read


@pytest.fixture
def problems(read):
    """The problems of secrets, by key."""

    def problems(**secrets):
        with pytest.raises(DeclarationError) as refused:
            read(**secrets)
        lines = str(refused.value).splitlines()[1:]
        return dict(line.removeprefix("  keyturn:services.billing.secrets.").split(": ", 1) for line in lines)

    return problems


@pytest.mark.parametrize(
    ("kind", "port", "strategy", "engine"),
    [
        ("postgres", 5432, Strategy.ALTERNATING_USERS, "postgres"),
        ("mysql", 3306, Strategy.DUAL_PASSWORD, "mysql"),
        ("mariadb", 3306, Strategy.ALTERNATING_USERS, "mysql"),
        ("redis", 6379, Strategy.DUAL_PASSWORD, "redis"),
    ],
)
def test_a_kind_brings_port_strategy_and_engine(read, kind, port, strategy, engine):
    (declared,) = read(database=login(kind)).secrets().values()

    assert (declared.kind, declared.port, declared.strategy, declared.engine) == (Kind(kind), port, strategy, engine)


@pytest.mark.parametrize(
    ("kind", "strategy", "admin"),
    [
        ("postgres", "single-user", None),
        ("mysql", "dual-password", None),
        ("mysql", "alternating-users", "prod/platform/database-admin"),
        ("mysql", "single-user", None),
        ("mariadb", "single-user", None),
    ],
)
def test_another_strategy_may_be_chosen(read, kind, strategy, admin):
    (declared,) = read(database=login(kind, strategy=strategy, admin=admin)).secrets().values()

    assert (declared.strategy, declared.admin) == (Strategy(strategy), admin)


def test_a_user_of_redis_has_rules_and_nobody_need_name_them(read):
    secrets = read(cache=login("redis", rules=["+@read", "~billing:*"]), other=login("redis", username="other")).secrets()

    assert [(declared.rules, declared.persistence) for declared in secrets.values()] == [
        (("+@read", "~billing:*"), "server"),
        ((), "server"),
    ]


def test_a_server_that_is_made_anew_each_time_keeps_no_users(read):
    (declared,) = read(cache=login("redis", persistence="none")).secrets().values()

    assert declared.persistence == "none"


def test_one_function_rotates_both_kinds_that_speak_one_protocol(read):
    rotations = read(old=login("mariadb"), new=login("mysql", host="new.example.com"), cache=login("redis")).rotations()

    assert [(engine, [name.secret for name in secrets]) for _, engine, secrets in rotations] == [
        ("mysql", ["old", "new"]),
        ("redis", ["cache"]),
    ]


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        (
            "mariadb",
            {"strategy": "dual-password"},
            {
                "strategy": "does not fit mariadb: MariaDB keeps one password for a user;"
                " choose alternating-users or single-user, or leave it out"
            },
        ),
        (
            "redis",
            {"strategy": "single-user"},
            {
                "strategy": "does not fit redis: a Redis user has several passwords, so nobody need be locked out;"
                " choose dual-password, or leave it out"
            },
        ),
        ("redis", {"admin": None}, {"admin": "is missing: the passwords of a Redis user are set by an admin; name its secret"}),
        (
            "redis",
            {"database": "0"},
            {"database": "unknown key; known: kind, strategy, host, port, username, ca, admin, rotateEvery, rules, persistence"},
        ),
        ("redis", {"persistence": "disk"}, {"persistence": "must be one of server, none"}),
        (
            "mysql",
            {"rules": ["+@read"]},
            {"rules": "unknown key; known: kind, strategy, host, port, username, ca, admin, rotateEvery, database"},
        ),
        ("mysql", {"database": None}, {"database": "is missing"}),
        ("mysql", {"username": "root"}, {"username": "is a name of the server itself; a service has a user of its own"}),
        (
            "mysql",
            {"username": "a" * 33},
            {"username": "must not be longer than 32 characters"},
        ),
        (
            "mysql",
            {"username": "a" * 27, "strategy": "alternating-users"},
            {"username": "must not be longer than 26 characters: mysql has 32, and the second user is called <username>_clone"},
        ),
        (
            "postgres",
            {"host": PROXY},
            {
                "host": "is an RDS Proxy, which knows one user for a secret and drops the connections of the other;"
                " name the database itself, or choose a strategy with one user"
            },
        ),
        (
            "mysql",
            {"host": READER},
            {"host": "is the reader endpoint of an Aurora cluster, which changes no password; name the writer's, <cluster>.cluster-<id>…"},
        ),
        ("mysqll", {}, {"kind": "unknown kind; did you mean `mysql`?"}),
        (
            "mysql",
            {"port": 0, "username": "Billing"},
            {"port": "input should be greater than or equal to 1", "username": "must have lower-case letters, digits and '_' only"},
        ),
    ],
)
def test_what_does_not_fit_is_refused_at_its_key(problems, kind, changes, expected):
    found = problems(database=login(kind, **changes))

    assert found == {f"database.{key}": sentence for key, sentence in expected.items()}


def test_a_proxy_serves_one_user_with_two_passwords(read):
    assert read(database=login("mysql", host=PROXY)).secrets()


def test_a_rule_that_holds_a_password_is_refused_and_not_repeated(problems):
    found = problems(cache=login("redis", rules=["+@read", ">hunter2-planted"]))

    assert found == {
        "cache.rules[1]": "must be an ACL rule about commands, keys or channels, e.g. +@read or ~billing:*;"
        " passwords and `on` are the rotation's"
    }


def test_every_problem_of_every_secret_is_in_one_message(problems):
    found = problems(database=login("mysql", host="mysql://db", database="App"), cache=login("redis", rules="+@read", ca="missing.pem"))

    assert sorted(found) == ["cache.ca", "cache.rules", "database.database", "database.host"]


def test_two_secrets_never_rotate_one_user_whatever_their_kinds_and_however_the_port_is_said(problems):
    found = problems(one=login("mysql"), two=login("mariadb", port=3306))

    assert sorted(found) == ["one.username", "two.username"]
    assert len(set(found.values())) == 1


def test_one_name_on_two_kinds_of_server_is_two_users(read):
    assert len(read(database=login("postgres"), cache=login("redis")).secrets()) == 2
