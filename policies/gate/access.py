"""What a change does to the access matrix: who gains, loses or keeps what."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from policies.gate.judgement import Judgement
from policies.gate.record import Record, Row

Change = Literal["added", "removed", "changed", "kept"]


@dataclass(frozen=True, order=True)
class Entry:
    """Who may do what to which secret. Identities of one service are one line."""

    stack: str
    secret: str
    access: str
    who: str


@dataclass(frozen=True)
class Line:
    """One line of the matrix, and what became of it."""

    change: Change
    entry: Entry
    certain: bool
    through: tuple[str, ...]


def compared(after: Sequence[Record], before: Judgement | None) -> list[Line]:
    """Gives the matrix after the change: what changed first.

    Args:
        after: the records of this run.
        before: an earlier run; stacks of it that this run did not judge say nothing. None when there is none.
    """
    stacks = {record.name for record in after}
    old = _entries(() if before is None else (record for record in before.records if record.name in stacks))
    # A stack that the earlier run could not judge is not one that was not there.
    unknown = stacks - {record.name for record in before.records} if before is not None and before.not_judged else set[str]()
    new = _entries(after)
    lines = [_line("removed", entry, rows) for entry, rows in old.items() if entry not in new]
    for entry, rows in new.items():
        if before is None or entry.stack in unknown:
            lines.append(_line("kept", entry, rows))
        elif entry not in old:
            lines.append(_line("added", entry, rows))
        else:
            lines.append(_line("kept" if _said(rows) == _said(old[entry]) else "changed", entry, rows))
    return sorted(lines, key=lambda line: (line.change == "kept", line.entry))


def _entries(records: Iterable[Record]) -> dict[Entry, list[Row]]:
    found: defaultdict[Entry, list[Row]] = defaultdict(list)
    for record in records:
        for row in record.access:
            found[Entry(record.name, row.secret, row.access, row.service or row.identity)].append(row)
    return found


def _line(change: Change, entry: Entry, rows: list[Row]) -> Line:
    is_certain, through = _said(rows)
    return Line(change, entry, is_certain, through)


def _said(rows: list[Row]) -> tuple[bool, tuple[str, ...]]:
    through = {f"{row.identity}: {row.through}" if row.service else row.through for row in rows}
    return any(row.certain for row in rows), tuple(sorted(through))
