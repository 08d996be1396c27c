import json
import os
import subprocess

import pytest

from localcloud import processes
from localcloud.errors import LocalCloudError
from localcloud.stack import Deployment, Stack, counted

PREVIEW = "Previewing update (local):\n\nResources:\n    + 21 to create\n\n"


def test_only_what_the_update_did_is_counted_and_not_the_preview():
    output = PREVIEW + "Updating (local):\n\nResources:\n    + 20 created\n    ~ 1 updated\n    +-2 replaced\n\nDuration: 4s\n"

    assert counted(output) == {"created": 20, "updated": 1, "replaced": 2}


@pytest.mark.parametrize(
    ("resources", "changed"),
    [("    21 unchanged\n", False), ("    ~ 1 updated\n    20 unchanged\n", True), ("    - 2 deleted\n    19 unchanged\n", True)],
)
def test_a_deployment_that_left_all_unchanged_says_so(resources, changed):
    assert Deployment(counted(f"{PREVIEW}Updating (local):\n\nResources:\n{resources}\nDuration: 1s\n")).changed is changed


@pytest.fixture
def engine(tmp_path):
    """Environment with a program called `pulumi` that does what the test writes."""

    def write(script):
        (tmp_path / "pulumi").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "pulumi").chmod(0o755)
        return {"PATH": f"{tmp_path}:{os.defpath}"}

    return write


def test_a_failed_deployment_shows_all_that_the_engine_said_and_where_it_is_kept(directory, engine):
    stack = Stack(directory, engine('case "$*" in up*) echo "error: the ceiling fell down"; exit 255;; esac'))

    with pytest.raises(LocalCloudError) as failed:
        stack.deploy(refresh=False)

    assert "the ceiling fell down" in str(failed.value)
    assert str(stack.log) in str(failed.value)
    assert processes.recorded(directory, "deployment") is None


def test_after_a_kill_the_state_is_compared_with_the_cloud(directory, engine, tmp_path):
    stack = Stack(directory, engine(f'echo "$*" >> {tmp_path}/calls'))

    stack.deploy(refresh=False)
    stack.deploy(refresh=True)

    ups = [call for call in (tmp_path / "calls").read_text().splitlines() if call.startswith("up")]
    assert ["--refresh" in call for call in ups] == [False, True]
    assert all("--policy-pack policies" in call for call in ups)


def test_the_deployment_of_a_killed_command_is_waited_for(directory, engine, tmp_path):
    running = subprocess.Popen(["/bin/sh", "-c", f"sleep 1; echo earlier >> {tmp_path}/order"])
    processes.record(directory, "deployment", running.pid)
    stack = Stack(directory, engine(f'case "$*" in up*) echo later >> {tmp_path}/order;; esac'))

    stack.ready()
    stack.deploy(refresh=False)
    running.wait()

    assert (tmp_path / "order").read_text().split() == ["earlier", "later"]


def test_the_lock_of_a_dead_engine_is_released_and_that_of_a_living_one_is_not(directory, engine, tmp_path):
    locks = directory.state / ".pulumi" / "locks" / "organization" / "keyturn" / "local"
    locks.mkdir(parents=True)
    stack = Stack(directory, engine('case "$*" in hold) read line;; esac'))
    living = subprocess.Popen([str(tmp_path / "pulumi"), "hold"], stdin=subprocess.PIPE)
    (locks / "dead.json").write_text(json.dumps({"pid": 2**22 + 1}))

    stack.ready()
    (locks / "living.json").write_text(json.dumps({"pid": living.pid}))
    with pytest.raises(LocalCloudError, match=f"is being updated by process {living.pid}"):
        stack.ready()
    living.communicate()

    assert [lock.name for lock in locks.iterdir()] == ["living.json"]


def test_an_interruption_lets_the_engine_finish_and_is_no_failure(directory, engine, tmp_path):
    script = f"trap 'echo asked >> {tmp_path}/calls; exit 1' INT; sleep 1; kill -INT $PPID; for _ in $(seq 100); do sleep 0.1; done"
    stack = Stack(directory, engine(f'case "$*" in up*) {script};; esac'))

    with pytest.raises(KeyboardInterrupt):
        stack.deploy(refresh=False)

    assert (tmp_path / "calls").read_text() == "asked\n"
