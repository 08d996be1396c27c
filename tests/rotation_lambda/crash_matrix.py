"""Runs the whole crash matrix on all cores and writes its table into docs/rotation.md: `make matrix`."""

import contextlib
import importlib
import multiprocessing
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from docs import _matrix
from tests.rotation_lambda.matrix import BLOCKED, LOST_CREDENTIAL, MOMENT, Outcome, Row
from tests.rotation_lambda.matrix_points import outcome_of

_SUBJECTS = Path(__file__).parent / "subjects"


class Servers(contextlib.ExitStack):
    """The servers of each subjects module, started when a row of it comes, and once."""

    def __init__(self) -> None:
        super().__init__()
        self._running: dict[str, object] = {}

    def of(self, module: str) -> object:
        if module not in self._running:
            self._running[module] = self.enter_context(_imported(module).running())
        return self._running[module]


def rows() -> list[tuple[str, Row]]:
    """Every row there is, with the module that it is from."""
    modules = sorted(path.stem for path in _SUBJECTS.glob("[!_]*.py"))
    return [(module, row) for module in modules for row in _imported(module).ROWS]


def line_of(outcome: Outcome) -> str:
    """The outcome as the table has it."""
    row = outcome.row
    return _matrix.line(
        engine=row.engine,
        strategy=row.strategy,
        start=row.start,
        calls=outcome.calls,
        tried=outcome.tried,
        lost=outcome.points_with(LOST_CREDENTIAL),
        blocked=outcome.points_with(BLOCKED),
        moments=outcome.points_with(MOMENT) if row.overlap else None,
    )


def main() -> int:
    """Runs all rows, writes the table, and fails when anything was found."""
    every = rows()
    tasks, results = multiprocessing.Queue(), multiprocessing.Queue()
    workers = [multiprocessing.Process(target=_work, args=(tasks, results)) for _ in range(min(os.cpu_count() or 1, len(every)))]
    for task in [*range(len(every)), *[None] * len(workers)]:
        tasks.put(task)
    for worker in workers:
        worker.start()
    lines, found, began = {}, [], time.monotonic()
    for done in range(1, len(every) + 1):
        number, lines[number], findings, seconds = results.get()
        found += findings
        _say(f"[{done}/{len(every)}] {every[number][1]}: {len(findings)} findings, {seconds:.0f} s")
    for worker in workers:
        worker.join()
    _say(f"matrix: {len(every)} rows in {time.monotonic() - began:.0f} s", *found)
    if all(lines.values()):
        _matrix.PAGE.write_text(_matrix.with_lines(_matrix.PAGE.read_text(), [lines[number] for number in range(len(every))]))
        _say(f"matrix: written to docs/{_matrix.PAGE.name}")
    return 1 if found else 0


def _work(tasks: "multiprocessing.Queue[int | None]", results: "multiprocessing.Queue[tuple[int, str, list[str], float]]") -> None:
    every = rows()
    with Servers() as servers:
        for number in iter(tasks.get, None):
            module, row = every[number]
            line, began = "", time.monotonic()
            try:
                server = servers.of(module)
                began = time.monotonic()
                outcome = outcome_of(row, server)
                line, findings = line_of(outcome), [str(finding) for finding in outcome.findings]
            except Exception:
                findings = [f"{row} could not be tried: {traceback.format_exc()}"]
            results.put((number, line, findings, time.monotonic() - began))


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _imported(module: str) -> Any:
    return importlib.import_module(f"tests.rotation_lambda.subjects.{module}")


if __name__ == "__main__":
    sys.exit(main())
