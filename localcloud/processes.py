"""Processes of the local cloud: started apart from the command, known by id and start time, stopped by their own id."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from localcloud.directory import Directory
from localcloud.errors import LocalCloudError
from localcloud.unprivileged import Account


@dataclass(frozen=True)
class Process:
    """A process of ours. An id is used again by the system; together with the start time it is not."""

    pid: int
    born: str
    port: int | None = None

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return born(self.pid) == self.born


def start(command: Sequence[str], *, log: Path, environment: Mapping[str, str], account: Account | None = None, cwd: str = "/") -> int:
    """Starts a process that outlives this command and writes to `log`, as `account` if one is given; gives its id.

    The log is opened here: the account needs no way to it.
    """
    with log.open("ab") as output:
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                cwd=cwd,
                start_new_session=True,
                **(account.as_arguments() if account else {}),
            )
        except OSError as problem:
            raise LocalCloudError(f"{command[0]} cannot be started: {problem.strerror}") from problem
    child.returncode = 0  # Python would warn of a child that outlives it, which is what this one is for
    return child.pid


def record(directory: Directory, name: str, pid: int, port: int | None = None) -> Process:
    """Notes a running process under the part's name, for later commands."""
    process = Process(pid, born(pid) or "", port)
    noted = directory.remembered()
    noted.setdefault("processes", {})[name] = asdict(process)
    directory.remember(noted)
    return process


def recorded(directory: Directory, name: str) -> Process | None:
    """Gives the process that was noted under the name, dead or alive."""
    noted = directory.remembered().get("processes", {}).get(name)
    return Process(**noted) if noted else None


def forget(directory: Directory, name: str) -> None:
    """Removes the note: the part was stopped on purpose."""
    noted = directory.remembered()
    noted.get("processes", {}).pop(name, None)
    directory.remember(noted)


def stop(process: Process, *, by: signal.Signals = signal.SIGTERM, within_seconds: float = 30) -> None:
    """Ends exactly this process and waits for it; one that does not listen is killed. A dead one is left alone."""
    for sign in (by, signal.SIGKILL):
        if not process.alive:
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, sign)
        deadline = time.monotonic() + within_seconds
        while process.alive and time.monotonic() < deadline:
            time.sleep(0.05)
    reap(process.pid)


def reap(pid: int) -> None:
    """Lets the system forget a child of this command that has ended."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def born(pid: int) -> str | None:
    """Gives when the process with this id was started, as the system tells it; None when there is none or it has ended."""
    status = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # The name in brackets may hold blanks and brackets itself; state and start time are fields 3 and 22.
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else f"{_boot()}:{fields[19]}"
    told = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout.split(
        maxsplit=1
    )
    return None if len(told) < 2 or told[0].startswith("Z") else told[1].strip()


def command(pid: int) -> str:
    """Gives the command line of a process, with blanks between its words; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        if Path("/proc/self/stat").exists():
            return ""
        return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout.strip()


def _boot() -> str:
    """Ticks count from the boot: after another one, the same number means another process."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
