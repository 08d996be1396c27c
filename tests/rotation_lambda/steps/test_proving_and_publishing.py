"""testSecret proves and writes nothing; finishSecret proves, publishes and clears away."""

import time
import uuid
from unittest import mock

import pytest

from rotation_lambda import errors
from rotation_lambda.deadline import Deadline
from tests.rotation_lambda.memory_engine import World
from tests.rotation_lambda.steps.acting import ABANDONED, SETTLING, during, fails, told


def test_rule_21_the_test_proves_and_writes_nothing(world):
    token = world.until("testSecret")
    writes = world.manager.writes()

    assert world.step("testSecret", token) == "done"
    assert told(world, "verify") == mock.call(world.target, world.stored(token), world.deadline)
    assert world.manager.writes() == writes


@pytest.mark.parametrize("strategy", ["single user", "alternating users", "dual password", "issued keys"])
def test_rule_21_a_test_only_call_writes_nothing_with_any_engine(strategy):
    world = World(strategy)
    world.rotate()
    writes, accepts, ever = world.manager.writes(), {**world.server.accepts}, [*world.server.ever]

    world.manager.rotate_test_only(world.arn, lambda event, _: world.step(event["Step"], event["ClientRequestToken"]), None)

    assert (world.manager.writes(), world.server.accepts, world.server.ever) == (writes, accepts, ever)


@pytest.mark.parametrize("step", ["testSecret", "finishSecret"])
def test_rule_22_a_server_that_learns_late_is_asked_again(world, pauses, step):
    token = world.until(step)
    world.engine.verify.reset_mock()
    world.engine.verify.side_effect = [errors.AuthenticationError, errors.AuthenticationError, None]

    assert world.step(step, token) == "done"
    assert pauses == [0.25, 0.5]
    assert world.engine.verify.call_args_list == [mock.call(world.target, world.stored(token), world.deadline)] * 3


@pytest.mark.parametrize("step", ["testSecret", "finishSecret"])
def test_rule_22_the_patience_ends(world, pauses, step):
    token = world.until(step)
    world.engine.verify.reset_mock()
    world.engine.verify.side_effect = errors.AuthenticationError("still not")

    assert fails(world, errors.AuthenticationError, step, token) == "still not"
    assert pauses == SETTLING
    assert world.engine.verify.call_args_list == [mock.call(world.target, world.stored(token), world.deadline)] * 7
    assert world.labels(token) == {"AWSPENDING"}


@pytest.mark.parametrize("step", ["testSecret", "finishSecret"])
def test_rule_13_only_a_refused_login_is_tried_again(world, pauses, step):
    token = world.until(step)
    world.engine.verify.side_effect = errors.TlsError("of another authority")

    assert fails(world, errors.TlsError, step, token) == "of another authority"
    assert pauses == []


@pytest.mark.parametrize(("left", "waited"), [(3.75, [0.25, 0.5, 1.0]), (3.7, [0.25, 0.5, 1.0]), (1.75, [0.25, 0.5]), (0.25, [])])
def test_rule_20_the_patience_ends_with_the_time_and_tells_the_cause(world, monkeypatch, left, waited):
    token, now, pauses = world.until("testSecret"), [0.0], []
    monkeypatch.setattr(time, "sleep", lambda seconds: (pauses.append(seconds), now.__setitem__(0, now[0] + seconds)))
    world.deadline = Deadline(5 + left, clock=lambda: now[0])
    world.engine.verify.side_effect = errors.AuthenticationError("still not")

    assert fails(world, errors.AuthenticationError, "testSecret", token) == "still not"
    assert pauses == waited


def test_rule_25_nothing_is_published_that_was_not_set(world):
    token = world.until("setSecret")
    before = world.secret.holder("AWSCURRENT")

    fails(world, errors.AuthenticationError, "finishSecret", token)

    assert world.secret.holder("AWSCURRENT") == before


