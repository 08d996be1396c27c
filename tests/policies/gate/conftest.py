"""The gate's command, and an engine that answers what a test tells it to."""

import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from policies.gate.cli import app

CHECKOUT = Path(__file__).parents[3]

_PULUMI = """#!{python} -SE
import json, os, pathlib, shlex, sys, time
here = pathlib.Path({here!r})
arguments = sys.argv[1:]
def given(option):
    return [arguments[at + 1] for at, word in enumerate(arguments) if word == option]
named = (given("--stack") or given("--file"))[0]
told = here / (pathlib.Path(named).name + ".json")
answer = json.loads(told.read_text()) if told.exists() else {{"code": 255}}
pack, config = given("--policy-pack"), given("--policy-pack-config")
record = pathlib.Path(shlex.split(pathlib.Path(pack[0]).read_text(), comments=True)[1].partition("=")[2])
seen = {{
    "arguments": arguments,
    "cwd": os.getcwd(),
    "record": str(record),
    "folderMode": record.parent.stat().st_mode & 0o777,
    "pack": pathlib.Path(pack[0]).read_text(),
    "variables": list(os.environ),
    "config": json.loads(pathlib.Path(config[0]).read_text()) if config else None,
}}
with (here / "seen.jsonl").open("a") as file:
    file.write(json.dumps(seen) + "\\n")
print("pulumi's own display of", named, flush=True)
if "record" in answer:
    record.write_text(json.dumps(answer["record"]))
time.sleep(answer.get("seconds", 0))
sys.exit(answer["code"])
"""


class Pulumi:
    """A `pulumi` that writes the records which a test gives it."""

    def __init__(self, folder):
        self.folder = folder / "fake-pulumi"
        self.folder.mkdir()
        self.path = self.folder / "pulumi"
        self.path.write_text(_PULUMI.format(python=sys.executable, here=str(self.folder)))
        self.path.chmod(self.path.stat().st_mode | stat.S_IXUSR)

    def answers(self, name, record=None, code=0, **more):
        """Lets it answer for a stack, or for a file by its name."""
        given = (
            {} if record is None else {"record": record if isinstance(record, dict) else json.loads(record.model_dump_json(by_alias=True))}
        )
        (self.folder / f"{name}.json").write_text(json.dumps({"code": code, **given, **more}))

    @property
    def runs(self):
        """What it was called with, each time."""
        seen = self.folder / "seen.jsonl"
        return [json.loads(line) for line in seen.read_text().splitlines()] if seen.exists() else []


class Gate:
    """The command, in a folder of its own."""

    def __init__(self, folder, monkeypatch, pulumi):
        self.folder = folder
        (folder / "tmp").mkdir()
        self._monkeypatch = monkeypatch
        self.path = f"{pulumi.folder}{os.pathsep}/usr/bin{os.pathsep}/bin"
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setattr(tempfile, "tempdir", str(folder / "tmp"))

    def __call__(self, *arguments, path=None):
        """Runs it to its end."""
        self._monkeypatch.setenv("PATH", path or self.path)
        self._monkeypatch.chdir(self.folder)
        return CliRunner().invoke(app, arguments)

    def start(self, *arguments):
        """Starts it in a process of its own, for who means to interrupt it."""
        environment = {"PATH": self.path, "PYTHONPATH": str(CHECKOUT), "TMPDIR": str(self.folder / "tmp")}
        return subprocess.Popen(
            [sys.executable, "-m", "policies.gate", *arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @property
    def left_behind(self):
        """Files that it forgot to remove."""
        return list((self.folder / "tmp").iterdir())


@pytest.fixture
def pulumi(tmp_path):
    """An engine that answers what it is told to."""
    return Pulumi(tmp_path)


@pytest.fixture
def gate(tmp_path, monkeypatch, pulumi):
    """The gate's command, with that engine on its PATH."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    return Gate(folder, monkeypatch, pulumi)
