"""The user's own `pulumi`, run with the pack: its display goes through unchanged, and the pack writes down what it found."""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from policies.gate.errors import GateError
from policies.gate.judgement import NotJudged
from policies.gate.record import VARIABLE, Record, read_record

PACK = Path(__file__).resolve().parents[1] / "__main__.py"
"""The pack's executable: what `--policy-pack` takes."""

# How long an interrupted engine may take to end what it began.
_SECONDS_TO_END = 10


class Engine:
    """Runs `pulumi` in the folder of a project."""

    def __init__(self, folder: Path, config: Path | None = None) -> None:
        self._folder = folder
        self._config = config

    def preview(self, stack: str, more: Sequence[str] = ()) -> Record | NotJudged:
        """Previews a stack with the pack.

        Args:
            stack: Pulumi's name of the stack.
            more: arguments for `pulumi preview`; `{stack}` in them stands for the stack's name.
        """
        given = [argument.replace("{stack}", stack) for argument in more]
        return self._judged(["preview", "--stack", stack, *given], stack)

    def analyze_stack(self, stack: str) -> Record | NotJudged:
        """Judges the state of a stack as it is deployed."""
        return self._judged(["policy", "analyze", "--stack", stack], stack)

    def analyze_file(self, file: Path) -> Record | NotJudged:
        """Judges an exported state. Nothing in it is decrypted unless the engine has the passphrase in its environment."""
        return self._judged(["policy", "analyze", "--file", str(file.resolve())], file.name)

    def _judged(self, command: list[str], name: str) -> Record | NotJudged:
        with tempfile.TemporaryDirectory(prefix="keyturn-gate-") as private:
            written = Path(private) / "record.json"
            code = self._run([*command, *self._with_pack(Path(private))], {VARIABLE: str(written)})
            record = read_record(written)
        if record is None:
            why = "ended without an answer of the rules" if code == 0 else f"failed (exit code {code}) before the rules could look at it"
            return NotJudged(stack=name, why=f"`pulumi {command[0]}` {why}: see its output above")
        if code != 0 and not any(finding.stops for finding in record.findings):
            return NotJudged(
                stack=record.name, why=f"`pulumi {command[0]}` failed (exit code {code}) for another reason: see its output above"
            )
        return record

    def _with_pack(self, private: Path) -> list[str]:
        # The engine looks for the pack's Python on PATH, where the program's own comes first: this one is started as itself.
        launcher = private / "keyturn"
        launcher.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(PACK))} "$@"\n')
        launcher.chmod(0o700)
        return ["--policy-pack", str(launcher), *([] if self._config is None else ["--policy-pack-config", str(self._config.resolve())])]

    def _run(self, arguments: list[str], more: dict[str, str]) -> int:
        try:
            process = subprocess.Popen(["pulumi", *arguments], cwd=self._folder, env={**os.environ, **more})
        except FileNotFoundError:
            raise GateError(
                "`pulumi` is not on PATH: install it, version 3.255 or newer, from https://www.pulumi.com/docs/install/"
            ) from None
        with _ended_with_us(process):
            return process.wait()


@contextmanager
def _ended_with_us(process: subprocess.Popen[bytes]) -> Generator[None]:
    """Lets the engine end what it began when we are stopped; Ctrl-C in a terminal reaches it, too."""
    try:
        yield
    except KeyboardInterrupt:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                process.wait(timeout=_SECONDS_TO_END)
                break
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                process.send_signal(sign)
        else:
            process.wait()
        raise
