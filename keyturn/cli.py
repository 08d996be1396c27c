"""The command line: what on-call types. Each command is one operation and the words around it."""

import io
import json
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

try:
    import typer
    from rich.console import Console
except ModuleNotFoundError:  # the library is installed without its command line
    raise SystemExit("The command line needs a few packages more: pip install 'keyturn[cli]'") from None

import keyturn
from keyturn.names import InvalidNameError, SecretName, parse
from keyturn.operations.account import Account
from keyturn.operations.errors import OperationError
from keyturn.operations.restore import import_command, keep_key_command
from keyturn.operations.restore import restore as restore_secret
from keyturn.operations.rotate import Rotation, RotationFailedError, RotationLeftError, describe_command
from keyturn.operations.rotate import rotate as rotate_secret
from keyturn.operations.screen import Screen
from keyturn.operations.watch import Pace

_EXIT_CODES = "Exit codes: 0 done, 1 failed (the cause is printed), 2 wrong usage, 130 stopped with Ctrl-C."

_INTERRUPTED = 130

app = typer.Typer(
    name="keyturn",
    help="Operate the secrets of a Keyturn stack. No command prints a secret's value.",
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: it wraps to the terminal and reads well in a pipe
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Runs the command line; the console script `keyturn`."""
    for stream in (sys.stdout, sys.stderr):
        # A cause may quote a database server in any language: never fail on a terminal that cannot show it.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app()


def _examples(*lines: str) -> str:
    listed = "\n".join(f"  {line}" for line in lines)
    # The backspace tells click to leave the lines of the paragraph as they are.
    return f"\b\nExamples:\n{listed}\n\n{_EXIT_CODES}"


def _name(text: str) -> SecretName:
    try:
        return parse(text)
    except InvalidNameError as error:
        raise typer.BadParameter(str(error)) from None


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"keyturn {keyturn.__version__}")
        raise typer.Exit


Name = Annotated[SecretName, typer.Argument(parser=_name, metavar="ENVIRONMENT/SERVICE/SECRET", help="Name of the secret.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object at the end; progress goes to standard error.")]


@app.callback()
def keyturn_options(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Operate the secrets of a Keyturn stack. No command prints a secret's value."""


@app.command(
    epilog=_examples(
        "keyturn rotate prod/billing/database",
        "keyturn rotate prod/billing/database --twice    (it has leaked)",
        "keyturn rotate prod/billing/database --json | jq -r .outcome",
    )
)
def rotate(
    name: Name,
    twice: Annotated[
        bool,
        typer.Option("--twice", help="Rotate two times: after a leak, so that no old value stays valid where two of them are."),
    ] = False,
    timeout: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="Longest time to wait for one rotation.")] = 300,
    quiet_period: Annotated[
        float,
        typer.Option(min=0, metavar="SECONDS", help="After a failed attempt: how long to wait for Secrets Manager to begin another one."),
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """Rotate a secret now, show the four steps, and wait until the new value is current.

    Secrets Manager repeats a failed rotation several times; each attempt is shown. When no further attempt begins, the command
    ends with the cause, and the previous value stays current. What such a rotation leaves behind (AWSPENDING on a version that is
    not current, which blocks every further one) the next run takes away by itself.

    Where two are valid at a time (alternating users, two passwords, two access keys) one rotation does not revoke a leaked
    credential: another takes over, and the leaked one stays valid until the next rotation. Use --twice then.

    Uses your AWS credentials and AWS_ENDPOINT_URL. Permissions: secretsmanager:DescribeSecret, RotateSecret and
    UpdateSecretVersionStage on the secret, lambda:InvokeFunction and GetFunctionConfiguration on its function,
    logs:FilterLogEvents on its log group (without the last two it still works, but cannot show steps).
    """
    screen = Screen(Console(stderr=as_json))
    rotations: list[Rotation] = []
    with _ending_well("rotate", name, as_json=as_json, screen=screen, rotations=rotations):
        account = Account.connect()
        for _ in range(2 if twice else 1):
            rotations.append(rotate_secret(account, name, pace=Pace(timeout_seconds=timeout, quiet_seconds=quiet_period), screen=screen))
            screen.say(f"{name} is rotated: version {rotations[-1].version} is current.")
            if rotations[-1].steps and rotations[-1].steps[-1].failed:
                screen.say("Its last step failed after that, as shown above: what it had to clean up is cleaned up by the next rotation.")
        _print_json(as_json, "rotate", name, "rotated", **_told(rotations))


@app.command(epilog=_examples("keyturn restore prod/billing/database"))
def restore(name: Name, as_json: AsJson = False) -> None:
    """Bring back a secret that is scheduled for deletion, with its versions, and print how to take it into the stack again.

    A deleted secret stays in its recovery window for 7 to 30 days; until then its name is taken. Permissions:
    secretsmanager:DescribeSecret and RestoreSecret on the secret.
    """
    screen = Screen(Console(stderr=as_json))
    with _ending_well("restore", name, as_json=as_json, screen=screen, rotations=[]):
        secret, restored = restore_secret(Account.connect(), name)
        command = import_command(name, secret.arn)
        screen.say(f"{name} is restored." if restored else f"{name} is not scheduled for deletion; nothing was changed.")
        if restored and secret.key:
            line = keep_key_command(secret.key)
            screen.say(f"If its key was deleted with it (`pulumi destroy` does that), no value can be read until you type:\n  {line}")
        screen.say(f"If the stack has lost it: `pulumi up` once, which stops at this name, then take it in with:\n  {command}")
        _print_json(as_json, "restore", name, "restored" if restored else "unchanged", arn=secret.arn, importCommand=command)


@contextmanager
def _ending_well(command: str, name: SecretName, *, as_json: bool, screen: Screen, rotations: list[Rotation]) -> Generator[None]:
    """Turns whatever ends the block early into words, the one JSON object and the right exit code."""
    try:
        yield
    except OperationError as error:
        message, stopped, step = str(error), isinstance(error, RotationLeftError), None
        if isinstance(error, RotationFailedError):
            rotations.append(error.rotation)
            step = error.step
    except KeyboardInterrupt:
        message, stopped, step = f"Stopped. Look what has happened: {describe_command(str(name))}", True, None
    else:
        return
    screen.say(message)
    cause = {"step": step.step, "errorClass": step.error_class, "cause": step.message} if step else {}
    outcome = "interrupted" if stopped else "failed"
    _print_json(as_json, command, name, outcome, **_told(rotations), error={"message": message, **cause})
    raise typer.Exit(_INTERRUPTED if stopped else 1)


def _told(rotations: Sequence[Rotation]) -> dict[str, Any]:
    if not rotations:
        return {}
    steps = [{"version": rotation.version, **step.as_json()} for rotation in rotations for step in rotation.steps]
    return {"versions": [rotation.version for rotation in rotations], "steps": steps}


def _print_json(wanted: bool, command: str, name: SecretName, outcome: str, **rest: object) -> None:
    if wanted:
        typer.echo(json.dumps({"command": command, "secret": str(name), "outcome": outcome, **rest}))


if __name__ == "__main__":
    main()
