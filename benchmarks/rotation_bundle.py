"""What the rotation function weighs and how fast it starts, beside the two libraries that it cannot do without.

Repeat it with: python -m benchmarks.rotation_bundle
"""

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from benchmarks._rounds import Measure, interleaved, measured
from benchmarks._table import Figures
from components import _bundle

_LARGEST_KILOBYTES = 400
_BOUND = 1.3
_ALONE = "import botocore.session, pg8000.native"
_HANDLER = "import rotation_lambda.handler, rotation_lambda.engines.postgres"


def main() -> None:
    """Measures fresh processes on the unpacked zip, as Lambda starts them, and prints the table."""
    bundle = _bundle.bundle("postgres", {})
    kilobytes = bundle.stat().st_size / 1024
    with tempfile.TemporaryDirectory(prefix="keyturn-bench-") as folder:
        with zipfile.ZipFile(bundle) as opened:
            opened.extractall(folder)
        sides = {
            "botocore and pg8000": lambda: _started(folder, _ALONE),
            "the handler": lambda: _started(folder, _HANDLER),
        }
        starts = interleaved(sides, rounds=9)
    figures = Figures("The rotation function for PostgreSQL (imports in fresh processes, medians of interleaved rounds)")
    figures.add_size("zip", "the handler", f"{kilobytes:.0f} KB", bound=f"<= {_LARGEST_KILOBYTES} KB", held=kilobytes <= _LARGEST_KILOBYTES)
    figures.add("import", starts, {"the handler": _BOUND})
    figures.print()


def _started(folder: str, code: str) -> Measure:
    """A process that imports from the folder first; like Lambda's it finds no bytecode there and can write none."""
    environment = {"PATH": os.defpath, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"}
    proof = f"{code}; import pg8000; assert pg8000.__file__.startswith({str(Path(folder))!r})"
    return measured(lambda: subprocess.run([sys.executable, "-c", proof], env=environment, cwd=folder, check=True))


if __name__ == "__main__":
    main()
