"""What rotates a secret: a schedule, and the identity that does it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from policies.pack.graph.edges import origin
from policies.pack.graph.identity import Identities, Identity
from policies.pack.graph.patterns import Match
from policies.pack.graph.tokens import FUNCTION, FUNCTION_ALIAS, INSTANCE_PROFILE, POD_IDENTITY, ROLE, TASK_DEFINITION
from policies.pack.resource import Resource
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN

RUNS_AS = {
    FUNCTION: ("role",),
    TASK_DEFINITION: ("taskRoleArn", "executionRoleArn"),
    INSTANCE_PROFILE: ("role",),
    POD_IDENTITY: ("roleArn",),
}
"""What runs as a role, with the properties that name it."""


@dataclass(frozen=True)
class Rotation:
    """A SecretRotation as it concerns one secret."""

    resource: Resource
    certainty: Match
    """Whether it is this secret that it rotates."""
    rotators: tuple[Identity, ...]
    """Identities that rotate: they read the secret without being its readers."""
    rotators_are_known: bool


def rotators(rotation: Resource, resources: Resources, identities: Identities) -> tuple[tuple[Identity, ...], bool]:
    """Gives the identities that carry a rotation out, and whether these are all."""
    found = list(identities.named_by(rotation, "externalSecretRotationRoleArn", ROLE))
    functions = functions_of(rotation, "rotationLambdaArn", resources)
    for function in functions:
        found.extend(identities.named_by(function, "role", ROLE))
    # A function that is not of this stack, as one made by CloudFormation, runs as a role that is not of this stack.
    is_open = (
        rotation.read("rotationLambdaArn") is UNKNOWN and not functions and not origin(rotation, "rotationLambdaArn", resources).is_complete
    )
    return tuple(found), not is_open and all(identity.service is not UNKNOWN or identity.resource for identity in found)


def also_applications(rotations: Iterable[Resource], resources: Resources, identities: Identities) -> frozenset[str]:
    """Gives the keys of the identities that something else than a rotation runs as: what rotates there may as well read."""
    return frozenset(identity.key for _, identity in applications(rotations, resources, identities))


def applications(rotations: Iterable[Resource], resources: Resources, identities: Identities) -> Iterator[tuple[Resource, Identity]]:
    """Gives what runs as a role and rotates nothing, with that role."""
    rotating = {function.urn for rotation in rotations for function in functions_of(rotation, "rotationLambdaArn", resources)}
    for token, properties in RUNS_AS.items():
        for resource in resources.of_type(token):
            if resource.urn not in rotating:
                for property_name in properties:
                    yield from ((resource, identity) for identity in identities.named_by(resource, property_name, ROLE))


def functions_of(resource: Resource, property_name: str, resources: Resources) -> list[Resource]:
    """Gives the functions of the stack that a property names: by name, by ARN, or by what it was made from."""
    value = resource.read(property_name)
    if isinstance(value, str):
        # `arn:aws:lambda:<region>:<account>:function:<name>[:<alias>]`, or a bare name.
        parts = value.split(":")[:7]
        named = resources.called(":".join(parts), FUNCTION, by=resource) or resources.called(parts[-1], FUNCTION, by=resource)
        # A function of another account may have the same name.
        if named is not None and (len(parts) == 1 or named.answer("arn") in (None, ":".join(parts))):
            return [named]
    made_from = origin(resource, property_name, resources)
    aliases = made_from.of_type(FUNCTION_ALIAS)
    return made_from.of_type(FUNCTION) + [function for alias in aliases for function in functions_of(alias, "functionName", resources)]
