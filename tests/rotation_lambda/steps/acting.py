"""What a test asks the engine afterwards, and what others do while a step runs."""

import pytest
from botocore.exceptions import ClientError

ABANDONED = "the version is not AWSPENDING any more: the rotation was abandoned, and a new one starts afresh"
NO_VALUE = "there is no new value under AWSPENDING; the secret has to rotate once, from createSecret on"
SETTLING = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0]


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


def faster(world, token):
    """A duplicate stores its value first."""
    during(world, "put_secret_value", lambda: world.version(token, {"username": "billing", "password": "of the faster one"}, "AWSPENDING"))


def deny(world, code):
    def before(call, _request):
        if call == "update_secret_version_stage":
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "UpdateSecretVersionStage")

    world.manager.before = before


def strange(step, key="username", value="postgres"):
    def prepare(world):
        token = world.until(step)
        world.version(token, {**world.stored(token), key: value}, "AWSPENDING")
        world.engine.verify.reset_mock()
        world.engine.set_credential.reset_mock()
        return token

    return prepare
