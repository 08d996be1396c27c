"""What the policy pack costs in a pull request: previews with it, without it, with an empty pack, and with Pulumi's own SDK.

Repeat it with: python -m benchmarks.policy_pack
"""

from pathlib import Path

from benchmarks._engine import PROGRAMS, local_engine
from benchmarks._rounds import interleaved
from benchmarks._table import Figures
from policies.rules import rules

_BOUND = 1.35
_RULES = len(rules())
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
        figures = Figures("Previews with the policy pack as an executable (medians of interleaved rounds)")
        figures.add("100 secrets through components", interleaved(sides), {"policies/__main__.py": _BOUND})
        counts = {"KEYTURN_BENCH_RESOURCE_RULES": str(_RULES // 2), "KEYTURN_BENCH_STACK_RULES": str(_RULES - _RULES // 2)}
        stock = str(PROGRAMS / "stock_pack")
        many = {
            "no pack": lambda: engine.preview("many_secrets"),
            "empty pack": lambda: engine.preview("many_secrets", "--policy-pack", str(_EMPTY_PACK)),
            "policies/__main__.py": lambda: engine.preview("many_secrets", "--policy-pack", str(_PACK)),
            f"SDK, {_RULES} trivial rules": lambda: engine.preview("many_secrets", "--policy-pack", stock, **counts),
        }
        figures.add("1,500 secrets, plain", interleaved(many), {"policies/__main__.py": _BOUND})
    figures.print()


if __name__ == "__main__":
    main()
