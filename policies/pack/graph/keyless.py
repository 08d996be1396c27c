"""Roles that read secrets without being able to decrypt them."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policies.pack.graph.documents import MalformedDocumentError, statements
from policies.pack.graph.identity import Identity
from policies.pack.graph.key import Key
from policies.pack.graph.keys import DECRYPT, Keys
from policies.pack.graph.patterns import Match
from policies.pack.graph.readers import Reader
from policies.pack.graph.secret import Secret
from policies.pack.graph.tokens import ROLE
from policies.pack.values import Value

if TYPE_CHECKING:
    from policies.pack.stack import Stack


@dataclass(frozen=True)
class Keyless:
    """A role of the stack that reads secrets and cannot use their key, as far as its documents and the key's policy say."""

    identity: Identity
    urn: str
    """URN of the role: findings stand there."""
    certainty: Match
    secrets: list[Secret] = field(default_factory=list[Secret])


class KeylessReaders:
    """The keyless readers of a stack."""

    def __init__(self, stack: "Stack") -> None:
        self._keys = stack.part(Keys)
        self._unknown = {holding.identity.key for holding in stack.holdings if holding.is_elsewhere or _is_unknown(holding.document)}
        self._decrypting = {holding.identity.key for holding in stack.holdings if _decrypts(holding.document)}
        found: dict[tuple[str, Match], Keyless] = {}
        for secret in stack.secrets:
            own, foreign = self._keys.of(secret), self._keys.foreign(secret)
            for reader in stack.readers_of(secret) if own or foreign else ():
                identity = reader.identity
                if identity.resource is not None and identity.resource.type == ROLE:
                    lacks = self._lacks_foreign(reader) if foreign else self._lacks_own(reader, own)
                    if lacks:
                        keyless = found.setdefault((identity.key, lacks), Keyless(identity, identity.resource.urn, lacks))
                        keyless.secrets.append(secret)
        self.all: tuple[Keyless, ...] = tuple(found.values())

    def _lacks_foreign(self, reader: Reader) -> Match:
        # The policy of a key of another stack may let a role in by itself; IAM's documents are all that is seen here.
        key = reader.identity.key
        return Match.NEVER if key in self._decrypting or key in self._unknown else Match.MAYBE

    def _lacks_own(self, reader: Reader, own: list[tuple[Key, Match]]) -> Match:
        # A replica has a key of its own: who uses one of them reads somewhere.
        if any(self._keys.may(reader.identity, key) for key, _ in own):
            return Match.NEVER
        is_known = reader.certainty is Match.ALWAYS and all(certainty is Match.ALWAYS for _, certainty in own)
        return Match.ALWAYS if is_known and reader.identity.key not in self._unknown else Match.MAYBE


def _is_unknown(document: Value) -> bool:
    try:
        return not isinstance(statements(document), list)
    except MalformedDocumentError:
        return True


def _decrypts(document: Value) -> bool:
    if _is_unknown(document):
        return False
    said = statements(document)
    return isinstance(said, list) and any(statement.allows is not False and statement.does(DECRYPT) for statement in said)
