"""Invocations that run call by call, in any order that a test chooses, and faults at any of their calls."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from rotation_lambda.errors import NetworkError, RotationError
from tests.rotation_lambda.memory_engine import World
from tests.rotation_lambda.secrets_manager import KilledError, RotationFailedError

FAULTS = ("killed", "never sent", "throttled", "answer lost")


class Invocation:
    """One step on a thread of its own that stops before each call until it is let go on; never do two run at once."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work, self._go, self._stopped = work, threading.Semaphore(0), threading.Semaphore(0)
        self.fault: str | None = None
        self.ended = False
        threading.Thread(target=self._run, daemon=True).start()

    def go_on(self, fault: str | None = None) -> None:
        """Lets the next call happen, or the fault in its place, and all up to the call after it."""
        self.fault = fault
        self._go.release()
        self._stopped.acquire()

    def stop(self) -> None:
        """Called on the thread itself."""
        self._stopped.release()
        self._go.acquire()

    def _run(self) -> None:
        self._go.acquire()
        with contextlib.suppress(KilledError, RotationError):
            if self.fault != "killed":
                self._work()
        self.ended = True
        self._stopped.release()


class Traffic:
    """Stands before and after each call of the function, to Secrets Manager or to the server; looks each time whether all is well."""

    def __init__(self, world: World, all_is_well: Callable[[], bool]) -> None:
        self.running: list[Invocation] = []
        self.was_always_well = True
        self._all_is_well = all_is_well
        self._turn: Invocation | None = None
        self._fault: str | None = None
        self._calls_before_fault = 0
        world.manager.before = lambda call, _request: self._before(EndpointConnectionError(endpoint_url="secretsmanager"), call)
        world.manager.after = lambda _call, _request: self._after(EndpointConnectionError(endpoint_url="secretsmanager"))
        world.server.before = lambda _label: self._before(NetworkError("nobody answers"))
        world.server.after = lambda _label: self._after(NetworkError("nobody answers"))

    def begin(self, work: Callable[[], None]) -> None:
        self.running.append(Invocation(work))

    def go_on(self, which: int, calls: int, fault: str | None = None) -> None:
        """Lets an invocation make a few calls, the last of them with the fault."""
        invocation = self.running[which % len(self.running)]
        for number in range(calls):
            self._turn = invocation
            invocation.go_on(fault if number == calls - 1 else None)
            self._turn = None
            if invocation.ended:
                self.running.remove(invocation)
                return

    def end_all(self, fault: str | None = None) -> None:
        while self.running:
            self.go_on(0, 1, fault)

    @contextlib.contextmanager
    def fault_after(self, calls: int, fault: str | None) -> Any:
        """Whatever runs inside, one step after the other, meets the fault at one call."""
        self._fault, self._calls_before_fault = fault, calls
        with contextlib.suppress(KilledError, RotationError, RotationFailedError):
            yield
        self._fault = None

    def _look(self) -> None:
        self.was_always_well = self.was_always_well and self._all_is_well()

    def _before(self, unanswered: Exception, call: str | None = None) -> None:
        self._look()
        if self._turn:
            self._turn.stop()
        match self._due():
            case "killed":
                raise KilledError
            case "never sent":
                raise unanswered
            case "throttled":
                raise ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, call) if call else unanswered
            case _:
                return

    def _after(self, unanswered: Exception) -> None:
        self._look()
        if self._due() == "answer lost":
            self._settle()
            raise unanswered
        self._calls_before_fault -= 1

    def _due(self) -> str | None:
        if self._turn:
            return self._turn.fault
        return self._fault if self._calls_before_fault == 0 else None

    def _settle(self) -> None:
        if self._turn:
            self._turn.fault = None
        self._fault = None
