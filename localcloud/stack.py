"""The stack `local`: deployed by the real engine, with the policies, in the local cloud's environment."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud import processes
from localcloud.directory import CHECKOUT, Directory
from localcloud.errors import LocalCloudError
from localcloud.progress import say, step

STACK = "local"
DEPLOYMENT = "deployment"


@dataclass(frozen=True)
class Deployment:
    """What the engine counted, e.g. {"created": 21} or {"unchanged": 21}."""

    counted: dict[str, int]

    @property
    def changed(self) -> bool:
        """Whether anything was changed."""
        return any(count for what, count in self.counted.items() if what != "unchanged")


class Stack:
    """The stack of one local cloud."""

    def __init__(self, directory: Directory, environment: Mapping[str, str]) -> None:
        self._directory = directory
        self._environment = environment
        self.log = directory.logs / "pulumi-up.log"

    def ready(self) -> None:
        """Makes the stack if there is none, and deals with what a command that was killed left of its deployment.

        Raises:
            LocalCloudError: somebody else deploys the stack at this moment.
        """
        self._await_an_interrupted_one()
        self._release_dead_locks()
        self._call("stack", "select", "--create", STACK)

    def deploy(self, *, refresh: bool) -> Deployment:
        """Deploys the checkout and gives what changed.

        Args:
            refresh: compare the state with the cloud first, because a part of it was killed.

        Raises:
            LocalCloudError: with all that the engine said.
        """
        command = ["pulumi", "up", "--stack", STACK, "--yes", "--non-interactive", "--color", "never", "--policy-pack", "policies"]
        if refresh:
            command.append("--refresh")
        self.log.write_bytes(b"")
        with step(f"deploying the stack `{STACK}`" + (", compared with the cloud first" if refresh else "")) as note:
            pid = processes.start(command, log=self.log, environment=self._environment, cwd=str(CHECKOUT))
            processes.record(self._directory, DEPLOYMENT, pid)
            status, interrupted = self._await(pid, note)
        processes.forget(self._directory, DEPLOYMENT)
        output = self.log.read_text(errors="replace")
        if interrupted:
            raise KeyboardInterrupt
        if status != 0:
            begun = "\nUpdating (" in output
            left = (
                "What was created stays and is in the state: mend the cause and run `make up` again." if begun else "Nothing was changed."
            )
            raise LocalCloudError(f"`pulumi up --stack {STACK}` failed:\n\n{output.strip()}\n\nThis is also in {self.log}. {left}")
        return Deployment(counted(output))

    def output(self) -> dict[str, Any]:
        """Gives the stack's outputs."""
        return json.loads(self._call("stack", "output", "--stack", STACK, "--json"))

    def exported(self) -> dict[str, Any]:
        """Gives the stack's deployment as the state holds it; empty when there is no stack."""
        exported = run(["stack", "export", "--stack", STACK], self._environment)
        return json.loads(exported.stdout).get("deployment") or {} if exported.returncode == 0 else {}

    def components(self, kind: str) -> list[dict[str, Any]]:
        """Gives what the components of one kind registered as their outputs, e.g. of `DatabaseCredential`."""
        resources = self.exported().get("resources") or []
        return [resource.get("outputs", {}) for resource in resources if resource["type"] == f"keyturn:index:{kind}"]

    def clear_pending_creates(self) -> None:
        """Takes out of the state what a killed deployment meant to create."""
        self._call("refresh", "--stack", STACK, "--yes", "--skip-preview", "--clear-pending-creates")

    def _await(self, pid: int, note: Any) -> tuple[int, bool]:
        interrupted = False
        while True:
            try:
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    return os.waitstatus_to_exitcode(status), interrupted
                note(_last_line(self.log))
                time.sleep(0.2)
            except KeyboardInterrupt:
                # The first lets the engine finish what it has begun, the second ends it.
                os.kill(pid, signal.SIGINT)
                say("  interrupted: the engine finishes what it has begun (again ends it at once)" if not interrupted else "  ending it")
                interrupted = True

    def _await_an_interrupted_one(self) -> None:
        """Waits for the deployment of a command that was killed: it runs on by itself, and two at once refuse each other."""
        earlier = processes.recorded(self._directory, DEPLOYMENT)
        if earlier and earlier.alive:
            with step(f"waiting for the deployment of an interrupted `make up` (process {earlier.pid})") as note:
                while earlier.alive:
                    note(_last_line(self.log))
                    time.sleep(0.2)
        processes.forget(self._directory, DEPLOYMENT)

    def _release_dead_locks(self) -> None:
        """Releases the stack's lock if the process that took it is gone."""
        for lock in (self._directory.state / ".pulumi" / "locks").rglob("*.json"):
            holder = json.loads(lock.read_text() or "{}").get("pid")
            if isinstance(holder, int) and processes.born(holder) is not None and "pulumi" in processes.command(holder):
                raise LocalCloudError(f"the stack `{STACK}` is being updated by process {holder}. Wait until it ends, or end it.")
            lock.unlink(missing_ok=True)
            say("  the lock of a deployment that was killed is released")

    def _call(self, *arguments: str) -> str:
        done = run(arguments, self._environment)
        if done.returncode != 0:
            raise LocalCloudError(f"`pulumi {' '.join(arguments)}` failed:\n{(done.stderr or done.stdout).strip()}")
        return done.stdout


def run(arguments: Sequence[str], environment: Mapping[str, str], *, cwd: Path = CHECKOUT) -> subprocess.CompletedProcess[str]:
    """Runs the engine to its end and gives what it said."""
    command = ["pulumi", *arguments, "--non-interactive", "--color", "never"]
    return subprocess.run(command, env=dict(environment), cwd=cwd, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def counted(output: str) -> dict[str, int]:
    """Reads the counts under the last `Resources:`; the first is that of the preview."""
    block = output.rpartition("\nResources:")[2]
    return {what: int(count) for count, what in re.findall(r"^ {4}\W*(\d+) ([a-z][a-z ]*)$", block, re.MULTILINE)}


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1].strip()[:100] if lines else ""
