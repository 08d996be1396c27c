"""Which stores of the External Secrets Operator read as one identity, and for which namespaces."""

from collections import defaultdict
from typing import TYPE_CHECKING

from policies.pack.graph.external_secrets import ExternalSecrets
from policies.pack.graph.patterns import Match
from policies.pack.graph.place import server_of
from policies.pack.graph.secret_store import AWS, VAULT, Store
from policies.pack.graph.store_conditions import Conditions
from policies.pack.values import UNKNOWN, Unknown, at

if TYPE_CHECKING:
    from policies.pack.stack import Stack

Login = tuple[str, ...]
_Place = tuple[str, str | None]


class StoreLogins:
    """As whom each store reads, and who else does."""

    def __init__(self, stack: "Stack") -> None:
        self._graph = stack.part(ExternalSecrets)
        self._by_login: defaultdict[Login, dict[_Place, Store]] = defaultdict(dict)
        self._places: set[_Place] = set()
        for store in self._graph.stores:
            place, login = _place(store), self.of(store)
            self._places.add(place)
            if isinstance(login, tuple):
                self._by_login[login].setdefault(place, store)

    def of(self, store: Store) -> Login | Unknown | None:
        """Gives as whom a store reads: one and the same text for one identity. None when that is nobody in particular."""
        if store.backend is UNKNOWN:
            return UNKNOWN
        if store.backend == AWS:
            if keeps_apart(store) is True:
                return None
            identity = self._graph.identity_of(store)
            return identity if isinstance(identity, Unknown) or identity is None else (AWS, identity.key)
        if store.backend not in VAULT:
            return None
        role = store.read("auth", "kubernetes", "role")
        login = (store.read("server"), store.read("namespace"), store.read("auth", "kubernetes", "mountPath"), role)
        if any(part is UNKNOWN for part in login):
            return UNKNOWN
        return None if role is None else ("vault", *map(str, login))

    def beside(self, store: Store) -> tuple[Store, Match] | None:
        """Gives a store that reads as the same for another namespace, or that may; None when there is none."""
        login, place = self.of(store), _place(store)
        others = {other: one for other, one in self._by_login[login].items() if other != place} if isinstance(login, tuple) else {}
        for other, one in others.items():
            if other[1] is not None and place[1] is not None:
                return one, Match.ALWAYS
        return next(((one, Match.MAYBE) for one in others.values()), None)

    def is_open(self, store: Store) -> bool:
        """Tells whether nobody knows yet as whom a store reads, beside others that might be the same."""
        return self.of(store) is UNKNOWN and len(self._places) > 1


def keeps_apart(store: Store) -> bool | Unknown:
    """Tells whether a store of several namespaces tells AWS for which of them it reads, or reads as the account of each."""
    if store.backend is UNKNOWN:
        return UNKNOWN
    if store.backend != AWS:
        return False
    role, policy, account = store.read("role"), store.read("sessionTagsPolicy"), store.read("auth", "jwt", "serviceAccountRef")
    namespace = at(account, "namespace")
    if any(one is UNKNOWN for one in (role, policy, account, namespace)):
        return UNKNOWN
    is_referent = store.is_of_cluster and account is not None and namespace is None
    return policy in ("Simple", "Custom") if role is not None else is_referent


def _place(store: Store) -> _Place:
    """Gives cluster and namespace that a store is for: `*` for several, None while it is not known yet."""
    if store.is_of_cluster:
        conditions = Conditions(store.resource.read("spec", "conditions"))
        if conditions.serve_many or (conditions.given is not UNKNOWN and not conditions.names):
            return server_of(store.resource), "*"
        names = [name for name in conditions.names if isinstance(name, str)]
        return server_of(store.resource), names[0] if names and len(names) == len(conditions.names) else None
    return server_of(store.resource), store.namespace if isinstance(store.namespace, str) else None
