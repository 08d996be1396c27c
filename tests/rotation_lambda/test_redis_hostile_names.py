"""Names and passwords that try to be rules, commands or lines of a file (rule 15)."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rotation_lambda.engines import redis as engine
from rotation_lambda.errors import ConfigurationError
from rotation_lambda.targets import target_of
from tests.rotation_lambda.redis_server import ACL_FILE, CONFIGURATION, running
from tests.rotation_lambda.subjects.redis import Service

_fresh = itertools.count()

_REFUSED = "".join(map(chr, range(0x21))) + "\x7f'\""
_names = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters=_REFUSED), min_size=1, max_size=20),
    st.text(alphabet=st.sampled_from(list("ab\\;-$%:?{}#>~&+!*(),|@ß文🐘\u00a0\u2028")), min_size=1, max_size=14),
)
_passwords = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def server():
    with running() as server:
        yield server


@pytest.fixture
def service(server, monkeypatch, pauses):  # noqa: ARG001 - nobody waits
    return Service(server, monkeypatch)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=_names, password=_passwords)
def test_rule_15_hostile_names_and_passwords_are_names_and_passwords_only(service, name, password):
    username = f"{name}{next(_fresh)}"
    service.declare(username=username)
    service.arn = service.manager.create(service.name)
    service.server.run("ACL", "SETUSER", username, "on", f">{password}", "~own:*", "+get")
    service.manager.write(service.arn, {"username": username, "password": password})
    before = {line for line in service.server.run("ACL", "LIST") if not line.startswith(f"user {username} ")}

    service.rotate()

    assert [service.works(value) for value in (service.current, service.previous)] == [True, True]
    assert {line for line in service.server.run("ACL", "LIST") if not line.startswith(f"user {username} ")} == before
    user = service.server.user(username)
    assert (user["enabled"], user["keys"], user["commands"], len(user["passwords"])) == (True, ["~own:*"], ["+get"], 2)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.text(max_size=5), strange=st.sampled_from(list(_REFUSED)), after=st.text(max_size=5))
def test_rule_15_a_name_that_redis_cannot_write_down_is_refused(service, before, strange, after):
    service.declare(username=f"{before}{strange}{after}")

    with pytest.raises(ConfigurationError, match="'username'"):
        engine.describe(target_of(service.arn, None), None)


@pytest.mark.parametrize("kept_in", [ACL_FILE, CONFIGURATION])
def test_rule_15_a_server_starts_again_whatever_the_names_are(monkeypatch, pauses, kept_in):  # noqa: ARG001 - nobody waits
    names = ["#", "user", "\\", "a\\x00b", "ß文🐘", "on", ">x", "~*", "--", "include", "\u00a0", "\u2028", "${HOME}", "%s", "reset", "\x85"]
    with running(kept_in) as server:
        values = []
        for name in names:
            service = Service(server, monkeypatch)
            service.declare(username=name, rules=["~a\\*b:*", "~#", "%R~ß", "+@all", "(+get ~(x)"])
            service.rotate()
            service.rotate()
            values += [service.current, service.previous]

        server.restart()

        assert [value["username"] for value in values if not server.accepts(value["username"], value["password"])] == []
