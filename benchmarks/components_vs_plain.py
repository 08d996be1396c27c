"""What the components cost: 100 secrets through them beside the same resources in plain pulumi_aws.

Repeat it with: python -m benchmarks.components_vs_plain
"""

from benchmarks._engine import Engine, local_engine
from benchmarks._rounds import interleaved
from benchmarks._table import Figures

_BOUND = 1.15


def main() -> None:
    """Measures preview and up of whole new stacks and prints the table."""
    with local_engine() as engine:
        figures = Figures("100 secrets: components beside plain pulumi_aws (medians of interleaved rounds)")
        for what, run in (("preview", engine.preview), ("up", engine.up)):
            sides = {"plain pulumi_aws": lambda run=run: run("plain"), "components": lambda run=run: run("through_components")}
            figures.add(what, interleaved(sides), {"components": _BOUND})
        _refuse_different_programs(engine)
    figures.print()


def _refuse_different_programs(engine: Engine) -> None:
    """A comparison of different things would say nothing."""
    plain, components = engine.created["plain"], engine.created["through_components"]
    if plain != components:
        differences = "\n".join(f"- {line}" for line in sorted(plain - components)[:3])
        differences += "\n" + "\n".join(f"+ {line}" for line in sorted(components - plain)[:3])
        raise SystemExit(f"The two programs do not declare the same resources; bring programs/plain up to date:\n{differences}")


if __name__ == "__main__":
    main()
