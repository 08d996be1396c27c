"""The options that several commands of the gate share."""

import os
from pathlib import Path
from typing import Annotated

import typer

from policies.gate.errors import GateError
from policies.gate.judgement import read_saved
from policies.gate.pages import Pages
from policies.gate.reports import Reports


def file_to_write(path: Path | None) -> Path | None:
    """Gives the path, refused before a run that may take minutes if no file can be there."""
    if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise typer.BadParameter(f"{path} is a folder, or its folder is not there")
    if path is not None and not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise typer.BadParameter(f"{path} may not be written")
    return path


def _pages(text: str) -> Pages:
    try:
        return Pages(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


Stacks = Annotated[list[str], typer.Option("--stack", metavar="STACK", help="Stack to judge, as `pulumi` names it. Give it several times.")]
Folder = Annotated[
    Path, typer.Option("--cwd", metavar="FOLDER", exists=True, file_okay=False, help="Folder of the Pulumi project. Default this one.")
]
More = Annotated[
    list[str] | None, typer.Argument(metavar="-- ARGUMENT", help="More for `pulumi preview`; {stack} in it is the stack's name.")
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", exists=True, dir_okay=False, help="Configuration of the rules (JSON).")
]
MarkdownFile = Annotated[Path | None, typer.Option("--markdown", metavar="FILE", callback=file_to_write, help="Write a comment.")]
SarifFile = Annotated[Path | None, typer.Option("--sarif", metavar="FILE", callback=file_to_write, help="Write SARIF 2.1.0.")]
JunitFile = Annotated[Path | None, typer.Option("--junit", metavar="FILE", callback=file_to_write, help="Write JUnit XML.")]
JsonFile = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", callback=file_to_write, help="Write everything, for `report` and `--before`."),
]
BeforeFile = Annotated[
    Path | None,
    typer.Option(
        "--before",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="What --json wrote for the base branch: the comment then shows what the change does to access.",
    ),
]
PagesAddress = Annotated[
    Pages | None,
    typer.Option("--pages", metavar="URL", parser=_pages, help="Where the rules' pages are published (docs/policies): makes links."),
]


def reports(
    *, markdown: Path | None, sarif: Path | None, junit: Path | None, json: Path | None, before: Path | None, pages: Pages | None
) -> Reports:
    """Gives what to write.

    Raises:
        typer.BadParameter: `before` is nothing that the gate wrote, or two files are one.
    """
    files = [path.resolve() for path in (markdown, sarif, junit, json) if path is not None]
    if len(set(files)) < len(files):
        raise typer.BadParameter("two of the files to write are one", param_hint="--markdown / --sarif / --junit / --json")
    try:
        earlier = None if before is None else read_saved(before)
        return Reports(markdown, sarif, junit, json, earlier, pages)
    except GateError as error:
        raise typer.BadParameter(str(error), param_hint="--before") from None
