"""Cut off after each side effect: the same token finishes, and so does a new one; what is published works (rules 26 and 27)."""

import contextlib
import itertools

import pytest

from rotation_lambda.engines._postgres_session import Session
from tests.rotation_lambda.secrets_manager import STEPS, WRITES, KilledError


class _Killer:
    """Kills the function right after its nth side effect: a write to Secrets Manager, or a statement that is no query.

    Right before an effect is right after the one before it, since a transaction that is cut off is rolled back.
    """

    def __init__(self, point, service, monkeypatch):
        self.point, self.seen, self.killed = point, 0, None
        original = Session._run

        def run(session, statement, values, told_apart):
            rows = original(session, statement, values, told_apart)
            if not statement.startswith("SELECT"):
                self._happened(statement)
            return rows

        monkeypatch.setattr(Session, "_run", run)
        monkeypatch.setattr(service.manager, "after", lambda call, _request: call in WRITES and self._happened(call))

    def _happened(self, effect):
        self.seen += 1
        if self.seen == self.point:
            self.killed = effect
            raise KilledError


def _prepared(service, start):
    """The situations in which a rotation may be cut off."""
    service.manager.first_is_current = "current at once" in start
    if start == "single user, own password":
        service.declare(strategy="single-user")
        service.rotate()
        service.declare(admin=None)
    elif start == "alternating users, second":
        service.rotate()
    elif start == "alternating users, third":
        service.rotate()
        service.rotate()


@pytest.mark.parametrize("then", ["same token", "new token"])
@pytest.mark.parametrize(
    "start",
    [
        "empty secret",
        "empty secret, current at once",
        "alternating users, second",
        "alternating users, third",
        "single user, own password",
    ],
)
def test_rules_26_and_27_a_rotation_that_was_cut_off_anywhere_recovers(service, monkeypatch, start, then):
    effects = []
    for point in itertools.count(1):
        service.arn = service.manager.create(service.name)
        service.username = f"{service.username}x"
        service.declare(username=service.username, strategy="alternating-users", admin=service.admin)
        _prepared(service, start)
        before = service.current if service.manager.secrets[service.arn].holder("AWSCURRENT") else None
        token = service.manager.start(service.arn)

        with monkeypatch.context() as during, contextlib.suppress(KilledError):
            killer = _Killer(point, service, during)
            for step in STEPS:
                service.step(step, token)
        if not killer.killed:
            break
        effects.append(killer.killed.split()[0])

        if before and "single" not in start:
            assert service.logs_in(before), f"the published login was lost after {killer.killed}"
        if then == "new token":
            service.manager.abandon(service.arn)
        service.rotate(token if then == "same token" else None)
        assert service.logs_in(service.current), f"the new login does not work after {killer.killed}"
        if then == "same token":
            assert service.manager.secrets[service.arn].holder("AWSCURRENT") == token

    assert (effects[0], effects[-1]) == ("put_secret_value", "COMMIT" if "at once" in start else "update_secret_version_stage")
    assert "ALTER" in effects
