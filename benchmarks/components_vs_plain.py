"""What the components cost: 100 secrets through them beside the same resources in plain pulumi_aws.

A file backend writes the whole state anew after each step, and a component is three steps: on a stack of this size that is most of an
`up`. So `up` is shown twice, as it comes and with the state written once; the difference is the backend's, not the components'.

Repeat it with: python -m benchmarks.components_vs_plain
"""

from collections.abc import Callable

from benchmarks._engine import Engine, local_engine
from benchmarks._rounds import Figure, Measure, interleaved
from benchmarks._table import Figures

_BOUND = 1.15


def main() -> None:
    """Measures preview and up of whole new stacks and prints the table."""
    with local_engine() as engine:
        figures = Figures("100 secrets: components beside plain pulumi_aws (medians of interleaved rounds)")
        figures.add("preview", _compared(engine.preview), {"components": _BOUND})
        figures.add("up, state written once", _compared(lambda program: engine.up(program, checkpoints=False)), {"components": _BOUND})
        figures.add("up, state written at each step", _compared(engine.up), {"components": _BOUND})
        _refuse_different_programs(engine)
    figures.print()


def _compared(run: Callable[[str], Measure]) -> dict[str, Figure]:
    return interleaved({"plain pulumi_aws": lambda: run("plain"), "components": lambda: run("through_components")})


def _refuse_different_programs(engine: Engine) -> None:
    """A comparison of different things would say nothing."""
    plain, components = engine.created["plain"], engine.created["through_components"]
    if plain != components:
        differences = "\n".join(f"- {line}" for line in sorted(plain - components)[:3])
        differences += "\n" + "\n".join(f"+ {line}" for line in sorted(components - plain)[:3])
        raise SystemExit(f"The two programs do not declare the same resources; bring programs/plain up to date:\n{differences}")


if __name__ == "__main__":
    main()
