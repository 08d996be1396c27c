"""What a person sees of the gate itself: plain lines below Pulumi's own display, coloured on a terminal."""

from collections import Counter

from rich.console import Console
from rich.text import Text

from policies.gate.judgement import Judgement
from policies.gate.markdown import counted, in_order
from policies.gate.record import Record
from policies.pack.message import one_line, printable

_MARKS = {"passes": ("✓", "green"), "stopped": ("✗", "red"), "not judged": ("!", "yellow")}
_VERDICTS = {
    "passes": "Nothing stops the change.",
    "stopped": "The change is stopped.",
    "not judged": "Not everything could be judged, so nothing is said to be right.",
}


class Screen:
    """Prints to a console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str, mark: str = "") -> None:
        """Prints one line; `mark` is a verdict."""
        # Text, never markup: rich would read the `:secret:` of every ARN as an emoji, and a name may hold brackets.
        sign = [_MARKS[mark], " "] if mark else []
        self._console.print(Text.assemble(*sign, printable(text)), soft_wrap=True)

    def tell(self, judgement: Judgement) -> None:
        """Prints a line for each stack, what only shows when they are seen together, and the verdict."""
        for record in judgement.records:
            stops = any(finding.stops for finding in record.findings)
            self.say(f"{record.name}: {_told(record)}", "stopped" if stops else "passes")
        for _, finding in in_order(("", finding) for finding in judgement.together):
            self.say(f"[{finding.level}] {finding.told}", "stopped" if finding.stops else "")
        for one in judgement.not_judged:
            self.say(f"{one_line(one.stack)} was not judged: {one_line(one.why)}", "not judged")
        if off := judgement.switched_off:
            self.say(f"{counted(len(off), 'rule')} switched off by the configuration: {', '.join(map(one_line, off))}")
        self.say(_VERDICTS[judgement.verdict], judgement.verdict)


def _told(record: Record) -> str:
    kinds = Counter(finding.counts_as for finding in record.findings)
    stops = kinds["stops"]
    said = [f"{counted(stops, 'finding')} {'stops' if stops == 1 else 'stop'} it" if stops else "nothing stops it"]
    others = ((kinds["advisory"], "advisory"), (kinds["exempt"], "exempt"), (kinds["baseline"], "in the baseline"))
    return ", ".join([*said, *(f"{number} {words}" for number, words in others if number)])
