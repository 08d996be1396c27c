"""The roles that have to do with secrets: by their documents, or by a secret's own policy."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.pack.graph.actions import WRITING
from policies.pack.graph.documents import READ, MalformedDocumentError, Statement, statements
from policies.pack.graph.edges import origin
from policies.pack.graph.holdings import Holding
from policies.pack.graph.patterns import Match
from policies.pack.graph.reach import SECRETS, reaches
from policies.pack.graph.tokens import ROLE
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, elements

if TYPE_CHECKING:
    from policies.pack.stack import Stack

_ACTIONS = (READ, *(action.lower() for action in WRITING))


@dataclass(frozen=True)
class SecretRole:
    """A role that reads or changes secrets, of this stack or of another, or may."""

    resource: Resource
    certainty: Match

    @property
    def urn(self) -> str:
        """URN of the role: findings stand there."""
        return self.resource.urn


class SecretRoles:
    """The roles of a stack that have to do with secrets."""

    def __init__(self, stack: "Stack") -> None:
        found: dict[str, SecretRole] = {}
        touching = [(holding.identity.resource, _touches(holding, stack)) for holding in stack.holdings]
        touching += [(reader.identity.resource, reader.certainty) for secret in stack.secrets for reader in stack.granted(secret)]
        for resource, certainty in touching:
            if resource is not None and resource.type == ROLE and certainty:
                known = found.get(resource.urn)
                if known is None or known.certainty < certainty:
                    found[resource.urn] = SecretRole(resource, certainty)
        self.all: tuple[SecretRole, ...] = tuple(found.values())


def _touches(holding: Holding, stack: "Stack") -> Match:
    if holding.is_elsewhere:
        return Match.MAYBE
    try:
        said = statements(holding.document)
    except MalformedDocumentError:
        return Match.MAYBE
    if isinstance(said, list):
        return max((_reaches(statement) for statement in said if statement.allows is not False), default=Match.NEVER)
    made_from = origin(holding.origin, holding.property, stack.resources)
    # A document that is made from a secret is about it, whatever it says.
    if any(made.type.startswith("aws:secretsmanager/") for made in made_from.resources):
        return Match.ALWAYS
    return Match.NEVER if made_from.is_complete else Match.MAYBE


def _reaches(statement: Statement) -> Match:
    does = max(statement.done(_ACTIONS).values(), default=Match.NEVER)
    if not does or statement.resources is None:
        return does
    reached = Match.NEVER
    for pattern in elements(statement.resources):
        if pattern is UNKNOWN:
            reached = max(reached, Match.MAYBE)
        elif isinstance(pattern, str) and reaches(pattern, SECRETS):
            reached = Match.ALWAYS
    return min(does, reached)
