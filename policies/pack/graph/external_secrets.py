"""What the External Secrets Operator fetches for the cluster: which secret, through which store, as whom."""

import re
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from policies.pack.graph.edges import Origin, origin
from policies.pack.graph.identity import Identity
from policies.pack.graph.kubernetes import api_version_of, kind_of, name_of, namespace_of
from policies.pack.graph.kubernetes_tokens import (
    CLUSTER_EXTERNAL_SECRET,
    CLUSTER_PUSH_SECRET,
    CLUSTER_SECRET_STORE,
    CUSTOM_RESOURCE,
    EXTERNAL_SECRET,
    PUSH_SECRET,
    SECRET_STORE,
    SERVICE_ACCOUNTS,
    external_secrets_tokens,
)
from policies.pack.graph.patterns import Match
from policies.pack.graph.place import server_of
from policies.pack.graph.secret import Secret
from policies.pack.graph.secret_store import AWS, Store
from policies.pack.graph.synced_secret import RemoteReference, SyncedSecret
from policies.pack.graph.tokens import ROLE, SECRET
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Unknown, Value, at

if TYPE_CHECKING:
    from policies.pack.stack import Stack

_SERVICE = "SecretsManager"
_ROLE_OF_ACCOUNT = "eks.amazonaws.com/role-arn"
# Patterns that cost no time, however long the name: a name has at most 512 characters.
_HARMLESS = re.compile(r"[^(){}*+?\\]*(?:\.[*+])?[^(){}*+?\\]*(?:\.[*+])?\$?")


class ExternalSecrets:
    """The stores, ExternalSecrets and PushSecrets of a stack, whichever way the program writes them."""

    def __init__(self, stack: "Stack") -> None:
        self._stack = stack
        self._resources = stack.resources
        self._found: dict[str, list[tuple[Secret, Match]]] = {}
        self._unnamed_by_urn: dict[str, tuple[list[Secret], bool]] = {}
        self.stores = tuple(Store(*self._named(one, kind)) for kind in (SECRET_STORE, CLUSTER_SECRET_STORE) for one in self._of(kind))
        self.synced = tuple(
            SyncedSecret(*self._named(one, kind)) for kind in (EXTERNAL_SECRET, CLUSTER_EXTERNAL_SECRET) for one in self._of(kind)
        )
        self.pushed = tuple(one for kind in (PUSH_SECRET, CLUSTER_PUSH_SECRET) for one in self._of(kind))
        """What writes secrets of the cluster to a store."""
        self.unreadable = tuple(one for one in self._resources.of_type(CUSTOM_RESOURCE) if not _is_told(one))
        """Objects that may be any of these: what they are is not known yet."""
        self._by_name: defaultdict[tuple[str, str], list[Store]] = defaultdict(list)
        for store in self.stores:
            self._by_name[store.kind, store.name if isinstance(store.name, str) else ""].append(store)

    def stores_of(self, reference: RemoteReference) -> list[tuple[Store, Match]]:
        """Gives the stores of this stack that a reference means, or may mean."""
        name, kind, synced = reference.store_name, reference.store_kind, reference.synced
        if name is None:
            return []
        if isinstance(name, Unknown) or isinstance(kind, Unknown):
            candidates = [store for store in self.stores if isinstance(kind, Unknown) or store.kind == kind]
        else:
            candidates = [*self._by_name[kind, name], *self._by_name[kind, ""]]
        found: list[tuple[Store, Match]] = []
        for store in candidates:
            is_open = any(one is UNKNOWN for one in (name, kind, store.name))
            certainty = min(Match.MAYBE if is_open else Match.ALWAYS, _serves(store, synced))
            if certainty and server_of(store.resource) == server_of(synced.resource):
                found.append((store, certainty))
        return found

    def identity_of(self, store: Store) -> Identity | Unknown | None:
        """Gives the role as which a store reads AWS; None when nothing in the stack says: static keys, or the operator's own role."""
        if store.backend is UNKNOWN:
            return UNKNOWN
        if store.backend != AWS:
            return None
        role = store.read("role")
        if role is not None:
            return self._role(role, store.resource, "spec")
        account = store.read("auth", "jwt", "serviceAccountRef")
        if account is UNKNOWN:
            return UNKNOWN
        name, namespace = at(account, "name"), at(account, "namespace")
        if name is None:
            return None
        return self._role_of_account(name, store.namespace if namespace is None else namespace, server_of(store.resource))

    def secrets_of(self, reference: RemoteReference) -> list[tuple[Secret, Match]]:
        """Gives the secrets of this stack that a reference fetches from Secrets Manager, or may fetch."""
        stores = self.stores_of(reference)
        readable = [(store, match) for store, match in stores if _may_be(store.backend, AWS) and _may_be(store.read("service"), _SERVICE)]
        if stores and not readable:
            return []
        # Where the store is another stack's, its prefix is not known, and the name alone has to say it.
        certainty = readable[0][1] if len(stores) == 1 and _is(stores[0][0].read("service"), _SERVICE) else Match.MAYBE
        found: dict[str, tuple[Secret, Match]] = {}
        for prefix in [store.prefix for store, _ in readable] or [""]:
            for secret, match in self._fetched(reference, prefix):
                found[secret.urn] = secret, max(min(match, certainty), found.get(secret.urn, (secret, Match.NEVER))[1])
        return list(found.values())

    def is_open(self, reference: RemoteReference) -> bool:
        """Tells whether a reference may mean any secret: its key is not known yet and is made from none that would say it."""
        return reference.key is UNKNOWN and self._unnamed(reference.synced)[1]

    def _of(self, kind: str) -> list[Resource]:
        untyped = (one for one in self._resources.of_type(CUSTOM_RESOURCE) if _is_told(one) and kind_of(one) == kind)
        return [*self._resources.of_type(*external_secrets_tokens(kind)), *untyped]

    def _named(self, resource: Resource, kind: str) -> tuple[Resource, str, str, str | Unknown, str | Unknown | None]:
        namespace = None if kind.startswith("Cluster") else namespace_of(resource, self._resources)
        return resource, kind, str(api_version_of(resource)), name_of(resource), namespace

    def _role(self, role: Value, resource: Resource, property_name: str) -> Identity | Unknown | None:
        if isinstance(role, str):
            return self._stack.identities.named(role, "role", hidden=resource.hides(property_name))
        made_from = origin(resource, property_name, self._resources)
        roles = made_from.of_type(ROLE)
        return (self._stack.identities.at(roles[0].urn) or UNKNOWN) if len(roles) == 1 and made_from.is_complete else UNKNOWN

    def _role_of_account(self, name: Value, namespace: Value, place: str) -> Identity | Unknown | None:
        """Gives the role that a service account of the stack acts as."""
        if not isinstance(name, str) or not isinstance(namespace, str):
            return UNKNOWN
        account = self._accounts.get((place, namespace, name))
        if account is None:
            return UNKNOWN
        role = account.read("metadata", "annotations", _ROLE_OF_ACCOUNT)
        return None if role is None else self._role(role, account, "metadata")

    @cached_property
    def _accounts(self) -> dict[tuple[Value, ...], Resource]:
        named = ((one, name_of(one), namespace_of(one, self._resources)) for one in self._resources.of_type(*SERVICE_ACCOUNTS))
        return {(server_of(one), at, name): one for one, name, at in named if isinstance(name, str) and isinstance(at, str)}

    def _fetched(self, reference: RemoteReference, prefix: str | Unknown) -> list[tuple[Secret, Match]]:
        key = reference.key
        if reference.how == "find":
            search = repr(reference.search)  # many services search in one way
            if search not in self._found:
                found = [(secret, _finds(reference.search, secret.name)) for secret in self._stack.secrets]
                self._found[search] = [(secret, match) for secret, match in found if match]
            return self._found[search]
        if key is UNKNOWN:
            unnamed, is_open = self._unnamed(reference.synced)
            return [(secret, Match.ALWAYS if len(unnamed) == 1 and not is_open else Match.MAYBE) for secret in unnamed]
        if not isinstance(key, str):
            return []
        if isinstance(prefix, Unknown):
            return [(secret, Match.MAYBE) for secret in self._stack.secrets if secret.name is None or secret.name.endswith(key)]
        return list(self._stack.secret_index.named(prefix + key))

    def _unnamed(self, synced: SyncedSecret) -> tuple[list[Secret], bool]:
        """Gives the secrets of which a resource's unknown keys are made, and whether a key may be something else."""
        if synced.urn not in self._unnamed_by_urn:
            made_from = origin(synced.resource, "spec", self._resources)
            references = list(synced.references)
            known = (one for one in references if one.key is not UNKNOWN and one.how != "find")
            named = {secret.urn for one in known for secret, _ in self.secrets_of(one)}
            left = [secret for secret in self._secrets_among(made_from) if secret.urn not in named]
            unknown = [one for one in references if one.key is UNKNOWN]
            is_open = not made_from.is_complete or len(unknown) > len(left) or any(one.is_many for one in unknown)
            self._unnamed_by_urn[synced.urn] = left, is_open
        return self._unnamed_by_urn[synced.urn]

    def _secrets_among(self, made_from: Origin) -> list[Secret]:
        return [self._secrets_by_urn[one.urn] for one in made_from.of_type(SECRET)]

    @cached_property
    def _secrets_by_urn(self) -> dict[str, Secret]:
        return {secret.urn: secret for secret in self._stack.secrets}


