"""A single login that changes its own password, and finds its way back from wherever a rotation was left."""

import pytest

from rotation_lambda.engines import postgres
from rotation_lambda.engines._scram import scram_verifier


@pytest.fixture
def single(service):
    service.declare(strategy="single-user")
    service.rotate()
    return service


def test_a_single_user_changes_its_own_password_without_an_admin(single):
    single.declare(admin=None)
    before, logged = single.current, len(single.server.log())

    single.rotate()

    assert single.current["username"] == single.username
    assert [single.logs_in(value) for value in (before, single.current)] == [False, True]
    assert "admin " not in single.server.log()[logged:]


def test_objects_stay_usable(single):
    with single.session() as session:
        session.run("CREATE TABLE kept (id int)")

    single.rotate()

    with single.session() as session:
        session.run("ALTER TABLE kept ADD COLUMN more int")


def test_a_user_made_by_hand_needs_no_admin_at_all(service):
    service.server.run(f"CREATE ROLE {service.username} LOGIN PASSWORD '{scram_verifier('by hand and long')}'")
    service.manager.write(service.arn, {"username": service.username, "password": "by hand and long"})
    service.declare(strategy="single-user", admin=None)

    service.rotate()

    with service.session() as session:
        assert session.run("SELECT current_user::text") == [[service.username]]


def test_an_empty_secret_without_an_admin_says_what_is_missing(service, refused):
    service.declare(strategy="single-user", admin=None)
    token = service.until("setSecret")

    with refused("configuration", says="no 'admin' to make the user"):
        service.step("setSecret", token)


@pytest.mark.parametrize("admin", [True, False])
def test_rule_27_an_abandoned_rotation_that_had_set_its_password_is_recovered(single, admin):
    single.until("testSecret")
    single.manager.abandon(single.arn)
    assert not single.logs_in(single.current)
    if not admin:
        single.declare(admin=None)
        for version in single.manager.secrets[single.arn].versions.values():
            version.value = version.value.replace('"masterarn"', '"formerly"')

    single.rotate()

    assert single.logs_in(single.current)


def test_rule_27_two_abandoned_rotations_in_a_row_are_recovered(single):
    single.declare(admin=None)
    for _ in range(2):
        single.until("testSecret")
        single.manager.abandon(single.arn)

    single.rotate()

    assert single.logs_in(single.current)


def test_rule_27_a_password_that_only_the_previous_version_knows_is_recovered(single):
    single.declare(admin=None)
    working = single.current
    single.rotate()
    single.server.run(f"ALTER ROLE {single.username} PASSWORD '{scram_verifier(working['password'])}'")  # restored from a snapshot

    single.rotate()

    assert single.logs_in(single.current)


def test_a_password_that_nobody_knows_is_repaired_by_the_admin(single):
    single.server.run(f"ALTER ROLE {single.username} PASSWORD 'changed by somebody'")

    single.rotate()

    assert single.logs_in(single.current)


def test_a_password_that_nobody_knows_is_an_authentication_error_without_an_admin(single, refused):
    single.declare(admin=None)
    single.server.run(f"ALTER ROLE {single.username} PASSWORD 'changed by somebody'")
    token = single.until("setSecret")

    with refused("authentication", says="name an 'admin'"):
        single.step("setSecret", token)


def test_old_versions_that_are_no_credential_are_passed_over(single):
    single.declare(admin=None)
    single.until("testSecret")
    single.manager.abandon(single.arn)
    for odd in ("a note", {"username": "somebody", "password": "of-somebody"}, {"username": single.username, "password": 7}):
        current = single.manager.secrets[single.arn].holder("AWSCURRENT")
        version = single.manager.write(single.arn, odd)
        single.manager._move(single.manager.secrets[single.arn], "AWSCURRENT", current)
        single.manager.secrets[single.arn].versions[version].labels.clear()

    single.rotate()

    assert single.logs_in(single.current)


def test_a_previous_version_that_is_no_credential_is_passed_over(single):
    """Somebody wrote a note over the value, and put AWSCURRENT back; the password in force is an abandoned rotation's."""
    single.declare(admin=None)
    single.until("testSecret")
    single.manager.abandon(single.arn)
    secret = single.manager.secrets[single.arn]
    current = secret.holder("AWSCURRENT")
    single.manager.write(single.arn, "a note")
    single.manager._move(secret, "AWSCURRENT", current)

    single.rotate()

    assert single.logs_in(single.current)


def _left_behind(single, password):
    """A version without a label, as an abandoned rotation leaves it."""
    secret = single.manager.secrets[single.arn]
    current = secret.holder("AWSCURRENT")
    version = single.manager.write(single.arn, {**single.current, "password": password})
    single.manager._move(secret, "AWSCURRENT", current)
    secret.versions[version].labels.clear()


def test_rule_27_the_newest_of_many_abandoned_passwords_is_tried_first(single, refused):
    single.declare(admin=None)
    for number in range(12):
        _left_behind(single, f"abandoned-{number}")
    single.server.run(f"ALTER ROLE {single.username} PASSWORD '{scram_verifier('abandoned-11')}'")
    single.rotate()
    assert single.logs_in(single.current)

    single.server.run(f"ALTER ROLE {single.username} PASSWORD '{scram_verifier('abandoned-0')}'")
    token = single.until("setSecret")
    with refused("authentication"):  # the number of tries is bounded
        single.step("setSecret", token)


def test_rule_25_a_duplicate_that_set_the_password_first_is_success(single, monkeypatch):
    single.declare(admin=None)
    token = single.until("setSecret")
    verify = postgres.verify

    def duplicate_comes_between(*arguments):
        monkeypatch.setattr(postgres, "verify", verify)
        try:
            verify(*arguments)
        finally:
            single.step("setSecret", token)

    monkeypatch.setattr(postgres, "verify", duplicate_comes_between)

    single.step("setSecret", token)

    assert single.logs_in(single.pending(token))


def test_the_strategy_may_change_to_alternating_and_back(single):
    single.declare(strategy="alternating-users")
    single.rotate()
    assert single.current["username"] == single.clone

    single.declare(strategy="single-user")
    single.rotate()

    assert single.current["username"] == single.username
    assert single.logs_in(single.current)


@pytest.mark.parametrize("strategy", ["single-user", "alternating-users"])
def test_users_that_are_gone_are_made_again_by_the_admin(service, strategy):
    service.rotate()
    service.server.run(f"DROP OWNED BY {service.owner}; DROP ROLE {service.username}, {service.owner}")
    service.declare(strategy=strategy)

    service.rotate()

    with service.session() as session:
        assert session.run("SELECT current_user::text") == [[service.owner]]
