"""An ExternalSecret fetches a secret that is there, through a store that serves it.

The rule follows each `data` and `dataFrom.extract` of an ExternalSecret or ClusterExternalSecret to its store, and from there to the
secret in Secrets Manager, or to the mount in Vault (whose secrets are written out of band, so the mount is what has to be there). It
does not hold when the reference names no store, a store of another namespace or kind, or one whose conditions leave the namespace
out; when a name differs by one slip of the keyboard from one that exists; and when it takes a member that the value of a secret of
this kind does not have (the members that Keyturn's rotation functions write).

What this stack does not declare, another one may: the rule cannot decide, unless `others` shows the other stacks. With `others`, what
none of them declares is not there. `externalAllow` and `externalStores` name what no stack declares.

A key that is not known before the first deployment is told by the secrets that `spec` is made from. Refer to a secret by its name,
which is known in a preview, and not by its ARN.

What it does not see: searches (`dataFrom.find`), ParameterStore and other backends than Secrets Manager and Vault, whether a secret
has a value yet, and members of secrets that a person sets.
"""

from collections.abc import Iterator
from functools import cached_property

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.declared_names import DeclaredNames
from policies.pack.graph.external_secrets import ExternalSecrets
from policies.pack.graph.kubernetes import text_of
from policies.pack.graph.manifest import StackFacts
from policies.pack.graph.members import has_member, members_of
from policies.pack.graph.patterns import Match, match
from policies.pack.graph.place import server_of
from policies.pack.graph.secret_store import AWS, VAULT, Store
from policies.pack.graph.spelling import Spelling
from policies.pack.graph.synced_secret import RemoteReference, SyncedSecret
from policies.pack.graph.vault_paths import VaultPaths, trimmed, without_data
from policies.pack.resource import Resource
from policies.pack.rule import Group, Level, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Unknown, Value, at, elements

_OTHERS = (
    "Judge the stacks together or give the manifests of the others (knob `others`), or name what no stack declares in `externalAllow`."
)
_BY_NAME = "Refer to the secret by its name, e.g. secret.name: it is known in a preview, and its ARN is not."


class Existing(Settings):
    """What is there though this stack does not declare it."""

    external_allow: tuple[str, ...] = ()
    """Names of secrets, or paths in Vault, that no stack declares; `*` is any text. Default none."""
    external_stores: tuple[str, ...] = ()
    """Names of stores that another program makes; `*` is any text. Default none."""
    others: tuple[StackFacts, ...] = ()
    """Manifests of the other stacks, as the gate writes them. Default none: what they declare is not known."""

    @cached_property
    def elsewhere(self) -> Spelling:
        """Gives the secrets that the other stacks declare."""
        return Spelling(secret.name for other in self.others for secret in other.secrets if secret.name is not None)


def _subjects(stack: Stack) -> list[SyncedSecret | Resource]:
    graph = stack.part(ExternalSecrets)
    return [*graph.synced, *graph.unreadable]


@rule(
    id="synced-secret-exists",
    title="An ExternalSecret fetches a secret that exists, through a store that serves it",
    severity=Severity.MEDIUM,
    group=Group.EXTERNAL_SECRETS,
    level=Level.MANDATORY,
    undecided="advisory",
    settings=Existing,
    mend="Make the reference from the secret, e.g. secret.name, and from the store's metadata, so that neither can be misspelt.",
    references=["NIST 800-53 CM-6", "NIST 800-53 AC-3", "SOC 2 CC8.1"],
    of=_subjects,
)
def policy(subject: SyncedSecret | Resource, stack: Stack, settings: Existing) -> Iterator[Finding]:
    """Looks at each reference: at its store, at its key, at the member that it takes."""
    if isinstance(subject, Resource):
        yield cannot_decide(subject.urn, f"what {subject.label} is is not known yet; it may be an ExternalSecret", property="kind")
        return
    graph = stack.part(ExternalSecrets)
    told: set[tuple[str, str]] = set()
    for reference in subject.references:
        stores = graph.stores_of(reference)
        which = (str(reference.store_name), str(reference.store_kind))
        if which not in told:  # many references share one store, and one sentence about it
            told.add(which)
            yield from _store(reference, stores, graph, settings)
        if reference.how != "find":
            yield from _key(reference, [store for store, _ in stores], stack, settings)


