"""Who the engine believes and whom it leaves alone: strangers, users that are off or open, admins that are none or may too little."""

import pytest

from rotation_lambda.engines import redis as engine
from rotation_lambda.engines._redis_users import User, hashed
from rotation_lambda.errors import ConfigurationError
from tests.rotation_lambda.subjects.redis import Service, running


@pytest.fixture(scope="module")
def server():
    with running() as server:
        yield server


@pytest.fixture
def service(server, monkeypatch, pauses):  # noqa: ARG001 - nobody waits
    return Service(server, monkeypatch)


def test_rule_14_a_user_whose_passwords_were_never_ours_gets_none_from_the_admin(service, refused):
    service.rotate()
    service.server.run("ACL", "SETUSER", service.username, "resetpass", ">of somebody else")
    token = service.until("setSecret")

    with refused("authentication", says="put an empty object into the secret"):
        service.step("setSecret", token)

    assert service.server.passwords(service.username) == [hashed("of somebody else")]


def test_rule_14_without_a_current_value_that_logs_in_the_admin_only_mends_what_was_ours(service):
    service.rotate()
    service.manager.write(service.arn, {**service.current, "password": "written by mistake"})

    service.rotate()

    assert (service.works(service.current), service.live()) == (True, 1)


@pytest.mark.parametrize("which", ["previous", "older"])
def test_rule_27_a_server_restored_from_yesterday_is_recovered(service, which):
    service.rotate()
    yesterdays = service.server.passwords(service.username)
    for _ in range({"previous": 1, "older": 2}[which]):
        service.rotate()
    service.server.run("ACL", "SETUSER", service.username, "resetpass", *(f"#{password}" for password in yesterdays))

    service.rotate()

    assert service.works(service.current)


def test_rule_27_a_user_that_is_gone_is_made_again(service):
    service.rotate()
    service.server.run("ACL", "DELUSER", service.username)

    service.rotate()

    assert (service.works(service.current), service.live()) == (True, 1)


def test_a_user_that_somebody_switched_off_stays_off(service, refused):
    service.rotate()
    service.server.run("ACL", "SETUSER", service.username, "off")
    token = service.until("setSecret")

    with refused("permission", says="is switched off at the server"):
        service.step("setSecret", token)

    assert service.server.user(service.username)["enabled"] is False


def test_a_user_that_takes_any_password_is_no_proof_of_a_password(service, refused):
    service.rotate()
    service.server.run("ACL", "SETUSER", service.username, "nopass")
    token = service.until("setSecret")

    with refused("configuration", says="takes any password"):
        service.step("setSecret", token)

    assert service.server.accepts(service.username, "any password")


def test_the_admin_does_not_close_a_user_that_takes_any_password(service):
    """Redis ends `nopass` with the first password that it is given: whoever came in without one would be locked out."""
    user = User(on=True, takes_any_password=True, passwords=frozenset())

    with pytest.raises(ConfigurationError, match="nopass"):
        engine._refuse_unusable(user, service.username)


def test_the_admin_does_not_rotate_itself(service, refused):
    service.declare(username="admin")
    token = service.until("setSecret")

    with refused("configuration", says="the admin needs a user of its own"):
        service.step("setSecret", token)


@pytest.mark.parametrize("admin", [{"username": "admin"}, {"password": "of another"}, {"username": 7, "password": "of another"}])
def test_an_admin_secret_that_is_none_is_named(service, refused, admin):
    service.manager.write(service.admin, admin)
    token = service.until("setSecret")

    with refused("configuration", says="no 'username' and 'password'"):
        service.step("setSecret", token)


def test_an_admin_that_is_not_accepted_is_named(service, refused):
    service.manager.write(service.admin, {"username": "admin", "password": "not the admin's"})
    token = service.until("setSecret")

    with refused("authentication", says="user admin is not accepted"):
        service.step("setSecret", token)


@pytest.mark.parametrize("missing", ["-acl", "-info", "-config|get", "-exec"])
def test_an_admin_that_may_too_little_is_told_what_it_needs(service, refused, missing):
    may = ["+acl", "+info", "+config|get", "+config|rewrite", "+multi", "+exec"]
    service.server.run("ACL", "SETUSER", "helper", "reset", "on", ">of the helper", *may, missing)
    service.manager.write(service.admin, {"username": "helper", "password": "of the helper"})
    token = service.until("setSecret")

    with refused("permission", says="needs +acl +info +config|get"):
        service.step("setSecret", token)

    assert not service.works(service.pending(token))


@pytest.mark.parametrize("value", [{"username": "another", "password": "of another"}, {"password": "of another"}, {"username": "billing"}])
def test_rule_12_a_current_value_of_another_user_is_refused(service, refused, value):
    service.declare(username="billing")
    service.manager.write(service.arn, value)
    token = service.manager.start(service.arn)

    with refused("configuration"):
        service.step("createSecret", token)
