"""What a kill leaves, and how the server comes back from it with its data."""

import contextlib
import os
import shutil
import signal
import ssl
import subprocess
import time

import pg8000.native
import pytest

from localcloud import ports, processes, unprivileged
from localcloud.errors import LocalCloudError
from localcloud.postgres import PostgreSQL

PASSWORD = "Of-the-master-user-0"


@pytest.fixture
def port():
    return ports.choose("postgres", asked=None, kept=None, taken=set())


@pytest.fixture
def server(directory):
    server = PostgreSQL(directory)
    yield server
    server.stop()
    server.data.remove()


def run(server, port, statement):
    context = ssl.create_default_context(cafile=server.authority.certificate)
    with contextlib.closing(
        pg8000.native.Connection("administrator", "localhost", "app", port, PASSWORD, ssl_context=context)
    ) as connection:
        return connection.run(statement)


def kill(process):
    os.kill(process.pid, signal.SIGKILL)
    until = time.monotonic() + 10
    while process.alive and time.monotonic() < until:
        time.sleep(0.01)
    processes.reap(process.pid)


def test_a_killed_server_comes_back_with_its_data_and_its_authority(server, port):
    killed = server.start(port)
    server.set_password(port, PASSWORD)
    run(server, port, "CREATE TABLE kept AS SELECT 42 AS answer")
    authority = server.authority.certificate.read_bytes()

    kill(killed)
    running_after_kill = server.running()
    server.start(port)

    assert running_after_kill is None
    assert run(server, port, "SELECT answer FROM kept") == [[42]]
    assert server.authority.certificate.read_bytes() == authority


def test_a_stopped_server_comes_back_on_another_port(server, port):
    server.start(port)
    server.set_password(port, PASSWORD)
    server.stop()
    other = ports.choose("postgres", asked=None, kept=None, taken={port})

    server.start(other)

    assert server.running().port == other
    assert server.accepts(other, PASSWORD)


def test_a_server_whose_start_was_not_noted_is_found_and_stopped(server, directory, port):
    started = server.start(port)
    processes.forget(directory, "postgres")  # the command was killed between starting and noting

    found = server.running()
    server.stop()

    assert found == started
    assert not started.alive


def test_the_lock_of_a_killed_server_whose_id_another_program_has_does_not_keep_it_down(server, port):
    kill(server.start(port))
    account = unprivileged.account()
    other = subprocess.Popen(["/bin/sleep", "60"], cwd="/", **(account.as_arguments() if account else {}))
    lock = server.data.home / "data" / "postmaster.pid"
    lock.write_text(lock.read_text().replace(lock.read_text().split("\n")[0], str(other.pid), 1))

    server.start(port)
    untouched = other.poll() is None
    other.kill()
    other.wait()

    assert untouched
    assert server.running().port == port
    assert server.running().pid != other.pid


def test_data_that_a_killed_first_start_left_half_made_are_made_anew(server, port):
    server.start(port)
    server.stop()
    shutil.rmtree(server.data.path)
    for name in ("data", "data.new"):
        (server.data.home / name / "base").mkdir(parents=True)

    server.start(port)

    assert server.running().port == port
    assert not (server.data.home / "data.new").exists()


def test_a_server_that_cannot_come_up_says_why_and_where_its_log_is(server, port):
    server.start(port)
    server.stop()
    (server.data.home / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")

    with pytest.raises(LocalCloudError) as refused:
        server.start(port)

    assert "no_such_setting" in str(refused.value)
    assert str(server.log) in str(refused.value)
    assert server.running() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has places that PostgreSQL's account cannot reach")
def test_below_a_closed_folder_the_data_and_the_programs_go_where_the_account_gets_to(directory, monkeypatch, port):
    directory.path.parent.chmod(0o700)
    elsewhere = directory.path.parent.with_name(directory.path.parent.name + "-elsewhere")
    monkeypatch.setattr(unprivileged, "ELSEWHERE", elsewhere)
    account = unprivileged.account()
    closed = directory.path.parent / "installed"
    (closed / "bin").mkdir(parents=True)
    (closed / "bin" / "postgres").write_text("#!/bin/sh\necho runs\n")
    (closed / "bin" / "postgres").chmod(0o700)

    server = PostgreSQL(directory)
    looked_only = server.running() is None and not elsewhere.exists()
    server.start(port)
    answers = server.running() is not None
    server.stop()
    programs = unprivileged.programs(closed, "17", account)
    says = subprocess.run(
        [programs / "bin" / "postgres"], capture_output=True, text=True, check=True, cwd="/", **account.as_arguments()
    ).stdout
    shutil.rmtree(elsewhere)

    assert looked_only
    assert answers
    assert server.data.home.parent == elsewhere
    assert programs == elsewhere / "postgresql-17"
    assert says == "runs\n"
