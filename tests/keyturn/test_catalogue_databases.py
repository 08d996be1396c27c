"""What sets databases apart: the stack says before anything is created what the function would say at the first rotation."""

import json

import pytest

from keyturn.catalogue import AVAILABLE, Kind, Strategy
from keyturn.databases import is_redis_rule, missing_admin, traits_of, unfit_host, unfit_strategy, unfit_username
from rotation_lambda.engines import engine_for
from rotation_lambda.errors import ConfigurationError
from rotation_lambda.targets import target_of

READER = "app.cluster-ro-c3x1y2z3a4b5.eu-central-1.rds.amazonaws.com"
PROXY = "app.proxy-c3x1y2z3a4b5.eu-central-1.rds.amazonaws.com"
ADMIN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/platform/database-admin-a1B2c3"
SERVER = {"host": "db.example.com", "port": 1, "database": "app", "ca": "ca.pem"}


@pytest.fixture
def the_function_takes(monkeypatch):
    """Whether the engine itself takes a target, configured as the stack would write it."""

    def the_function_takes(kind, **settings):
        whole = {"kind": kind, "strategy": traits_of(kind).strategies[0], "admin": ADMIN, "username": "billing", **SERVER}
        if not traits_of(kind).has_databases:
            del whole["database"]
        given = {key: value for key, value in {**whole, **settings}.items() if value is not None}
        monkeypatch.setenv("KEYTURN_TARGETS", json.dumps({"prod/billing/database": given}))
        target = target_of("arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/billing/database-a1B2c3", None)
        try:
            engine_for(kind).describe(target, None)
        except ConfigurationError:
            return False
        return True

    return the_function_takes


@pytest.mark.parametrize(
    ("kind", "port", "strategy"),
    [
        ("postgres", 5432, "alternating-users"),
        ("mysql", 3306, "dual-password"),
        ("mariadb", 3306, "alternating-users"),
        ("redis", 6379, "dual-password"),
    ],
)
def test_a_kind_has_a_port_and_a_strategy_by_default(kind, port, strategy):
    traits = traits_of(Kind(kind))

    assert (traits.port, traits.strategies[0]) == (port, strategy)


@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("kind", AVAILABLE)
def test_a_strategy_fits_when_the_function_can_do_it(the_function_takes, kind, strategy):
    assert (unfit_strategy(kind, strategy) is None) == the_function_takes(kind, strategy=strategy)


@pytest.mark.parametrize("kind", AVAILABLE)
def test_an_admin_is_needed_when_the_function_cannot_do_without(the_function_takes, kind):
    for strategy in traits_of(kind).strategies:
        assert (missing_admin(kind, strategy) is None) == the_function_takes(kind, strategy=strategy, admin=None)


def test_a_strategy_that_does_not_fit_says_why_and_the_way_out():
    assert unfit_strategy(Kind.MARIADB, Strategy.DUAL_PASSWORD) == (
        "does not fit mariadb: MariaDB keeps one password for a user; choose alternating-users or single-user, or leave it out"
    )
    assert unfit_strategy(Kind.REDIS, Strategy.ALTERNATING_USERS) == (
        "does not fit redis: a Redis user has several passwords, so nobody is locked out with one user;"
        " choose dual-password, or leave it out"
    )


@pytest.mark.parametrize(
    ("kind", "strategy", "sentence"),
    [
        ("postgres", "alternating-users", "is missing: alternating users are made by an admin; name its secret, or choose single-user"),
        (
            "mysql",
            "alternating-users",
            "is missing: alternating users are made by an admin; name its secret, or choose dual-password or single-user",
        ),
        ("redis", "dual-password", "is missing: the passwords of a Redis user are set by an admin; name its secret"),
    ],
)
def test_a_missing_admin_says_why_and_the_way_out(kind, strategy, sentence):
    assert missing_admin(Kind(kind), Strategy(strategy)) == sentence


@pytest.mark.parametrize(
    ("host", "strategy", "fits"),
    [
        (PROXY, "alternating-users", False),
        (PROXY.upper(), "alternating-users", False),
        (PROXY.replace(".proxy-", ".endpoint.proxy-"), "alternating-users", False),
        (PROXY, "dual-password", True),
        (PROXY, "single-user", True),
        (READER, "alternating-users", False),
        (READER, "dual-password", False),
        (READER, "single-user", False),
        (READER.replace("cluster-ro-", "cluster-"), "alternating-users", True),
        ("proxy-1.example.com", "alternating-users", True),
        ("10.0.0.7", "alternating-users", True),
    ],
)
def test_an_endpoint_of_rds_that_cannot_rotate_is_known(host, strategy, fits):
    assert (unfit_host(host, Strategy(strategy)) is None) is fits


@pytest.mark.parametrize(
    ("kind", "strategy", "username", "fits"),
    [
        ("postgres", "alternating-users", "a" * 57, True),
        ("postgres", "alternating-users", "a" * 58, False),
        ("postgres", "single-user", "a" * 58, False),
        ("postgres", "single-user", "pg_monitor", False),
        ("mysql", "alternating-users", "a" * 26, True),
        ("mysql", "alternating-users", "a" * 27, False),
        ("mysql", "dual-password", "a" * 32, True),
        ("mysql", "dual-password", "a" * 33, False),
        ("mysql", "dual-password", "root", False),
        ("mysql", "dual-password", "rdsadmin", False),
        ("mariadb", "alternating-users", "a" * 74, True),
        ("mariadb", "alternating-users", "a" * 75, False),
        ("mariadb", "single-user", "public", False),
    ],
)
def test_a_user_fits_when_the_function_takes_it(the_function_takes, kind, strategy, username, fits):
    assert (unfit_username(Kind(kind), Strategy(strategy), username) is None) is fits
    assert the_function_takes(Kind(kind), strategy=strategy, username=username) is fits


@pytest.mark.parametrize(
    ("kind", "username"),
    [
        ("postgres", "postgres"),
        ("postgres", "Billing"),
        ("mysql", "billing_clone"),
        ("mariadb", "billing_owner"),
        ("mysql", 'billing"'),
        ("redis", "default"),
        ("redis", "bil ling"),
        ("redis", "-billing"),
        ("redis", "a" * 65),
    ],
)
def test_a_user_that_a_service_should_not_have_is_refused_by_the_stack(kind, username):
    traits = traits_of(Kind(kind))

    assert unfit_username(Kind(kind), traits.strategies[0], username)


@pytest.mark.parametrize("username", ["billing", "Billing-2", "billing:api", "svc.billing@prod", "billing_clone"])
def test_a_user_of_redis_has_a_wider_choice(the_function_takes, username):
    assert unfit_username(Kind.REDIS, Strategy.DUAL_PASSWORD, username) is None
    assert the_function_takes(Kind.REDIS, username=username)


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ("+@read", True),
        ("-@dangerous", True),
        ("+config|get", True),
        ("~billing:*", True),
        ("%R~shared:*", True),
        ("&events:*", True),
        ("allkeys", True),
        ("resetchannels", True),
        ("allcommands", True),
        ("(+get ~cache:*)", True),
        ("sanitize-payload", True),
        (">hunter2", False),
        ("<hunter2", False),
        ("#" + "a" * 64, False),
        ("nopass", False),
        ("resetpass", False),
        ("reset", False),
        ("on", False),
        ("off", False),
        ("(>hunter2 +get)", False),
        ("+get ~x", False),
        ("", False),
    ],
)
def test_a_rule_fits_when_the_function_takes_it(the_function_takes, rule, fits):
    assert is_redis_rule(rule) is fits
    assert the_function_takes(Kind.REDIS, rules=[rule]) is fits
