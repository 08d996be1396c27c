"""What each step does with what it finds, and what it leaves alone."""

import datetime
import time
import uuid
from unittest import mock

import pytest
from botocore.exceptions import ClientError

from rotation_lambda import errors
from rotation_lambda.deadline import Deadline
from rotation_lambda.targets import Target
from tests.rotation_lambda.memory_engine import World
from tests.rotation_lambda.secrets_manager import STEPS

ABANDONED = "the version is not AWSPENDING any more: the rotation was abandoned, and a new one starts afresh"
NO_VALUE = "there is no new value under AWSPENDING; the secret has to rotate once, from createSecret on"
SETTLING = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0]


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    waited = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.fixture
def world():
    """A secret that has rotated twice, and an engine that remembers what it was asked."""
    world = World()
    world.rotate()
    world.rotate()
    world.engine = mock.Mock(wraps=world.engine)
    return world


def told(world, name):
    """What the engine was given, the last time."""
    return getattr(world.engine, name).call_args


def fails(world, error, step, token):
    with pytest.raises(error) as failure:
        world.step(step, token)
    return str(failure.value)


def during(world, call, action):
    """Somebody acts right before the first such call of the function."""

    def before(called, _request):
        if called == call:
            world.manager.before = lambda *_: None
            action()

    world.manager.before = before


# Every step.


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
@pytest.mark.parametrize("value", [None, {}])
def test_a_step_without_a_new_value_says_so(world, step, value):
    token = world.manager.start(world.arn)
    world.version(token, value, "AWSPENDING")

    assert fails(world, errors.ConfigurationError, step, token) == NO_VALUE


@pytest.mark.parametrize("step", ["setSecret", "testSecret", "finishSecret"])
def test_rule_5_a_new_value_that_cannot_be_read_yet_is_waited_for(world, pauses, step):
    token = world.until(step)
    world.secret.versions[token].unseen = 2

    assert world.step(step, token) == "done"
    assert pauses == [0.1, 0.2]


# What an engine learns.


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


# createSecret.


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


def faster(world, token):
    """A duplicate stores its value first."""
    during(world, "put_secret_value", lambda: world.version(token, {"username": "billing", "password": "of the faster one"}, "AWSPENDING"))


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


# setSecret.


def test_rule_11_what_logs_in_is_not_set_again(world):
    token = world.until("testSecret")
    world.engine.set_credential.reset_mock()

    assert world.step("setSecret", token) == "unchanged"
    assert told(world, "verify") == mock.call(world.target, world.stored(token), world.deadline)
    assert not world.engine.set_credential.called


@pytest.mark.parametrize("refusal", [errors.AuthenticationError, errors.PermissionRefusedError])
def test_what_does_not_log_in_or_lacks_a_right_is_set(world, refusal):
    token = world.until("setSecret")
    world.engine.verify.side_effect = refusal

    assert world.step("setSecret", token) == "done"

    target, pending, known, deadline = told(world, "set_credential").args
    assert (target, pending, deadline) == (world.target, world.stored(token), world.deadline)
    assert (known.token, known.current, known.previous()) == (token, world.current, world.manager.value(world.arn, "AWSPREVIOUS"))


@pytest.mark.parametrize("refusal", [errors.NetworkError, errors.TlsError, errors.ConfigurationError, errors.PolicyError])
def test_rule_13_what_cannot_be_tried_is_not_set(world, refusal):
    token = world.until("setSecret")
    world.engine.verify.side_effect = refusal("this is why")

    assert fails(world, refusal, "setSecret", token) == "this is why"
    assert not world.engine.set_credential.called


def test_rule_3_a_rotation_that_was_abandoned_while_it_logged_in_sets_nothing(world):
    token = world.until("setSecret")

    def abandon(*_):
        world.labels(token).clear()
        world.labels(token).add("SOMEBODYS")
        raise errors.AuthenticationError

    world.engine.verify.side_effect = abandon

    assert fails(world, errors.ConflictError, "setSecret", token) == ABANDONED
    assert not world.engine.set_credential.called


