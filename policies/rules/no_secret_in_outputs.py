"""No secret leaves a stack, or a component, in clear.

Outputs are printed by every `pulumi up`, stored with the state and read by other stacks. An output breaks the rule when it is not marked
secret and is the known value of a secret of the stack or of its configuration, alone or as a field of an object or of a JSON text, or has a
format that its maker designed to be recognised. Names say nothing.

A marked output is stored encrypted and shown as `[secret]`, so it holds. Keyturn's own promise is stricter, that no value passes through
Pulumi at all: `allowSecretOutputs: false` makes every marked output a violation.

Outputs have no edges, and one that is not known yet has lost its mark: before the first deployment a marked password and a clear one look
the same. The rule then cannot decide, in a stack (or component) that makes or holds the value of a secret; where there is no value there
is nothing to leak, and an output that calls itself an ARN, a name, an id, an address or a URL holds.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.leaks import Leaks, Place
from policies.pack.graph.leaves import Leaf, leaves
from policies.pack.graph.taint import Taint
from policies.pack.graph.token_formats import PRECISE, Format
from policies.pack.graph.tokens import STACK
from policies.pack.resource import Resource
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN

# Packages whose types are resources of their own; the engine names a provider for each of them, and none for a component.
_NO_COMPONENTS = ("aws", "aws-native", "command", "kubernetes", "pulumi", "random", "tls", "vault")
_MEND_UNKNOWN = "Export the secret's ARN or name instead of its value; one that stays goes into allowOutputs."


class OutputSettings(Settings):
    """Knobs of the rule."""

    allow_outputs: tuple[str, ...] = ()
    """Patterns of the outputs that may be what they are, e.g. `publicToken`. Default none."""
    allow_secret_outputs: bool = True
    """Whether an output that is marked secret may be. Default it may."""
    formats: tuple[Format, ...] = PRECISE
    """Formats that are secret wherever they stand. Default all but `jwt`, since some of those are made to be public."""


@rule(
    id="no-secret-in-outputs",
    title="No secret leaves a stack in clear",
    severity=Severity.HIGH,
    group=Group.EXPOSURE,
    mend="Export the secret's ARN or name: who needs the value reads it there, with a right of its own. An output that has to be the value "
    "is wrapped in pulumi.Output.secret.",
    references=["NIST 800-53 IA-5(7)", "ISO 27001 A.8.12", "SOC 2 CC6.7"],
    of=lambda stack: [resource for resource in stack.resources if resource.outputs and _has_outputs(resource)],
    settings=OutputSettings,
    undecided="advisory",
)
def policy(resource: Resource, stack: Stack, settings: OutputSettings) -> Iterator[Finding]:
    """Looks at every output of the stack, and at what a component gives to the program around it."""
    shown = "the stack" if resource.type == STACK else resource.label
    unknown: list[Leaf] = []
    for name, value in resource.outputs.items():
        if any(fnmatchcase(name, pattern) for pattern in settings.allow_outputs):
            continue
        found = list(leaves(value, name, name))
        if not settings.allow_secret_outputs and any(leaf.is_marked for leaf in found):
            yield violated(resource.urn, f"{shown} gives out a value that the program marks secret", property=name)
            continue
        clear = tuple(leaf for leaf in found if not leaf.is_marked)
        yield from stack.part(Leaks).known_at(Place(resource, name, f"the outputs of {shown}", clear), formats=settings.formats)
        unknown.extend(leaf for leaf in clear if leaf.value is UNKNOWN and not leaf.points and not leaf.is_address)
    yield from _unknown(resource, unknown, shown, stack.part(Taint))


def _unknown(resource: Resource, unknown: list[Leaf], shown: str, taint: Taint) -> Iterator[Finding]:
    has_values = taint.has_values if resource.type == STACK else taint.has_values_inside(resource)
    for leaf in unknown if has_values else ():
        text = f"an output of {shown} is not known yet, nor whether it is marked: there are values of secrets that it may be"
        yield cannot_decide(resource.urn, text, property=leaf.path, mend=_MEND_UNKNOWN)


def _has_outputs(resource: Resource) -> bool:
    return resource.type == STACK or (not resource.provider and resource.type.partition(":")[0] not in _NO_COMPONENTS)
