"""Who may change which secrets. Most documents of an estate only read: they are looked at once, and not again for each action."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policies.pack.graph.actions import WRITING
from policies.pack.graph.documents import MalformedDocumentError, statements
from policies.pack.graph.identity import Identity
from policies.pack.graph.patterns import Match
from policies.pack.graph.readers import Grants
from policies.pack.graph.secret import Secret
from policies.pack.graph.secret_policies import SecretPolicies
from policies.pack.graph.tokens import SECRET_POLICY
from policies.pack.values import Value

if TYPE_CHECKING:
    from policies.pack.stack import Stack


@dataclass(frozen=True)
class Writer:
    """An identity, and what it may do to one secret."""

    identity: Identity
    actions: dict[str, Match] = field(default_factory=dict[str, Match])
    """By action: whether it may."""
    through: set[str] = field(default_factory=set[str])
    """The resources that let it."""


class Writers:
    """The identities that may change secrets of the stack."""

    def __init__(self, stack: "Stack") -> None:
        self._by_secret: defaultdict[str, dict[str, Writer]] = defaultdict(dict)
        secrets = list(stack.secrets)
        by_urn = {secret.urn: secret for secret in secrets}
        held = [(holding, _writes([holding.document])) for holding in stack.holdings]
        policies = [secret.resource.read("policy") for secret in secrets]
        policies += [resource.read("policy") for resource in stack.resources.of_type(SECRET_POLICY)]
        by_policies = _writes(policies)
        writing = {holding.identity for holding, actions in held if actions}
        for action in WRITING:
            if action not in by_policies and not any(action in actions for _, actions in held):
                continue
            asked = action.lower()
            # All documents of whoever writes somewhere: denials are among them.
            grants = Grants(
                stack.resources, [holding for holding, _ in held if holding.identity in writing], secrets, stack.secret_index, asked
            )
            said = SecretPolicies(stack.resources, stack.identities, by_urn, stack.secret_index, asked)
            for secret in secrets:
                self._add(secret, action, grants, said)

    def of(self, secret: Secret) -> dict[str, Writer]:
        """Gives who may change a secret, by the key of the identity; rotators included."""
        return self._by_secret.get(secret.urn, {})

    def _add(self, secret: Secret, action: str, grants: Grants[Secret], said: SecretPolicies) -> None:
        for reader in (*grants.readers.get(secret.urn, ()), *said.readers_of(secret)):
            denied = max(grants.denies(reader.identity, secret), said.denies(secret, reader.identity))
            certainty = min(reader.certainty, denied.opposite)
            if certainty:
                writer = self._by_secret[secret.urn].setdefault(reader.identity.key, Writer(reader.identity))
                writer.actions[action] = max(certainty, writer.actions.get(action, Match.NEVER))
                writer.through.add(reader.through)


def _writes(documents: Iterable[Value]) -> frozenset[str]:
    """Gives the actions that documents allow, or may allow. What is not known yet may allow any; one action tells as much as all."""
    found: set[str] = set()
    for document in documents:
        try:
            said = statements(document)
        except MalformedDocumentError:
            continue
        if not isinstance(said, list):
            found.add(WRITING[0])
            continue
        for statement in said:
            if statement.allows is not False:
                found.update(action for action in WRITING if statement.does(action.lower()))
    return frozenset(found)
