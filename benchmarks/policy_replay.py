"""What the rules themselves cost: the requests of a preview of some 10,000 resources, replayed to our pack and to Pulumi's policy SDK.

Both packs run as processes and get the same bytes in the same order over the same protocol; what is compared is their own CPU time,
start-up left out. The peer has as many rules as ours, and none of them does anything.

Repeat it with: python -m benchmarks.policy_replay
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from benchmarks._engine import PROGRAMS, local_engine
from benchmarks._rounds import Measure, interleaved
from benchmarks._table import Figures
from policies.pack.rule import Rule
from policies.rules import rules

_BOUND = 0.3
_SERVICES = 325
_ROOT = Path(__file__).resolve().parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Records one preview, replays it in turn, and prints the table."""
    with tempfile.TemporaryDirectory(prefix="keyturn-replay-") as folder:
        recording = Path(folder)
        with local_engine() as engine:
            pack = str(PROGRAMS / "recording_pack" / "__main__.py")
            variables = {"KEYTURN_BENCH_RECORDING": folder, "KEYTURN_BENCH_SERVICES": str(_SERVICES)}
            engine.preview("plain", "--policy-pack", pack, **variables)
        single = [analyzer_pb2.AnalyzeRequest.FromString(file.read_bytes()) for file in sorted(recording.glob("*.analyze"))]
        whole = analyzer_pb2.AnalyzeStackRequest.FromString((recording / "stack").read_bytes())
    found = rules()
    of_resources = sum(_is_of_one_resource(rule) for rule in found)
    counts = {"KEYTURN_BENCH_RESOURCE_RULES": str(of_resources), "KEYTURN_BENCH_STACK_RULES": str(len(found) - of_resources)}
    python = sys.executable
    sides = {
        f"SDK, {len(found)} trivial rules": lambda: _replayed(
            [python, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(PROGRAMS / "stock_pack")], counts, single, whole
        ),
        f"policies, {len(found)} rules": lambda: _replayed([python, str(_ROOT / "policies" / "__main__.py")], {}, single, whole),
    }
    figures = Figures(f"Replay of {len(single):,} resources (medians of interleaved rounds; the bound is for CPU)")
    measured = interleaved(sides)
    figures.add("replay", measured, {})
    figures.print()
    ours = list(measured.values())[1]
    each = ours.cpu_seconds / len(single) * 1000
    print(
        f"CPU a resource: {each:.3f} ms; CPU ratio {ours.cpu_ratio:.2f}, bound {_BOUND}: {'held' if ours.cpu_ratio <= _BOUND else 'MISSED'}"
    )


def _is_of_one_resource(rule: Rule) -> bool:
    """In the SDK, a rule that judges one resource by its own inputs would be a resource rule."""
    return bool(rule.early)


def _replayed(
    command: list[str],
    variables: Mapping[str, str],
    single: list[analyzer_pb2.AnalyzeRequest],
    whole: analyzer_pb2.AnalyzeStackRequest,
) -> Measure:
    with _pack(command, variables) as (stub, cpu):
        stub.GetAnalyzerInfo(Empty())
        before = cpu()
        for request in single:
            stub.Analyze(request)
        stub.AnalyzeStack(whole)
        spent = cpu() - before
    return Measure(seconds=spent, cpu_seconds=spent)


@contextmanager
def _pack(command: list[str], variables: Mapping[str, str]) -> Generator[tuple[analyzer_pb2_grpc.AnalyzerStub, "object"]]:
    known = {"PULUMI_PROJECT": "bench", "PULUMI_STACK": "bench", "PULUMI_DRY_RUN": "true", "PYTHONPATH": str(_ROOT)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, **known, **variables}, cwd=_ROOT
    )
    try:
        port = int(process.stdout.readline())
        options = [("grpc.max_receive_message_length", 1 << 29), ("grpc.max_send_message_length", 1 << 29)]
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel), lambda: _cpu(process.pid)
    finally:
        process.kill()
        process.wait()


def _cpu(pid: int) -> float:
    """CPU seconds of a process, all its threads. Source: proc_pid_stat(5), fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


if __name__ == "__main__":
    main()
