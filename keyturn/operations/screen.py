"""What a person sees while a command works: a line for each thing that happened, a spinner where there is a terminal."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from keyturn.operations.rotation_log import Step

_MARKS = {"done": "[green]✓[/]", "unchanged": "[green]=[/]", "failed": "[red]✗[/]"}

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
        self._console.print(escape(text), soft_wrap=True, highlight=False)
        self._spoke = time.monotonic()

    def step(self, step: Step) -> None:
        """Prints what a step of the rotation did, when, and for how long."""
        clock = datetime.fromtimestamp(step.timestamp, UTC).strftime("%H:%M:%S")
        line = f"  {clock}  {_MARKS.get(step.outcome, '·')} {step.step:<13}{step.milliseconds:>6} ms"
        cause = ": ".join(escape(part) for part in (step.error_class, step.message) if part)
        detail = "  ".join(part for part in ("" if step.outcome == "done" else escape(step.outcome), cause) if part)
        self._console.print(f"{line}  {detail}".rstrip(), soft_wrap=True, highlight=False)
        self._spoke = time.monotonic()

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
            self._status.update(escape(text))
        elif time.monotonic() - self._spoke >= _SECONDS_BETWEEN_LINES:
            self.say(f"  … {text}")
