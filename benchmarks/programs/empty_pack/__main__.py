#!/usr/bin/env python3
"""A pack without rules on the server of ours: what the engine's two calls a resource cost before any rule is asked."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from policies.pack.standard_output import claim

port_line = claim()

from policies.pack.serving import serve  # noqa: E402 - nothing may print before the port does

serve("empty", [], port_line)
