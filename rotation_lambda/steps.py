"""The four steps, each of which may be repeated, doubled or cut off anywhere without losing a password."""

import contextlib
import functools
import time
from collections.abc import Generator, Iterable, Iterator

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import Engine, Known, Value
from rotation_lambda.errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    LostValueError,
    PermissionRefusedError,
    PolicyError,
    RotationError,
    StrangeValueError,
)
from rotation_lambda.targets import Target
from rotation_lambda.versions import CURRENT, State, Versions

# A server behind a name may learn of the new password a moment after another one did; IAM takes its time. Together 15.75 seconds.
_SETTLING_PAUSES_SECONDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


class Rotation:
    """One step of one rotation: the secret's versions, its target and the engine of its kind."""

    def __init__(self, versions: Versions, *, token: str, target: Target, engine: Engine, deadline: Deadline) -> None:
        self._versions = versions
        self._token = token
        self._target = target
        self._engine = engine
        self._deadline = deadline

    def run(self, step: str) -> str:
        """Does the step and gives its outcome: `done`, or `unchanged` when there was nothing left to do.

        Raises:
            RotationError: the step did not happen; nothing that worked before stopped working.
        """
        steps = {"createSecret": self._create, "setSecret": self._set, "testSecret": self._test, "finishSecret": self._finish}
        if step not in steps:
            raise ConfigurationError(f"the event's Step is unknown; there are: {', '.join(steps)}")
        self._engine.describe(self._target, None)  # a malformed target is refused before anything is read
        state = self._versions.state()
        if not state.rotates:
            raise ConfigurationError("rotation is switched off for this secret; switch it on, or let its schedule alone")
        state = state.before_publishing(self._token)
        if state.holder_of(CURRENT) == self._token:
            return "unchanged"
        state.refuse_abandoned(self._token)
        return steps[step](state)

    def _create(self, state: State) -> str:
        current = self._versions.labelled(state, CURRENT)
        with self._giving_up_what_never_works(state):
            if self._versions.pending() is not None:
                return "unchanged"
        known = self._known(state, current)
        fresh = self._engine.generate(self._target, known, self._deadline)
        # What other tools keep in the value stays; what the declaration says about the place wins.
        value = {**(current or {}), **self._engine.describe(self._target, current), **fresh}
        self._versions.confirm(state)
        if self._versions.put(value):
            return "done"
        # Another invocation was faster, and its value counts: what was issued for nothing is not left lying about.
        self._clear_away([self._pending(), current, known.previous()], [value], known)
        return "unchanged"

    def _set(self, state: State) -> str:
        current = self._versions.labelled(state, CURRENT)
        with self._giving_up_what_never_works(state):
            pending = self._pending()
            self._refuse_strangers(pending, current)
            # Also a credential that logs in and lacks something is set again: that mends it.
            with contextlib.suppress(AuthenticationError, PermissionRefusedError):
                self._engine.verify(self._target, pending, self._deadline)
                return "unchanged"
            self._versions.confirm(state)
            self._engine.set_credential(self._target, pending, self._known(state, current), self._deadline)
            return "done"

    def _test(self, state: State) -> str:
        pending = self._pending()
        current = self._versions.labelled(state, CURRENT)
        # RotateImmediately=false: only this step runs, on a copy of the current value.
        if pending != current:
            self._refuse_strangers(pending, current)
        self._prove(pending)
        return "done"

    def _finish(self, state: State) -> str:
        current = self._versions.labelled(state, CURRENT)
        pending = self._pending()
        self._refuse_strangers(pending, current)
        # Steps may arrive out of order: nothing is published that does not log in.
        self._prove(pending)
        # If the label moved off a version that was not looked at here, the next rotation knows better what may go.
        if self._versions.publish() == state.holder_of(CURRENT):
            known = self._known(state, current)
            # Where somebody emptied the current value, what clients have is the one before.
            replaced = current or known.previous()
            self._clear_away([pending, replaced], (value for value in _former(known) if value != replaced), known)
        return "done"

    def _prove(self, pending: Value) -> None:
        for pause in _SETTLING_PAUSES_SECONDS:
            try:
                return self._engine.verify(self._target, pending, self._deadline)
            except AuthenticationError:
                if not self._deadline.allows(pause):
                    raise
                time.sleep(pause)
        return self._engine.verify(self._target, pending, self._deadline)

    def _pending(self) -> Value:
        pending = self._versions.pending(wait=True)
        if pending is None:
            raise ConfigurationError("there is no new value under AWSPENDING; the secret has to rotate once, from createSecret on")
        return pending

    def _refuse_strangers(self, pending: Value, current: Value | None) -> None:
        """Who may write the secret must not choose the host, the user or the admin that the function works with."""
        for key, expected in self._engine.describe(self._target, current).items():
            if pending.get(key) != expected:
                raise StrangeValueError(
                    f"{key!r} of the new value is not what the declaration says, so nothing was logged in to; if the declaration did not"
                    f" change meanwhile, find out who wrote it; the next rotation makes another value"
                )

    @contextlib.contextmanager
    def _giving_up_what_never_works(self, state: State) -> Generator[None]:
        """A value that will never work must not stand in the way of the next rotation, which makes another one."""
        try:
            yield
        except (PolicyError, LostValueError, StrangeValueError) as error:
            self._give_up(state, error)
            raise

    def _give_up(self, state: State, error: RotationError) -> None:
        try:
            self._versions.release(state)
        except ConflictError:
            return  # somebody took it off, or the labels moved and it is tried again
        except RotationError as stuck:
            raise type(error)(f"{error}; and AWSPENDING stays on this version until somebody takes it off: {stuck}") from None

    def _clear_away(self, keep: Iterable[Value | None], gone: Iterable[Value], known: Known) -> None:
        """Leaves it to the next rotation once that has begun: what it issued meanwhile is not among those to keep."""
        if self._versions.is_latest():
            kept = [value for value in keep if value is not None]
            self._engine.cleanup(self._target, keep=kept, gone=gone, known=known, deadline=self._deadline)

    def _known(self, state: State, current: Value | None) -> Known:
        admin = self._target.admin
        return Known(
            token=self._token,
            current=current,
            since=state.rotated,
            pending=functools.partial(self._versions.pending, wait=True),
            previous=functools.partial(self._versions.previous, state),
            older=functools.partial(self._versions.older, state),
            admin=functools.partial(self._versions.admin, admin) if admin else None,
            ahead=_KeptAhead(self._versions, state),
        )


class _KeptAhead:
    """AWSNEXT as an engine sees it."""

    def __init__(self, versions: Versions, state: State) -> None:
        self._versions, self._state = versions, state

    def announced(self) -> Value | None:
        return self._versions.announced(self._state)

    def keep(self, value: Value) -> Value:
        self._versions.confirm(self._state)
        return self._versions.keep_ahead(value)


def _former(known: Known) -> Iterator[Value]:
    """Gives what was published or abandoned before the current value."""
    previous = known.previous()
    if previous is not None:
        yield previous
    yield from known.older()
