"""Which members a secret's value has, as the rotation functions write them."""

from importlib import import_module
from types import SimpleNamespace

import pytest

from keyturn.catalogue import Kind, engine_of
from policies.pack.graph.members import has_member, members_of
from policies.pack.values import UNKNOWN
from rotation_lambda.targets import Target
from tests.policies.program import Program

SERVER = {"host": "db.internal", "port": 5432, "username": "billing"}
TARGETS = {
    Kind.POSTGRES: {**SERVER, "database": "billing", "strategy": "alternating-users", "ca": "ca.pem"},
    Kind.MYSQL: {**SERVER, "database": "billing", "strategy": "alternating-users", "ca": "ca.pem"},
    Kind.MARIADB: {**SERVER, "database": "billing", "strategy": "alternating-users", "ca": "ca.pem"},
    Kind.REDIS: {**SERVER, "strategy": "dual-password", "rules": ["~*", "+@all"], "ca": "ca.pem"},
}
LATER = SimpleNamespace(current=None, pending=lambda: None, previous=lambda: None, admin=None, token="")


def members(kind):
    program = Program()
    program.secret(tags={"keyturn:kind": kind})
    stack = program.stack()
    return members_of(stack.secrets[0], stack.resources)


@pytest.mark.parametrize("kind", TARGETS)
def test_a_database_has_what_its_engine_writes(kind):
    engine = import_module(f"rotation_lambda.engines.{engine_of(kind)}")
    target = Target(secret="dev/billing/database", arn="arn", kind=kind, admin="arn:admin", settings=TARGETS[kind])

    written = {**engine.describe(target, None), **engine.generate(target, LATER, None)}

    assert members(kind) == written.keys()


@pytest.mark.parametrize(("kind", "settings"), [(Kind.SERVICE_TOKEN, {}), (Kind.ENCRYPTION_KEY, {"keep": 1})])
def test_what_is_made_without_a_server_has_what_its_engine_writes(kind, settings):
    engine = import_module(f"rotation_lambda.engines.{engine_of(kind)}")
    target = Target(secret="dev/billing/token", arn="arn", kind=kind, admin=None, settings=settings)

    assert members(kind) == engine.generate(target, LATER, None).keys()


@pytest.mark.parametrize("kind", [Kind.STATIC, Kind.ORACLE, "passwords", None])
def test_what_a_person_sets_may_have_any(kind):
    assert members(kind) is None


def test_a_kind_that_is_not_known_yet_says_nothing():
    assert members(UNKNOWN) is UNKNOWN


@pytest.mark.parametrize(
    ("part", "is_one"),
    [("password", True), ("keys.0.kid", False), ("password.first", True), ("pass word", False), ("@this", True), ("passwords", False)],
)
def test_a_path_begins_at_a_member(part, is_one):
    assert has_member(frozenset({"password"}), part) is is_one
