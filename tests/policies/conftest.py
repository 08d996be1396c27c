"""Programs before and after their first deployment."""

import pytest

from tests.policies.program import Program, Verdict
from tests.policies.shop import Shop


@pytest.fixture
def program():
    """A program that was never deployed: every ARN is unknown."""
    return Program()


@pytest.fixture(params=[False, True], ids=["first-preview", "deployed"])
def any_program(request):
    """A program before, and after, its first deployment."""
    return Program(deployed=request.param)


@pytest.fixture
def deployed():
    """A program that was deployed: every ARN is known."""
    return Program(deployed=True)


@pytest.fixture
def judge():
    """What a rule says about a program."""
    return Verdict


@pytest.fixture
def shop(tmp_path):
    """A project on the real engine, offline until a test takes it to a local AWS."""
    made = Shop(tmp_path)
    yield made
    made.stop()