def _store(reference: RemoteReference, stores: list[tuple[Store, Match]], graph: ExternalSecrets, settings: Existing) -> Iterator[Finding]:
    synced, name = reference.synced, reference.store_name
    label, where = synced.resource.label, synced.at("secretStoreRef")
    if name is None:
        yield violated(synced.urn, f"{label} names no store", property=where)
    elif isinstance(name, Unknown) or isinstance(reference.store_kind, Unknown):
        if not any(certainty is Match.ALWAYS for _, certainty in stores):
            yield cannot_decide(synced.urn, f"which store {label} uses is not known yet", property=where)
    elif not stores and not _is_allowed(name, settings.external_stores):
        yield from _missing_store(reference, name, graph)
    elif len(stores) == 1 and stores[0][1] is Match.ALWAYS:
        yield from _conditions(reference, stores[0][0])
    elif stores and not any(certainty is Match.ALWAYS for _, certainty in stores) and not synced.is_of_cluster:
        yield cannot_decide(synced.urn, f"whether {label} and its store are in one namespace is not known yet", property=where)


def _missing_store(reference: RemoteReference, name: str, graph: ExternalSecrets) -> Iterator[Finding]:
    synced = reference.synced
    label, where = synced.resource.label, synced.at("secretStoreRef")
    here = [store for store in graph.stores if server_of(store.resource) == server_of(synced.resource)]
    namesakes = [store for store in here if isinstance(store.name, str) and store.name == name]
    if any(store.kind != reference.store_kind for store in namesakes):
        yield violated(synced.urn, f"{label} names a store of one kind, and the store of this name is of another", property=f"{where}.kind")
    elif namesakes:
        text = f"{label} names a SecretStore of another namespace, which serves that one only"
        yield violated(synced.urn, text, property=where)
    elif (meant := Spelling(store.name for store in here if isinstance(store.name, str)).meant(name)) is not None:
        shown = "" if synced.resource.hides("spec") or _is_hidden(meant, here) else f': did you mean "{meant}"?'
        yield violated(synced.urn, f"{label} names a store that does not exist{shown}", property=f"{where}.name")
    else:
        text = f"the store of {label} is not part of this stack"
        mend = "Declare the store in this stack, or name it in `externalStores`."
        yield cannot_decide(synced.urn, text, property=f"{where}.name", mend=mend)


def _is_hidden(name: str, stores: list[Store]) -> bool:
    return any(store.name == name and store.resource.hides("metadata") for store in stores if isinstance(store.name, str))


def _conditions(reference: RemoteReference, store: Store) -> Iterator[Finding]:
    """A store of the cluster may leave namespaces out; what a selector or a regular expression lets in, only the cluster knows."""
    conditions = store.resource.read("spec", "conditions") if store.is_of_cluster else None
    synced = reference.synced
    if not elements(conditions) or synced.namespace is None:
        return
    let_in: list[Value] = []
    for condition in elements(conditions):
        others = (at(condition, "namespaceSelector"), at(condition, "namespaceRegexes"))
        if any(other is not None and other is not UNKNOWN for other in others):
            return
        let_in += [UNKNOWN] if condition is UNKNOWN else elements(at(condition, "namespaces"))
    text = f"the conditions of {store.resource.label} do not let the namespace of {synced.resource.label} use it"
    if any(name is UNKNOWN for name in (synced.namespace, *let_in)):
        yield cannot_decide(synced.urn, f"{text}, or do: they are not known yet", property=synced.at("secretStoreRef"))
    elif synced.namespace not in let_in:
        yield violated(synced.urn, text, property=synced.at("secretStoreRef"))


def _key(reference: RemoteReference, stores: list[Store], stack: Stack, settings: Existing) -> Iterator[Finding]:
    resource, key = reference.synced.resource, text_of(reference.key)
    backends = [store.backend for store in stores]
    if key is None:
        yield violated(resource.urn, f"{resource.label} names no secret to fetch", property=reference.at("key"))
    elif any(backend is UNKNOWN for backend in backends):
        yield cannot_decide(resource.urn, f"where the store of {resource.label} reads is not known yet", property=reference.at())
    elif not stores or AWS in backends:
        yield from _in_aws(reference, key, stores, stack, settings)
    elif isinstance(key, Unknown):
        yield cannot_decide(resource.urn, f"what {resource.label} fetches is not known yet", property=reference.at("key"), mend=_BY_NAME)
    elif any(backend in VAULT for backend in backends):
        yield from _in_vault(reference, key, stores, stack, settings)


