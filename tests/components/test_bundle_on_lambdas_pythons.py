"""Every engine's zip on the real CPythons of Lambda's runtimes: Debian's builds, with what Lambda itself brings, and no network (rule 30).

Not proven here: the C library of Amazon Linux, which is older than Debian's; the wheels' own tags answer for that. Code for the other
architecture cannot run on this machine; it is proven to be for that processor.
"""

import importlib.util
import json
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from components._bundle import engines
from components._platform import RUNTIMES, Platform
from localcloud.debian import command, unpacked

SUITES = {"python3.13": "trixie", "python3.14": "sid"}
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]

_PROGRAM = """
import importlib, json, socket, sys

def no_network(*_, **__):
    raise AssertionError("the network was asked for something")

socket.getaddrinfo = socket.create_connection = socket.socket.connect = no_network
folder, engine, natives = sys.argv[1], sys.argv[2], sys.argv[3:]
from rotation_lambda.handler import handler
found = [importlib.import_module(f"rotation_lambda.engines.{engine}"), *map(importlib.import_module, natives)]
assert all(module.__file__.startswith(folder) for module in found), found
try:
    handler({"Step": "createSecret"}, None)
except Exception as error:
    print(json.dumps({"python": f"python{sys.version_info.major}.{sys.version_info.minor}", "error": type(error).__name__}))
"""


@pytest.fixture(scope="session", params=RUNTIMES)
def runtime(request):
    """One runtime's Python, from the machine's own cache."""
    root = unpacked(request.param, suite=SUITES[request.param])
    return request.param, root


@pytest.fixture(scope="session")
def lambda_brings(tmp_path_factory):
    """A folder with the pure packages that stand beside a function on Lambda."""
    folder = tmp_path_factory.mktemp("runtime")
    for package in ("botocore", "jmespath", "urllib3", "dateutil", "six"):
        origin = Path(importlib.util.find_spec(package).origin)
        (folder / (origin.name if package == "six" else package)).symlink_to(origin if package == "six" else origin.parent)
    return folder


@pytest.fixture(scope="session")
def python(runtime, lambda_brings, tmp_path_factory):
    """Runs a program as Lambda runs a function; what one run compiles, the next need not."""
    version, root = runtime
    bytecode = tmp_path_factory.mktemp("bytecode")

    def python(task, *arguments):
        return subprocess.run(
            [*command(root, f"usr/bin/{version}"), "-S", "-s", "-c", *arguments],
            env={"PYTHONHOME": str(root / "usr"), "PYTHONPATH": f"{task}:{lambda_brings}", "PYTHONPYCACHEPREFIX": str(bytecode)},
            cwd=task,
            capture_output=True,
            text=True,
            check=False,
        )

    return python


@pytest.mark.parametrize("engine", engines())
def test_rule_30_every_engine_starts_on_the_runtime_without_a_network(built, runtime, python, tmp_path, engine):
    version, _ = runtime
    task = tmp_path / "task"
    shutil.unpack_archive(built[engine, Platform(version, ARCHITECTURE)], task)

    finished = python(task, _PROGRAM, str(task), engine, *natives(task))

    assert finished.stderr == ""
    line, end = map(json.loads, finished.stdout.splitlines())
    assert (line["keyturn"], line["errorClass"]) == ("rotation", "configuration")
    assert end == {"python": version, "error": "ConfigurationError"}


def natives(task):
    """The modules of machine code, which an engine imports when it first needs them."""
    return sorted(".".join((*path.relative_to(task).parts[:-1], path.name.split(".")[0])) for path in task.rglob("*.so"))
