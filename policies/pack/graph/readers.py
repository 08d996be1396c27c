"""Who may do what to which secret or key, and whose documents cannot be read yet."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from policies.pack.graph.conditions import holds_for
from policies.pack.graph.documents import MalformedDocumentError, Statement, selected, statements
from policies.pack.graph.edges import origin
from policies.pack.graph.holdings import Holding
from policies.pack.graph.identity import Identity
from policies.pack.graph.own_documents import own_document
from policies.pack.graph.patterns import Match
from policies.pack.resource import Resource
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN, elements

MEND_UNKNOWN = (
    "Write the document with pulumi.Output.json_dumps instead of get_policy_document: what it is made from is then known before the first "
    "deployment. Or name the exact ARNs as text."
)
MEND_NOT_YET = (
    "Its ARNs are known after the first deployment, and it is judged then. To have it judged now, write them as text that is known in a "
    "preview: arn:aws:iam::<account>:role/<name>, arn:aws:secretsmanager:<region>:<account>:secret:<name>-??????."
)
MEND_MALFORMED = "Write a policy document: a JSON object with a Statement, each with an Effect of Allow or Deny."
_MEND_ELSEWHERE = "Attach a policy of this stack, or one of AWS: what a policy kept elsewhere grants cannot be read here."


@dataclass(frozen=True)
class Reader:
    """Somebody who reads a secret, or may; or does to it, or to a key, what was asked for."""

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


class Thing(Protocol):
    """What documents grant something on: a secret, a key."""

    @property
    def urn(self) -> str:
        """URN of its resource."""
        ...

    @property
    def resource(self) -> Resource:
        """The resource, whose tags conditions compare."""
        ...

    @property
    def has_tags_beside(self) -> bool:
        """Whether resources of their own may give it more tags than it names."""
        ...

    def covered_by(self, pattern: str) -> Match:
        """Tells whether a pattern of ARNs covers it."""
        ...


T = TypeVar("T", bound=Thing)
T_co = TypeVar("T_co", bound=Thing, covariant=True)


class Index(Protocol[T_co]):
    """Finds what a pattern covers without asking each."""

    def covered_by(self, pattern: str) -> Iterator[tuple[T_co, Match]]:
        """Gives what a pattern of ARNs covers, or may cover."""
        ...


class Grants(Generic[T]):
    """What the documents of identities grant on the things of the stack, for one action.

    `readers` holds who may do it by the thing's URN, `unreadable` the documents that nobody can judge yet.
    """

    def __init__(self, resources: Resources, held: Iterable[Holding], things: list[T], index: Index[T], action: str) -> None:
        self._resources = resources
        self._things = things
        self._by_urn = {thing.urn: thing for thing in things}
        self._index = index
        self._held = held
        self._action = action
        self.unreadable: list[Unreadable] = []
        self._denied: defaultdict[Identity, dict[str, Match]] = defaultdict(dict)
        self.readers = self._readers()

    def denies(self, identity: Identity, thing: T) -> Match:
        """Tells whether the documents of an identity deny it: they do so whoever else allows it."""
        return self._denied[identity].get(thing.urn, Match.NEVER) if identity in self._denied else Match.NEVER

    def _readers(self) -> dict[str, list[Reader]]:
        allowed: defaultdict[Identity, dict[str, Reader]] = defaultdict(dict)
        denied = self._denied
        for holding in self._held:
            for thing, certainty, allows in self._effects(holding):
                if allows:
                    known = allowed[holding.identity].get(thing.urn)
                    if known is None or known.certainty < certainty:
                        allowed[holding.identity][thing.urn] = Reader(holding.identity, certainty, holding.holder.label)
                else:
                    denied[holding.identity][thing.urn] = max(certainty, denied[holding.identity].get(thing.urn, Match.NEVER))
        by_thing: defaultdict[str, list[Reader]] = defaultdict(list)
        for identity, readers in allowed.items():
            for urn, reader in readers.items():
                certainty = min(reader.certainty, denied[identity].get(urn, Match.NEVER).opposite)
                if certainty:
                    by_thing[urn].append(Reader(identity, certainty, reader.through))
        return by_thing

    def _effects(self, holding: Holding) -> Iterator[tuple[T, Match, bool]]:
        """Gives the things on which a document allows, or denies, the action."""
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
        own = own_document(holding.origin, self._resources)
        for resource in made_from.resources:
            if resource.urn in self._by_urn and (own is None or own.grants(self._action, resource)):
                yield self._by_urn[resource.urn], Match.ALWAYS if own else Match.MAYBE, True

    def _effect(self, statement: Statement, identity: Identity) -> Iterator[tuple[T, Match, bool]]:
        does = statement.does(self._action)
        if not does:
            return
        for thing, covered in self._covered(statement):
            certainty = min(does, covered, holds_for(statement, identity, thing))
            if statement.allows is UNKNOWN:
                yield thing, min(certainty, Match.MAYBE), True
            elif certainty:
                yield thing, certainty, bool(statement.allows)

    def _covered(self, statement: Statement) -> Iterator[tuple[T, Match]]:
        if statement.resources is None and statement.not_resources is None:
            yield from ((thing, Match.ALWAYS) for thing in self._things)  # AWS refuses it; doubt closes
        elif statement.resources is None or any(pattern is UNKNOWN for pattern in elements(statement.resources)):
            for thing in self._things:
                yield thing, selected(statement.resources, statement.not_resources, thing.covered_by)
        else:
            widest: dict[str, tuple[T, Match]] = {}
            for pattern in elements(statement.resources):
                if isinstance(pattern, str):
                    for thing, covered in self._index.covered_by(pattern):
                        if covered > widest.get(thing.urn, (thing, Match.NEVER))[1]:
                            widest[thing.urn] = thing, covered
            yield from widest.values()

    def _add_unreadable(self, holding: Holding, why: str, mend: str) -> None:
        self.unreadable.append(Unreadable(holding.holder, holding.property, holding.identity.label, why, mend))
