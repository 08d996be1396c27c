"""Who reads which secret, and whose documents cannot be read yet."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from policies.pack.graph.conditions import holds_for
from policies.pack.graph.documents import MalformedDocumentError, Statement, selected, statements
from policies.pack.graph.edges import origin
from policies.pack.graph.holdings import Holding, holdings
from policies.pack.graph.identity import Identities, Identity
from policies.pack.graph.patterns import Match
from policies.pack.graph.secret import Secret, SecretIndex
from policies.pack.graph.tokens import SECRET
from policies.pack.resource import Resource
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN, elements

MEND_UNKNOWN = (
    "Write the document with pulumi.Output.json_dumps instead of get_policy_document: what it is made from is then known before the first "
    "deployment. Or name the exact ARNs as text."
)
MEND_MALFORMED = "Write a policy document: a JSON object with a Statement, each with an Effect of Allow or Deny."
_MEND_ELSEWHERE = "Attach a policy of this stack, or one of AWS: what a policy kept elsewhere grants cannot be read here."


@dataclass(frozen=True)
class Reader:
    """Somebody who reads a secret, or may."""

    identity: Identity
    certainty: Match
    through: str
    """The resource that lets it."""


@dataclass(frozen=True)
class Unreadable:
    """A document that may let somebody read, and that nobody can judge yet."""

    resource: Resource
    property_name: str
    who: str
    why: str
    mend: str

    @property
    def urn(self) -> str:
        """URN of the resource that holds the document: findings stand there."""
        return self.resource.urn


class Grants:
    """What the documents of identities grant on the secrets of the stack: readers by the secret's URN, and what nobody can judge yet."""

    def __init__(self, resources: Resources, identities: Identities, secrets: list[Secret], index: SecretIndex) -> None:
        self._resources = resources
        self._secrets = secrets
        self._by_urn = {secret.urn: secret for secret in secrets}
        self._index = index
        self._identities = identities
        self.unreadable: list[Unreadable] = []
        self.readers = self._readers()

    def _readers(self) -> dict[str, list[Reader]]:
        allowed: defaultdict[Identity, dict[str, Reader]] = defaultdict(dict)
        denied: defaultdict[Identity, dict[str, Match]] = defaultdict(dict)
        for holding in holdings(self._resources, self._identities):
            for secret, certainty, allows in self._effects(holding):
                if allows:
                    known = allowed[holding.identity].get(secret.urn)
                    if known is None or known.certainty < certainty:
                        allowed[holding.identity][secret.urn] = Reader(holding.identity, certainty, holding.holder.label)
                else:
                    denied[holding.identity][secret.urn] = max(certainty, denied[holding.identity].get(secret.urn, Match.NEVER))
        by_secret: defaultdict[str, list[Reader]] = defaultdict(list)
        for identity, readers in allowed.items():
            for urn, reader in readers.items():
                certainty = min(reader.certainty, Match(Match.ALWAYS - denied[identity].get(urn, Match.NEVER)))
                if certainty:
                    by_secret[urn].append(Reader(identity, certainty, reader.through))
        return by_secret

    def _effects(self, holding: Holding) -> Iterator[tuple[Secret, Match, bool]]:
        """Gives the secrets that a document allows, or denies, to read."""
        if holding.is_elsewhere:
            self._add_unreadable(holding, "its document is not part of this stack", _MEND_ELSEWHERE)
            return
        try:
            said = statements(holding.document)
        except MalformedDocumentError:
            self._add_unreadable(holding, "its text is no IAM policy document", MEND_MALFORMED)
            return
        if isinstance(said, list):
            for statement in said:
                yield from self._effect(statement, holding.identity)
            return
        made_from = origin(holding.origin, holding.property, self._resources)
        if not made_from.is_complete:
            why = "its document is not known yet and does not say what it is made from, as with get_policy_document"
            self._add_unreadable(holding, why, MEND_UNKNOWN)
            return
        for resource in made_from.of_type(SECRET):
            if resource.urn in self._by_urn:
                yield self._by_urn[resource.urn], Match.MAYBE, True

    def _effect(self, statement: Statement, identity: Identity) -> Iterator[tuple[Secret, Match, bool]]:
        reads = statement.reads
        if not reads:
            return
        for secret, covered in self._covered(statement):
            certainty = min(reads, covered, holds_for(statement, identity, secret))
            if statement.allows is UNKNOWN:
                yield secret, min(certainty, Match.MAYBE), True
            elif certainty:
                yield secret, certainty, bool(statement.allows)

    def _covered(self, statement: Statement) -> Iterator[tuple[Secret, Match]]:
        if statement.resources is None and statement.not_resources is None:
            yield from ((secret, Match.ALWAYS) for secret in self._secrets)  # AWS refuses it; doubt closes
        elif statement.resources is None or any(pattern is UNKNOWN for pattern in elements(statement.resources)):
            for secret in self._secrets:
                yield secret, selected(statement.resources, statement.not_resources, secret.covered_by)
        else:
            widest: dict[str, tuple[Secret, Match]] = {}
            for pattern in elements(statement.resources):
                if isinstance(pattern, str):
                    for secret, covered in self._index.covered_by(pattern):
                        if covered > widest.get(secret.urn, (secret, Match.NEVER))[1]:
                            widest[secret.urn] = secret, covered
            yield from widest.values()

    def _add_unreadable(self, holding: Holding, why: str, mend: str) -> None:
        self.unreadable.append(Unreadable(holding.holder, holding.property, holding.identity.label, why, mend))
