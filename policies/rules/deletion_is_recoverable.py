"""A secret or a key that is deleted by mistake can be brought back.

Deleting a secret with a recovery window of 0 days destroys every version at once; deleting the key of a secret destroys the secret. The
window of AWS's provider is 30 days when a program names none. In protected environments the engine refuses the deletion as well: the
resource, or a component around it, has the option `protect`. Keyturn's components, tags or the stack's configuration say which
environment a resource is of; where nothing says it, `protect` is not asked for.

What it does not see: a deletion by hand with `--force-delete-without-recovery`, which only IAM can refuse.
"""

from collections.abc import Iterator

from pydantic import Field

from keyturn.catalogue import PROTECTED_ENVIRONMENTS
from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.environments import environment_of
from policies.pack.graph.key import KEY_TYPES
from policies.pack.graph.tokens import SECRET
from policies.pack.resource import Resource
from policies.pack.rule import Group, Level, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Value

_WINDOWS = {
    SECRET: "recoveryWindowInDays",
    **dict.fromkeys(KEY_TYPES, "deletionWindowInDays"),
}
_DEFAULT = 30  # of the provider, for secrets and keys alike


class Recovery(Settings):
    """How long a mistake can be undone."""

    min_recovery_days: int = Field(default=7, ge=0, le=30)
    """Least recovery window of a secret in days, 7 to 30; AWS knows nothing between 0 and 7. Default 7."""
    min_key_days: int = Field(default=14, ge=7, le=30)
    """Least waiting time of a key's deletion in days, 7 to 30. Default 14."""
    protect_in: list[str] = Field(default=[*PROTECTED_ENVIRONMENTS])
    """Environments in which the engine refuses the deletion, too. Default prod and staging."""


@rule(
    id="deletion-is-recoverable",
    title="A deletion can be undone",
    severity=Severity.MEDIUM,
    group=Group.KEEPING,
    level=Level.PROTECTED,
    undecided="advisory",
    settings=Recovery,
    early=tuple(_WINDOWS),
    mend="Give the secret a recovery window of at least 7 days and the key a deletion window of at least 14, and in production set the "
    "option protect=True on them or on the component around them.",
    references=["NIST 800-53 SC-12"],
    of=lambda stack: stack.resources.of_type(*_WINDOWS),
)
def policy(resource: Resource, stack: Stack, settings: Recovery) -> Iterator[Finding]:
    """Looks at the window and, where the environment asks for it, at the engine's protection."""
    name = _WINDOWS[resource.type]
    least = settings.min_recovery_days if resource.type == SECRET else settings.min_key_days
    days = resource.read(name)
    if days is UNKNOWN:
        yield cannot_decide(resource.urn, f"how long the deletion of {resource.label} can be undone is not known yet", property=name)
    elif (given := _days(days)) is None or given < least:
        yield violated(resource.urn, f"the deletion of {resource.label} can be undone for less than {least} days", property=name)
    environment = environment_of(resource, stack)
    if environment is UNKNOWN and not resource.protect and settings.protect_in:
        text = f"the environment of {resource.label} is not known yet, nor whether the engine has to protect it"
        yield cannot_decide(resource.urn, text, property="tags")
    elif environment is not UNKNOWN and environment in settings.protect_in and not resource.protect:
        text = f"{resource.label} of the environment {environment} is not protected: the engine deletes it when it leaves the program"
        yield violated(resource.urn, text, property="protect")


def _days(value: Value) -> float | None:
    if value is None:
        return _DEFAULT
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
