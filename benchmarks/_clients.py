"""Clients in a process of their own that log in again and again, and what each of their logins came to."""

import contextlib
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.rotation_lambda.matrix import Subject

CLIENTS = 32
"""Every second one keeps the value until the server refuses it, and reads it anew then; the others read it before each login."""
PAUSE_SECONDS = 0.4
"""Between two logins of a client; without it 32 clients measure how busy two cores are, and nothing else."""

_STARTING_SECONDS = 30.0


@dataclass(frozen=True)
class Login:
    """One attempt of one client."""

    began: float
    ended: float
    accepted: bool
    keeps: bool
    """The client is one of those that keep their value."""
    read_for_it: bool
    """The value was read for this very login, so there was no better one to be had."""

    @property
    def failed(self) -> bool:
        """Says whether the client was locked out: it had read what was published, and was refused."""
        return self.read_for_it and not self.accepted


@contextlib.contextmanager
def clients_of(subject: Subject) -> Iterator[Callable[[], list[Login]]]:
    """Lets the clients log in inside the block; the function that it gives ends them and gives their logins."""
    fork = multiprocessing.get_context("fork")  # a subject holds what cannot be sent to another process
    stop, ready = fork.Event(), fork.Semaphore(0)
    ours, theirs = fork.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(prefix="keyturn-bench-") as folder:
        published = Path(folder) / "current.json"
        _publish(subject, published)
        process = fork.Process(target=_all_clients, args=(subject, published, stop, ready, theirs))
        process.start()
        try:
            for _ in range(CLIENTS):
                if not ready.acquire(timeout=_STARTING_SECONDS):
                    raise RuntimeError("the clients do not log in; is the server up?")
            yield lambda: _logins(stop, ours)
        finally:
            stop.set()
            process.join()


def _logins(stop: Any, ours: Any) -> list[Login]:
    stop.set()
    return ours.recv()


def _publish(subject: Subject, published: Path) -> None:
    """What GetSecretValue would answer is in a file, so that reading it costs the rotation nothing."""

    def write(call: str = "update_secret_version_stage", _request: object = None) -> None:
        if call == "update_secret_version_stage":
            fresh = published.with_suffix(".fresh")
            fresh.write_text(json.dumps(subject.manager.value(subject.arn)))
            fresh.replace(published)

    write()
    subject.manager.after = write


def _all_clients(subject: Subject, published: Path, stop: Any, ready: Any, theirs: Any) -> None:
    with ThreadPoolExecutor(CLIENTS) as threads:
        running = [threads.submit(_client, number, subject, published, stop, ready) for number in range(CLIENTS)]
        theirs.send([login for client in running for login in client.result()])


def _client(number: int, subject: Subject, published: Path, stop: Any, ready: Any) -> list[Login]:
    logins: list[Login] = []
    keeps = number % 2 == 0

    def logs_in(value: dict[str, Any], *, read_for_it: bool) -> bool:
        began = time.monotonic()
        accepted = subject.works(value)
        logins.append(Login(began, time.monotonic(), accepted, keeps, read_for_it))
        return accepted

    time.sleep(PAUSE_SECONDS * number / CLIENTS)
    kept = _read(published)
    while not stop.is_set():
        if not keeps:
            logs_in(_read(published), read_for_it=True)
        elif not logs_in(kept, read_for_it=False):
            kept = _read(published)
            logs_in(kept, read_for_it=True)
        if len(logins) == 1:
            ready.release()
        time.sleep(PAUSE_SECONDS)
    return logins


def _read(published: Path) -> dict[str, Any]:
    return json.loads(published.read_text())
