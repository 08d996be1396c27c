import os
import stat
import subprocess
import sys

import pytest

from localcloud.directory import CHECKOUT, Directory, write_private
from localcloud.errors import LocalCloudError


def test_the_argument_comes_before_the_variable_and_the_checkout(monkeypatch, tmp_path):
    monkeypatch.setenv("LOCALCLOUD_DIR", str(tmp_path / "variable"))

    chosen = Directory.chosen(str(tmp_path / "argument")), Directory.chosen()
    monkeypatch.delenv("LOCALCLOUD_DIR")

    assert [directory.path for directory in (*chosen, Directory.chosen())] == [
        tmp_path / "argument",
        tmp_path / "variable",
        CHECKOUT / ".localcloud",
    ]


def test_a_directory_with_somebody_elses_files_is_neither_taken_nor_removed(tmp_path):
    (tmp_path / "thesis.txt").write_text("five years of work")

    with pytest.raises(LocalCloudError, match=r"is no local cloud\. Name another with --directory"):
        Directory(tmp_path).claim()
    with pytest.raises(LocalCloudError, match="nothing was removed"):
        Directory(tmp_path).remove()

    assert (tmp_path / "thesis.txt").exists()


def test_claiming_twice_keeps_what_was_noted(directory):
    directory.remember({"ports": {"aws": 20001}})

    directory.claim()

    assert directory.remembered() == {"ports": {"aws": 20001}}


def test_others_look_neither_into_the_directory_nor_into_what_it_notes(directory):
    modes = {path: stat.S_IMODE(path.stat().st_mode) & 0o066 for path in [directory.path, *directory.path.iterdir()]}

    assert set(modes.values()) == {0}


def test_a_private_file_is_written_anew_even_where_a_killed_command_left_a_half(tmp_path):
    (tmp_path / "note.new").write_text("hal")
    (tmp_path / "note.new").chmod(0o644)

    write_private(tmp_path / "note", "whole")

    assert (tmp_path / "note").read_text() == "whole"
    assert stat.S_IMODE((tmp_path / "note").stat().st_mode) == 0o600


def test_damaged_notes_are_named_with_the_way_out(directory):
    (directory.path / "localcloud.json").write_text("{")

    with pytest.raises(LocalCloudError, match=r"localcloud.json is damaged. `make down` and `make up`"):
        directory.remembered()


def test_a_second_command_at_the_same_time_is_refused_and_told_who_is_at_work(directory):
    attempt = f"""
from pathlib import Path
from localcloud.directory import Directory
with Directory(Path({str(directory.path)!r})).lock(): print("both")
"""

    with directory.lock():
        second = subprocess.run([sys.executable, "-c", attempt], capture_output=True, text=True, check=False, cwd=CHECKOUT)
    third = subprocess.run([sys.executable, "-c", attempt], capture_output=True, text=True, check=False, cwd=CHECKOUT)

    assert f"another command (process {os.getpid()}) is at work" in second.stderr
    assert third.stdout == "both\n"


def test_removing_takes_everything_and_the_marker_last(directory, monkeypatch):
    (directory.logs / "postgresql.log").write_text("x")
    for name in ("a note", "zzz"):
        (directory.path / name).write_text("x")
    order = []
    unlink = type(directory.path).unlink
    monkeypatch.setattr(type(directory.path), "unlink", lambda path: (order.append(path.name), unlink(path))[1])

    directory.remove()

    assert not directory.path.exists()
    assert order[-1] == "localcloud.json"
