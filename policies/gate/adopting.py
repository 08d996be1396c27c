"""The command that begins with an old estate."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from policies.gate.adoption import Adoption, adopted
from policies.gate.command_line import ending_well
from policies.gate.configuration import checked, read
from policies.gate.errors import GateError
from policies.gate.judging import previewed
from policies.gate.markdown import counted
from policies.gate.options import Folder, More, Stacks, file_to_write
from policies.gate.screen import Screen
from policies.gate.writing import write


def adopt(
    *,
    stack: Stacks,
    config: Annotated[
        Path,
        typer.Option(
            "--config",
            metavar="FILE",
            dir_okay=False,
            callback=file_to_write,
            help="Configuration of the rules (JSON); made when it is not there.",
        ),
    ],
    more: More = None,
    cwd: Folder = Path(),
    start_over: Annotated[
        bool, typer.Option("--start-over", help="Take all of today's findings of these stacks into the baseline, newer ones too.")
    ] = False,
) -> None:
    """Begin with an old estate: take what the rules find today into the configuration as known, so that only what is new stops a change.

    The first run writes the baseline. Every later one only takes out what is not found any more, and names what is new: mend that, or
    exempt it with a reason, an owner and a last day. A stack that joins later, and whoever means to begin anew, gives --start-over.

    The file is written as a whole or not at all; whatever else is in it stays, in its order. Exit code 1 when something is new.
    """
    screen = Screen(Console())
    with ending_well():
        document = read(config) if config.exists() else {}
        judgement = previewed(stack, more, cwd, document)
        if judgement.not_judged:
            screen.tell(judgement)
            raise GateError(f"Nothing was adopted: {config} is as it was.")
        adoption = adopted(document, judgement, start_over=start_over)
        checked(adoption.document)
        if adoption.document != document:
            write({config: json.dumps(adoption.document, indent=2, ensure_ascii=False) + "\n"})
        for line in _told(adoption, config):
            screen.say(line)
        if adoption.refused:
            raise typer.Exit(1)


def _told(adoption: Adoption, config: Path) -> Iterator[str]:
    for rule in sorted({*adoption.added, *adoption.kept, *adoption.removed}):
        new, old, gone = (counter[rule] for counter in (adoption.added, adoption.kept, adoption.removed))
        changes = ", ".join(f"{number} {word}" for number, word in ((new, "new"), (gone, "gone")) if number)
        yield f"{rule}: {new + old} in the baseline{f' ({changes})' if changes else ''}"
    for finding in adoption.refused:
        yield f"not in the baseline: {finding.told}"
    everything = counted(sum(adoption.added.values()) + sum(adoption.kept.values()), "finding")
    yield f"{config}: {everything} in the baseline of these stacks."
    if adoption.refused:
        yield "Mend what is not in the baseline, or exempt it with a reason, an owner and a last day. --start-over takes it in."
