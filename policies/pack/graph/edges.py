"""Which resource a property means, while only the ways between resources are known."""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.pack.graph.tokens import (
    GROUP_POLICY,
    PARAMETER,
    POLICY,
    ROLE_POLICY,
    SECRET,
    SECRET_POLICY,
    SECRET_ROTATION,
    SECRET_TAG,
    SECRET_VERSION,
    STACK_REFERENCE,
    USER_POLICY,
)
from policies.pack.resource import Resource, type_of
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN, elements

# Their answers repeat the ARN, or the document, that they were given, so who is made from them is made from the secret.
_PASS_THE_SECRET_ON = {
    POLICY: ("policy",),
    ROLE_POLICY: ("policy",),
    USER_POLICY: ("policy",),
    GROUP_POLICY: ("policy",),
    SECRET_POLICY: ("secretArn",),
    SECRET_ROTATION: ("secretId",),
    SECRET_TAG: ("secretId",),
    SECRET_VERSION: ("secretId",),
    PARAMETER: ("value", "insecureValue"),
}


@dataclass(frozen=True)
class Origin:
    """What the value of a property was made from."""

    resources: tuple[Resource, ...]
    is_complete: bool
    """Whether everything that went into the value is in the stack: false for other stacks' outputs and for invokes."""

    def of_type(self, *types: str) -> list[Resource]:
        """Gives the origins of these types."""
        return [resource for resource in self.resources if resource.type in types]


def origin(resource: Resource, property_name: str, resources: Resources) -> Origin:
    """Gives what a property was made from, through resources that only pass on what they were given."""
    urns = resource.made_from(property_name)
    # An invoke such as get_policy_document leaves no trace of its arguments before the first deployment.
    complete = bool(urns)
    found: dict[str, Resource] = {}
    for urn in urns:
        for step in _steps(urn, resources, set()):
            if isinstance(step, Resource):
                found[step.urn] = step
            else:
                complete = complete and step
    return Origin(tuple(found.values()), complete)


def is_told_in_part(resource: Resource, property_name: str, resources: Resources, *, by: int) -> bool:
    """Tells whether a property holds more unknown values than its `by` origins account for: who comes from another stack shows none."""
    unknown = sum(element is UNKNOWN for element in elements(resource.read(property_name)))
    return unknown > by or any(_is_open(urn, resources) for urn in resource.made_from(property_name))


def _is_open(urn: str, resources: Resources) -> bool:
    # A read shows its type in the URN; what it brings in belongs to another stack. A stack reference may bring anything.
    return resources.get(urn) is None and type_of(urn) in (STACK_REFERENCE, "")


def _steps(urn: str, resources: Resources, seen: set[str]) -> Iterator[Resource | bool]:
    """Gives each resource behind a URN, and whether a URN that the engine does not show leaves nothing open."""
    if urn in seen:
        return
    seen.add(urn)
    resource = resources.get(urn)
    if resource is None:
        yield not _is_open(urn, resources)
        return
    yield resource
    for child in resources.inside(urn):
        if child.type == SECRET:
            yield child
    passed_on = _PASS_THE_SECRET_ON.get(resource.type)
    if passed_on is None and not resource.type.startswith("aws:"):
        # A command, a dynamic resource: whatever goes in may come out.
        passed_on = tuple(resource.property_dependencies)
    for property_name in passed_on or ():
        if resource.read(property_name) is UNKNOWN and not resource.made_from(property_name):
            yield False  # what an invoke put there leaves no trace here either
        for before in resource.made_from(property_name):
            yield from _steps(before, resources, seen)
