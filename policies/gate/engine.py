"""The user's own `pulumi`, run with the pack: its display goes through unchanged, and the pack writes down what it found."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from policies.gate.configuration import Document
from policies.gate.errors import GateError
from policies.gate.judgement import NotJudged
from policies.gate.record import Record, read_record
from policies.gate.together import beside
from policies.pack.recording import VARIABLE

PACK = Path(__file__).resolve().parents[1] / "__main__.py"
"""The pack's executable: what `--policy-pack` takes."""


# What an engine gets that still runs so many seconds after we were stopped. Ctrl-C in a terminal has reached it already.
_TO_END_IT = ((2, signal.SIGINT), (10, signal.SIGTERM), (10, signal.SIGKILL))


def why_not_executable() -> str | None:
    """Gives what keeps Pulumi from starting the pack by its path; None when nothing does."""
    if not os.access(PACK, os.X_OK):
        return f"{PACK} may not be executed: chmod +x it, or use `keyturn-gate preview`, which needs no such right"
    found = shutil.which("python3")
    prefix = subprocess.run([found, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=False) if found else None
    if prefix is None or prefix.stdout.strip() != sys.prefix:
        ours = Path(sys.prefix) / "bin"
        return f"Pulumi would start the rules with another Python: put {ours} first on PATH, or use `keyturn-gate preview`"
    return None


class Engine:
    """Runs `pulumi` in the folder of a project."""

    def __init__(self, folder: Path, document: Document) -> None:
        self._folder = folder
        self._document = document
        """The rules' configuration."""

    def preview(self, stack: str, more: Sequence[str] = (), *, earlier: Sequence[Record] = ()) -> Record | NotJudged:
        """Previews a stack with the pack.

        Args:
            stack: Pulumi's name of the stack.
            more: arguments for `pulumi preview`; `{stack}` in them stands for the stack's name.
            earlier: records of stacks that it is judged beside.
        """
        given = [argument.replace("{stack}", stack) for argument in more]
        return _if_of(stack, self._judged(("preview",), ["--stack", stack, *given], stack, earlier))

    def analyze_stack(self, stack: str, *, earlier: Sequence[Record] = ()) -> Record | NotJudged:
        """Judges the state of a stack as it is deployed."""
        return _if_of(stack, self._judged(("policy", "analyze"), ["--stack", stack], stack, earlier))

    def analyze_file(self, file: Path, *, earlier: Sequence[Record] = ()) -> Record | NotJudged:
        """Judges an exported state. Nothing in it is decrypted unless the engine has the passphrase in its environment."""
        return self._judged(("policy", "analyze"), ["--file", str(file.resolve())], file.name, earlier)

    def _judged(self, command: Sequence[str], options: list[str], name: str, earlier: Sequence[Record]) -> Record | NotJudged:
        said = f"`pulumi {' '.join(command)}`"
        with tempfile.TemporaryDirectory(prefix="keyturn-gate-") as private:
            written = Path(private) / "record.json"
            code = self._run([*command, *self._with_pack(Path(private), written, earlier), *options, *_configured(options, Path(private))])
            record = read_record(written)
        if record is None:
            why = (
                "ended without an answer of the rules"
                if code == 0
                else f"failed (exit code {code}) before the rules could look at it (they need version 3.255 or newer)"
            )
            return NotJudged(stack=name, why=f"{said} {why}: its output says why")
        if code != 0 and not any(finding.stops for finding in record.findings):
            return NotJudged(stack=record.name, why=f"{said} failed (exit code {code}) for another reason: its output says why")
        return record

    def _with_pack(self, private: Path, written: Path, earlier: Sequence[Record]) -> list[str]:
        # The engine looks for the pack's Python on PATH, where the program's own comes first: this one is started as itself.
        # Where it writes is told to it alone: a second pack on our ground would write there, too, and the program has no need to know.
        launcher = private / "keyturn"
        start = f'exec {shlex.quote(sys.executable)} {shlex.quote(str(PACK))} "$@"'
        launcher.write_text(f"#!/bin/sh\nexport {VARIABLE}={shlex.quote(str(written))}\n{start}\n")
        launcher.chmod(0o700)
        # Packs get their configurations by position, and a person may name more packs: ours is first and always has one.
        config = private / "policies.json"
        config.write_text(json.dumps(beside(self._document, earlier)))
        return ["--policy-pack", str(launcher), "--policy-pack-config", str(config)]

    def _run(self, arguments: list[str]) -> int:
        # A variable that somebody set for a pack without the gate is not for those beside it.
        others = {name: value for name, value in os.environ.items() if name != VARIABLE}
        try:
            process = subprocess.Popen(["pulumi", *arguments], cwd=self._folder, env=others)
        except FileNotFoundError:
            raise GateError(
                "`pulumi` is not on PATH: install it, version 3.255 or newer, from https://www.pulumi.com/docs/install/"
            ) from None
        with _ended_with_us(process):
            return process.wait()


def _configured(options: Sequence[str], private: Path) -> list[str]:
    """Gives a configuration for each pack of a person's own: the engine wants one for every pack or for none, and ours has one."""
    packs, configs = (
        sum(option == name or option.startswith(f"{name}=") for option in options) for name in ("--policy-pack", "--policy-pack-config")
    )
    if not packs or configs:
        return []
    nothing = private / "nothing.json"
    nothing.write_text("{}")
    return ["--policy-pack-config", str(nothing)] * packs


def _if_of(stack: str, outcome: Record | NotJudged) -> Record | NotJudged:
    """Gives what was found, unless it is about another stack: what is given for `pulumi` may name one, too."""
    if isinstance(outcome, Record) and outcome.stack != stack.rpartition("/")[2]:
        return NotJudged(stack=stack, why=f"`pulumi` looked at {outcome.name} instead: name stacks with the gate's own --stack only")
    return outcome


@contextmanager
def _ended_with_us(process: subprocess.Popen[bytes]) -> Generator[None]:
    """Lets the engine end what it began when we are stopped."""
    try:
        yield
    except KeyboardInterrupt:
        for seconds, sign in _TO_END_IT:
            try:
                process.wait(timeout=seconds)
                break
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                process.send_signal(sign)
        else:
            process.wait()
        raise
