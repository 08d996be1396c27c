"""Whatever happens and whenever: no verifier meets a token whose key it could not have learnt, as long as the token lives.

Rotations come at random times, are cut off anywhere, repeated, abandoned and met by late duplicates; people write the value again, move
labels back and change the algorithm; the next key gets lost. Who signs may have a copy of the value as old as a verifier's.
"""

import contextlib
import io
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rotation_lambda import versions
from rotation_lambda.versions import _ahead_of
from tests.rotation_lambda.generated import DAY, HOUR, MINUTE, Generated
from tests.rotation_lambda.secrets_manager import CURRENT, PENDING, PREVIOUS, STEPS, WRITES, KilledError, SecretsManager
from tests.rotation_lambda.subjects.signing_key import verifying
from tests.rotation_lambda.tokens import accepts, token_by

LIFE, CACHE = 2 * HOUR, HOUR

GAPS = st.sampled_from([0, 1, MINUTE, CACHE - 1, CACHE, CACHE + 1, LIFE, LIFE + CACHE - 1, LIFE + CACHE, DAY])
AT_ONCE = st.just((0, 0, 0, 0))
ROTATIONS = st.tuples(
    st.sampled_from(["new token", "new token", "new token", "same token"]),
    GAPS,
    AT_ONCE | AT_ONCE | st.tuples(GAPS, GAPS, GAPS, GAPS),  # before each step
    st.sampled_from([None, None, None, 1, 2, 3]),  # the function is gone after so many writes
)
LATE = st.tuples(st.just("late"), GAPS, st.integers(0, 20), st.sampled_from(STEPS))
PEOPLE = st.tuples(st.sampled_from(["write again", "move back", "lose the next key", "EdDSA", "ES256", "HS256"]), GAPS)


class Model(Generated):
    """The secret, and every value that ever was current, with its time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        manager = SecretsManager()
        monkeypatch.setattr(versions, "client", lambda: manager)
        monkeypatch.setattr("time.sleep", lambda _seconds: None)
        self.published: list[tuple[float, dict[str, Any]]] = []
        self.tokens: list[str] = []
        target = {"kind": "signing-key", "algorithm": "EdDSA", "tokenLifeSeconds": LIFE, "verifierCacheSeconds": CACHE}
        super().__init__(manager, monkeypatch, "prod/billing/jwt", target)

    @property
    def secret(self):
        return self.manager.secrets[self.arn]

    def happens(self, what: str, gap: float, *details: Any) -> None:
        self.wait(gap)
        match what:
            case "new token":
                self.manager.abandon(self.arn)
                self.attempt(self.manager.start(self.arn), *details)
            case "same token":
                token = self.secret.holder(PENDING) or (self.tokens or [None])[-1]
                if token:
                    self.attempt(token, *details)
            case "late":
                number, step = details
                if self.tokens:
                    self.call(step, self.tokens[number % len(self.tokens)])
            case "write again":
                if self.secret.holder(CURRENT):
                    self.write(self.current)
            case "move back":
                # Not during a rotation, whose value was made for the one that it saw; and not forth again, which tells no verifier in time.
                self.manager.abandon(self.arn)
                back, now = self.secret.holder(PREVIOUS), self.secret.holder(CURRENT)
                if back and self.secret.versions[back].created < self.secret.versions[now].created:
                    self.manager._move(self.secret, CURRENT, back)
            case "lose the next key":
                self.secret.versions.pop(_ahead_of(self.secret.holder(CURRENT) or ""), None)
            case algorithm:
                self.declare(algorithm=algorithm)
        self.look()

    def attempt(self, token: str, pauses: tuple[float, ...], killed_after: int | None) -> None:
        self.tokens.append(token)
        left = [killed_after or 0]

        def count(call: str, _request: object) -> None:
            left[0] -= call in WRITES
            if killed_after and left[0] == 0:
                raise KilledError

        self.manager.after = count
        done = all(self.call(step, token, pause) for step, pause in zip(STEPS, pauses, strict=True))
        self.manager.after = lambda *_: None
        if done:
            self.secret.rotated = self.clock.date()
            self.manager.abandon(self.arn)

    def call(self, step: str, token: str, pause: float = 0) -> bool:
        self.wait(pause)
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                self.step(step, token)
            except (KilledError, Exception):  # what was refused is tried again, or is not
                return False
            finally:
                self.look()
        return True

    def look(self) -> None:
        if self.secret.holder(CURRENT) and (not self.published or self.published[-1][1] != self.current):
            self.published.append((self.clock.now, self.current))

    def refused_tokens(self) -> list[str]:
        """Every case in which a verifier would not take a token."""
        ends = [begin for begin, _ in self.published[1:]] + [self.clock.now]
        found = []
        for (begin, value), end in zip(self.published, ends, strict=True):
            token = token_by(value["keys"][0])
            # Signed from now until the last copy is gone, taken as long as it lives, by a verifier whose copy is as old as may be.
            for (seen, known), gone in zip(self.published, ends, strict=True):
                meet = gone > begin - CACHE and seen < end + CACHE + LIFE
                if meet and not accepts(verifying(known), token):
                    found.append(f"signed with the value of {begin:.0f}, read by who knows the value of {seen:.0f}")
        return found


CALM = ((0, 0, 0, 0), None)
FIRST = ("new token", 0, *CALM)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events=st.lists(ROTATIONS | ROTATIONS | ROTATIONS | LATE | PEOPLE, max_size=14))
# Two at once: who knew the keys before the first of them does not know the key that would sign after the second.
@example(events=[FIRST, ("new token", DAY, *CALM), ("new token", CACHE - 1, *CALM)])
# As early as is allowed after one that replaced a key: its last token, signed with a copy as old as may be, is still alive.
@example(events=[FIRST, ("new token", DAY, *CALM), ("new token", LIFE + CACHE - 1, *CALM)])
# Published long after it was made, and nobody saw it.
@example(events=[FIRST, ("new token", DAY, (0, 0, 0, DAY), 3), ("new token", MINUTE, *CALM), ("new token", CACHE, *CALM)])
# A label was moved back: the next key signed already. Then it is lost, too.
@example(events=[FIRST, ("new token", DAY, *CALM), ("move back", MINUTE), ("new token", MINUTE, *CALM)])
@example(
    events=[
        FIRST,
        ("new token", DAY, *CALM),
        ("move back", MINUTE),
        ("lose the next key", 0),
        ("new token", MINUTE, *CALM),
        ("new token", CACHE, *CALM),
    ]
)
def test_every_token_is_taken_wherever_it_goes_as_long_as_it_lives(events):
    with pytest.MonkeyPatch.context() as monkeypatch:
        model = Model(monkeypatch)
        for event in events:
            model.happens(*event)

        signers = []
        for _ in range(4):
            model.happens("new token", DAY, *CALM)
            signers.append(model.current["keys"][0]["kid"])

        assert model.refused_tokens() == []
        assert len({*signers}) >= 3, "a rotation that nothing disturbed did not let another key sign"
        assert len(model.current["keys"]) == 3, "a key that nobody needs any more stayed"
