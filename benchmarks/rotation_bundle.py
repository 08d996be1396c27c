"""What each rotation function weighs and how fast it starts, beside the bundles with native drivers that teams make otherwise.

Fresh processes of CPython 3.13 on the unpacked zip, with botocore as a Lambda runtime has it: compiled, beside the function's own code,
which is not. Native drivers are asked of the package index, as `pip install --target` does it; what has no wheel needs a compiler, and
there is nothing to measure. Repeat it with: python -m benchmarks.rotation_bundle
"""

import importlib.util
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks._rounds import Measure, interleaved, measured
from benchmarks._table import Figures
from components._bundle import bundle, engines
from components._platform import Platform
from localcloud.debian import command, unpacked

_RUNTIME = "python3.13"
_PLATFORM = Platform(_RUNTIME, {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()])
_ROUNDS = 9

_LARGEST_KILOBYTES = 400
_BOUND = 1.3

# AWS's own samples import boto3, which takes longer.
_BOTOCORE = "import botocore.session"
_ALSO = {"signing_key": "rotation_lambda.engines._asymmetric"}  # for every algorithm but HS256
_PEERS = {"psycopg2-binary": "psycopg2", "PyGreSQL": "pg", "pg": "pg", "mysqlclient": "MySQLdb"}
_SAME_DATABASE = {"psycopg2-binary": "postgres", "PyGreSQL": "postgres", "pg": "postgres", "mysqlclient": "mysql"}


def main() -> None:
    """Measures sizes and starts, and prints the table."""
    with tempfile.TemporaryDirectory(prefix="keyturn-bench-") as folder:
        home = Path(folder)
        bench = _Bench(home)
        sizes = {engine: _unpacked(home / engine, bundle(engine, {}, **_where())) for engine in engines()}
        answers = {peer: _wheel(peer, home / "wheels") for peer in _PEERS}
        wheels = {peer: answer for peer, answer in answers.items() if isinstance(answer, Path)}
        weights = {peer: _unpacked(home / peer, wheel) for peer, wheel in wheels.items()}
        sides = {
            "botocore and pg8000": lambda: bench.started(home / "postgres", f"{_BOTOCORE}, pg8000.native"),
            **{f"botocore and {peer}": lambda peer=peer: bench.started(home / peer, f"{_BOTOCORE}, {_PEERS[peer]}") for peer in wheels},
            **{engine: lambda engine=engine: bench.started(home / engine, _handler(engine)) for engine in sizes},
        }
        starts = interleaved(sides, rounds=_ROUNDS)
    figures = Figures(f"Rotation functions on {_PLATFORM} (imports in fresh processes, medians of {_ROUNDS} interleaved rounds)")
    for engine, kilobytes in sizes.items():
        bound = {"bound": f"<= {_LARGEST_KILOBYTES} KB", "held": kilobytes <= _LARGEST_KILOBYTES} if engine == "postgres" else {}
        figures.add_size("zip", engine, f"{kilobytes:.0f} KB", **bound)
    for peer, answer in answers.items():
        ours = sizes[_SAME_DATABASE[peer]]
        if peer in wheels:
            figures.add_size("zip", peer, f"{weights[peer]:.0f} KB", ratio=weights[peer] / ours)
        else:
            figures.add_size("zip", peer, "no wheel")
            print(f"{peer}: no wheel, needs a compiler. pip says: {answer}")
    figures.add("import", starts, {"postgres": _BOUND})
    figures.print()


class _Bench:
    """CPython as Lambda has it: botocore comes with the runtime, compiled; what lies in the task's folder does not."""

    def __init__(self, home: Path) -> None:
        root = unpacked(_RUNTIME, suite="trixie")
        self._python = [*command(root, f"usr/bin/{_RUNTIME}"), "-S", "-s"]
        self._home = str(root / "usr")
        self._runtime = home / "runtime"
        for package in ("botocore", "jmespath", "urllib3", "dateutil", "six"):
            origin = Path(str(importlib.util.find_spec(package).origin))
            if origin.name == "__init__.py":
                shutil.copytree(origin.parent, self._runtime / package, ignore=shutil.ignore_patterns("data", "__pycache__"))
            else:
                shutil.copy(origin, self._runtime)
        self._run(self._runtime, "-m", "compileall", "-q", str(self._runtime))

    def started(self, task: Path, code: str) -> Measure:
        """Gives what a process takes that imports from the task's folder first, finds no bytecode there and writes none."""
        return measured(lambda: self._run(task, "-B", "-c", code))

    def _run(self, task: Path, *arguments: str) -> None:
        environment = {"PYTHONHOME": self._home, "PYTHONPATH": f"{task}:{self._runtime}"}
        subprocess.run([*self._python, *arguments], env=environment, cwd=task, check=True)


def _where() -> dict[str, str]:
    return {"architecture": _PLATFORM.architecture, "runtime": _PLATFORM.runtime}


def _handler(engine: str) -> str:
    return ", ".join(["import rotation_lambda.handler", f"rotation_lambda.engines.{engine}", *([_ALSO[engine]] if engine in _ALSO else [])])


def _unpacked(into: Path, packed: Path) -> float:
    """Unpacks a zip, which a wheel is too, and gives its kilobytes."""
    shutil.unpack_archive(packed, into, "zip")
    return packed.stat().st_size / 1024


def _wheel(name: str, into: Path) -> Path | str:
    """Gives the newest wheel of a package for the platform, or the last thing that pip says when there is none."""
    places = [f"--platform={place}" for place in _PLATFORM.places]
    python = ["--implementation=cp", f"--python-version={_PLATFORM.python}", "--only-binary=:all:", "--no-deps", "--quiet"]
    arguments = [sys.executable, "-m", "pip", "download", *python, *places, f"--dest={into / name}", name]
    finished = subprocess.run(arguments, capture_output=True, text=True, check=False)
    return next((into / name).glob("*.whl")) if finished.returncode == 0 else finished.stderr.strip().splitlines()[-1]


if __name__ == "__main__":
    main()
