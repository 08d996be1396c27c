"""Follows one rotation until it has ended, one way or the other."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from keyturn.operations.account import Account, RotationFunction
from keyturn.operations.errors import UnreachableError
from keyturn.operations.rotation_log import STEPS, RotationLog, Step
from keyturn.operations.screen import Screen
from keyturn.operations.secret import Secret


@dataclass(frozen=True)
class Pace:
    """How patient a person is."""

    timeout_seconds: float = 300
    """Longest time to wait for one rotation."""
    quiet_seconds: float = 20
    """How long after a failed attempt no other may have begun until the rotation counts as failed."""
    poll_seconds: float = 1
    """Time between two looks."""


class Clock:
    """The time of day, and waiting; tests have one of their own."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)


class Ending(Enum):
    """How a rotation came to rest."""

    CURRENT = auto()
    """The version is what applications read."""
    FAILED = auto()
    """A step failed, and no further attempt began."""
    SILENT = auto()
    """The function reported nothing for longer than a step may take: it died before it could."""
    ABANDONED = auto()
    """The version lost AWSPENDING without becoming current: cancelled, or a value was written meanwhile."""
    TIMED_OUT = auto()
    """It was still going on when the time was over."""


class Watch:
    """Looks at the labels and at the function's lines, shows what is new, and tells how it ended."""

    def __init__(
        self, account: Account, function: RotationFunction | None, log: RotationLog, *, pace: Pace, screen: Screen, clock: Clock
    ) -> None:
        self._account = account
        self._log = log
        self._pace = pace
        self._screen = screen
        self._clock = clock
        self._began = clock.now()
        self._step_seconds = function.timeout_seconds if function else 0
        self._told_unreadable: str | None = None

    def until_it_ends(self, secret: Secret, version: str, *, alive: float) -> Ending:
        """Follows the rotation of this version; `alive` is when it last gave a sign of life."""
        reached, was_pending, unlabelled, heard = secret, False, 0, self._clock.now()
        with self._screen.working():
            while True:
                try:
                    # The label before the lines: once it has moved, all lines but the last have been written.
                    reached = self._account.describe(secret.arn)
                    new_steps = self._show_new_steps(version)
                    heard = self._clock.now()
                except UnreachableError:
                    if self._clock.now() - heard > self._pace.quiet_seconds:
                        raise
                    new_steps = False
                now = self._clock.now()
                alive = now if new_steps else alive
                pending = "AWSPENDING" in reached.labels.get(version, ())
                if version == reached.current and not self._is_only_stored(version, reached):
                    self._show_until(version, lambda step: step.step == STEPS[-1])
                    return Ending.CURRENT
                was_pending = was_pending or pending
                unlabelled = unlabelled + 1 if was_pending and not pending else 0
                if unlabelled > 1:  # once may be a look at a replica that lags behind
                    # The function itself takes it off a value that the server refuses, before it says so.
                    self._show_until(version, lambda step: step.failed)
                    return Ending.FAILED if self._last_failed(version) else Ending.ABANDONED
                if (silent := self.patience_is_over(version, alive=alive)) is not None:
                    return silent
                if now - self._began > self._pace.timeout_seconds:
                    return Ending.TIMED_OUT
                self._screen.waiting(self._what_for(version, now))
                self._clock.sleep(self._pace.poll_seconds)

    def patience_is_over(self, version: str, *, alive: float) -> Ending | None:
        """How a rotation that was last alive then has ended, if it has: after a failure sooner than in the middle of a step."""
        silence = self._clock.now() - alive
        if self._last_failed(version):
            return Ending.FAILED if silence > self._pace.quiet_seconds else None
        # Where no step can be seen, a whole attempt may go by without a sign.
        steps_unseen = len(STEPS) if self._log.unreadable else 1
        return Ending.SILENT if silence > steps_unseen * self._step_seconds + self._pace.quiet_seconds else None

    def _is_only_stored(self, version: str, secret: Secret) -> bool:
        """A secret's first version may be current as soon as it is stored; it is done when AWSPENDING is gone or finishSecret ended."""
        last = self._last(version)
        finished = last is not None and last.step == STEPS[-1] and not last.failed
        return secret.previous is None and "AWSPENDING" in secret.labels[version] and not finished

    def _show_new_steps(self, version: str) -> bool:
        steps = self._log.new_steps(version)
        for step in steps:
            if step.attempt > 1 and step.step == STEPS[0]:
                self._screen.say(f"  attempt {step.attempt}:")
            self._screen.step(step)
        if self._log.unreadable and self._log.unreadable != self._told_unreadable:
            self._screen.say(f"  The steps cannot be shown, only the result: {self._log.unreadable}")
        self._told_unreadable = self._log.unreadable
        return bool(steps)

    def _show_until(self, version: str, is_the_last: Callable[[Step], bool]) -> None:
        """Lines reach CloudWatch a moment after the label moves; worth a few looks, not a failure."""
        for _ in range(5):
            self._show_new_steps(version)
            if self._log.unreadable or ((last := self._last(version)) and is_the_last(last)):
                return
            self._clock.sleep(self._pace.poll_seconds)

    def _what_for(self, version: str, now: float) -> str:
        elapsed = f"{now - self._began:.0f} s"
        last = self._last(version)
        if self._log.unreadable:
            return f"waiting for the version to become current, {elapsed}"
        if last and last.failed:
            return f"waiting {self._pace.quiet_seconds:.0f} s for another attempt, {elapsed}"
        following = STEPS[min(STEPS.index(last.step) + 1, len(STEPS) - 1)] if last else STEPS[0]
        return f"waiting for {following}, {elapsed}"

    def _last(self, version: str) -> Step | None:
        steps = self._log.steps(version)
        return steps[-1] if steps else None

    def _last_failed(self, version: str) -> bool:
        last = self._last(version)
        return last is not None and last.failed
