"""Ten thousand random schedules: steps that come twice, late, in any order, call by call between one another, and fail anywhere.

One thing is left out, since no function can help it: a rotation is not given up, and none begins with a new token, while an invocation of
the one before is between two calls. Secrets Manager has no write that depends on AWSPENDING. The function looks again right before
each write, and ends with its timeout; who gives up a rotation by hand waits as long.
"""

import contextlib
import io
import itertools
import time
import types

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from rotation_lambda import handler, log, versions
from rotation_lambda.errors import RotationError
from tests.rotation_lambda.conftest import Context
from tests.rotation_lambda.interleaving import FAULTS, Traffic
from tests.rotation_lambda.memory_engine import STRATEGIES, World
from tests.rotation_lambda.secrets_manager import CURRENT, PENDING, PREVIOUS, STEPS

SCHEDULES = 10_000


class Schedule(RuleBasedStateMachine):
    world: World
    strategy: str
    printed: io.StringIO

    def __init__(self) -> None:
        super().__init__()
        type(self).world = World(self.strategy)
        type(self).printed = log.sys.stdout = io.StringIO()
        self.traffic, self.context, self.tokens = Traffic(self.world, self.what_is_published_works), Context(), []

    @initialize(rotated=st.booleans(), at_once=st.booleans(), clears=st.booleans(), lag=st.integers(0, 3), labels_lag=st.integers(0, 1))
    def a_secret(self, rotated, at_once, clears, lag, labels_lag):
        manager = self.world.manager
        manager.first_is_current, manager.clears_pending, manager.lag, manager.labels_lag = at_once, clears, lag, labels_lag
        self.rotate_secret()
        if rotated:
            self.succeeds()

    @rule()
    def rotate_secret(self):
        self.traffic.end_all("killed")
        try:
            self.tokens.append(self.world.manager.start(self.world.arn))
        except ClientError:
            assert self.world.secret.holder(PENDING) == self.tokens[-1]

    @rule(calls=st.integers(0, 30), fault=st.sampled_from(FAULTS))
    def all_steps(self, calls, fault):
        self.succeeds(calls, fault)

    @rule(step=st.sampled_from(STEPS), calls=st.integers(0, 10), fault=st.sampled_from([None, *FAULTS]))
    def a_step_comes_out_of_order(self, step, calls, fault):
        with self.traffic.fault_after(calls, fault):
            self.step(self.tokens[-1], step)

    @rule(step=st.sampled_from(STEPS))
    def a_step_begins(self, step):
        token = self.tokens[-1]
        self.traffic.begin(lambda: self.step(token, step))

    @rule(step=st.sampled_from(STEPS), begins=st.booleans(), turns=st.lists(st.integers(0, 1), min_size=4, max_size=20))
    def a_step_comes_twice_at_once(self, step, begins, turns):
        if begins:
            self.rotate_secret()
        for _ in range(2):
            self.a_step_begins(step)
        for turn in turns:
            if self.traffic.running:
                self.traffic.go_on(turn, 1)

    @precondition(lambda self: self.traffic.running)
    @rule(which=st.integers(0, 2), calls=st.integers(1, 8), fault=st.sampled_from([None, None, *FAULTS]))
    def a_step_goes_on(self, which, calls, fault):
        self.traffic.go_on(which, calls, fault)

    @precondition(lambda self: len(self.tokens) > 1)
    @rule(step=st.sampled_from(STEPS), back=st.integers(2, 3))
    def a_step_comes_after_its_rotation_ended(self, step, back):
        self.world.secret.lagging = 0
        with self.traffic.fault_after(0, None):
            self.step(self.tokens[-min(back, len(self.tokens))], step)

    @rule()
    def somebody_takes_pending_off(self):
        self.traffic.end_all("killed")
        self.world.manager.abandon(self.world.arn)

    @rule(calls=st.integers(8, 24), fault=st.sampled_from(FAULTS))
    def a_rotation_fails_and_is_given_up(self, calls, fault):
        self.rotate_secret()
        self.succeeds(calls, fault)
        self.somebody_takes_pending_off()

    @rule(refuses=st.booleans())
    def the_servers_policy_changes(self, refuses):
        self.world.server.refuses_passwords = refuses

    @precondition(lambda self: self.world.secret.holder(PENDING) in {None, self.world.secret.holder(CURRENT)})
    @rule()
    def a_test_only_call(self):
        self.traffic.end_all()
        writes, accepts = self.world.manager.writes(), {**self.world.server.accepts}
        works = self.published and self.world.server.works(self.world.current)
        with contextlib.nullcontext() if works else contextlib.suppress(RotationError):
            self.world.manager.rotate_test_only(self.world.arn, handler.handler, self.context)
        assert (self.world.manager.writes(), self.world.server.accepts) == (writes, accepts)

    @invariant()
    def what_was_published_worked_at_every_moment(self):
        assert self.traffic.was_always_well
        assert self.what_is_published_works()

    def what_is_published_works(self):
        return not self.world.engine.overlap or not self.published or self.world.server.works(self.world.current)

    @property
    def published(self):
        secret = self.world.secret
        return secret.holder(PREVIOUS) or (secret.holder(CURRENT) and not self.world.manager.first_is_current)

    def succeeds(self, calls=0, fault=None):
        """Secrets Manager tries all four steps, one after the other."""
        with self.traffic.fault_after(calls, fault):
            self.world.manager.rotate(self.world.arn, handler.handler, self.context, self.tokens[-1])
            return True
        return False

    def step(self, token, step):
        handler.handler(self.world.manager.event(self.world.arn, token, step), self.context)

    def teardown(self):
        self.traffic.end_all()
        self.world.server.refuses_passwords = False
        self.the_same_token_ends_well_unless_it_was_given_up()
        self.a_new_token_ends_well()
        self.a_new_token_ends_well()
        if self.world.engine.overlap:  # who has not read the secret again yet
            assert self.world.server.works(self.world.manager.value(self.world.arn, PREVIOUS))
        self.nothing_was_minted_twice_or_told()

    def the_same_token_ends_well_unless_it_was_given_up(self):
        token = self.tokens[-1]
        for _ in range(2):
            if self.succeeds():
                return self.it_ended_well(token)
        assert PENDING not in self.world.secret.versions[token].labels
        return None

    def a_new_token_ends_well(self):
        self.it_ended_well(self.world.manager.rotate(self.world.arn, handler.handler, self.context))
        most = 2 if self.world.engine.overlap else 1
        assert [passwords for passwords in self.world.server.accepts.values() if len(passwords) > most] == []

    def it_ended_well(self, token):
        secret, server = self.world.secret, self.world.server
        assert (secret.holder(CURRENT), secret.holder(PENDING) in {None, token}) == (token, True)
        assert server.works(self.world.current)

    def nothing_was_minted_twice_or_told(self):
        values = [version.value for version in self.world.secret.versions.values() if version.value]
        # What an issuer made for a duplicate that lost is withdrawn; a password is never set that is not stored.
        server = self.world.server
        used = itertools.chain(*server.accepts.values()) if self.world.engine.issues else server.ever
        assert [password for password in used if not any(password in value for value in values)] == []
        printed = self.printed.getvalue()
        assert [word for word in ("minted-", "issued-", "of-the-admin", '"unexpected"') if word in printed] == []


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_rule_26_no_schedule_loses_a_credential(strategy, monkeypatch, request):
    machine = type("Schedule", (Schedule,), {"strategy": strategy})
    targets = '{"prod/billing/memory": {"kind": "memory"}}'
    monkeypatch.setenv("KEYTURN_TARGETS", targets)
    monkeypatch.setattr(versions, "client", lambda: machine.world.manager)
    monkeypatch.setattr(handler, "engine_for", lambda _kind: machine.world.engine)
    monkeypatch.setattr(log, "sys", types.SimpleNamespace(stdout=None))
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=SCHEDULES // len(STRATEGIES),
            stateful_step_count=12,
            # The same schedules each time, so that red is about the change; others with --hypothesis-seed=….
            derandomize=request.config.getoption("--hypothesis-seed") is None,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
