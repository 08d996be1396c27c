"""A rotation leaves no secret alone for longer than its environment allows.

What counts is the longest time between two rotations, in days: of `automaticallyAfterDays`, of `rate()`, and of `cron()` looked at day by
day through 28 years. `cron(0 4 1 * ? *)` is 31 days, `cron(0 4 ? * SUN#1 *)` is 35. How long the window of a rotation is (`duration`)
changes nothing. A schedule that AWS would not take, that ends, or that gives days and an expression, breaks the rule.

`maxDays` says how many days each environment allows. The environment is what the component around the secret says, else the tag
`keyturn:environment` of the secret, else the stack's configuration; where nobody says it, `default` counts.

What it does not see: whether there is a rotation at all, and whether it is switched on (secret-is-rotated says that); rotations that
AWS's services do on their own.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.environments import environment_of
from policies.pack.graph.pace import pace
from policies.pack.graph.rotations import Renewal, Rotations
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack

_DEFAULT = "default"
_MAX_DAYS = {"prod": 30, _DEFAULT: 90}


def _completed(days: dict[str, int]) -> dict[str, int]:
    # Who tightens one environment leaves the others as they were.
    return {**_MAX_DAYS, **days}


class Frequency(Settings):
    """How often is often enough."""

    max_days: Annotated[dict[str, Annotated[int, Field(ge=1, le=1000)]], AfterValidator(_completed)] = _MAX_DAYS
    """Longest time between two rotations in days, by environment; `default` is for all that are not named. What is left out keeps its
    default: prod 30, default 90."""


@rule(
    id="rotation-is-frequent-enough",
    title="A rotation is frequent enough",
    severity=Severity.MEDIUM,
    group=Group.ROTATION,
    undecided="advisory",
    settings=Frequency,
    mend="Set rotationRules.automaticallyAfterDays, or an expression whose longest gap is within maxDays of the environment. A cron "
    "expression for one day a month leaves 31 days: write rate(30 days), or name two days of the month.",
    references=["NIST 800-53 IA-5", "PCI DSS 8.6.3", "PCI DSS 8.3.9"],
    of=lambda stack: stack.part(Rotations).all,
)
def policy(renewal: Renewal, stack: Stack, settings: Frequency) -> Iterator[Finding]:
    """Looks at the longest time between two rotations."""
    rotation = renewal.resource
    how_often = pace(rotation)
    if how_often.problem:
        yield violated(rotation.urn, f"the schedule of {rotation.label} does not work: {how_often.problem}", property=how_often.property)
        return
    if how_often.days is None:
        yield cannot_decide(rotation.urn, f"how often {rotation.label} rotates is not known yet", property=how_often.property)
        return
    limits = set(_limits(renewal, stack, settings.max_days))
    gap = "longer" if rotation.hides("rotationRules") else f"up to {how_often.days:g} days, longer"
    if how_often.days > max(limits):
        text = f"{rotation.label} leaves its secret alone for {gap} than the {max(limits)} days that are allowed there"
        yield violated(rotation.urn, text, property=how_often.property)
    elif how_often.days > min(limits):
        text = f"{rotation.label} leaves its secret alone for {gap} than the {min(limits)} days that some environment allows"
        yield cannot_decide(rotation.urn, f"{text}, and which it is of is not known yet", property="tags")


def _limits(renewal: Renewal, stack: Stack, days: dict[str, int]) -> Iterator[int]:
    """Gives the days that are allowed: of several only while the environment, or the secret, is not known yet."""
    for resource in [secret.resource for secret, _ in renewal.secrets] or [renewal.resource]:
        environment = environment_of(resource, stack)
        if isinstance(environment, str):
            yield days.get(environment, days[_DEFAULT])
        elif environment is None:
            yield days[_DEFAULT]
        else:
            yield from days.values()
