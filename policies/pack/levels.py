"""How a finding counts: what the engine was told is the most; environment, sensitivity and doubt may make it less."""

from typing import Final, Literal

from pulumi_policy import EnforcementLevel

from keyturn.catalogue import PRACTICE_ENVIRONMENTS
from policies.pack.finding import Answer, Finding
from policies.pack.graph.environments import environment_of
from policies.pack.graph.intent import said_of
from policies.pack.settings import LevelChoice, Settings
from policies.pack.stack import Stack
from policies.pack.values import Value

ANY_KNOWN = "*"
PROTECTED: Final = (LevelChoice(environments=PRACTICE_ENVIRONMENTS, level="advisory"),)
"""In any other environment, and where it is not known, a violation counts in full: a name that nobody thought of opens nothing."""


def level_of(
    finding: Finding, stack: Stack, most: EnforcementLevel, settings: Settings, undecided: Literal["mandatory", "advisory"]
) -> EnforcementLevel:
    """Gives how a finding counts.

    Args:
        finding: what a rule found.
        stack: the stack in which it stands.
        most: the rule's level as the engine was told.
        settings: the rule's settings; `levels` that are not given lower nothing.
        undecided: how the rule itself lets count what cannot be decided.
    """
    if finding.answer is Answer.CANNOT_DECIDE and (settings.undecided or undecided) == "advisory":
        return EnforcementLevel.ADVISORY
    resource = stack.resources.get(finding.urn)
    environment = stack.environment if resource is None else _text(environment_of(resource, stack))
    sensitivity = None if resource is None else _text(said_of(resource, stack.resources, "sensitivity"))
    fitting = next((choice for choice in settings.levels or () if _fits(choice, environment, sensitivity)), None)
    return EnforcementLevel.ADVISORY if fitting is not None and fitting.level == "advisory" else most


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None


def _fits(choice: LevelChoice, environment: str | None, sensitivity: str | None) -> bool:
    by_environment = choice.environments is None or (
        environment is not None and (environment in choice.environments or ANY_KNOWN in choice.environments)
    )
    return by_environment and (choice.sensitivities is None or sensitivity in choice.sensitivities)
