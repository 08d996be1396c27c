"""createSecret stores one value, and clears away what it made for nothing."""

from unittest import mock

import pytest

from rotation_lambda import errors
from tests.rotation_lambda.memory_engine import STRATEGIES, World
from tests.rotation_lambda.steps.acting import ABANDONED, fails, faster, told


def test_rule_8_only_what_is_secret_and_the_place_change(world):
    world.manager.write(world.arn, {**world.current, "engine": "as it was called before", "pool": 5, "password": "by hand"})
    world.engine.generate.side_effect = None
    world.engine.generate.return_value = {"password": "the-new-one"}
    token = world.manager.start(world.arn)

    assert world.step("createSecret", token) == "done"
    assert world.stored(token) == {"engine": "memory", "username": "billing", "pool": 5, "password": "the-new-one"}
    assert world.engine.describe.call_args == mock.call(world.target, world.current)


def test_the_secret_part_may_have_any_key_of_the_place(world):
    world.engine.generate.side_effect = None
    world.engine.generate.return_value = {"username": "chosen by the issuer", "password": "the-new-one"}
    token = world.manager.start(world.arn)

    world.step("createSecret", token)

    assert world.stored(token)["username"] == "chosen by the issuer"


def test_rule_8_a_secret_without_a_value_gets_its_first_one():
    world = World()
    token = world.manager.start(world.arn)

    assert world.step("createSecret", token) == "done"
    assert world.stored(token) == {"engine": "memory", "username": "billing", "password": "minted-0001"}


def test_rule_6_a_value_is_minted_once(world):
    token = world.until("setSecret")

    assert world.step("createSecret", token) == "unchanged"
    assert world.engine.generate.call_count == 1


def test_rule_6_it_is_not_waited_for_a_value_that_is_yet_to_be_made(world, pauses):
    world.step("createSecret", world.manager.start(world.arn))

    assert pauses == []


def test_rule_3_a_rotation_that_was_abandoned_while_it_minted_stores_nothing(world):
    token, writes = world.manager.start(world.arn), world.manager.writes()
    world.engine.generate.side_effect = lambda *_: world.version(token, None, "SOMEBODYS") or {"password": "too late"}

    assert fails(world, errors.ConflictError, "createSecret", token) == ABANDONED
    assert world.manager.writes() == writes


def test_rule_6_what_was_minted_for_nothing_is_cleared_away(world):
    token = world.manager.start(world.arn)
    faster(world, token)

    assert world.step("createSecret", token) == "unchanged"

    assert told(world, "cleanup") == mock.call(
        world.target,
        keep=[
            {"username": "billing", "password": "of the faster one"},
            world.current,
            world.manager.value(world.arn, "AWSPREVIOUS"),
        ],
        gone=[{"engine": "memory", "username": "billing", "password": "minted-0003"}],
        known=told(world, "generate").args[1],
        deadline=world.deadline,
    )


def test_rule_6_there_may_be_nothing_else_to_keep():
    world = World()
    world.engine = mock.Mock(wraps=world.engine)
    token = world.manager.start(world.arn)
    faster(world, token)

    world.step("createSecret", token)

    assert told(world, "cleanup").kwargs["keep"] == [{"username": "billing", "password": "of the faster one"}]


def test_rule_18_once_the_next_rotation_has_begun_nothing_is_cleared_away(world):
    token = world.manager.start(world.arn)
    faster(world, token)

    def begin(call, request):
        if call == "get_secret_value" and request.get("VersionStage") == "AWSPENDING":
            world.version("newer", None, "AWSPENDING")
            world.labels(token).clear()

    world.manager.after = begin

    assert world.step("createSecret", token) == "unchanged"
    assert not world.engine.cleanup.called


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("rotated", [False, True])
def test_rule_27_a_rotation_that_ended_before_it_stored_anything_is_nothing_to_the_next(strategy, rotated):
    world = World(strategy)
    if rotated:
        world.rotate()
    empty = world.manager.start(world.arn)
    world.manager.abandon(world.arn)

    world.rotate()

    assert world.secret.versions[empty].value is None
    assert world.server.works(world.current)
