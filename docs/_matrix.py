"""The crash matrix's table in docs/rotation.md, between its two markers."""

from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).parent / "rotation.md"

_BEGIN, _END = "<!-- Written by `make matrix`. -->\n", "<!-- End of the crash matrix. -->\n"
_HEADINGS = (
    "engine",
    "strategy",
    "start",
    "calls",
    "faults tried",
    "lost credentials",
    "blocked rotations",
    "moments without a valid published credential",
)


def line(*, engine: str, strategy: str, start: str, calls: int, tried: int, lost: int, blocked: int, moments: int | None) -> str:
    """Gives one row; `moments` is None where the server holds one credential only, so that there is a window."""
    return f"| {engine} | {strategy} | {start} | {calls} | {tried} | {lost} | {blocked} | {'—' if moments is None else moments} |"


def lines_in(page: str) -> list[str]:
    """Gives the rows that the page has now."""
    return page.partition(_BEGIN)[2].partition(_END)[0].splitlines()[2:]


def with_lines(page: str, lines: Sequence[str]) -> str:
    """Gives the page with these rows in place of those that it had."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} has no place for the crash matrix; put {_BEGIN.strip()!r} and {_END.strip()!r} where it belongs")
    head = f"| {' | '.join(_HEADINGS)} |\n|{'---|' * 3}{'---:|' * (len(_HEADINGS) - 3)}"
    return before + begin + "\n".join([head, *lines]) + "\n" + end + after
