"""What a function is told about logins of each kind of database, and what is refused before anything is created."""

import json

import pulumi
import pytest

from components import RotationFunction
from rotation_lambda.engines import engine_for
from rotation_lambda.targets import target_of

ADMIN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/platform/database-admin-a1B2c3"

pytestmark = pytest.mark.usefixtures("bundled")


def told(deployment):
    variables = deployment.inputs("Function", "billing/rotation")["environment"]["variables"]
    return json.loads(variables["KEYTURN_TARGETS"])["prod/billing/database"]


def function(engine, target, admins):
    args = {"environment": "prod", "service": "billing", "engine": engine, "targets": {"prod/billing/database": target}, "admins": admins}
    return lambda: RotationFunction("billing/rotation", args)


def of_kind(engine, *, admin=False, **target):
    login = {"host": "db.example.com", "username": "billing", "ca": "certificates/ca.pem", **target}
    return function(engine, login, {"prod/billing/database": ADMIN} if admin else {})


@pytest.mark.parametrize(
    ("engine", "target", "expected"),
    [
        ("mysql", {"database": "app"}, {"kind": "mysql", "strategy": "dual-password", "port": 3306, "database": "app"}),
        (
            "mysql",
            {"database": "app", "kind": "mariadb"},
            {"kind": "mariadb", "strategy": "alternating-users", "port": 3306, "database": "app"},
        ),
        ("redis", {}, {"kind": "redis", "strategy": "dual-password", "port": 6379, "rules": [], "persistence": "server"}),
        (
            "redis",
            {"rules": ["+@read", "~billing:*"], "persistence": "none", "port": 6380.0},
            {"kind": "redis", "strategy": "dual-password", "port": 6380, "rules": ["+@read", "~billing:*"], "persistence": "none"},
        ),
    ],
)
def test_a_function_is_told_what_its_kind_of_database_has(deploy, engine, target, expected):
    assert told(deploy(of_kind(engine, **target))) == {"host": "db.example.com", "username": "billing", "ca": "ca.pem", **expected}


@pytest.mark.parametrize("target", [{"database": "app"}, {"database": "app", "kind": "mariadb"}, {"rules": ["+@read"]}])
def test_what_a_function_is_told_is_what_its_engine_understands(deploy, target, monkeypatch):
    """The two rooms meet in the function's configuration; both are asked here."""
    engine = "mysql" if "database" in target else "redis"
    deployment = deploy(of_kind(engine, **target, admin=True))
    monkeypatch.setenv("KEYTURN_TARGETS", json.dumps({"prod/billing/database": told(deployment)}))
    read = target_of("arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/billing/database-a1B2c3", None)

    assert engine_for(read.kind).describe(read, None)["host"] == "db.example.com"


def test_the_component_of_another_kind_says_what_its_target_is(deploy):
    target = {"kind": "service-token", "length": 48}

    assert told(deploy(function("random_value", target, {}))) == target


@pytest.mark.parametrize(
    ("engine", "target", "refusal"),
    [
        ("mysql", {}, "database: is missing"),
        ("mysql", {"database": "app", "username": None}, "username: is missing"),
        ("mysql", {"database": "app", "ca": ""}, "ca: is missing"),
        ("mysql", {"database": "app", "kind": "postgres"}, "kind: must be one of mysql, mariadb"),
        ("mysql", {"database": "app", "kind": "mariadb", "strategy": "dual-password"}, "strategy: does not fit mariadb: MariaDB keeps one"),
        ("mysql", {"database": "app", "rules": ["+@read"]}, "rules: is nothing that a login of mysql has; it has host, username, ca"),
        ("mysql", {"database": "app", "username": "root"}, "username: is a name of the server itself"),
        ("mysql", {"database": "app", "host": "app.cluster-ro-c3x.eu-central-1.rds.amazonaws.com"}, "host: is the reader endpoint"),
        ("postgres", {"database": "app", "host": "app.proxy-c3x.eu-central-1.rds.amazonaws.com"}, "host: is an RDS Proxy"),
        ("redis", {"database": "0"}, "database: is nothing that a login of redis has"),
        ("redis", {"strategy": "single-user"}, "strategy: does not fit redis"),
        ("redis", {"rules": "+@read"}, "rules: must be ACL rules"),
        ("redis", {"rules": [">Hunter2-Planted"]}, "rules: must be ACL rules"),
        ("redis", {"persistence": "disk"}, "persistence: must be one of server, none"),
    ],
)
def test_a_target_that_does_not_fit_its_kind_is_refused_by_name_and_not_repeated(deploy, engine, target, refusal):
    with pytest.raises(pulumi.InputPropertyError, match=f"^{refusal}") as refused:
        deploy(of_kind(engine, **target))

    assert "Hunter2" not in str(refused.value)
