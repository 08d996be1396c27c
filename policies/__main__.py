#!/usr/bin/env python3
"""The pack's way in, as a folder (`--policy-pack policies`) and, faster, as an executable (`--policy-pack policies/__main__.py`)."""

import os
import sys
from pathlib import Path

# Started as a file or a folder, Python looks for modules in this folder first; ours are named from the one above.
_HERE = Path(__file__).resolve().parent
sys.path[:] = [str(_HERE.parent), *(entry for entry in sys.path if Path(entry or os.curdir).resolve() != _HERE)]

try:
    from policies.pack.standard_output import claim

    port_line = claim()
    from policies.pack.serving import serve
    from policies.rules import rules
except ModuleNotFoundError as missing:
    if missing.name is None or missing.name.partition(".")[0] not in ("pulumi", "pulumi_policy", "grpc", "google"):
        raise
    sys.exit(
        f"keyturn's policy pack needs the Python package {missing.name!r}, which {sys.executable} does not have. "
        "Put the project's environment first on PATH: `make setup`, then `export PATH=$PWD/.venv/bin:$PATH`."
    )

if __name__ == "__main__":
    serve("keyturn", rules(), port_line)
