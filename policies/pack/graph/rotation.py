"""What rotates a secret: a schedule, and the identity that does it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from policies.pack.graph.edges import origin
from policies.pack.graph.functions import functions_of
from policies.pack.graph.identity import Identities, Identity
from policies.pack.graph.patterns import Match
from policies.pack.graph.runners import RUNS_AS
from policies.pack.graph.tokens import ROLE
from policies.pack.resource import Resource
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN


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
