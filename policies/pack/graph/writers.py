"""Who may change which secrets. Most documents of an estate only read: they are looked at once, and not again for each action."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policies.pack.graph.actions import WRITING
from policies.pack.graph.documents import MalformedDocumentError, Statement, statements
from policies.pack.graph.identity import Identity
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
        writing = {holding.identity for holding in stack.holdings if _writes(holding.document)}
        # All documents of whoever writes somewhere: denials are among them.
        held = [holding for holding in stack.holdings if holding.identity in writing]
        policies = [resource.read("policy") for resource in stack.resources.of_type(SECRET, SECRET_POLICY)]
        for actions in _alike([*(holding.document for holding in held), *policies]):
            asked = actions[0]
            grants = Grants(stack.resources, held, list(stack.secrets), stack.secret_index, asked)
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


def _alike(documents: Iterable[Value]) -> list[tuple[str, ...]]:
    """Gives the actions that documents allow, or may: together those that the same statements name, so that one answers for all."""
    named: dict[str, list[tuple[int, Match]]] = {action: [] for action in WRITING}
    allowed: set[str] = set()
    for position, statement in enumerate(statement for document in documents for statement in _said(document)):
        # What is not known yet may allow any.
        done = dict.fromkeys(WRITING, Match.MAYBE) if statement is None else statement.done(WRITING)
        for action, does in done.items():
            named[action].append((position, does))
        if statement is None or statement.allows is not False:
            allowed.update(done)
    groups: defaultdict[tuple[tuple[int, Match], ...], list[str]] = defaultdict(list)
    for action in WRITING:
        if action in allowed:
            groups[tuple(named[action])].append(action)
    return [tuple(actions) for actions in groups.values()]


def _writes(document: Value) -> bool:
    return any(statement is None or (statement.allows is not False and bool(statement.done(WRITING))) for statement in _said(document))


def _said(document: Value) -> Iterator[Statement | None]:
    """Gives the statements of a document; None for all that one says which is not known yet."""
    try:
        said = statements(document)
    except MalformedDocumentError:
        return
    yield from said if isinstance(said, list) else (None,)
