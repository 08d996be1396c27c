#!/usr/bin/env python3
"""A pack without rules that writes down what the engine asks, for replays: one file a request, in the order they came."""

import itertools
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from policies.pack.standard_output import claim

port_line = claim()

from policies.pack import serving  # noqa: E402 - nothing may print before the port does
from policies.pack.server import Analyzer  # noqa: E402 - likewise

FOLDER = Path(os.environ["KEYTURN_BENCH_RECORDING"])


class Recorder(Analyzer):
    """Answers like the empty pack."""

    numbers = itertools.count()

    def Analyze(self, request, context):
        (FOLDER / f"{next(self.numbers):06}.analyze").write_bytes(request.SerializeToString())
        return super().Analyze(request, context)

    def AnalyzeStack(self, request, context):
        (FOLDER / "stack").write_bytes(request.SerializeToString())
        return super().AnalyzeStack(request, context)


serving.Analyzer = Recorder
serving.serve("recording", [], port_line)
