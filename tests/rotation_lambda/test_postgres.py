"""PostgreSQL, whole rotations."""

import pytest

from tests.rotation_lambda.secrets_manager import STEPS, RotationFailedError


def test_the_first_rotation_mints_the_value_and_makes_the_users(service):
    service.rotate()

    value = service.current
    assert {**value, "password": ""} == {
        "engine": "postgres",
        "host": "localhost",
        "port": service.server.port,
        "dbname": "app",
        "username": service.username,
        "password": "",
        "masterarn": service.admin,
    }
    with service.session() as session:
        assert session.run("SELECT session_user::text, current_user::text, current_schema()::text") == [
            [service.username, service.owner, service.owner]
        ]


def test_users_take_turns_and_both_stay_valid(service):
    service.rotate()
    first = service.current

    service.rotate()
    second = service.current
    service.rotate()
    third = service.current

    assert [value["username"] for value in (first, second, third)] == [service.username, service.clone, service.username]
    assert [service.logs_in(value) for value in (first, second, third)] == [False, True, True]


def test_a_first_version_that_is_current_at_once_is_set_all_the_same(service):
    """PutSecretValue is documented to attach AWSCURRENT to a secret's first version."""
    service.manager.first_is_current = True

    token = service.rotate()

    assert service.manager.secrets[service.arn].holder("AWSCURRENT") == token
    assert service.logs_in(service.current)
    service.rotate()
    assert service.logs_in(service.current)


def test_a_first_version_that_is_current_at_once_may_come_to_any_step_twice(service, lines):
    service.manager.first_is_current = True
    token = service.manager.start(service.arn)

    for step in STEPS:
        service.step(step, token)
        service.step(step, token)

    assert [line["outcome"] for line in lines()] == ["done", "unchanged", "done", "unchanged", "done", "done", "done", "done"]
    assert service.manager.writes() == ["put_secret_value"]
    assert service.logs_in(service.current)


@pytest.mark.parametrize("first_is_current", [True, False])
def test_a_first_rotation_that_failed_is_made_good_by_another_one(service, first_is_current):
    service.manager.first_is_current = first_is_current
    service.declare(port=1)
    with pytest.raises(RotationFailedError):
        service.rotate(attempts=2)
    service.declare(port=service.server.port)
    service.manager.abandon(service.arn)

    service.rotate()

    assert service.logs_in(service.current)


def test_what_a_person_moved_the_label_back_to_works_through_the_next_rotation(service):
    back = service.rotate()
    moved = service.current
    service.manager.update_secret_version_stage(
        SecretId=service.arn, VersionStage="AWSCURRENT", RemoveFromVersionId=service.rotate(), MoveToVersionId=back
    )

    service.rotate()

    assert [service.logs_in(value) for value in (service.current, moved)] == [True, True]


def test_an_empty_object_in_the_secret_is_as_good_as_no_value(service):
    """The way in, should AWS refuse to rotate a container without any version; and the way back for a database that was lost."""
    service.manager.write(service.arn, {})

    service.rotate()

    assert service.current["username"] == service.username
    assert service.logs_in(service.current)
