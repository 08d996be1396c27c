"""One ExternalSecret: what it fetches from which store, and the Secret that it writes."""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.pack.graph.kubernetes import KubernetesObject, shown, text_of
from policies.pack.graph.kubernetes_tokens import SECRET_STORE
from policies.pack.values import UNKNOWN, Unknown, Value, at, elements

Path = tuple[str | int, ...]


@dataclass(frozen=True, eq=False)
class RemoteReference:
    """One thing that is fetched: a property of a secret, the whole of one, or what a search finds."""

    synced: "SyncedSecret"
    how: str
    """`data`, `extract` or `find`; `any` while it is not known yet which of the latter."""
    path: Path
    """Where it stands in the resource."""
    key: Value = None
    """Name, ARN or path of the secret, as the program writes it; None for a search."""
    part: Value = None
    """Which member of the secret's value; None for all of it."""
    search: Value = None
    """What a search looks for: `name.regexp`, `path`, `tags`."""
    store: Value = None
    """The store's `name` and `kind`."""
    is_many: bool = False
    """Whether it stands for sources of which even the number is not known yet."""

    @property
    def store_name(self) -> str | Unknown | None:
        """Name of the store; None when the reference names none."""
        return text_of(at(self.store, "name"))

    @property
    def store_kind(self) -> str | Unknown:
        """Kind of the store; SecretStore when nothing is said."""
        kind = text_of(at(self.store, "kind"))
        return SECRET_STORE if kind is None else kind

    def at(self, *path: str | int) -> str:
        """Gives how a message names a property of it."""
        return shown(*self.path, *path)


@dataclass(frozen=True, eq=False)
class SyncedSecret(KubernetesObject):
    """An ExternalSecret, or a ClusterExternalSecret that makes one in each of its namespaces."""

    @property
    def root(self) -> Path:
        """Where its settings stand in the resource."""
        return ("spec", "externalSecretSpec") if self.is_of_cluster else ("spec",)

    def read(self, *path: str | int) -> Value:
        """Gives a setting: None when missing, UNKNOWN when not known yet."""
        return self.resource.read(*self.root, *path)

    def at(self, *path: str | int) -> str:
        """Gives how a message names a setting."""
        return shown(*self.root, *path)

    @property
    def target(self) -> str | Unknown:
        """Name of the Secret that it writes."""
        named = [self.read("target", "name"), *([self.resource.read("spec", "externalSecretName")] if self.is_of_cluster else [])]
        return next((text for text in map(text_of, named) if text is not None), self.name)

    @property
    def references(self) -> Iterator[RemoteReference]:
        """Gives what it fetches. What is not known yet is a reference to a key that is not known yet."""
        store = self.read("secretStoreRef")
        for name in ("data", "dataFrom"):
            listed, path = self.read(name), (*self.root, name)
            if listed is UNKNOWN:
                yield RemoteReference(self, "data" if name == "data" else "any", path, key=UNKNOWN, part=UNKNOWN, store=store, is_many=True)
                continue
            for position, one in enumerate(elements(listed)):
                if name == "data":
                    yield self._datum((*path, position), one, store)
                else:
                    yield from self._source((*path, position), one, store)

    def _datum(self, path: Path, one: Value, store: Value) -> RemoteReference:
        key, part = at(one, "remoteRef", "key"), at(one, "remoteRef", "property")
        return RemoteReference(self, "data", (*path, "remoteRef"), key=key, part=part, store=_store(one, store))

    def _source(self, path: Path, one: Value, store: Value) -> Iterator[RemoteReference]:
        used = _store(one, store)
        if one is UNKNOWN:
            yield RemoteReference(self, "any", path, key=UNKNOWN, part=UNKNOWN, store=used)
            return
        extract, search = at(one, "extract"), at(one, "find")
        if extract is not None:
            key, part = at(extract, "key"), at(extract, "property")
            yield RemoteReference(self, "extract", (*path, "extract"), key=key, part=part, store=used)
        if search is not None:
            yield RemoteReference(self, "find", (*path, "find"), search=search, store=used)


def _store(one: Value, store: Value) -> Value:
    """Gives the store of one source: its own when it names one."""
    own = at(one, "sourceRef", "storeRef")
    return store if own is None else own
