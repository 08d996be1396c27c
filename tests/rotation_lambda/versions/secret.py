"""A secret in the middle of a rotation, and a Secrets Manager that says what a test wants."""

import datetime
import uuid

from botocore.exceptions import ClientError

from rotation_lambda.versions import State

TOKEN = "11111111-2222-3333-4444-555555555555"
AHEAD = str(uuid.uuid5(uuid.NAMESPACE_OID, f"keyturn:AWSNEXT:{TOKEN}"))
DATE = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
ALL_PAUSES = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2]
NO_OBJECT = "the value of the secret is no JSON object; put one with the keys that AWS documents for databases"


def refuse(world, code, *calls, times=1000):
    """Secrets Manager refuses these calls the first few times."""
    left = [times]

    def before(call, _request):
        if call in calls and left[0]:
            left[0] -= 1
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, call)

    world.manager.before = before


def answers(world, monkeypatch, **changes):
    """DescribeSecret says something else."""
    describe = world.manager.describe_secret

    def changed(**request):
        return {key: value for key, value in {**describe(**request), **changes}.items() if value is not None}

    monkeypatch.setattr(world.manager, "describe_secret", changed)


def state(*, rotated=None, **labels):
    named = {"token": TOKEN, "ahead": AHEAD}
    return State(True, {named.get(version, version): frozenset(stages.split()) for version, stages in labels.items()}, rotated)


def moves(world):
    return [request for call, request in world.manager.calls if call == "update_secret_version_stage"]
