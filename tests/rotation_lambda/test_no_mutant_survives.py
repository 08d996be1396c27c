"""The state machine is broken in each small way that mutmut knows, and each time a test of it fails or a sentence says why not."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("steps", "versions", "calls")
# What runs against each mutant: in memory and without a server, so that all of them take a minute or two.
TESTS = ("memory_engine.py", "secrets_manager.py", *(f"{file}/*.py" for file in FILES))
EXPLAINED = Path(__file__).with_name("mutants.toml")
# Exit codes: all tests passed, none ran, none was found, never tried.
SURVIVED = {0, 5, 33, None}
_MUTMUT = """
[mutmut]
source_paths=rotation_lambda
only_mutate=
    rotation_lambda/steps.py
    rotation_lambda/versions.py
    rotation_lambda/calls.py
also_copy=pytest.ini
"""
_PYTEST = """
[pytest]
pythonpath=.
addopts=--import-mode=importlib -p no:cacheprovider -p no:xdist -p no:hypothesispytest
filterwarnings=error
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The state machine and its tests alone, in a folder that may be written to."""
    home = tmp_path_factory.mktemp("mutants")
    shutil.copytree(ROOT / "rotation_lambda", home / "rotation_lambda", ignore=shutil.ignore_patterns("__pycache__"))
    for test in (found for pattern in TESTS for found in (ROOT / "tests/rotation_lambda").glob(pattern)):
        copy = home / test.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(test, copy)
    (home / "setup.cfg").write_text(_MUTMUT)
    (home / "pytest.ini").write_text(_PYTEST)
    return home


def mutmut(home, *arguments):
    command = [sys.executable, "-m", "mutmut", *arguments]
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "KEYTURN"))}
    return subprocess.run(command, cwd=home, env=kept, capture_output=True, text=True, timeout=900, check=False)


def change(home, mutant):
    """Where a mutant is, and the lines that it takes away and puts in their place."""
    shown = mutmut(home, "show", mutant).stdout.splitlines()
    lines = [line[0] + line[1:].strip() for line in shown if line.startswith(("+", "-")) and not line.startswith(("+++", "---"))]
    where = mutant.partition("__mutmut")[0].rpartition(".")[2].removeprefix("x").strip("_ǁ").replace("ǁ", ".")
    return "\n".join([where, *lines])


def test_each_mutant_is_killed_or_explained(checkout):
    ran = mutmut(checkout, "run", "--max-children", "2")
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-3000:]

    metas = [json.loads((checkout / f"mutants/rotation_lambda/{file}.py.meta").read_text()) for file in FILES]
    outcomes = {mutant: code for meta in metas for mutant, code in meta["exit_code_by_key"].items()}
    survivors = {change(checkout, mutant) for mutant, code in outcomes.items() if code in SURVIVED}
    explained = {entry["change"].strip(): entry["because"] for entry in tomllib.loads(EXPLAINED.read_text())["mutant"]}

    assert len(outcomes) > 500
    assert sorted(survivors - explained.keys()) == [], "no test sees this change: write one, or say in mutants.toml why it changes nothing"
    assert sorted(explained.keys() - survivors) == [], "mutants.toml explains what a test sees, or what is there no more"
