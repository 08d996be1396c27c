"""Nothing else in the program writes what a rotation writes.

A SecretVersion with a value of its own belongs to the program, and the rotation knows nothing of it: when the text in the program changes,
when the resource is replaced, or when Secrets Manager has thrown the old version away, the next update makes the old value current again,
and the service is locked out. `versionStages` with AWSCURRENT moves the label back at the next update. A first value is fine when the
program lets go of it: `ignoreChanges` on the value, or a write-only value (`secretStringWo`). So is a version under a label of its own.
Two rotations of one secret fight for its function and its schedule, and each change of either rotates at once.

What it does not see: values that somebody puts by hand, by a command or from another stack.
"""

from collections.abc import Iterator

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.patterns import Match
from policies.pack.graph.rotations import Renewal, Rotations
from policies.pack.graph.secret import Secret
from policies.pack.graph.targets import targets
from policies.pack.graph.tokens import SECRET_VERSION
from policies.pack.resource import Resource
from policies.pack.rule import Group, Level, Severity, rule
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, elements

_VALUES = ("secretString", "secretBinary")
_STAGES = "versionStages"


@rule(
    id="nothing-fights-rotation",
    title="Nothing fights a rotation",
    severity=Severity.MEDIUM,
    group=Group.ROTATION,
    level=Level.ADVISORY,
    undecided="advisory",
    mend="Let the rotation make the first value, or give it once: as secretStringWo, or with ignoreChanges on secretString. Leave "
    "versionStages out. A secret has one SecretRotation.",
    references=["NIST 800-53 CM-6"],
    of=lambda stack: [*stack.resources.of_type(SECRET_VERSION), *stack.part(Rotations).all],
)
def policy(subject: Resource | Renewal, stack: Stack) -> Iterator[Finding]:
    """Looks at the values that the program gives to rotated secrets, and for second rotations."""
    if isinstance(subject, Renewal):
        yield from _second(subject, stack)
        return
    held_on_to = list(_held_on_to(subject))
    if held_on_to and (fought := _fought(subject, stack)):
        secret, rotation, certainty = fought
        for name, why in held_on_to:
            text = f"{subject.label} {why} {secret.resource.label}, which {rotation.label} renews: an update can undo a rotation"
            if certainty is Match.ALWAYS and not any(part is UNKNOWN for part in elements(subject.read(_STAGES))):
                yield violated(subject.urn, text, property=name)
            else:
                yield cannot_decide(subject.urn, f"{text}; whether it does is not known yet", property=name)


def _held_on_to(version: Resource) -> Iterator[tuple[str, str]]:
    # In a state alone one cannot tell the labels that a program asked for from those that AWS gave.
    stages = [] if version.inputs is None else elements(version.read(_STAGES))
    if stages and not any(stage is UNKNOWN or stage == "AWSCURRENT" for stage in stages):
        return  # it stands beside what the rotation renews
    for name in _VALUES:
        if _is_given(version, name) and not _is_ignored(version, name):
            yield name, "gives its own value to"
    if stages and not _is_ignored(version, _STAGES):
        yield _STAGES, "holds on to AWSCURRENT of"


def _fought(version: Resource, stack: Stack) -> tuple[Secret, Resource, Match] | None:
    """Gives the secret that a version is for, what rotates it, and how sure that is; None when nothing does."""
    surest: tuple[Secret, Resource, Match] | None = None
    for secret, certainty in targets(version, "secretId", stack.resources, stack.part(_by_urn), stack.secret_index):
        for rotation in stack.rotations_of(secret):
            both = min(certainty, _runs(rotation.resource, rotation.certainty))
            if both and (surest is None or both > surest[2]):
                surest = secret, rotation.resource, both
    return surest


def _by_urn(stack: Stack) -> dict[str, Secret]:
    return {secret.urn: secret for secret in stack.secrets}


def _second(renewal: Renewal, stack: Stack) -> Iterator[Finding]:
    own = {secret.urn: _runs(renewal.resource, certainty) for secret, certainty in renewal.secrets}
    for secret, _ in renewal.secrets:
        for other in stack.rotations_of(secret):
            both = min(own[secret.urn], _runs(other.resource, other.certainty))
            if other.resource.urn < renewal.urn and both:
                text = f"{renewal.resource.label} and {other.resource.label} both rotate {secret.resource.label}"
                if both is Match.ALWAYS:
                    yield violated(renewal.urn, text, property="secretId")
                else:
                    yield cannot_decide(renewal.urn, f"{text}, as it may be", property="secretId")


def _runs(rotation: Resource, certainty: Match) -> Match:
    """Gives whether a rotation renews a secret, given whether it is for it: one that is switched off does not."""
    enabled = rotation.read("rotationEnabled")
    if enabled is UNKNOWN:
        return min(certainty, Match.MAYBE)
    return Match.NEVER if enabled is False else certainty


def _is_given(version: Resource, name: str) -> bool:
    value = version.read(name)
    return value is UNKNOWN or bool(isinstance(value, str) and value)


def _is_ignored(version: Resource, name: str) -> bool:
    return any(path in (name, "*") for path in version.ignore_changes)
