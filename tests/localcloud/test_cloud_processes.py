import os
import signal
import subprocess
import sys
import time

import pytest

from localcloud import processes
from localcloud.directory import CHECKOUT
from localcloud.errors import LocalCloudError
from localcloud.processes import Process


@pytest.fixture
def sleeper():
    """A process of ours, ended at the end."""
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield started
    started.kill()
    started.wait()


def test_a_process_outlives_the_command_that_started_it(directory):
    start = f"""
import sys
from pathlib import Path
from localcloud import processes
print(processes.start([sys.executable, "-c", "import time; print('hello', flush=True); time.sleep(60)"],
                      log=Path({str(directory.logs / "part.log")!r}), environment={{}}))
"""
    pid = int(subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=True, cwd=CHECKOUT).stdout)
    process = processes.record(directory, "part", pid, port=20001)

    found = processes.recorded(directory, "part")
    until = time.monotonic() + 10
    while not (directory.logs / "part.log").read_text() and time.monotonic() < until:
        time.sleep(0.02)
    alive = found.alive
    processes.stop(found)

    assert found == process
    assert alive
    assert (directory.logs / "part.log").read_text() == "hello\n"
    assert not found.alive


def test_an_id_that_another_program_has_by_now_is_neither_alive_nor_killed(sleeper):
    of_the_past = Process(sleeper.pid, "another boot:1")

    processes.stop(of_the_past)

    assert not of_the_past.alive
    assert sleeper.poll() is None


def test_a_killed_process_is_dead_even_before_its_parent_looks(sleeper):
    process = Process(sleeper.pid, processes.born(sleeper.pid))

    os.kill(sleeper.pid, signal.SIGKILL)
    until = time.monotonic() + 10
    while process.alive and time.monotonic() < until:
        time.sleep(0.02)

    assert not process.alive


def test_a_process_that_does_not_listen_is_killed():
    deaf = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
    )
    with deaf.stdout:
        deaf.stdout.readline()
        process = Process(deaf.pid, processes.born(deaf.pid))

        processes.stop(process, within_seconds=0.2)
        ended = not process.alive
    deaf.kill()
    deaf.wait()

    assert ended


def test_what_cannot_be_started_is_named(directory):
    with pytest.raises(LocalCloudError, match="/no/such/program cannot be started: No such file or directory"):
        processes.start(["/no/such/program"], log=directory.logs / "x.log", environment={})


def test_a_part_that_was_stopped_on_purpose_is_forgotten(directory, sleeper):
    processes.record(directory, "part", sleeper.pid)

    processes.forget(directory, "part")

    assert processes.recorded(directory, "part") is None
