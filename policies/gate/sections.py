"""Tables that fit together into one comment: what does not fit is counted, and every table keeps a share."""

from collections.abc import Sequence
from dataclasses import dataclass

# What each later table keeps of the room while an earlier one is long.
_SHARE = 5_000

# Room for the sentence about what was left out.
_NOTE = 200


@dataclass(frozen=True)
class Section:
    """A heading with a table under it."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    folded: bool = False
    """Whether a reader has to open it."""

    @property
    def lines(self) -> list[str]:
        """The rows as Markdown."""
        return [f"| {' | '.join(cell or ' ' for cell in row)} |\n" for row in self.rows]

    def fitted(self, room: int) -> str:
        """Gives the section in at most so many characters; empty when not even its heading fits."""
        head = f"<details><summary>{self.title}</summary>\n\n" if self.folded else f"### {self.title}\n"
        head += f"| {' | '.join(self.columns)} |\n|{'---|' * len(self.columns)}\n"
        tail = "\n</details>\n\n" if self.folded else "\n"
        left = room - len(head) - len(tail) - _NOTE
        taken: list[str] = []
        lines = self.lines
        for line in lines:
            if len(line) > left:
                break
            taken.append(line)
            left -= len(line)
        if left < 0:
            return ""
        cut = len(lines) - len(taken)
        note = (
            f"\n{cut} more of {len(lines)} rows do not fit into a comment. The JSON, SARIF and JUnit files have them all.\n" if cut else ""
        )
        return f"{head}{''.join(taken)}{note}{tail}"

    @property
    def size(self) -> int:
        """How many characters it needs to be whole."""
        return sum(map(len, self.lines)) + len(self.title) + 20 * (len(self.columns) + 2) + _NOTE


def fitted(sections: Sequence[Section], room: int) -> str:
    """Gives the sections in at most so many characters, in their order."""
    texts: list[str] = []
    for position, section in enumerate(sections):
        kept = sum(min(_SHARE, later.size) for later in sections[position + 1 :])
        texts.append(section.fitted(room - kept))
        room -= len(texts[-1])
    return "".join(texts)
