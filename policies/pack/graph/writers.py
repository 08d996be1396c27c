"""Who may change which secrets. Most documents of an estate only read: they are looked at once, and not again for each action."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policies.pack.graph.actions import WRITING
from policies.pack.graph.documents import MalformedDocumentError, statements
from policies.pack.graph.identity import Identity
from policies.pack.graph.own_documents import OwnDocument, own_document
from policies.pack.graph.patterns import Match
from policies.pack.graph.readers import Grants
from policies.pack.graph.secret import Secret
from policies.pack.graph.secret_policies import SecretPolicies
from policies.pack.graph.tokens import SECRET, SECRET_POLICY
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
        by_urn = {secret.urn: secret for secret in stack.secrets}
        done = [(holding, list(_done(holding.document, own_document(holding.origin, stack.resources)))) for holding in stack.holdings]
        # Denials are among them: what they take off may be allowed by another document, or by a secret's policy.
        held = [(holding, parts) for holding, parts in done if any(actions for _, actions in parts)]
        parts = [part for _, parts in held for part in parts]
        for resource in stack.resources.of_type(SECRET, SECRET_POLICY):
            parts.extend(_done(resource.read("policy")))
        for actions in _alike(parts):
            asked = actions[0]
            grants = Grants(stack.resources, [holding for holding, _ in held], list(stack.secrets), stack.secret_index, asked)
            said = SecretPolicies(stack.resources, stack.identities, by_urn, stack.secret_index, asked)
            for secret in stack.secrets:
                self._add(secret, actions, grants, said)

    def of(self, secret: Secret) -> dict[str, Writer]:
        """Gives who may change a secret, by the key of the identity; rotators included."""
        return self._by_secret.get(secret.urn, {})

    def _add(self, secret: Secret, actions: tuple[str, ...], grants: Grants[Secret], said: SecretPolicies) -> None:
        for reader in (*grants.readers.get(secret.urn, ()), *said.readers_of(secret)):
            denied = max(grants.denies(reader.identity, secret), said.denies(secret, reader.identity))
            if certainty := min(reader.certainty, denied.opposite):
                writer = self._by_secret[secret.urn].setdefault(reader.identity.key, Writer(reader.identity))
                writer.actions.update({action: max(certainty, writer.actions.get(action, Match.NEVER)) for action in actions})
                writer.through.add(reader.through)


def _alike(parts: Iterable[tuple[bool, Mapping[str, Match]]]) -> list[tuple[str, ...]]:
    """Gives the actions that somebody allows, or may: together those that the same statements name, so that one answers for all."""
    named: dict[str, list[tuple[int, Match]]] = {action: [] for action in WRITING}
    allowed: set[str] = set()
    for position, (allows, actions) in enumerate(parts):
        for action, does in actions.items():
            named[action].append((position, does))
        if allows:
            allowed.update(actions)
    groups: defaultdict[tuple[tuple[int, Match], ...], list[str]] = defaultdict(list)
    for action in WRITING:
        if action in allowed:
            groups[tuple(named[action])].append(action)
    return [tuple(actions) for actions in groups.values()]


def _done(document: Value, own: OwnDocument | None = None) -> Iterator[tuple[bool, Mapping[str, Match]]]:
    """Gives what each statement of a document does, and whether it allows it. What is not known yet may allow anything."""
    try:
        said = statements(document)
    except MalformedDocumentError:
        return
    if isinstance(said, list):
        yield from ((statement.allows is not False, statement.done(WRITING)) for statement in said)
    else:
        yield True, {action: Match.MAYBE for action in WRITING if own is None or own.grants(action.lower(), own.component)}
