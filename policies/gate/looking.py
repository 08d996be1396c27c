"""The commands that run nothing: the rules, where they are, and whether a configuration is right."""

from pathlib import Path
from typing import Annotated

import typer

from policies.gate import rule_list
from policies.gate.command_line import ending_well
from policies.gate.configuration import checked, read
from policies.gate.engine import PACK, why_not_executable
from policies.gate.errors import GateError


def rules(as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list with all that is known of each.")] = False) -> None:
    """List the rules: id, group, severity, level, title."""
    typer.echo(rule_list.as_json() if as_json else rule_list.as_text())


def check_config(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="Configuration of the rules (JSON).")],
) -> None:
    """Check a configuration without running anything: rules, settings, types, dates."""
    with ending_well():
        document = read(file)
        checked(document)
        typer.echo(f"{file} is right: {len(document)} {'entry' if len(document) == 1 else 'entries'}.")


def where() -> None:
    """Print the path of the rules, as Pulumi's --policy-pack takes it.

    Pulumi starts it with the python3 that is first on PATH: activate the environment that has Keyturn.
    """
    with ending_well():
        if reason := why_not_executable():
            raise GateError(reason)
        typer.echo(str(PACK))
