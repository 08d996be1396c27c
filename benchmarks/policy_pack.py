"""What the policy pack costs in a pull request: previews of 100 secrets with it, without it, and with an empty pack.

Repeat it with: python -m benchmarks.policy_pack
"""

from pathlib import Path

from benchmarks._engine import PROGRAMS, local_engine
from benchmarks._rounds import interleaved
from benchmarks._table import Figures

_BOUND = 1.4
_PACK = Path(__file__).resolve().parent.parent / "policies" / "__main__.py"
_EMPTY_PACK = PROGRAMS / "empty_pack" / "__main__.py"


def main() -> None:
    """Measures previews of a whole new stack and prints the table."""
    with local_engine() as engine:
        sides = {
            "no pack": lambda: engine.preview("through_components"),
            "empty pack": lambda: engine.preview("through_components", "--policy-pack", str(_EMPTY_PACK)),
            "policies/__main__.py": lambda: engine.preview("through_components", "--policy-pack", str(_PACK)),
        }
        figures = Figures("Preview of 100 secrets with the policy pack as an executable (medians of interleaved rounds)")
        figures.add("preview", interleaved(sides), {"policies/__main__.py": _BOUND})
    figures.print()


if __name__ == "__main__":
    main()
