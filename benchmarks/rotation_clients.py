"""What 32 clients notice of 20 rotations, beside AWS's published algorithms for PostgreSQL; and what faults leave of each.

Repeat it with: python -m benchmarks.rotation_clients
"""

import contextlib
import io
import statistics
import sys
import time
from dataclasses import dataclass, field

import pytest
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from benchmarks import _aws_rows
from benchmarks._clients import CLIENTS, Login, clients_of
from tests.rotation_lambda.crash_matrix import Servers, rows
from tests.rotation_lambda.matrix import BLOCKED, LOST_CREDENTIAL, MOMENT, WAYS, Outcome, Row
from tests.rotation_lambda.matrix_points import outcome_of

_ROUNDS, _ROTATIONS = 4, 5
# Long enough for each client to log in once, so that no rotation meets clients that slept through the one before it.
_BETWEEN_SECONDS = 0.8
_KINDS = (LOST_CREDENTIAL, BLOCKED, MOMENT)

_ABOUT_CLIENTS = """
Every second client keeps its value until the server refuses it, and then reads it anew and tries once more; the others read it before
each login. "failed": refused with a value that was read for that login. "window": from the first refused login of a rotation to the
first accepted one, when any failed. Rotation function, Secrets Manager, server and clients share the machine: on AWS each step is an
invocation of its own, which lengthens the window of both sides alike. AWS's algorithms are written anew from their description, with
our driver, sessions and password generator; the way back to a session without TLS is left out, and so is GetRandomPassword."""

_ABOUT_FAULTS = """
Points as in docs/rotation.md; one attempt for each rotation. A new token comes when AWSPENDING was taken off the abandoned version,
as AWS advises for a rotation that is stuck, or when somebody puts a value meanwhile. A lost credential is in a version without a label
then, from which a person can restore it by hand. AWS's algorithms begin with a user and a value that exist: they have no row for an
empty secret."""


@dataclass
class _Side:
    """One algorithm on one server, and what was seen of it so far."""

    module: str
    row: Row
    peer: "_Side | None" = None
    logins: list[Login] = field(default_factory=list)
    windows: list[float] = field(default_factory=list)
    rotations: list[float] = field(default_factory=list)


def main() -> None:
    """Runs both comparisons and prints their tables."""
    with Servers() as servers:
        sides = _sides()
        for number in range(_ROUNDS):
            for side in sides if number % 2 == 0 else reversed(sides):
                _round(side, servers.of(side.module))
                print(f"  round {number + 1} of {_ROUNDS}, {side.row}: {len(side.logins)} logins", file=sys.stderr, flush=True)
        _print_clients(sides)
        _print_faults(servers)


def _sides() -> list[_Side]:
    aws_single, aws_alternating = _Side("postgres", _aws_rows.SINGLE_USER), _Side("postgres", _aws_rows.ALTERNATING_USERS[-1])
    return [
        aws_single,
        _side("postgres", "single user, own password", "second rotation", aws_single),
        aws_alternating,
        _side("postgres", "alternating users", "third rotation", aws_alternating),
        _side("mysql", "dual password", "second rotation"),
        _side("mariadb", "alternating users", "third rotation"),
    ]


def _side(engine: str, strategy: str, start: str, peer: _Side | None = None) -> _Side:
    return _Side(*_row(engine, strategy, start), peer)


def _row(engine: str, strategy: str, start: str) -> tuple[str, Row]:
    for module, row in rows():
        if (row.engine, row.strategy, row.start) == (engine, strategy, start):
            return module, row
    raise LookupError(f"the crash matrix has no row {engine}, {strategy}, {start}")


