"""PostgreSQL's `passwordcheck` refuses a new password: what it can see of it, and what comes of that (rule 10)."""

import contextlib

import pytest

from rotation_lambda.engines import postgres
from rotation_lambda.errors import PolicyError


@pytest.fixture(params=["single-user", "alternating-users"])
def checking(service, request):
    """The server has the module, for whoever sets passwords there."""
    service.declare(strategy=request.param)
    service.rotate()
    who = "admin" if request.param == "alternating-users" else service.username
    service.server.run(f"ALTER ROLE {who} SET session_preload_libraries = 'passwordcheck'")
    yield service
    service.server.run(f"ALTER ROLE {who} RESET session_preload_libraries")


@contextlib.contextmanager
def _minting(monkeypatch, password):
    with monkeypatch.context() as during:
        during.setattr(postgres, "new_password", lambda: password)
        yield


def test_rule_10_a_password_that_the_server_refuses_is_given_up(checking, monkeypatch, lines):
    """Of a verifier the module can say one thing only: that it is of the user's own name."""
    with _minting(monkeypatch, checking.username if checking.target["strategy"] == "single-user" else checking.clone):
        token = checking.until("setSecret")
    before = checking.current
    lines()

    with pytest.raises(PolicyError, match="password policy refuses the new password"):
        checking.step("setSecret", token)

    assert lines()[0]["errorClass"] == "policy"
    assert checking.manager.secrets[checking.arn].versions[token].labels == set()
    assert checking.current == before
    assert checking.logs_in(before)
    checking.rotate()  # nobody's hand was needed
    assert checking.logs_in(checking.current)


def test_a_policy_that_wants_to_see_the_password_sees_a_verifier_and_lets_it_pass(checking, monkeypatch):
    """`passwordcheck` refuses short passwords, and cannot tell: what the function sends is never the password (rule 16)."""
    with _minting(monkeypatch, "short"):
        checking.rotate()

    assert checking.logs_in({**checking.current, "password": "short"})
