"""The stack as rules see it: resources, and the graph of secrets, readers and rotations over them, built once."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import TypeVar, cast

from policies.pack.graph.deliveries import Deliveries
from policies.pack.graph.documents import READ
from policies.pack.graph.holdings import Holding, holdings
from policies.pack.graph.identity import Identities, Identity
from policies.pack.graph.intent import Access, ForeignRead, Permission, Service, accesses, is_own
from policies.pack.graph.patterns import Match
from policies.pack.graph.readers import Grants, Reader, Unreadable
from policies.pack.graph.rotation import Rotation, also_applications, rotators
from policies.pack.graph.secret import Secret, SecretIndex, secrets
from policies.pack.graph.secret_policies import SecretPolicies
from policies.pack.graph.targets import targets
from policies.pack.graph.tokens import SECRET_ROTATION
from policies.pack.resource import Resource
from policies.pack.resources import Resources
from policies.pack.secret_configuration import SecretConfiguration
from policies.pack.values import UNKNOWN, Unknown

P = TypeVar("P")


class Stack:
    """What a rule may ask. Nothing here guesses: what is not certain says so."""

    def __init__(
        self, resources: Iterable[Resource], today: date, environment: str | None = None, secrets: SecretConfiguration | None = None
    ) -> None:
        self.resources = Resources(resources)
        self.today = today
        self.environment = environment
        """What the stack's configuration says; None when it says nothing."""
        self.secret_configuration = secrets
        """The secret values of the stack's configuration; None when nobody knows them."""
        self._parts: dict[object, object] = {}
        self._grants_by_action: dict[str, Grants[Secret]] = {}
        self._policies_by_action: dict[str, SecretPolicies] = {}

    def part(self, build: "Callable[[Stack], P]") -> P:
        """Gives a part of the graph that rules share, e.g. `stack.part(Keys)`: built when it is first asked for, and once."""
        if build not in self._parts:
            self._parts[build] = build(self)
        return cast(P, self._parts[build])

    @cached_property
    def secrets(self) -> tuple[Secret, ...]:
        """Gives the secrets that the stack manages."""
        return tuple(secrets(self.resources))

    @cached_property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """Gives the documents that may let somebody read a secret of the stack, and that nobody can judge yet."""
        return (*self.unreadable_grants, *self.unreadable_intent)

    @cached_property
    def unreadable_grants(self) -> tuple[Unreadable, ...]:
        """Gives the documents of roles, users, groups and secrets that nobody can judge yet, whatever they grant."""
        return (*self._grants(READ).unreadable, *self._secret_policies(READ).unreadable)

    def granted(self, secret: Secret, action: str = READ) -> list[Reader]:
        """Gives who may do something to a secret by the documents of the stack, denials taken off, rotators included.

        Args:
            secret: a secret of the stack.
            action: the action in lower case, e.g. `secretsmanager:putsecretvalue`. Default reading.
        """
        grants, policies = self._grants(action), self._secret_policies(action)
        widest: dict[str, Reader] = {}
        for reader in (*grants.readers.get(secret.urn, ()), *policies.readers_of(secret)):
            denied = max(grants.denies(reader.identity, secret), policies.denies(secret, reader.identity))
            _add(widest, reader, min(reader.certainty, denied.opposite))
        return list(widest.values())

    def readers_of(self, secret: Secret) -> list[Reader]:
        """Gives who reads a secret, or may; the identity of its own rotation, and of nothing else, is no reader."""
        widest = {reader.identity.key: reader for reader in self.granted(secret)}
        for reader in (*self._declared.get(secret.urn, ()), *self.part(Deliveries).readers_of(secret)):
            _add(widest, reader, reader.certainty)
        for rotation in self.rotations_of(secret):
            rotators_only = {rotator.key for rotator in rotation.rotators} - self._also_applications
            for key in rotators_only if rotation.rotators_are_known else list(widest):
                if rotation.certainty is Match.ALWAYS and rotation.rotators_are_known:
                    widest.pop(key, None)
                elif key in widest:
                    widest[key] = replace(widest[key], certainty=Match.MAYBE)
        return list(widest.values())

    def rotations_of(self, secret: Secret) -> list[Rotation]:
        """Gives the rotations of a secret, and those that may be."""
        return self._rotations.get(secret.urn, [])

    def permission(self, identity: Identity, secret: Secret) -> Permission:
        """Gives what the declarations of an identity's service say about reading a foreign secret."""
        return self._permission(identity.service, secret.name)

    @cached_property
    def foreign_reads(self) -> tuple[ForeignRead, ...]:
        """Gives the declared reads of other services' secrets that are not, or may not be, of this stack."""
        found: list[ForeignRead] = []
        for access in self._accesses:
            for name in access.reads:
                if isinstance(name, str) and not is_own(access.service, name):
                    here = max((match for _, match in self.secret_index.named(name)), default=Match.NEVER)
                    is_certain = here is Match.NEVER and isinstance(access.service, Service)
                    if here is not Match.ALWAYS:
                        found.append(ForeignRead(access.component, name, self._permission(access.service, name), is_certain))
        return tuple(found)

    @cached_property
    def unreadable_intent(self) -> tuple[Unreadable, ...]:
        """Gives the declarations that do not say yet what they read."""
        why, mend = (
            "it does not say yet which secrets it reads",
            "Give the physical names of the secrets as text that is known in a preview.",
        )
        return tuple(
            Unreadable(access.component, "reads", access.component.label, why, mend)
            for access in self._accesses
            if any(name is UNKNOWN for name in access.reads)
        )

    def _permission(self, service: Service | Unknown | None, name: str | None) -> Permission:
        if not isinstance(service, Service):
            return Permission.NONE
        said = [access.permission(name, self.today) for access in self._accesses if _is_of(access, service)]
        return next((permission for permission in Permission if permission in said), Permission.NONE)

    @cached_property
    def _by_urn(self) -> dict[str, Secret]:
        return {secret.urn: secret for secret in self.secrets}

    @cached_property
    def secret_index(self) -> SecretIndex:
        """Finds the secrets that a name, an ARN or a pattern means."""
        return SecretIndex(self.secrets)

    @cached_property
    def identities(self) -> Identities:
        """Finds the roles, users and groups that a property names."""
        return Identities(self.resources)

    @cached_property
    def holdings(self) -> tuple[Holding, ...]:
        """Gives every document that an identity of the stack holds: inline, attached, managed."""
        return tuple(holdings(self.resources, self.identities))

    def _grants(self, action: str) -> Grants[Secret]:
        if action not in self._grants_by_action:
            self._grants_by_action[action] = Grants(self.resources, self.holdings, list(self.secrets), self.secret_index, action)
        return self._grants_by_action[action]

    def _secret_policies(self, action: str) -> SecretPolicies:
        if action not in self._policies_by_action:
            self._policies_by_action[action] = SecretPolicies(self.resources, self.identities, self._by_urn, self.secret_index, action)
        return self._policies_by_action[action]

    @cached_property
    def _accesses(self) -> list[Access]:
        return accesses(self.resources)

    @cached_property
    def _declared(self) -> dict[str, list[Reader]]:
        """Gives the readers that declare themselves, by the secret's URN."""
        by_secret: defaultdict[str, list[Reader]] = defaultdict(list)
        for access in self._accesses:
            identity = Identity(f"{access.component.urn}#service", access.component.label, "", access.service)
            for name in access.reads:
                if isinstance(name, str):
                    for secret, certainty in self.secret_index.named(name):
                        by_secret[secret.urn].append(Reader(identity, certainty, "its own declaration"))
        return by_secret

    @cached_property
    def _also_applications(self) -> frozenset[str]:
        return also_applications(self.resources.of_type(SECRET_ROTATION), self.resources, self.identities)

    @cached_property
    def _rotations(self) -> dict[str, list[Rotation]]:
        by_secret: defaultdict[str, list[Rotation]] = defaultdict(list)
        for resource in self.resources.of_type(SECRET_ROTATION):
            found, are_known = rotators(resource, self.resources, self.identities)
            for secret, certainty in targets(resource, "secretId", self.resources, self._by_urn, self.secret_index):
                by_secret[secret.urn].append(Rotation(resource, certainty, found, are_known))
        return by_secret


def _add(widest: dict[str, Reader], reader: Reader, certainty: Match) -> None:
    known = widest.get(reader.identity.key)
    if certainty and (known is None or known.certainty < certainty):
        widest[reader.identity.key] = Reader(reader.identity, certainty, reader.through)


def _is_of(access: Access, service: Service) -> bool:
    return isinstance(access.service, Service) and access.service.is_same_as(service)