def _round(side: _Side, server: object) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, contextlib.redirect_stdout(io.StringIO()):
        subject = side.row.prepare(server, monkeypatch)
        with clients_of(subject) as end:
            begun = []
            for _ in range(_ROTATIONS):
                time.sleep(_BETWEEN_SECONDS)
                begun.append(time.monotonic())
                subject.manager.rotate(subject.arn, side.row.rotates, subject.context)
                side.rotations.append(time.monotonic() - begun[-1])
            time.sleep(_BETWEEN_SECONDS)
            logins = end()
        side.logins += logins
        side.windows += [_window(logins, *between) for between in zip(begun, [*begun[1:], time.monotonic()], strict=True)]


def _window(logins: list[Login], begun: float, next_begun: float) -> float:
    """From the first refused login of a rotation to the first accepted one that began after it; zero when nobody was locked out."""
    during = [login for login in logins if begun <= login.began < next_begun]
    if not any(login.failed for login in during):
        return 0.0
    first_refused = min(login.ended for login in during if not login.accepted)
    return min(login.ended for login in during if login.accepted and login.began > first_refused) - first_refused


def _print_clients(sides: list[_Side]) -> None:
    table = Table(box=MARKDOWN)
    for heading in ("server", "strategy"):
        table.add_column(heading, no_wrap=True)
    for heading in (
        "logins",
        "failed",
        "refused once, value kept",
        "window, median ms",
        "worst ms",
        "ratio",
        "rotation, median ms",
        "ratio",
        "goal",
    ):
        table.add_column(heading, justify="right")
    for side in sides:
        failed = sum(login.failed for login in side.logins)
        mended = sum(not login.accepted and not login.read_for_it for login in side.logins)
        table.add_row(
            side.row.engine,
            side.row.strategy,
            str(len(side.logins)),
            str(failed),
            str(mended),
            _milliseconds(statistics.median(side.windows)),
            _milliseconds(max(side.windows)),
            _ratio(side.windows, side.peer and side.peer.windows),
            _milliseconds(statistics.median(side.rotations)),
            _ratio(side.rotations, side.peer and side.peer.rotations),
            ("0 failed: held" if failed == 0 else "0 failed: MISSED") if side.row.overlap else "",
        )
    print(f"\n{CLIENTS} clients that log in all the time, through {_ROUNDS * _ROTATIONS} rotations\n")
    Console(width=180).print(table)
    print(_ABOUT_CLIENTS)


def _print_faults(servers: Servers) -> None:
    table = Table(box=MARKDOWN)
    for heading in (
        "strategy",
        "start",
        "calls",
        "way on",
        "points",
        "lost credentials",
        "blocked rotations",
        "moments without a valid one",
    ):
        table.add_column(heading, justify="left" if heading in ("strategy", "start", "way on") else "right", no_wrap=True)
    for row in (
        _aws_rows.SINGLE_USER,
        _row("postgres", "single user, own password", "second rotation")[1],
        *_aws_rows.ALTERNATING_USERS,
        _row("postgres", "alternating users", "second rotation")[1],
        _row("postgres", "alternating users", "third rotation")[1],
    ):
        outcome = outcome_of(row, servers.of("postgres"))
        for way in WAYS:
            counted = [_points_with(kind, way, outcome) for kind in _KINDS]
            if not row.overlap:
                counted[-1] = "—"
            table.add_row(row.strategy, row.start, str(outcome.calls), way, str(outcome.tried // len(WAYS)), *counted)
        print(f"  faults, {row}: {outcome.tried} points", file=sys.stderr, flush=True)
    print("\nPostgreSQL: every fault at every call, by the way on\n")
    Console(width=180).print(table)
    print(_ABOUT_FAULTS)


def _points_with(kind: str, way: str, outcome: Outcome) -> str:
    return str(len({finding.point for finding in outcome.findings if (finding.kind, finding.point.way) == (kind, way)}))


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"


def _ratio(ours: list[float], theirs: list[float] | None) -> str:
    return f"{statistics.median(ours) / statistics.median(theirs):.2f}" if theirs and statistics.median(theirs) else ""


if __name__ == "__main__":
    main()
