"""Names and passwords that try to be SQL (rule 15)."""

import base64
import itertools
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import _scram, postgres
from rotation_lambda.engines._postgres_session import logged_in
from rotation_lambda.errors import PolicyError
from rotation_lambda.targets import target_of

# Everything that ends a quote somewhere, and letters of other scripts.
_HOSTILE = st.text(alphabet=st.sampled_from(list("ab\"'\\;-$%:?{} \n\t/*=,ß文🐘")), min_size=1, max_size=14)


_fresh = itertools.count()


def _oid(service, role):
    with service.server.superuser() as session:
        return session.run("SELECT oid FROM pg_roles WHERE rolname = :role", role=role)[0][0]


def _roles(service):
    return [name for (name,) in service.server.run("SELECT rolname FROM pg_roles")]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=_HOSTILE, password=st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=40))
def test_rule_15_hostile_names_and_passwords_are_names_and_passwords_only(service, monkeypatch, name, password):
    username = f"x{next(_fresh)}{name}"
    service.declare(username=username)
    service.arn = service.manager.create(service.name)
    before = set(_roles(service))
    monkeypatch.setattr(postgres, "new_password", lambda: password)

    service.rotate()
    service.rotate()

    owner, clone = f"{username}_owner", f"{username}_clone"
    assert set(_roles(service)) - before == {username, clone, owner}
    # As the function logs in: drivers refuse some of these names.
    with logged_in(target_of(service.arn, None), clone, password, Deadline(60)) as session:
        assert session.run("SELECT session_user::text, current_user::text") == [[clone, owner]]
        assert session.run("SELECT nspowner::regrole::oid = $1::oid FROM pg_namespace WHERE nspname = $2", _oid(service, owner), owner) == [
            [True]
        ]


def test_rule_15_a_setting_with_hostile_values_is_carried_over_as_it_is(service):
    service.rotate()
    hostile = 'it\'s "quoted"; DROP TABLE x; --\\'
    with service.server.superuser() as session:
        session.run(f"ALTER ROLE {service.username} SET application_name = '{hostile.replace(chr(39), chr(39) * 2)}'")
        session.run(f'ALTER ROLE {service.username} SET search_path = "odd, schema", "$user"')
        session.run(f"ALTER ROLE {service.username} SET my.own = 'x'")
        session.run("GRANT SET ON PARAMETER my.own TO admin")

    service.rotate()

    with service.session() as session:
        shown = [session.run(f"SHOW {name}")[0][0] for name in ("application_name", "search_path", "my.own")]
    assert shown == [hostile, '"odd, schema", "$user"', "x"]


def test_a_setting_that_only_a_superuser_makes_names_the_grant(service, refused):
    service.rotate()
    service.server.run(f"ALTER ROLE {service.username} SET its.own = 'x'")
    token = service.until("setSecret")

    with refused("permission", says='GRANT SET ON PARAMETER "its"."own" TO <admin>'):
        service.step("setSecret", token)


@given(password=st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1))
def test_a_verifier_is_what_the_server_expects_and_not_the_password(password):
    verifier = _scram.scram_verifier(password)

    kind, rounds, keys = verifier.split("$")
    assert (kind, rounds.split(":")[0], keys.count(":")) == ("SCRAM-SHA-256", "4096", 1)
    assert len(password) < 4 or password not in json.dumps(verifier)


def test_a_verifier_equals_the_servers_own(service):
    """The server computes the same from the same salt, so a login by either is one by both."""
    service.server.run(f"CREATE ROLE {service.username} PASSWORD 'Known \"to\" both'")
    stored = service.stored(service.username)
    salt = base64.b64decode(stored.split("$")[1].split(":")[1])

    assert _scram.scram_verifier('Known "to" both', salt=salt) == stored


@pytest.mark.parametrize("key", ["host", "database", "username"])
def test_a_setting_that_is_no_text_is_named(service, refused, key):
    service.declare(**{key: "half a \ud83d letter"})
    token = service.manager.start(service.arn)

    with refused("configuration", says=f"needs '{key}', a text"):
        service.step("createSecret", token)


@pytest.mark.parametrize("strategy", ["alternating-users", "single-user"])
def test_a_new_password_that_no_verifier_can_be_made_of_is_given_up(service, strategy):
    service.declare(strategy=strategy)
    service.rotate()
    token = service.until("setSecret")
    service.tamper(token, password="pässwort")

    with pytest.raises(PolicyError, match="printable ASCII"):
        service.step("setSecret", token)

    service.rotate()
    assert service.logs_in(service.current)