def _is_told(resource: Resource) -> bool:
    """Tells whether it is known what an object is."""
    return kind_of(resource) is not UNKNOWN and api_version_of(resource) is not UNKNOWN


def _serves(store: Store, synced: SyncedSecret) -> Match:
    """Tells whether a store is in the namespace of who refers to it."""
    if store.is_of_cluster:
        return Match.ALWAYS
    if store.namespace is UNKNOWN or synced.namespace is UNKNOWN or synced.is_of_cluster:
        return Match.MAYBE
    return Match.ALWAYS if store.namespace == synced.namespace else Match.NEVER


def _is(value: Value, wanted: str) -> bool:
    return isinstance(value, str) and value == wanted


def _may_be(value: Value, wanted: str) -> bool:
    return value is UNKNOWN or value == wanted


def _finds(search: Value, name: str | None) -> Match:
    """Tells whether a search finds a secret: its name begins with `path` and has a place that fits `name.regexp`."""
    path, pattern, tags = at(search, "path"), at(search, "name", "regexp"), at(search, "tags")
    if name is None or search is UNKNOWN:
        return Match.MAYBE
    if isinstance(path, str) and not name.startswith(path):
        return Match.NEVER
    if not isinstance(pattern, str) or not _HARMLESS.fullmatch(pattern):
        return Match.MAYBE
    try:
        fits = re.search(pattern, name) is not None
    except re.error:
        return Match.MAYBE
    if not fits:
        return Match.NEVER if tags is None else Match.MAYBE
    return Match.ALWAYS if path is not UNKNOWN else Match.MAYBE
