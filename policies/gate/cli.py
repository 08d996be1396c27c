"""The gate's command line: what a pull request's pipeline runs, and who adopts or configures the rules."""

import io
import signal
import sys
from typing import Annotated

try:
    import typer

    from policies.gate.adopting import adopt
    from policies.gate.command_line import EXIT_CODES, examples
    from policies.gate.judging import analyze, preview, report
    from policies.gate.looking import check_config, rules, where
except ModuleNotFoundError as missing:
    if missing.name is None or missing.name.partition(".")[0] in ("policies", "keyturn"):
        raise
    raise SystemExit(f"The gate needs the Python package {missing.name!r}: pip install 'keyturn[gate,stack]'") from None

import keyturn

_SUMMARY = (
    "Judge the secrets of Pulumi stacks before they are deployed: what is shared, unrotated, leaking or over-granted stops the change."
)

app = typer.Typer(
    name="keyturn-gate",
    help=_SUMMARY,
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: it wraps to the terminal and reads well in a pipe
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Runs the command line; the console script `keyturn-gate`."""
    for stream in (sys.stdout, sys.stderr):
        # A finding may name a resource in any language: never fail on a terminal that cannot show it.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # A pipeline that is cancelled sends this: the engine is ended and what was written for it removed, as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app()


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"keyturn-gate {keyturn.__version__}")
        raise typer.Exit


@app.callback(help=_SUMMARY)
def gate_options(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Takes the options of the command line as a whole."""


app.command(
    short_help="Preview stacks and judge them together.",
    epilog=examples(
        "keyturn-gate preview --stack prod",
        "keyturn-gate preview --stack prod --stack staging --markdown comment.md --sarif secrets.sarif",
        "keyturn-gate preview --stack prod --config policies.json --before main.json --markdown comment.md",
        "keyturn-gate preview --stack prod -- --config-file .localcloud/offline/project/Pulumi.{stack}.yaml",
    ),
)(preview)
app.command(
    short_help="Judge what is deployed: stacks or exports.",
    epilog=examples(
        "keyturn-gate analyze --stack prod --stack staging",
        "pulumi stack export --stack prod --file prod.json && keyturn-gate analyze --file prod.json --json main.json",
    ),
)(analyze)
app.command(
    short_help="Put together what several runs found.",
    epilog=examples(
        "keyturn-gate report prod.json staging.json --markdown comment.md",
        "keyturn-gate report after.json --before before.json --markdown comment.md",
    ),
)(report)
app.command(
    short_help="Take an old estate's findings as known.",
    epilog=examples(
        "keyturn-gate adopt --stack prod --stack staging --config policies.json",
        "keyturn-gate adopt --stack prod --config policies.json    (later: what was mended leaves the baseline)",
    ),
)(adopt)
app.command(
    short_help="List the rules.",
    epilog=examples("keyturn-gate rules", "keyturn-gate rules --json | jq -r '.[] | select(.severity == \"critical\").id'"),
)(rules)
app.command(short_help="Check a configuration of the rules.", epilog=examples("keyturn-gate check-config policies.json"))(check_config)
app.command(short_help="Print the path for --policy-pack.", epilog=examples('pulumi preview --policy-pack "$(keyturn-gate where)"'))(where)


if __name__ == "__main__":
    main()
