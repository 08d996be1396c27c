"""MySQL and MariaDB, whole rotations of each strategy."""

import pytest

from rotation_lambda.handler import handler
from tests.rotation_lambda.mysql_service import MySQLService, server_of
from tests.rotation_lambda.secrets_manager import STEPS, RotationFailedError

EVERY = [
    ("mysql", "dual-password"),
    ("mysql", "alternating-users"),
    ("mysql", "single-user"),
    ("mariadb", "alternating-users"),
    ("mariadb", "single-user"),
]


@pytest.fixture(params=EVERY, ids=" ".join)
def service(request, manager, monkeypatch, pauses):  # noqa: ARG001
    kind, strategy = request.param
    return MySQLService(server_of(kind), manager, monkeypatch, strategy)


def test_the_first_rotation_mints_the_value_and_makes_the_user(service):
    service.rotate()

    value = service.current
    assert {**value, "password": ""} == {
        "engine": service.target["kind"],
        "host": "localhost",
        "port": service.server.port,
        "dbname": "app",
        "username": service.username,
        "password": "",
        "masterarn": service.admin,
    }
    assert service.ask("SELECT CURRENT_USER(), DATABASE()") == [(f"{service.username}@%", "app")]


def test_a_value_that_was_put_by_hand_rotates(service):
    service.made_by_hand()
    if service.target["strategy"] == "dual-password":
        service.server.run(f"GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {service.username}")
    before = service.current

    service.rotate()

    assert service.logs_in(service.current)
    assert service.logs_in(before) is (service.target["strategy"] != "single-user")


def test_ten_rotations_leave_what_is_published_working(service):
    published = []
    for _ in range(10):
        service.rotate()
        published.append(service.current)

    overlap = service.target["strategy"] != "single-user"
    assert [service.logs_in(value) for value in published] == [*[False] * 8, overlap, True]


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


def test_rule_25_every_step_may_come_twice(service, lines):
    service.rotate()
    token = service.manager.start(service.arn)
    lines()

    for step in STEPS:
        service.step(step, token)
        service.step(step, token)

    assert [line["outcome"] for line in lines()] == ["done", "unchanged", "done", "unchanged", "done", "done", "done", "unchanged"]
    assert service.logs_in(service.current)


def test_rule_21_a_test_call_on_a_copy_of_the_current_value_writes_nothing(service, manager):
    service.rotate()
    before = manager.writes()
    changes = service.server.changes()

    manager.rotate_test_only(service.arn, handler, service.context)

    assert manager.writes() == before
    assert service.server.changes() == changes
