"""What every step asks first, and what it tells the engine."""

import datetime
from unittest import mock

import pytest

from rotation_lambda import errors
from rotation_lambda.targets import Target
from tests.rotation_lambda.memory_engine import World
from tests.rotation_lambda.secrets_manager import STEPS
from tests.rotation_lambda.steps.acting import ABANDONED, NO_VALUE, fails, told


def test_rule_1_an_unknown_step_is_refused_before_anything_is_read(world):
    token = world.manager.start(world.arn)
    world.manager.calls.clear()

    message = fails(world, errors.ConfigurationError, "deleteSecret", token)

    assert message == "the event's Step is unknown; there are: createSecret, setSecret, testSecret, finishSecret"
    assert world.manager.calls == []


@pytest.mark.parametrize("step", STEPS)
def test_a_malformed_target_is_refused_before_anything_is_read(world, step):
    token = world.manager.start(world.arn)
    world.manager.calls.clear()
    world.engine.describe.side_effect = errors.ConfigurationError("the target is malformed")

    fails(world, errors.ConfigurationError, step, token)

    assert world.engine.describe.call_args == mock.call(world.target, None)
    assert world.manager.calls == []


@pytest.mark.parametrize("step", STEPS)
def test_rule_1_a_secret_that_does_not_rotate_is_left_alone(world, step):
    token = world.manager.start(world.arn)
    world.secret.rotates = False

    message = fails(world, errors.ConfigurationError, step, token)

    assert message == "rotation is switched off for this secret; switch it on, or let its schedule alone"


@pytest.mark.parametrize("step", STEPS)
def test_rule_2_what_is_published_is_done(world, step):
    token, writes = world.secret.holder("AWSCURRENT"), world.manager.writes()

    assert world.step(step, token) == "unchanged"
    assert (world.manager.writes(), world.engine.verify.called, world.engine.cleanup.called) == (writes, False, False)


@pytest.mark.parametrize("step", STEPS)
def test_rule_3_what_was_abandoned_stops(world, step):
    token = world.until(step)
    world.version(token, {}, "SOMEBODYS")
    writes = world.manager.writes()

    assert fails(world, errors.ConflictError, step, token) == ABANDONED
    assert world.manager.writes() == writes


@pytest.mark.parametrize("step", STEPS)
def test_a_first_version_that_is_current_at_once_is_rotated_to_its_end(step):
    world = World()
    world.manager.first_is_current = True
    token = world.until(step)

    assert world.step(step, token) == "done"


def test_a_first_version_that_is_current_at_once_and_was_given_up_is_no_success():
    world = World()
    world.manager.first_is_current = True
    token = world.until("setSecret")
    world.manager.abandon(world.arn)

    assert fails(world, errors.ConflictError, "setSecret", token) == ABANDONED


@pytest.mark.parametrize("step", ["setSecret", "testSecret", "finishSecret"])
def test_a_step_without_a_new_value_says_so(world, step):
    token = world.manager.start(world.arn)

    assert fails(world, errors.ConfigurationError, step, token) == NO_VALUE


@pytest.mark.parametrize("step", ["setSecret", "testSecret", "finishSecret"])
def test_rule_5_a_new_value_that_cannot_be_read_yet_is_waited_for(world, pauses, step):
    token = world.until(step)
    world.secret.versions[token].unseen = 2

    assert world.step(step, token) == "done"
    assert pauses == [0.1, 0.2]


def test_an_engine_is_told_what_there_is(world):
    world.version("lost", {"password": "of an abandoned rotation"})
    world.secret.rotated = datetime.datetime(2026, 2, 2, tzinfo=datetime.UTC)
    token = world.manager.start(world.arn)
    current, previous = world.current, world.manager.value(world.arn, "AWSPREVIOUS")

    world.step("createSecret", token)

    target, known, deadline = told(world, "generate").args
    assert (target, deadline) == (world.target, world.deadline)
    assert (known.token, known.current, known.since) == (token, current, world.secret.rotated)
    assert (known.previous(), list(known.older())) == (previous, [{"password": "of an abandoned rotation"}])
    assert known.admin() == {"username": "admin", "password": "of-the-admin"}
    assert known.pending() == world.stored(token)


def test_an_engine_waits_for_what_was_stored_already(world, pauses):
    token = world.until("setSecret")
    world.step("setSecret", token)
    world.secret.versions[token].unseen = 2

    assert told(world, "set_credential").args[2].pending() == world.stored(token)
    assert pauses == [0.1, 0.2]


def test_an_engine_without_an_admin_is_told_so(world):
    world.target = Target(secret="prod/billing/memory", arn=world.arn, kind="memory", admin=None, settings={})

    world.step("createSecret", world.manager.start(world.arn))

    assert told(world, "generate").args[1].admin is None


def test_an_engine_keeps_a_value_for_the_rotation_after_this_one(world):
    token = world.manager.start(world.arn)
    world.engine.generate.side_effect = lambda _target, known, _deadline: known.ahead.keep({"password": "for the next rotation"})
    world.step("createSecret", token)
    for step in STEPS[1:]:
        world.step(step, token)
    world.engine.generate.side_effect = lambda _target, known, _deadline: known.ahead.announced()

    following = world.until("setSecret")

    assert world.manager.value(world.arn, "AWSNEXT") == {"password": "for the next rotation"}
    assert world.stored(following)["password"] == "for the next rotation"


def test_rule_3_an_abandoned_rotation_keeps_nothing_ahead(world):
    token = world.manager.start(world.arn)

    def too_late(_target, known, _deadline):
        world.version(token, None, "SOMEBODYS")
        return known.ahead.keep({"password": "for nobody"})

    world.engine.generate.side_effect = too_late

    assert fails(world, errors.ConflictError, "createSecret", token) == ABANDONED
    assert world.secret.holder("AWSNEXT") is None
