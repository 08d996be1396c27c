"""Measures sides in turn, so that a noisy machine is noisy for all of them."""

import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """What one run took."""

    seconds: float
    """By the clock."""
    cpu_seconds: float
    """Of all processes that it started and waited for."""

    def __add__(self, other: "Measure") -> "Measure":
        return Measure(self.seconds + other.seconds, self.cpu_seconds + other.cpu_seconds)


@dataclass(frozen=True)
class Figure:
    """One side of a comparison: medians over the rounds, and the median of its ratios to the first side of the same round."""

    seconds: float
    cpu_seconds: float
    ratio: float
    cpu_ratio: float


def measured(work: Callable[[], object]) -> Measure:
    """Runs the work once and gives what it took."""
    before, began = _cpu_of_children(), time.perf_counter()
    work()
    return Measure(time.perf_counter() - began, _cpu_of_children() - before)


def interleaved(sides: Mapping[str, Callable[[], Measure]], *, rounds: int = 3) -> dict[str, Figure]:
    """Gives a figure for each side; the first one is the peer that the others are compared with.

    Every second round runs backwards: what a side leaves behind (warm caches, a busy disk) meets both neighbours.
    """
    results: dict[str, list[Measure]] = {side: [] for side in sides}
    for number in range(rounds):
        for side in list(sides) if number % 2 == 0 else list(reversed(sides)):
            measure = sides[side]()
            results[side].append(measure)
            print(f"  round {number + 1} of {rounds}, {side}: {measure.seconds:.2f} s", file=sys.stderr, flush=True)
    peer = results[next(iter(sides))]
    return {side: _figure(measures, peer) for side, measures in results.items()}


def _figure(measures: list[Measure], peer: list[Measure]) -> Figure:
    pairs = list(zip(measures, peer, strict=True))
    return Figure(
        seconds=statistics.median(measure.seconds for measure in measures),
        cpu_seconds=statistics.median(measure.cpu_seconds for measure in measures),
        ratio=statistics.median(measure.seconds / other.seconds for measure, other in pairs),
        cpu_ratio=statistics.median(measure.cpu_seconds / other.cpu_seconds for measure, other in pairs),
    )


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
