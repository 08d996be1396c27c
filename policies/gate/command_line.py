"""What every command of the gate has: examples in its help, and an end that says what happened."""

from collections.abc import Generator
from contextlib import contextmanager

import typer

from policies.gate.errors import GateError

EXIT_CODES = "Exit codes: 0 nothing stops the change, 1 something does or could not be judged, 2 wrong usage, 130 stopped with Ctrl-C."

_INTERRUPTED = 130


def examples(*lines: str) -> str:
    """Gives the last part of a command's help."""
    listed = "\n".join(f"  {line}" for line in lines)
    # The backspace tells click to leave the lines of the paragraph as they are.
    return f"\b\nExamples:\n{listed}\n\n{EXIT_CODES}"


@contextmanager
def ending_well() -> Generator[None]:
    """Turns whatever ends the block early into words and the right exit code."""
    try:
        yield
    except GateError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        # A folder for temporary files that is full, an engine that may not be executed: of the machine, not of the change.
        typer.echo(f"{error.filename or 'The system'}: {error.strerror}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("Stopped. Nothing was judged, and no file was written.", err=True)
        raise typer.Exit(_INTERRUPTED) from None
