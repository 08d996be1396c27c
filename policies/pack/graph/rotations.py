"""The rotations of a stack: what each of them renews, by which function and as whom."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.pack.graph.edges import origin
from policies.pack.graph.functions import functions_of
from policies.pack.graph.holdings import Holding
from policies.pack.graph.identity import Identity
from policies.pack.graph.patterns import Match
from policies.pack.graph.rotation import applications, rotators
from policies.pack.graph.secret import Secret
from policies.pack.graph.tokens import SECRET_ROTATION
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN

if TYPE_CHECKING:
    from policies.pack.stack import Stack


@dataclass(frozen=True, eq=False)
class Renewal:
    """A SecretRotation with everything that takes part in it."""

    resource: Resource
    secrets: tuple[tuple[Secret, Match], ...]
    """The secrets of the stack that it renews, or may; none when it is for one of another stack."""
    functions: tuple[Resource, ...]
    """The functions of the stack that it names; several only while it is not known which."""
    rotators: tuple[Identity, ...]

    @property
    def urn(self) -> str:
        """URN of the rotation: findings stand there."""
        return self.resource.urn


@dataclass(frozen=True, eq=False)
class Rotator:
    """A role of the stack that rotates."""

    identity: Identity
    resource: Resource
    secrets: Mapping[str, Match]
    """What it rotates, or may, by the secret's URN."""
    holdings: tuple[Holding, ...]
    """Its policy documents."""
    applications: tuple[Resource, ...]
    """What else runs as it and rotates nothing."""

    @property
    def urn(self) -> str:
        """URN of the role: findings stand there."""
        return self.resource.urn


class Rotations:
    """All rotations of a stack."""

    def __init__(self, stack: "Stack") -> None:
        renewed: defaultdict[str, list[tuple[Secret, Match]]] = defaultdict(list)
        for secret in stack.secrets:
            for rotation in stack.rotations_of(secret):
                renewed[rotation.resource.urn].append((secret, rotation.certainty))
        rotations = stack.resources.of_type(SECRET_ROTATION)
        self.all = tuple(
            Renewal(
                resource,
                tuple(renewed.get(resource.urn, ())),
                tuple(functions_of(resource, "rotationLambdaArn", stack.resources)),
                rotators(resource, stack.resources, stack.identities)[0],
            )
            for resource in rotations
        )
        self.functions = tuple(
            {renewal.functions[0].urn: renewal.functions[0] for renewal in self.all if len(renewal.functions) == 1}.values()
        )
        """The functions of the stack that rotate for sure, each once."""
        self.rotators = tuple(self._rotators(stack, rotations))

    def _rotators(self, stack: "Stack", rotations: list[Resource]) -> list[Rotator]:
        secrets: defaultdict[Identity, dict[str, Match]] = defaultdict(dict)
        for renewal in self.all:
            for identity in renewal.rotators:
                known = secrets[identity]
                for secret, certainty in renewal.secrets:
                    known[secret.urn] = max(certainty, known.get(secret.urn, Match.NEVER))
        if not secrets:
            return []
        held: defaultdict[Identity, list[Holding]] = defaultdict(list)
        for holding in stack.holdings:
            if holding.identity in secrets:
                held[holding.identity].append(holding)
        running: defaultdict[Identity, list[Resource]] = defaultdict(list)
        for resource, identity in applications(rotations, stack.resources, stack.identities):
            if identity in secrets:
                running[identity].append(resource)
        return [
            Rotator(identity, identity.resource, renewed, tuple(held[identity]), tuple(running[identity]))
            for identity, renewed in secrets.items()
            if identity.resource is not None
        ]


def is_untold(holding: Holding, stack: "Stack") -> bool:
    """Tells whether a document is not known yet, and does not say either what it is made from."""
    return (
        holding.document is UNKNOWN
        and not holding.is_elsewhere
        and not origin(holding.origin, holding.property, stack.resources).is_complete
    )
