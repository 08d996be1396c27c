"""A secret that has rotated twice, and an engine that remembers what it was asked."""

import time
from unittest import mock

import pytest

from tests.rotation_lambda.memory_engine import World


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Nobody waits; what would have been waited is kept."""
    waited = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.fixture
def world():
    world = World()
    world.rotate()
    world.rotate()
    world.engine = mock.Mock(wraps=world.engine)
    return world