def test_rule_18_what_was_replaced_stays_and_what_was_before_goes(world):
    world.version("lost", {"password": "of an abandoned rotation"})
    token = world.until("finishSecret")
    first, second = world.manager.value(world.arn, "AWSPREVIOUS"), world.current
    seen = []
    world.engine.cleanup.side_effect = lambda _target, **given: seen.append((world.current, {**given, "gone": list(given["gone"])}))

    assert world.step("finishSecret", token) == "done"

    [(published, given)] = seen
    assert published == world.stored(token)
    known = given.pop("known")
    assert (known.token, known.current) == (token, second)
    assert given == {
        "keep": [world.stored(token), second],
        "gone": [first, {"password": "of an abandoned rotation"}],
        "deadline": world.deadline,
    }
    assert told(world, "cleanup").args == (world.target,)


def test_rule_18_where_somebody_emptied_the_value_the_one_before_stays_and_what_was_before_goes(world):
    world.version("lost", {"password": "of an abandoned rotation"})
    in_use = world.current
    world.manager.write(world.arn, "{}")
    token = world.until("finishSecret")
    gone = []
    world.engine.cleanup.side_effect = lambda _target, **given: gone.extend(given["gone"])

    world.step("finishSecret", token)

    assert told(world, "cleanup").kwargs["keep"] == [world.stored(token), in_use]
    assert (in_use in gone, {"password": "of an abandoned rotation"} in gone) == (False, True)


def test_rule_18_after_the_first_rotation_there_is_one_value_to_keep():
    world = World()
    world.engine = mock.Mock(wraps=world.engine)
    token = world.until("finishSecret")
    gone = []
    world.engine.cleanup.side_effect = lambda _target, **given: gone.extend(given["gone"])

    world.step("finishSecret", token)

    assert told(world, "cleanup").kwargs["keep"] == [world.stored(token)]
    assert gone == []


def test_rule_3_a_rotation_that_was_abandoned_while_it_proved_is_not_published(world):
    token, before = world.until("finishSecret"), world.secret.holder("AWSCURRENT")
    world.engine.verify.side_effect = lambda *_: world.version(token, {}, "SOMEBODYS")

    assert fails(world, errors.ConflictError, "finishSecret", token) == ABANDONED
    assert world.secret.holder("AWSCURRENT") == before


def test_rule_18_of_duplicates_that_published_each_clears_away(world):
    token = world.until("finishSecret")
    replaced = world.current
    during(world, "update_secret_version_stage", lambda: world.versions(token).publish())

    assert world.step("finishSecret", token) == "done"
    assert told(world, "cleanup").kwargs["keep"] == [world.current, replaced]


def test_rule_18_after_a_version_that_was_not_looked_at_nothing_is_cleared_away(world):
    token = world.until("finishSecret")
    during(world, "update_secret_version_stage", lambda: world.manager.write(world.arn, {"password": "by hand"}))

    assert world.step("finishSecret", token) == "done"
    assert world.manager.value(world.arn, "AWSPREVIOUS") == {"password": "by hand"}
    assert not world.engine.cleanup.called


def test_rule_18_once_the_next_rotation_began_it_clears_away(world):
    token = world.until("finishSecret")

    def begin(call, request):
        if call == "update_secret_version_stage" and request["VersionStage"] == "AWSCURRENT":
            world.labels(token).discard("AWSPENDING")
            world.version(str(uuid.uuid4()), None, "AWSPENDING")

    world.manager.after = begin

    assert world.step("finishSecret", token) == "done"
    assert world.secret.holder("AWSCURRENT") == token
    assert not world.engine.cleanup.called


def test_rule_24_success_leaves_pending_nowhere_else(world):
    token = world.until("finishSecret")

    world.step("finishSecret", token)

    assert world.labels(token) == {"AWSCURRENT", "AWSPENDING"}
    assert [version for version in world.secret.versions if "AWSPENDING" in world.labels(version)] == [token]
