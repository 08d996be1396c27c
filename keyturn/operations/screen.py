"""What a person sees while a command works: a line for each thing that happened, a spinner where there is a terminal."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console
from rich.status import Status
from rich.text import Text

from keyturn.operations.rotation_log import Step

_MARKS = {"done": ("✓", "green"), "unchanged": ("=", "green"), "failed": ("✗", "red")}

# Without a terminal there is no spinner: a line now and then says that the command is not stuck.
_SECONDS_BETWEEN_LINES = 15


class Screen:
    """Prints progress to a console: coloured and moving on a terminal, plain lines everywhere else."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
        self._spoke = time.monotonic()

    def say(self, text: str) -> None:
        """Prints one line."""
        self._print(Text(text))

    def step(self, step: Step) -> None:
        """Prints what a step of the rotation did, when, and for how long."""
        clock = datetime.fromtimestamp(step.timestamp, UTC).strftime("%H:%M:%S")
        mark, colour = _MARKS.get(step.outcome, ("·", ""))
        cause = ": ".join(part for part in (step.error_class, step.message) if part)
        details = [part for part in ("" if step.outcome == "done" else step.outcome, cause) if part]
        measured = f"{step.step:<13}{step.milliseconds:>6} ms"
        self._print(Text.assemble(f"  {clock}  ", (mark, colour), " ", "  ".join([measured, *details])))

    @contextmanager
    def working(self) -> Generator[None]:
        """Shows that the command works while the block runs; `waiting` says at what."""
        if not self._console.is_terminal:
            yield
            return
        try:
            with self._console.status("") as self._status:
                yield
        finally:
            self._status = None

    def waiting(self, text: str) -> None:
        """Says what the command waits for right now."""
        if self._status:
            self._status.update(Text(text))
        elif time.monotonic() - self._spoke >= _SECONDS_BETWEEN_LINES:
            self.say(f"  … {text}")

    def _print(self, text: Text) -> None:
        # Text, never markup: rich would read the `:secret:` of every ARN as an emoji, and a cause may hold brackets.
        self._console.print(text, soft_wrap=True)
        self._spoke = time.monotonic()
