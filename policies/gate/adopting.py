"""The command that begins with an old estate."""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from policies.gate.adoption import Adoption, adopted
from policies.gate.command_line import ending_well
from policies.gate.configuration import Document, checked, read
from policies.gate.errors import GateError
from policies.gate.judging import previewed
from policies.gate.markdown import counted
from policies.gate.options import Folder, More, Stacks, file_to_write
from policies.gate.screen import Screen


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
            _write(config, adoption.document)
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
        yield f"not in the baseline: {finding.rule}: {finding.text}\n  Mend: {finding.mend}"
    everything = counted(sum(adoption.added.values()) + sum(adoption.kept.values()), "finding")
    yield f"{config}: {everything} in the baseline of these stacks."
    if adoption.refused:
        yield "Mend what is not in the baseline, or exempt it with a reason, an owner and a last day. --start-over takes it in."


def _write(path: Path, document: Document) -> None:
    """Writes the whole file or leaves it as it was; a link stays one, and who may read it, too."""
    target = path.resolve()
    descriptor, part = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        Path(part).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        Path(part).replace(target)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