def _in_aws(reference: RemoteReference, key: str | Unknown, stores: list[Store], stack: Stack, settings: Existing) -> Iterator[Finding]:
    resource, graph, where = reference.synced.resource, stack.part(ExternalSecrets), reference.at("key")
    services = [store.read("service") for store in stores]
    if services and not any(service is UNKNOWN or service == "SecretsManager" for service in services):
        return
    found = [match for _, match in graph.secrets_of(reference)]
    if isinstance(key, Unknown):
        if graph.is_open(reference) or not found:
            yield cannot_decide(resource.urn, f"which secret {resource.label} fetches is not known yet", property=where, mend=_BY_NAME)
    elif not stores:
        found = [match for _, match in stack.secret_index.named(key)]
    yield from _member(reference, stack)
    if isinstance(key, Unknown) or Match.ALWAYS in found:
        return
    if found or any(one is UNKNOWN for one in (*services, *(store.prefix for store in stores))):
        yield cannot_decide(resource.urn, f"whether the secret that {resource.label} fetches exists is not known yet", property=where)
    else:
        prefix = next((store.prefix for store in stores if isinstance(store.prefix, str)), "")
        yield from _undeclared(reference, _name_in(prefix + key), [stack.part(DeclaredNames).secrets, settings.elsewhere], stack, settings)


def _in_vault(reference: RemoteReference, key: str, stores: list[Store], stack: Stack, settings: Existing) -> Iterator[Finding]:
    """A path in a mount of the stack is there: what lies in it is written out of band."""
    resource, paths = reference.synced.resource, stack.part(VaultPaths)
    mounted = trimmed(next((value for store in stores if isinstance(value := store.read("path"), (str, Unknown))), ""))
    if isinstance(mounted, Unknown) or mounted is None:
        yield cannot_decide(resource.urn, f"which mount the store of {resource.label} reads is not known yet", property=reference.at())
        return
    path = key.strip("/") if not mounted or key.startswith(f"{mounted}/") else f"{mounted}/{key.strip('/')}"
    mount = paths.mount_of(path)
    if mount is not None and isinstance(mount.path, str):
        name, written = without_data(path, mount.path), stack.part(DeclaredNames).in_mounts
        meant = None if name in written.names else written.meant(name)
        if meant is not None:
            yield violated(resource.urn, _slip(reference, meant, stack), property=reference.at("key"))
        elif name not in written.names and paths.has_open_secrets:
            yield cannot_decide(resource.urn, f"where secrets of {mount.resource.label} lie is not known yet", property=reference.at("key"))
    elif paths.has_open_mounts:
        yield cannot_decide(resource.urn, f"whether the mount of {resource.label} exists is not known yet", property=reference.at("key"))
    else:
        yield from _undeclared(reference, mounted or path, [stack.part(DeclaredNames).mounts], stack, settings)


def _undeclared(reference: RemoteReference, name: str, declared: list[Spelling], stack: Stack, settings: Existing) -> Iterator[Finding]:
    resource, where = reference.synced.resource, reference.at("key")
    if _is_allowed(name, settings.external_allow) or any(name in one.names for one in declared):
        return
    meant = next((meant for one in declared if (meant := one.meant(name)) is not None), None)
    if meant is not None:
        yield violated(resource.urn, _slip(reference, meant, stack), property=where)
    elif settings.others:
        yield violated(resource.urn, f"{resource.label} fetches what no stack declares", property=where, mend=_OTHERS)
    else:
        text = f"{resource.label} fetches what this stack does not declare; whether another one does is not known"
        yield cannot_decide(resource.urn, text, property=where, mend=_OTHERS)


def _slip(reference: RemoteReference, meant: str, stack: Stack) -> str:
    resource = reference.synced.resource
    is_hidden = resource.hides("spec") or stack.part(DeclaredNames).is_hidden(meant)
    return f"{resource.label} fetches a secret that does not exist" + ("" if is_hidden else f': did you mean "{meant}"?')


def _member(reference: RemoteReference, stack: Stack) -> Iterator[Finding]:
    resource, part, where = reference.synced.resource, reference.part, reference.at("property")
    if part is None or (isinstance(part, str) and not part) or reference.how == "find":
        return
    for secret, certainty in stack.part(ExternalSecrets).secrets_of(reference):
        members = members_of(secret, stack.resources)
        if isinstance(members, Unknown) or (members is not None and isinstance(part, Unknown)):
            text = f"whether {secret.resource.label} has the member that {resource.label} takes is not known yet"
            yield cannot_decide(resource.urn, text, property=where)
        elif members is not None and isinstance(part, str) and not has_member(members, part):
            text = f"{resource.label} takes a member that the value of {secret.resource.label} does not have"
            if certainty is Match.ALWAYS:
                yield violated(resource.urn, text, property=where, mend=f"It has {', '.join(sorted(members))}.")
            else:
                yield cannot_decide(resource.urn, f"{text}, if it is that secret", property=where)


def _name_in(key: str) -> str:
    """Gives the name in an ARN, or the name."""
    return key.split(":", 6)[6].rpartition("-")[0] if key.startswith("arn:") and key.count(":") >= 6 else key


def _is_allowed(name: str, patterns: tuple[str, ...]) -> bool:
    return any(match(pattern, name) is Match.ALWAYS for pattern in patterns)
