"""Before a step does anything: is it a rotation, of a secret of this function, and still wanted? (rules 1 to 4)"""

import json

import pytest

from rotation_lambda.handler import handler
from tests.rotation_lambda.conftest import Context
from tests.rotation_lambda.secrets_manager import STEPS


def test_rule_1_an_unknown_step_is_refused(service, refused):
    token = service.manager.start(service.arn)

    with refused("configuration", says="createSecret, setSecret, testSecret, finishSecret"):
        service.step("deleteSecret", token)


@pytest.mark.parametrize("key", ["Step", "SecretId", "ClientRequestToken"])
def test_rule_1_an_event_without_its_parts_is_refused(service, refused, key):
    event = service.manager.event(service.arn, service.manager.start(service.arn), "createSecret")
    del event[key]

    with refused("configuration", says=key):
        handler(event, service.context)


@pytest.mark.parametrize("step", STEPS)
def test_rule_1_a_secret_that_does_not_rotate_is_left_alone(service, refused, step):
    token = service.manager.start(service.arn)
    service.manager.secrets[service.arn].rotates = False

    with refused("configuration", says="switched off"):
        service.step(step, token)


@pytest.mark.parametrize("step", STEPS)
def test_rule_1_a_token_that_the_secret_does_not_know_is_refused(service, refused, step):
    with refused("conflict", says="no version of this token"):
        service.step(step, "11111111-1111-1111-1111-111111111111")


def test_a_version_that_was_just_made_is_waited_for(service, pauses):
    token = service.manager.start(service.arn)
    hidden = service.manager.secrets[service.arn].versions.pop(token)
    service.manager.before = lambda _call, _request: (
        len(pauses) == 2 and service.manager.secrets[service.arn].versions.update({token: hidden})
    )

    service.step("createSecret", token)

    assert pauses == [0.1, 0.2]
    assert service.pending(token)["username"] == service.username


@pytest.mark.parametrize("step", STEPS)
def test_rule_2_a_version_that_is_current_already_is_done(service, lines, step):
    token = service.rotate()
    before, stored = service.manager.writes(), service.stored(service.username)
    lines()

    service.step(step, token)

    assert lines()[0]["outcome"] == "unchanged"
    assert (service.manager.writes(), service.stored(service.username)) == (before, stored)


@pytest.mark.parametrize("step", STEPS)
def test_rule_3_an_abandoned_rotation_stops(service, refused, step):
    service.rotate()
    token = service.until(step)
    service.manager.secrets[service.arn].versions[token].labels = {"SOMEBODYS"}

    with refused("conflict", says="abandoned"):
        service.step(step, token)


@pytest.mark.parametrize("step", STEPS)
def test_rule_4_a_secret_of_somebody_else_is_refused(service, refused, step):
    foreign = service.manager.create("prod/reports/database", {"username": "reports", "password": "reports-has-this"})

    with refused("configuration", says="prod/reports/database is no target"):
        handler(service.manager.event(foreign, service.manager.start(foreign), step), service.context)


@pytest.mark.parametrize("arn", ["prod/billing/database", "arn:aws:s3:::prod/billing/database-a1B2c3", ""])
def test_rule_4_what_is_no_arn_of_a_secret_is_refused(service, refused, arn):
    with refused("configuration", says="SecretId"):
        handler({"Step": "createSecret", "SecretId": arn, "ClientRequestToken": "t" * 32}, service.context)


def test_rule_4_a_name_that_only_begins_like_a_target_is_refused(service, refused):
    longer = service.manager.create(f"{service.name}-copy", {"username": service.username, "password": "a-copy-of-it"})

    with refused("configuration", says="is no target"):
        handler(service.manager.event(longer, service.manager.start(longer), "createSecret"), service.context)


def test_rule_4_another_accounts_secret_of_the_same_name_is_refused(service, refused):
    token = service.manager.start(service.arn)

    with refused("configuration", says="another account"):
        handler(service.manager.event(service.arn, token, "createSecret"), Context(account="999999999999"))


def test_rule_4_no_secret_is_its_own_admin(service, refused):
    service.declare(admin=service.arn)

    with refused("configuration", says="names itself"):
        service.step("createSecret", service.manager.start(service.arn))


def test_rule_4_an_admin_that_only_the_value_names_is_never_read(service, refused):
    """Two secrets share an admin because the declaration says so of both, and never because of what stands in one of them."""
    service.declare(strategy="single-user")
    service.rotate()
    service.manager.write(service.arn, {**service.current, "masterarn": service.admin})
    service.declare(admin=None)
    token = service.until("setSecret")
    service.server.run(f"ALTER ROLE {service.username} PASSWORD 'only an admin could help now'")
    service.manager.calls.clear()

    with refused("authentication"):
        service.step("setSecret", token)

    assert {request["SecretId"] for _, request in service.manager.calls} == {service.arn}


@pytest.mark.parametrize("declared", ["", "[]", "no json", '{"prod/billing/database": 5}', "{}"])
def test_a_function_without_its_targets_says_so(service, refused, monkeypatch, declared):
    monkeypatch.setenv("KEYTURN_TARGETS", declared)

    with refused("configuration", says="deploy"):
        service.step("createSecret", service.manager.start(service.arn))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("kind", None),
        ("kind", "cobol"),
        ("strategy", "sometimes"),
        ("strategy", None),
        ("host", ""),
        ("host", None),
        ("host", "local\0host"),
        ("port", "5432"),
        ("port", 0),
        ("port", True),
        ("database", None),
        ("username", None),
        ("username", "pg_monitor"),
        ("username", "u" * 58),
        ("ca", None),
        ("admin", "prod/platform/database-admin"),
        ("admin", None),
        ("sslmode", "disable"),
    ],
)
def test_a_malformed_target_names_the_setting(service, refused, setting, value):
    service.declare(**{setting: value})

    with refused("configuration", says=setting if value != "cobol" else "cobol"):
        service.step("createSecret", service.manager.start(service.arn))

    assert service.manager.calls == []


def test_a_target_of_another_secret_may_be_malformed(service, monkeypatch):
    monkeypatch.setenv("KEYTURN_TARGETS", json.dumps({"prod/billing/other": 7, service.name: service.target}))

    service.rotate()

    assert service.logs_in(service.current)


def test_a_secret_that_is_being_deleted_is_left_alone(service, refused, monkeypatch):
    token, described = service.manager.start(service.arn), service.manager.describe_secret
    monkeypatch.setattr(service.manager, "describe_secret", lambda **request: {**described(**request), "DeletedDate": 1})

    with refused("configuration", says="scheduled for deletion"):
        service.step("createSecret", token)


def test_rule_4_a_description_of_another_secret_is_refused(service, refused, monkeypatch):
    token, described = service.manager.start(service.arn), service.manager.describe_secret
    monkeypatch.setattr(service.manager, "describe_secret", lambda **request: {**described(**request), "ARN": service.admin})

    with refused("conflict", says="another secret"):
        service.step("createSecret", token)
