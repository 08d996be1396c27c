"""The commands that judge: previews, states, and what earlier runs wrote."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from policies.gate.command_line import ending_well
from policies.gate.configuration import Document, checked, is_disabled, read
from policies.gate.engine import Engine
from policies.gate.errors import GateError
from policies.gate.judgement import Judgement, NotJudged, read_saved
from policies.gate.options import (
    BeforeFile,
    ConfigFile,
    Folder,
    JsonFile,
    JunitFile,
    MarkdownFile,
    More,
    PagesAddress,
    SarifFile,
    Stacks,
    reports,
)
from policies.gate.record import Record
from policies.gate.reports import Reports, location_of
from policies.gate.screen import Screen
from policies.gate.together import found_together
from policies.rules.secret_is_not_shared_across_stacks import policy as across


def preview(
    *,
    stack: Stacks,
    more: More = None,
    cwd: Folder = Path(),
    config: ConfigFile = None,
    markdown: MarkdownFile = None,
    sarif: SarifFile = None,
    junit: JunitFile = None,
    json: JsonFile = None,
    before: BeforeFile = None,
    pages: PagesAddress = None,
) -> None:
    """Run `pulumi preview` with the rules, for one stack after the other, and judge them together.

    Pulumi's own display goes through unchanged; what only shows across stacks, the verdict and the files come after it. It uses the
    `pulumi` on your PATH (3.255 or newer) with its login, passphrase and credentials: offline is what your environment makes offline.

    A preview that fails before the rules could look is no preview without findings: it ends with 1 and says so.
    """
    with ending_well():
        wanted = reports(markdown=markdown, sarif=sarif, junit=junit, json=json, before=before, pages=pages)
        _finish(previewed(stack, more, cwd, _document(config)), wanted, location_of(cwd))


def analyze(
    *,
    stack: Annotated[list[str] | None, typer.Option("--stack", metavar="STACK", help="Stack whose state is judged.")] = None,
    file: Annotated[
        list[Path] | None,
        typer.Option("--file", metavar="FILE", exists=True, dir_okay=False, help="Exported state to judge (`pulumi stack export`)."),
    ] = None,
    cwd: Folder = Path(),
    config: ConfigFile = None,
    markdown: MarkdownFile = None,
    sarif: SarifFile = None,
    junit: JunitFile = None,
    json: JsonFile = None,
    before: BeforeFile = None,
    pages: PagesAddress = None,
) -> None:
    """Judge what is deployed already: states of stacks, or exported ones, each by itself and all together.

    Nothing is written to the states, and the export's secrets stay encrypted: without its passphrase the rules see "[secret]" for a value.
    """
    if not (stack or file):
        raise typer.BadParameter("give a stack or a file", param_hint="--stack / --file")
    with ending_well():
        wanted = reports(markdown=markdown, sarif=sarif, junit=junit, json=json, before=before, pages=pages)
        document = _document(config)
        engine = Engine(cwd, document)
        runs = [partial(engine.analyze_stack, name) for name in dict.fromkeys(stack or ())]
        runs += [partial(engine.analyze_file, path) for path in dict.fromkeys(file or ())]
        _finish(_judged(runs, document), wanted, location_of(cwd))


def report(
    *,
    saved: Annotated[list[Path], typer.Argument(metavar="FILE...", exists=True, dir_okay=False, help="What --json wrote.")],
    cwd: Folder = Path(),
    config: ConfigFile = None,
    markdown: MarkdownFile = None,
    sarif: SarifFile = None,
    junit: JunitFile = None,
    json: JsonFile = None,
    before: BeforeFile = None,
    pages: PagesAddress = None,
) -> None:
    """Put together what several runs wrote with --json: stacks that are previewed in jobs of their own, one comment for all.

    Judges the stacks together, too, which none of the runs could. Give the same --config to all of them.
    """
    with ending_well():
        wanted = reports(markdown=markdown, sarif=sarif, junit=junit, json=json, before=before, pages=pages)
        parts = [read_saved(path) for path in saved]
        missing = tuple(one for part in parts for one in part.not_judged)
        records = tuple(record for part in parts for record in part.records)
        for name, number in Counter(record.name for record in records).items():
            if number > 1:
                raise GateError(f"{name} is in {number} of the files: which of them counts? Give each stack once")
        _finish(_together(records, missing, _document(config)), wanted, location_of(cwd))


def previewed(stacks: Sequence[str], more: Sequence[str] | None, folder: Path, document: Document) -> Judgement:
    """Gives the judgement of previews: each stack beside those before it."""
    checked(document)
    engine = Engine(folder, document)
    return _judged([partial(engine.preview, stack, more or ()) for stack in dict.fromkeys(stacks)], document)


def _document(config: Path | None) -> Document:
    document = {} if config is None else read(config)
    checked(document)
    return document


def _judged(runs: Sequence[Callable[..., Record | NotJudged]], document: Document) -> Judgement:
    records: list[Record] = []
    missing: list[NotJudged] = []
    for run in runs:
        outcome = run(earlier=records)
        if isinstance(outcome, Record):
            records.append(outcome)
        else:
            missing.append(outcome)
    return _together(tuple(records), tuple(missing), document)


def _together(records: tuple[Record, ...], missing: tuple[NotJudged, ...], document: Document) -> Judgement:
    off = (across.name,) if len(records) > 1 and is_disabled(document, across.name) else ()
    return Judgement(records=records, not_judged=missing, together=found_together(records, checked(document)), not_together=off)


def _finish(judgement: Judgement, wanted: Reports, location: str) -> None:
    screen = Screen(Console())
    screen.tell(judgement)
    for path in wanted.write(judgement, location):
        screen.say(f"written: {path}")
    if judgement.verdict != "passes":
        raise typer.Exit(1)
