"""The commands as a person types them, against a cloud that is not there: a message, exit 1, and no traceback."""

import os
import subprocess
import sys

import pytest

from localcloud.directory import CHECKOUT


def localcloud(*arguments, **variables):
    command = [sys.executable, "-m", "localcloud", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=CHECKOUT, env={**os.environ, **variables})


@pytest.mark.parametrize("command", [["status"], ["env"], ["down"], ["down", "--keep"]])
def test_without_a_cloud_every_command_says_so(tmp_path, command):
    answer = localcloud(*command, "--directory", str(tmp_path / "cloud"))

    assert answer.returncode == 1
    assert answer.stdout == ""
    assert f"there is no local cloud in {tmp_path / 'cloud'}" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (tmp_path / "cloud").exists()


def test_the_directory_comes_from_the_variable_as_well(tmp_path):
    answer = localcloud("status", LOCALCLOUD_DIR=str(tmp_path / "other"))

    assert f"there is no local cloud in {tmp_path / 'other'}" in answer.stderr


def test_a_dead_cloud_is_shown_part_by_part_with_the_way_out(directory):
    directory.remember({"ports": {"aws": 20001, "postgres": 20002}, "started": ["aws", "postgres"]})

    status = localcloud("status", "--directory", str(directory.path))
    env = localcloud("env", "--directory", str(directory.path))

    assert (status.returncode, env.returncode) == (1, 1)
    assert [line.split()[:2] for line in status.stdout.splitlines()[1:3]] == [["PostgreSQL", "DEAD"], ["AWS", "DEAD"]]
    assert "`make up` brings it back with its data" in status.stdout
    assert env.stdout == ""
    assert "PostgreSQL was killed and AWS was killed. `make up` brings it back" in env.stderr


def test_a_port_that_is_none_is_refused_before_anything_is_made(tmp_path):
    answer = localcloud("up", "--directory", str(tmp_path / "cloud"), LOCALCLOUD_POSTGRES_PORT="http")

    assert answer.returncode == 1
    assert "--postgres-port or LOCALCLOUD_POSTGRES_PORT must be a whole number" in answer.stderr
    assert not (tmp_path / "cloud").exists()


def test_a_folder_with_other_files_is_not_taken(tmp_path):
    (tmp_path / "thesis.txt").write_text("five years of work")

    answers = [localcloud(command, "--directory", str(tmp_path)) for command in ("up", "down")]

    assert [answer.returncode for answer in answers] == [1, 1]
    assert (tmp_path / "thesis.txt").exists()


def test_an_unknown_stack_is_named_by_the_preview(directory):
    answer = localcloud("preview", "--stack", "prd", "--directory", str(directory.path))

    assert answer.returncode == 1
    assert "there is no Pulumi.prd.yaml" in answer.stderr
