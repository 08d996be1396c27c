"""One table for a benchmark, in Markdown, so that it can be quoted as it is printed."""

from collections.abc import Mapping

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from benchmarks._rounds import Figure


class Figures:
    """Collects the rows of one benchmark and prints them."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._table = Table(box=MARKDOWN)
        for heading in ("what", "side", "seconds", "ratio", "CPU seconds", "CPU ratio", "bound"):
            self._table.add_column(heading, justify="left" if heading in ("what", "side") else "right", no_wrap=True)

    def add(self, what: str, figures: Mapping[str, Figure], bounds: Mapping[str, float]) -> None:
        """Adds a comparison; a bound stands beside the ratio that it is for."""
        for side, figure in figures.items():
            bound = bounds.get(side)
            self._table.add_row(
                what,
                side,
                f"{figure.seconds:.2f}",
                f"{figure.ratio:.2f}",
                f"{figure.cpu_seconds:.2f}",
                f"{figure.cpu_ratio:.2f}",
                _judged(bound, figure.ratio),
            )

    def add_size(self, what: str, side: str, size: str, *, ratio: float | None = None, bound: str = "", held: bool = True) -> None:
        """Adds a row that is no time."""
        self._table.add_row(what, side, size, "" if ratio is None else f"{ratio:.2f}", "", "", f"{bound} {_word(held)}" if bound else "")

    def print(self) -> None:
        """Prints the table to standard output."""
        print(f"\n{self._title}\n")
        Console(width=140).print(self._table)


def _judged(bound: float | None, ratio: float) -> str:
    return "" if bound is None else f"<= {bound:.2f} {_word(ratio <= bound)}"


def _word(held: bool) -> str:
    return "held" if held else "MISSED"
