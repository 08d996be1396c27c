"""Whom the resource policy of a secret lets read, and whom it keeps out."""

from collections import defaultdict
from collections.abc import Mapping

from policies.pack.graph.conditions import holds_for
from policies.pack.graph.documents import MalformedDocumentError, Statement, statements
from policies.pack.graph.edges import origin
from policies.pack.graph.identity import Identities, Identity
from policies.pack.graph.patterns import Match
from policies.pack.graph.principals import names, principals
from policies.pack.graph.readers import MEND_MALFORMED, MEND_UNKNOWN, Reader, Unreadable
from policies.pack.graph.secret import Secret, SecretIndex
from policies.pack.graph.targets import targets
from policies.pack.graph.tokens import ROLE, SECRET_POLICY, USER
from policies.pack.resource import Resource
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN


class SecretPolicies:
    """The resource policies of the stack's secrets, as they concern one action."""

    def __init__(
        self, resources: Resources, identities: Identities, secrets: Mapping[str, Secret], index: SecretIndex, action: str
    ) -> None:
        self._action = action
        self._resources = resources
        self._identities = identities
        self._readers: defaultdict[str, list[Reader]] = defaultdict(list)
        self._denials: defaultdict[str, list[Statement]] = defaultdict(list)
        self._unknown: set[str] = set()
        self.unreadable: list[Unreadable] = []
        for secret in secrets.values():
            if secret.resource.read("policy") is not None:
                self._add(secret, Match.ALWAYS, secret.resource)
        for resource in resources.of_type(SECRET_POLICY):
            for secret, certainty in targets(resource, "secretArn", resources, secrets, index):
                self._add(secret, certainty, resource)

    def readers_of(self, secret: Secret) -> list[Reader]:
        """Gives whom the secret's own policies let in."""
        return self._readers[secret.urn]

    def denies(self, secret: Secret, identity: Identity) -> Match:
        """Tells whether the secret's own policies keep an identity out. One that is not known yet may."""
        said = (
            min(self._does(statement, secret), names(statement, identity), holds_for(statement, identity, secret))
            for statement in self._denials[secret.urn]
        )
        return max(said, default=Match.NEVER) or (Match.MAYBE if secret.urn in self._unknown else Match.NEVER)

    def _add(self, secret: Secret, certainty: Match, resource: Resource) -> None:
        try:
            said = statements(resource.read("policy"))
        except MalformedDocumentError:
            self._add_unreadable(resource, "its text is no policy document", MEND_MALFORMED)
            return
        if isinstance(said, list):
            for statement in said:
                # A policy that may belong to another secret keeps nobody out for certain.
                if statement.allows is not False:
                    self._add_readers(secret, certainty, resource, statement)
                elif certainty is Match.ALWAYS:
                    self._denials[secret.urn].append(statement)
            return
        self._unknown.add(secret.urn)
        made_from = origin(resource, "policy", self._resources)
        named = made_from.of_type(ROLE, USER)
        if not named or not made_from.is_complete:
            self._add_unreadable(resource, "its document is not known yet, nor whom it names", MEND_UNKNOWN)
        for somebody in named:
            identity = self._identities.at(somebody.urn)
            if identity is not None:
                self._readers[secret.urn].append(Reader(identity, Match.MAYBE, resource.label))

    def _add_readers(self, secret: Secret, certainty: Match, resource: Resource, statement: Statement) -> None:
        sure = min(certainty, self._does(statement, secret), Match.MAYBE if statement.allows is UNKNOWN else Match.ALWAYS)
        own, hidden = f"{secret.urn}#policy", resource.hides("policy")
        for identity, named in principals(statement, self._identities, owner=secret.account, policy=own, hidden=hidden):
            if least := min(sure, named, holds_for(statement, identity, secret)):
                self._readers[secret.urn].append(Reader(identity, least, resource.label))

    def _does(self, statement: Statement, secret: Secret) -> Match:
        return min(statement.does(self._action), statement.is_about(secret.covered_by))

    def _add_unreadable(self, resource: Resource, why: str, mend: str) -> None:
        self.unreadable.append(Unreadable(resource, "policy", "its principals", why, mend))