def test_a_value_that_became_current_meanwhile_stops_the_step(world):
    token = world.until("setSecret")

    def write(*_):
        world.manager.write(world.arn, world.current)
        raise errors.AuthenticationError

    world.engine.verify.side_effect = write

    assert "another version became AWSCURRENT" in fails(world, errors.ConflictError, "setSecret", token)
    assert not world.engine.set_credential.called


@pytest.mark.parametrize("refusal", [errors.PolicyError, errors.LostValueError])
def test_rule_10_a_value_that_will_never_work_gives_way_to_the_next(world, refusal):
    token = world.until("setSecret")
    world.engine.set_credential.side_effect = refusal("this is why")

    assert fails(world, refusal, "setSecret", token) == "this is why"
    assert world.labels(token) == set()

    world.engine.set_credential.side_effect = None
    following = world.rotate()
    assert world.current == world.stored(following)


@pytest.mark.parametrize("refusal", [errors.AuthenticationError, errors.NetworkError, errors.PermissionRefusedError, errors.ConflictError])
def test_a_value_that_may_work_later_stays(world, refusal):
    token = world.until("setSecret")
    world.engine.set_credential.side_effect = refusal("this is why")

    assert fails(world, refusal, "setSecret", token) == "this is why"
    assert world.labels(token) == {"AWSPENDING"}


def deny(world, code):
    def before(call, _request):
        if call == "update_secret_version_stage":
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "UpdateSecretVersionStage")

    world.manager.before = before


def test_rule_10_a_label_that_cannot_be_taken_off_is_told_with_the_cause(world):
    token = world.until("setSecret")
    world.engine.set_credential.side_effect = errors.PolicyError("too short")
    deny(world, "AccessDeniedException")

    assert fails(world, errors.PolicyError, "setSecret", token) == (
        "too short; and AWSPENDING stays on this version until somebody takes it off: UpdateSecretVersionStage is denied; the function's"
        " role needs it, and the key through Secrets Manager"
    )


def test_rule_10_a_label_that_somebody_else_took_off_is_not_missed(world):
    token = world.until("setSecret")
    world.engine.set_credential.side_effect = errors.PolicyError("too short")
    deny(world, "InvalidParameterException")

    assert fails(world, errors.PolicyError, "setSecret", token) == "too short"


def strange(step, key="username", value="postgres"):
    def prepare(world):
        token = world.until(step)
        world.version(token, {**world.stored(token), key: value}, "AWSPENDING")
        world.engine.verify.reset_mock()
        world.engine.set_credential.reset_mock()
        return token

    return prepare


@pytest.mark.parametrize("key", ["username", "engine"])
@pytest.mark.parametrize("step", ["setSecret", "testSecret", "finishSecret"])
def test_rule_12_what_somebody_else_wrote_is_not_logged_in_with(world, step, key):
    token = strange(step, key)(world)

    assert fails(world, errors.StrangeValueError, step, token) == (
        f"'{key}' of the new value is not what the declaration says, so nothing was logged in to; if the declaration did not change"
        " meanwhile, find out who wrote it; the next rotation makes another value"
    )
    assert not world.engine.verify.called
    assert not world.engine.set_credential.called
    assert world.labels(token) == (set() if step == "setSecret" else {"AWSPENDING"})


def test_rule_12_the_place_is_what_the_declaration_says_of_the_value_after_the_current_one(world):
    token = world.until("setSecret")
    world.step("setSecret", token)

    assert world.engine.describe.call_args == mock.call(world.target, world.current)


def test_rule_12_what_looks_strange_by_labels_that_moved_is_kept(world):
    token = strange("setSecret")(world)
    during(world, "get_secret_value", lambda: world.manager.write(world.arn, world.current))

    fails(world, errors.StrangeValueError, "setSecret", token)

    assert world.labels(token) == {"AWSPENDING"}


# testSecret.


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


# finishSecret.


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
