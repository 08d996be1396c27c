"""A current version, and one that a rotation makes."""

import time

import pytest

from tests.rotation_lambda.memory_engine import World
from tests.rotation_lambda.versions.secret import TOKEN


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Nobody waits; what would have been waited is kept."""
    waited = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.fixture
def world():
    world = World()
    world.version("before", {"username": "billing", "password": "the-current-one"}, "AWSCURRENT")
    world.version(TOKEN, None, "AWSPENDING")
    return world


@pytest.fixture
def versions(world):
    return world.versions(TOKEN)
