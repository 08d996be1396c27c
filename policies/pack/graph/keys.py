"""Which keys encrypt which secrets, and who may use them."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from policies.pack.graph.documents import Statement
from policies.pack.graph.edges import origin
from policies.pack.graph.identity import Identity
from policies.pack.graph.key import KEY_TYPES, Key, KeyIndex, keys
from policies.pack.graph.key_policies import KeyPolicies, by_key
from policies.pack.graph.patterns import Match
from policies.pack.graph.readers import Grants, Reader
from policies.pack.graph.secret import Secret
from policies.pack.graph.tokens import KEY_ALIAS, KEY_GRANT, KEY_POLICY
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Unknown, elements

if TYPE_CHECKING:
    from policies.pack.stack import Stack

DECRYPT = "kms:decrypt"

_ALIAS = re.compile(r"(?:arn:[^:]+:kms:[^:]*:[^:]*:)?(alias/.+)")
_OF_AWS = re.compile(r"(?:arn:[^:]+:kms:[^:]*:[^:]*:)?(?:alias/)?aws/.*", re.IGNORECASE)


class Keys:
    """The KMS keys of a stack: replicas and keys with imported material included."""

    def __init__(self, stack: "Stack") -> None:
        self._stack = stack
        self.all: tuple[Key, ...] = tuple(keys(stack.resources))
        self.index = KeyIndex(self.all)
        self._by_urn = {key.urn: key for key in self.all}
        self._encrypting: dict[str, tuple[list[tuple[Key, Match]], list[str | Unknown]]] = {}
        self._grants_by_action: dict[str, Grants[Key]] = {}
        self._granted: dict[tuple[str, str], dict[str, Reader]] = {}
        self._anybody: dict[tuple[str, str], Match] = {}
        self._policies = KeyPolicies(
            stack.resources,
            stack.identities,
            by_key(self._targets(KEY_POLICY)),
            by_key(self._targets(KEY_GRANT)),
        )

    def of(self, secret: Secret) -> list[tuple[Key, Match]]:
        """Gives the keys of the stack that encrypt a secret or a replica of it, or may."""
        return self._encryption(secret)[0]

    def foreign(self, secret: Secret) -> list[str | Unknown]:
        """Gives what else encrypts it: ids, ARNs and aliases of keys that are not of this stack, and not AWS's own. Judge, do not quote."""
        return self._encryption(secret)[1]

    def statements(self, key: Key) -> list[Statement] | Unknown | None:
        """Gives what a key's policy says: None for the default of AWS, by which IAM decides alone; UNKNOWN also when it is no policy."""
        return self._policies.statements(key)

    def holder(self, key: Key) -> Resource:
        """Gives the resource that carries the policy of a key, in its property `policy`."""
        return self._policies.holder(key)

    def granted(self, key: Key, action: str = DECRYPT) -> list[Reader]:
        """Gives who may do something with a key: by IAM where the key's policy lets IAM decide, by that policy, by a KMS grant.

        Args:
            key: a key of the stack.
            action: the action in lower case, e.g. `kms:generatedatakey`. Default decrypting.
        """
        return list(self._may(key, action).values())

    def may(self, identity: Identity, key: Key, action: str = DECRYPT) -> Match:
        """Tells whether an identity may do something with a key."""
        own = self._may(key, action).get(identity.key)
        return own.certainty if own else self._anybody[key.urn, action]

    def _may(self, key: Key, action: str) -> dict[str, Reader]:
        if (key.urn, action) not in self._granted:
            widest: dict[str, Reader] = {}
            grants = self._grants(action)
            for reader in self._allowed(key, action):
                denied = max(grants.denies(reader.identity, key), self._policies.denies(key, reader.identity, action))
                certainty = min(reader.certainty, denied.opposite)
                known = widest.get(reader.identity.key)
                if certainty and (known is None or known.certainty < certainty):
                    widest[reader.identity.key] = Reader(reader.identity, certainty, reader.through)
            self._granted[key.urn, action] = widest
            # Everybody, and a principal that is not known yet, may be any.
            is_open = any(reader.identity.is_many or reader.identity.service is UNKNOWN for reader in widest.values())
            self._anybody[key.urn, action] = Match.MAYBE if is_open else Match.NEVER
        return self._granted[key.urn, action]

    def _allowed(self, key: Key, action: str) -> Iterator[Reader]:
        for reader in self._grants(action).readers.get(key.urn, ()):
            left = self._policies.leaves_to_iam(key, reader.identity, action)
            yield Reader(reader.identity, min(reader.certainty, left), reader.through)
        yield from self._policies.readers(key, action)

    def _grants(self, action: str) -> Grants[Key]:
        if action not in self._grants_by_action:
            self._grants_by_action[action] = Grants(self._stack.resources, self._stack.holdings, list(self.all), self.index, action)
        return self._grants_by_action[action]

    def _encryption(self, secret: Secret) -> tuple[list[tuple[Key, Match]], list[str | Unknown]]:
        if secret.urn not in self._encrypting:
            found: dict[str, tuple[Key, Match]] = {}
            foreign: list[str | Unknown] = []
            resource = secret.resource
            named = [("kmsKeyId", resource.read("kmsKeyId"))]
            for position, replica in enumerate(elements(resource.read("replicas"))):
                named.append(("replicas", UNKNOWN if replica is UNKNOWN else resource.read("replicas", position, "kmsKeyId")))
            for property_name, value in named:
                meant = self._meant(resource, property_name, value)
                for key, certainty in meant:
                    if key.urn not in found or found[key.urn][1] < certainty:
                        found[key.urn] = key, certainty
                if value is UNKNOWN and not meant:
                    foreign.append(UNKNOWN)
                elif isinstance(value, str) and value and not meant and not _OF_AWS.fullmatch(value):
                    foreign.append(value)
            self._encrypting[secret.urn] = list(found.values()), foreign
        return self._encrypting[secret.urn]

    def _targets(self, type_token: str) -> Iterator[tuple[Resource, Key, Match]]:
        """Gives the keys that resources of a type are for. One that does not say it yet may be for any."""
        for resource in self._stack.resources.of_type(type_token):
            value = resource.read("keyId")
            meant = self._meant(resource, "keyId", value)
            if value is UNKNOWN and not meant:
                meant = [(key, Match.MAYBE) for key in self.all]
            yield from ((resource, key, certainty) for key, certainty in meant)

    def _meant(self, resource: Resource, property_name: str, value: object) -> list[tuple[Key, Match]]:
        """Gives the keys that a property means: by id, ARN or alias, or by what it was made from."""
        if isinstance(value, str):
            named = self._named(value, resource)
            if named:
                return named
        elif value is not UNKNOWN:
            return []
        made_from = origin(resource, property_name, self._stack.resources)
        found = {made.urn: self._by_urn[made.urn] for made in made_from.of_type(*KEY_TYPES)}
        for alias in made_from.of_type(KEY_ALIAS):
            found.update((key.urn, key) for key, _ in self._behind(alias))
        # Text that names no key of the stack does so only if one was made in the same breath.
        if isinstance(value, str) and len(found) != 1:
            return []
        return [(key, Match.ALWAYS if len(found) == 1 else Match.MAYBE) for key in found.values()]

    def _named(self, text: str, by: Resource) -> list[tuple[Key, Match]]:
        if alias := _ALIAS.fullmatch(text):
            found = self._stack.resources.called(alias[1], KEY_ALIAS, by=by)
            return self._behind(found) if found else []
        named = self.index.named(text)
        return [(key, Match.ALWAYS if len(named) == 1 else Match.MAYBE) for key in named]

    def _behind(self, alias: Resource) -> list[tuple[Key, Match]]:
        target = alias.read("targetKeyId")
        if isinstance(target, str) and not _ALIAS.fullmatch(target) and (named := self.index.named(target)):
            return [(key, Match.ALWAYS if len(named) == 1 else Match.MAYBE) for key in named]
        made_from = [self._by_urn[key.urn] for key in origin(alias, "targetKeyId", self._stack.resources).of_type(*KEY_TYPES)]
        return [(key, Match.ALWAYS if len(made_from) == 1 else Match.MAYBE) for key in made_from]
