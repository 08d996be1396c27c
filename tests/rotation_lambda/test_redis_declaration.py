"""What a target may say about a Redis user, and what is refused before anything is read."""

import pytest

from tests.rotation_lambda.subjects.redis import Service, running


@pytest.fixture(scope="module")
def server():
    with running() as server:
        yield server


@pytest.fixture
def service(server, monkeypatch, pauses):  # noqa: ARG001 - nobody waits
    return Service(server, monkeypatch)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"strategy": "alternating-users"}, "one of: dual-password"),
        ({"strategy": "single-user"}, "one of: dual-password"),
        ({"persistence": "perhaps"}, "one of: server, none"),
        ({"database": "app"}, "'database', which a redis secret does not know"),
        ({"admin": None}, "has no 'admin'"),
        ({"ca": None}, "'ca'"),
        ({"host": None}, "'host'"),
        ({"port": 0}, "'port'"),
        ({"username": ""}, "'username'"),
        ({"username": "two words"}, "without blanks"),
        ({"username": 'quo"te'}, "quotes"),
        ({"username": "line\nuser root on nopass +@all"}, "without blanks"),
        ({"rules": "+@all"}, "a list of texts"),
    ],
)
def test_a_malformed_target_is_refused_before_anything_is_read(service, refused, changes, says):
    service.declare(username="billing")
    service.declare(**changes)

    with refused("configuration", says=says):
        service.step("createSecret", "any-token")

    assert service.manager.calls == []


_PASSWORDS_AND_STATES = [">hello", "<hello", f"#{'0' * 64}", f"!{'0' * 64}", "nopass", "NoPass", "resetpass", "reset", "on", "OFF"]
_NO_RULES = ["~a b", "~a'b", '~a"b', "~a\nuser", "~", "&", "", "+", "(+get >hello)", "((+get))", "(+get", "%X~a", "%~a"]


@pytest.mark.parametrize("rule", [*_PASSWORDS_AND_STATES, *_NO_RULES])
def test_a_rule_that_is_not_about_keys_channels_or_commands_is_refused(service, refused, rule):
    service.declare(rules=["~billing:*", rule])

    with refused("configuration"):
        service.step("createSecret", "any-token")


def test_every_kind_of_rule_reaches_the_server(service):
    rules = ["allkeys", "resetkeys", "~a:*", "%R~b:*", "%RW~c\\*", "&news:*", "allcommands", "nocommands", "+@read", "-@dangerous"]
    service.declare(rules=[*rules, "+config|get", "-GETDEL", "sanitize-payload", "(+set ~only:*)"])

    service.rotate()

    user = service.server.user(service.username)
    assert (user["keys"], user["channels"]) == (["~a:*", "%R~b:*", "~c\\*"], ["&news:*"])
    assert "only:*" in str(user["selectors"])


def test_a_rule_that_the_server_does_not_know_names_the_setting(service, refused):
    service.declare(rules=["~billing:*", "+nonesuch"])
    token = service.until("setSecret")

    with refused("configuration", says="one of 'rules'"):
        service.step("setSecret", token)

    assert service.server.user(service.username) is None
