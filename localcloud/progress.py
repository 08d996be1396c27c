"""Progress of work that takes a while: one line a step, with the elapsed time; a spinner where there is a terminal."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from rich.console import Console

Note = Callable[[str], None]

_console = Console(stderr=True, highlight=False)


@contextlib.contextmanager
def step(title: str) -> Iterator[Note]:
    """Shows `title` while the block runs, then how long it took; the yielded function replaces the detail behind the title.

    An exception passes through after the line is marked as failed. All of it goes to standard error: standard output
    belongs to what a command was asked for.
    """
    began = time.monotonic()
    if not _console.is_terminal:
        print(f"  … {title}", file=sys.stderr, flush=True)
        yield _every_fifteen_seconds(title, began)
        print(f"  ✓ {title} ({_elapsed(began)})", file=sys.stderr, flush=True)
        return
    with _console.status(f"{title} …") as status:
        try:
            yield lambda detail: status.update(f"{title} … {_elapsed(began)} [dim]{detail}[/dim]")
        except BaseException:
            _console.print(f"[red]✗[/red] {title} ({_elapsed(began)})")
            raise
    _console.print(f"[green]✓[/green] {title} ({_elapsed(began)})")


def say(line: str) -> None:
    """Prints one plain line to standard error."""
    _console.print(line, markup=False, soft_wrap=True)


def _every_fifteen_seconds(title: str, began: float) -> Note:
    last = began

    def note(detail: str) -> None:
        nonlocal last
        if time.monotonic() - last >= 15:
            last = time.monotonic()
            print(f"  … {title}: {_elapsed(began)}, {detail}", file=sys.stderr, flush=True)

    return note


def _elapsed(began: float) -> str:
    seconds = time.monotonic() - began
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60):02d} s"
