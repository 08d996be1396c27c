"""The local AWS as a process: prepared once, started in a folder of its own, found again and stopped by its id."""

import contextlib
import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from localcloud.aws.environments import prepare, python
from localcloud.errors import LocalCloudError

__all__ = ["Credentials", "RunningAws", "administrator", "find", "prepare", "start", "stop"]

ACCOUNT = "000000000000"
REGION = "eu-central-1"
_MAIN = Path(__file__).with_name("__main__.py")

_started: dict[int, "subprocess.Popen[bytes]"] = {}
"""Servers that this process started: they must be waited for, or they stay as zombies."""


@dataclass(frozen=True)
class RunningAws:
    """Where a running local AWS is and what belongs to it."""

    directory: Path
    port: int
    pid: int
    account: str = ACCOUNT
    region: str = REGION

    @property
    def url(self) -> str:
        """Endpoint for `AWS_ENDPOINT_URL`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What the server printed."""
        return self.directory / "aws.log"


@dataclass(frozen=True)
class Credentials:
    """An access key; the secret half is left out when it is printed."""

    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        return f"Credentials(access_key_id={self.access_key_id!r})"


def start(directory: Path, port: int, *, within_seconds: float = 60, settings: dict[str, str] | None = None) -> RunningAws:
    """Starts the local AWS on the loopback interface and gives it when it answers; one that runs in `directory` already is given.

    State, log and secrets are kept under `directory`. `settings` are variables of the server, such as ROTATION_ATTEMPTS.

    Raises:
        LocalCloudError: the port is taken, or the server ended or stayed silent; quotes the end of its log.
    """
    if running := find(directory):
        return running
    interpreter = prepare()
    _require_free(port)
    directory = directory.resolve()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = directory / "aws.log"
    command = [str(python(interpreter, "server")), "-I", str(_MAIN), str(directory), str(python(interpreter, "functions"))]
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as output:
        server = subprocess.Popen(
            command,
            cwd=directory,
            env={**_environment(directory, port), **(settings or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C in the terminal ends the command, not the cloud
        )
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise LocalCloudError(f"the local AWS ended while it started (exit {server.returncode}). {_last_words(log)}")
        if _is_ready(port):
            _started[server.pid] = server
            return RunningAws(directory, port, server.pid)
        time.sleep(0.05)
    server.kill()
    server.wait()
    raise LocalCloudError(f"the local AWS did not answer on port {port} within {within_seconds:g} s. {_last_words(log)}")


def find(directory: Path) -> RunningAws | None:
    """Gives the local AWS that runs in `directory`, or None. The server holds a lock as long as it lives: no id is guessed."""
    try:
        with (directory / "aws.lock").open("r+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                known = json.loads(lock.read() or "{}")
                return RunningAws(directory.resolve(), known["port"], known["pid"]) if known else None
    except FileNotFoundError:
        pass
    return None


def stop(running: RunningAws, *, within_seconds: float = 10) -> None:
    """Ends the server and the functions it started: it saves its state first; one that hangs is killed."""
    for number, patience in ((signal.SIGTERM, within_seconds), (signal.SIGKILL, 5)):
        deadline = time.monotonic() + patience
        if not _is_alive(running):
            _forget(running.pid)
            return
        _signal(running.pid, number)
        while time.monotonic() < deadline:
            if not _is_alive(running):
                _signal_group(running.pid)
                _forget(running.pid)
                return
            time.sleep(0.02)
    raise LocalCloudError(f"the local AWS (process {running.pid}) does not end; its log is {running.log}")


def administrator(running: RunningAws) -> Credentials:
    """Gives the access key of the IAM user `administrator`, which the server makes at its first start."""
    file = running.directory / "administrator.json"
    try:
        kept = json.loads(file.read_text())
        return Credentials(kept["accessKeyId"], kept["secretAccessKey"])
    except (OSError, ValueError, KeyError):
        raise LocalCloudError(f"{file} is missing or damaged; stop the local cloud and start it again, which makes it anew") from None


def _environment(directory: Path, port: int) -> dict[str, str]:
    """Gives everything the server may know: nothing of the person who starts it."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(directory),
        "TMPDIR": str(directory / "aws-tmp"),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",
        "CLOUDTRAIL_RECORDING": "1",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(directory / "aws-state"),
        "IOT_MTLS_ENABLED": "0",  # it would open a port on every interface
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "DOCKER_HOST": f"unix://{directory}/no-docker.sock",  # nothing here reaches for containers
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
    }


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LocalCloudError(f"port {port} for the local AWS cannot be used ({error.strerror}); choose another one") from None


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/_ministack/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()[-5:]
    return f"The end of {log}:\n" + "\n".join(f"  {line[:300]}" for line in lines)


def _is_alive(running: RunningAws) -> bool:
    """Says whether this very server holds the folder's lock, so that no other process is ever signalled."""
    found = find(running.directory)
    return found is not None and found.pid == running.pid


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _signal_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)  # functions that were still running; the server led their group


def _forget(pid: int) -> None:
    if server := _started.pop(pid, None):
        server.wait(timeout=5)
