"""What the policies of keys say: the key's own, one beside it, or AWS's default one; and KMS grants."""

from collections import defaultdict
from collections.abc import Iterator

from policies.pack.graph.conditions import holds_for
from policies.pack.graph.documents import MalformedDocumentError, Statement, statements
from policies.pack.graph.edges import origin
from policies.pack.graph.identity import Identities, Identity
from policies.pack.graph.key import Key
from policies.pack.graph.patterns import ANY_TEXT, Match
from policies.pack.graph.principals import names, principals
from policies.pack.graph.readers import Reader
from policies.pack.graph.tokens import ROLE, USER
from policies.pack.resource import Resource
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN, Unknown, elements


class KeyPolicies:
    """The policies of the stack's keys.

    Args:
        resources: the stack's resources.
        identities: its identities.
        policies: by the key's URN: the KeyPolicy resources that are for it, or may be.
        grants: by the key's URN: the KMS grants that are for it, or may be.
    """

    def __init__(
        self,
        resources: Resources,
        identities: Identities,
        policies: dict[str, list[tuple[Resource, Match]]],
        grants: dict[str, list[tuple[Resource, Match]]],
    ) -> None:
        self._resources = resources
        self._identities = identities
        self._policies = policies
        self._grants = grants
        self._said: dict[str, list[Statement] | Unknown | None] = {}

    def holder(self, key: Key) -> Resource:
        """Gives the resource that carries the policy of a key."""
        beside = self._policies.get(key.urn)
        return beside[0][0] if beside else key.resource

    def statements(self, key: Key) -> list[Statement] | Unknown | None:
        """Gives what the policy of a key says: None for AWS's default one, by which IAM decides alone."""
        if key.urn not in self._said:
            self._said[key.urn] = self._read(key)
        return self._said[key.urn]

    def leaves_to_iam(self, key: Key, identity: Identity, action: str) -> Match:
        """Tells whether the policy of a key lets IAM's documents decide about an identity and an action."""
        said = self.statements(key)
        if said is UNKNOWN:
            return Match.MAYBE
        if not isinstance(said, list):
            return Match.ALWAYS
        return max(
            (
                min(self._certainty(statement, key, action), _delegates_to(statement, identity), holds_for(statement, identity, key))
                for statement in said
                if statement.allows is not False
            ),
            default=Match.NEVER,
        )

    def denies(self, key: Key, identity: Identity, action: str) -> Match:
        """Tells whether the policy of a key keeps an identity out."""
        said = self.statements(key)
        return max(
            (
                min(self._certainty(statement, key, action), names(statement, identity), holds_for(statement, identity, key))
                for statement in (said if isinstance(said, list) else ())
                if statement.allows is False
            ),
            default=Match.NEVER,
        )

    def readers(self, key: Key, action: str) -> Iterator[Reader]:
        """Gives whom the policy and the grants of a key let in without IAM."""
        holder, said = self.holder(key), self.statements(key)
        if said is UNKNOWN:
            made_from = origin(holder, "policy", self._resources)
            if not made_from.is_complete:
                anybody = Identity(f"{key.urn}#policy", "a principal that is not known yet", ANY_TEXT, UNKNOWN)
                yield Reader(anybody, Match.MAYBE, holder.label)
            for somebody in made_from.of_type(ROLE, USER):
                if identity := self._identities.at(somebody.urn):
                    yield Reader(identity, Match.MAYBE, holder.label)
        for statement in said if isinstance(said, list) else ():
            if statement.allows is not False and (sure := self._certainty(statement, key, action)):
                own, hidden = f"{key.urn}#policy", holder.hides("policy")
                for identity, named in principals(statement, self._identities, owner=key.account, policy=own, hidden=hidden):
                    if least := min(sure, named, holds_for(statement, identity, key)):
                        yield Reader(identity, least, holder.label)
        for grant, certainty in self._grants.get(key.urn, ()):
            if does := _lists(grant, action):
                for identity in self._identities.named_by(grant, "granteePrincipal", ROLE):
                    yield Reader(identity, min(does, certainty), grant.label)

    def _certainty(self, statement: Statement, key: Key, action: str) -> Match:
        return min(statement.does(action), statement.is_about(key.covered_by), Match.MAYBE if statement.allows is UNKNOWN else Match.ALWAYS)

    def _read(self, key: Key) -> list[Statement] | Unknown | None:
        beside = self._policies.get(key.urn, [])
        if len(beside) > 1 or any(certainty is not Match.ALWAYS for _, certainty in beside):
            return UNKNOWN
        text = self.holder(key).read("policy")
        if text is None or (isinstance(text, str) and not text):
            return None
        try:
            return statements(text)
        except MalformedDocumentError:
            return UNKNOWN


def _delegates_to(statement: Statement, identity: Identity) -> Match:
    """Tells whether a statement names everybody, or the account that an identity belongs to."""
    return Match.ALWAYS if statement.not_principals is not None else names(statement, identity)


def _lists(grant: Resource, action: str) -> Match:
    """Tells whether a KMS grant has the operation of an action; its operations are spelt like actions, without the service."""
    operations = elements(grant.read("operations"))
    if any(isinstance(operation, str) and f"kms:{operation.lower()}" == action for operation in operations):
        return Match.ALWAYS
    return Match.MAYBE if any(operation is UNKNOWN for operation in operations) else Match.NEVER


def by_key(pairs: Iterator[tuple[Resource, Key, Match]]) -> dict[str, list[tuple[Resource, Match]]]:
    """Gives resources by the URN of the key that they are for, or may be."""
    found: defaultdict[str, list[tuple[Resource, Match]]] = defaultdict(list)
    for resource, key, certainty in pairs:
        found[key.urn].append((resource, certainty))
    return found
