"""What a newcomer gets: one command, a running system; whatever is killed comes back with its data; down removes it all."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from localcloud import processes
from localcloud.directory import CHECKOUT
from localcloud.processes import Process

pytestmark = pytest.mark.story


def kill(*processes):
    for pid in processes:
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)


def test_up_tells_what_runs_and_a_second_up_changes_nothing(own_cloud):
    again = own_cloud.up()
    by_hand = own_cloud.pulumi("up", "--stack", "local", "--yes", "--policy-pack", "policies")
    status = own_cloud.localcloud("status")

    assert again.returncode == 0, again.stdout + again.stderr
    assert "nothing to change" in again.stdout
    for told in ("local/billing/database", "local/reports/database", "alternating-users", "keyturn rotate", "make down"):
        assert told in again.stdout
    assert by_hand.returncode == 0, by_hand.stdout + by_hand.stderr
    assert "unchanged" in by_hand.stdout
    assert status.returncode == 0, status.stdout + status.stderr


@pytest.mark.parametrize("killed", [["aws"], ["postgres"], ["aws", "postgres"]], ids=" and ".join)
def test_what_is_killed_is_told_and_comes_back_with_its_data(own_cloud, killed):
    before = own_cloud.value("billing", "database")
    time.sleep(1)  # the local AWS writes what changed every half second

    kill(*(own_cloud.parts()[name].pid for name in killed))
    status = own_cloud.localcloud("status")
    again = own_cloud.up()

    assert status.returncode == 1
    assert status.stdout.count("DEAD") == len(killed)
    assert "`make up` brings it back" in status.stdout
    assert again.returncode == 0, again.stdout + again.stderr
    assert own_cloud.value("billing", "database") == before
    assert own_cloud.database.logs_in(before)


def test_a_killed_up_is_taken_up_by_the_next_one(own_cloud):
    assert own_cloud.pulumi("destroy", "--stack", "local", "--yes").returncode == 0
    first = subprocess.Popen(
        [sys.executable, "-m", "localcloud", "up", "--directory", str(own_cloud.path)],
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with first.stderr:
        for line in first.stderr:
            if "deploying" in line:
                break
        time.sleep(2)
        first.kill()
        first.wait()

    again = own_cloud.up()

    assert again.returncode == 0, again.stdout + again.stderr
    assert own_cloud.database.logs_in(own_cloud.value("billing", "database"))


def test_a_database_that_has_to_move_takes_its_secrets_along(own_cloud):
    before = own_cloud.parts()["postgres"].port
    stopped = own_cloud.localcloud("down", "--keep")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", before))
        other.listen()

        again = own_cloud.up()

    after = own_cloud.value("billing", "database")
    assert stopped.returncode == 0, stopped.stderr
    assert again.returncode == 0, again.stdout + again.stderr
    assert f"{before}, where it was, is taken" in again.stderr
    assert after["port"] == own_cloud.parts()["postgres"].port != before
    assert own_cloud.database.logs_in(after)


def test_two_clouds_stand_side_by_side(cloud, own_cloud):
    ports = {(name, part.port) for side in (cloud, own_cloud) for name, part in side.parts().items()}

    one, other = cloud.value("billing", "database"), own_cloud.value("billing", "database")

    assert len({port for _, port in ports}) == 4
    assert one["password"] != other["password"]
    assert cloud.database.logs_in(one)
    assert own_cloud.database.logs_in(other)


def test_a_port_in_use_is_named_and_nothing_is_started(tmp_path, own_cloud):
    taken = own_cloud.parts()["aws"]

    refused = own_cloud.localcloud("up", "--directory", str(tmp_path / "third"), LOCALCLOUD_AWS_PORT=str(taken.port))

    assert refused.returncode == 1
    assert f"port {taken.port}, asked for aws, is in use" in refused.stderr
    assert own_cloud.localcloud("status", "--directory", str(tmp_path / "third")).stdout.count("stopped") == 2


def test_down_stops_by_id_and_removes_everything(own_cloud):
    started = [Process(part.pid, processes.born(part.pid)) for part in own_cloud.parts().values()]
    ran = [process.alive for process in started]

    down = own_cloud.localcloud("down")

    assert down.returncode == 0, down.stderr
    assert not own_cloud.path.exists()
    assert ran == [True, True]
    assert [process.alive for process in started] == [False, False]
    assert "Left: " in down.stderr
