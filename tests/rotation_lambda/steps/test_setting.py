"""setSecret sets what does not work yet, and gives up what never will."""

from unittest import mock

import pytest
from botocore.exceptions import ClientError

from rotation_lambda import errors
from tests.rotation_lambda.memory_engine import World
from tests.rotation_lambda.steps.acting import ABANDONED, deny, during, fails, strange, told


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


@pytest.mark.parametrize("step", ["createSecret", "setSecret"])
@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({}, "the new value is an empty object, which holds no credential; the next rotation makes another"),
        ("no json", "the value of the secret is no JSON object; put one with the keys that AWS documents for databases"),
        ("[]", "the value of the secret is no JSON object; put one with the keys that AWS documents for databases"),
    ],
)
def test_rule_10_what_somebody_put_into_the_empty_version_gives_way_to_the_next(world, step, value, says):
    token = world.manager.start(world.arn)
    world.version(token, value, "AWSPENDING")

    assert fails(world, errors.StrangeValueError, step, token) == says
    assert world.labels(token) == set()

    following = world.rotate()
    assert world.current == world.stored(following)


def test_rule_10_a_value_that_cannot_be_decrypted_now_stays(world):
    token = world.until("setSecret")

    def refuse(call, request):
        if call == "get_secret_value" and request.get("VersionStage") == "AWSPENDING":
            raise ClientError({"Error": {"Code": "DecryptionFailure", "Message": "no"}}, "GetSecretValue")

    world.manager.before = refuse

    fails(world, errors.ConfigurationError, "setSecret", token)
    assert world.labels(token) == {"AWSPENDING"}


def test_rule_27_a_password_that_an_abandoned_rotation_set_is_found_behind_any_number_of_others():
    world = World("single user")
    world.rotate()
    world.until("testSecret")
    world.manager.abandon(world.arn)
    for _ in range(15):
        world.until("setSecret")
        world.manager.abandon(world.arn)

    world.rotate()

    assert world.server.works(world.current)
