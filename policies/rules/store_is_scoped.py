"""A store of the External Secrets Operator serves one namespace, as an identity of its own.

A ClusterSecretStore has conditions, and none of them lets in more than it names: no empty selector, no regular expression without `^`
and `$`, not kube-system. It serves one namespace, unless it tells AWS for which namespace it reads (`role` with `sessionTagsPolicy`),
reads as the service account of each namespace (`serviceAccountRef` without a namespace), or `allowCluster` is set. A SecretStore has no
conditions: the operator ignores them. No two namespaces read as one role, of AWS or of Vault.

A store holds no credential that never ends: no access keys (`auth.secretRef`), no Vault token (`tokenSecretRef`). It names whom it
reads as, for the operator's own role reads for every namespace. Vault is asked over https. A search (`dataFrom.find`) has a path, which
ends in `/` and names more than an environment. Versions before `external-secrets.io/v1` are served no more since version 0.17 of the
operator.

What it does not see: what the role may read (grant-names-exact-secrets looks at that), labels of namespaces, and objects inside a Helm
release.
"""

from collections.abc import Iterator

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.environments import Environments
from policies.pack.graph.external_secrets import ExternalSecrets
from policies.pack.graph.kubernetes_tokens import (
    CLUSTER_EXTERNAL_SECRET,
    CLUSTER_SECRET_STORE,
    EXTERNAL_SECRET,
    SECRET_STORE,
    external_secrets_tokens,
)
from policies.pack.graph.patterns import Match
from policies.pack.graph.secret_store import AWS, VAULT, Store
from policies.pack.graph.store_conditions import Conditions
from policies.pack.graph.store_logins import StoreLogins, keeps_apart
from policies.pack.graph.synced_secret import RemoteReference, SyncedSecret
from policies.pack.resource import Resource
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Unknown, Value, at, elements

_SERVED = "external-secrets.io/v1"
_MEND_MANY = (
    "Give each namespace a SecretStore and a role of its own, or set role and sessionTagsPolicy and let the role's policy compare the "
    "tag esoNamespace."
)
_MEND_STATIC = "Let the store log in as the namespace's service account: auth.jwt for AWS, auth.kubernetes for Vault."


class Scope(Settings):
    """Whom a store may serve."""

    namespaces: tuple[str, ...] = ()
    """Namespaces that stores may serve. Default any but kube-system."""
    allow_cluster: bool = False
    """Whether a ClusterSecretStore may serve several namespaces as one identity."""


def _subjects(stack: Stack) -> list[Store | SyncedSecret | Resource]:
    graph = stack.part(ExternalSecrets)
    return [*graph.stores, *graph.synced, *graph.unreadable]


@rule(
    id="store-is-scoped",
    title="A store of the External Secrets Operator serves one namespace as an identity of its own",
    severity=Severity.HIGH,
    group=Group.EXTERNAL_SECRETS,
    undecided="advisory",
    settings=Scope,
    early=tuple(
        token
        for kind in (SECRET_STORE, CLUSTER_SECRET_STORE, EXTERNAL_SECRET, CLUSTER_EXTERNAL_SECRET)
        for token in external_secrets_tokens(kind)
    ),
    mend="Use a SecretStore in the service's namespace, whose service account has a role of its own that reads this service's secrets.",
    references=["NIST 800-53 AC-3", "NIST 800-53 AC-6", "ISO 27001 A.8.3", "SOC 2 CC6.1", "CIS Kubernetes 5.1.2"],
    of=_subjects,
)
def policy(subject: Store | SyncedSecret | Resource, stack: Stack, settings: Scope) -> Iterator[Finding]:
    """Looks at each store, and at each search."""
    if isinstance(subject, Resource):
        yield cannot_decide(subject.urn, f"what {subject.label} is is not known yet; it may be a store", property="kind")
        return
    if subject.api_version != _SERVED:
        text = f"{subject.resource.label} is of a version that the operator serves no more"
        yield violated(subject.urn, text, property="apiVersion", mend=f"Write it as {_SERVED}.")
    if isinstance(subject, SyncedSecret):
        for reference in subject.references:
            if reference.how in ("find", "any"):
                yield from _search(reference, stack)
        return
    yield from _served(subject, settings)
    if isinstance(subject.backend, Unknown):
        yield cannot_decide(subject.urn, f"where {subject.resource.label} reads is not known yet", property="spec.provider")
    elif subject.backend == AWS:
        yield from _aws(subject)
    elif subject.backend in VAULT:
        yield from _vault(subject)
    yield from _shared(subject, stack)


def _served(store: Store, settings: Scope) -> Iterator[Finding]:
    label, given = store.resource.label, store.resource.read("spec", "conditions")
    conditions = Conditions(given)
    if not store.is_of_cluster:
        if given is UNKNOWN:
            yield cannot_decide(store.urn, f"whether {label} has conditions is not known yet", property="spec.conditions")
        elif elements(given):
            yield violated(store.urn, f"{label} has conditions, which the operator ignores at a SecretStore", property="spec.conditions")
        yield from _outside(store, [store.namespace], "metadata.namespace", settings)
        return
    for flaw in conditions.flaws:
        answer = violated if flaw.is_certain else cannot_decide
        yield answer(store.urn, f"{label}: {flaw.text}", property=flaw.property)
    yield from _outside(store, conditions.names, "spec.conditions", settings)
    if conditions.serve_many and not settings.allow_cluster:
        is_apart = keeps_apart(store)
        text = f"{label} serves several namespaces as one identity"
        if isinstance(is_apart, Unknown):
            yield cannot_decide(store.urn, f"{text}, or not: how it logs in is not known yet", property=store.at(), mend=_MEND_MANY)
        elif not is_apart:
            yield violated(store.urn, text, property="spec.conditions", mend=_MEND_MANY)


def _outside(store: Store, names: list[Value], where: str, settings: Scope) -> Iterator[Finding]:
    if not settings.namespaces:
        return
    if any(name is UNKNOWN for name in names):
        yield cannot_decide(store.urn, f"which namespace {store.resource.label} serves is not known yet", property=where)
    elif any(name not in settings.namespaces for name in names):
        yield violated(store.urn, f"{store.resource.label} serves a namespace that `namespaces` does not name", property=where)


def _aws(store: Store) -> Iterator[Finding]:
    label, auth, role = store.resource.label, store.read("auth"), store.read("role")
    if auth is UNKNOWN or at(auth, "secretRef") is UNKNOWN:
        yield cannot_decide(store.urn, f"how {label} logs in is not known yet", property=store.at("auth"))
    elif at(auth, "secretRef") is not None:
        text = f"{label} logs in with access keys that lie in the cluster and never end"
        yield violated(store.urn, text, property=store.at("auth", "secretRef"), mend=_MEND_STATIC)
    elif role is None and at(auth, "jwt") is None:
        yield violated(store.urn, f"{label} reads as the operator itself, as every other store may", property=store.at("auth"))


def _vault(store: Store) -> Iterator[Finding]:
    label, server, auth = store.resource.label, store.read("server"), store.read("auth")
    if server is UNKNOWN:
        yield cannot_decide(store.urn, f"whether {label} asks Vault over https is not known yet", property=store.at("server"))
    elif not isinstance(server, str) or not server.lower().startswith("https://"):
        yield violated(store.urn, f"{label} does not ask Vault over https", property=store.at("server"), mend="Use an https:// address.")
    if auth is UNKNOWN or at(auth, "tokenSecretRef") is UNKNOWN:
        yield cannot_decide(store.urn, f"how {label} logs in is not known yet", property=store.at("auth"))
    elif at(auth, "tokenSecretRef") is not None:
        text = f"{label} logs in with a Vault token that lies in the cluster"
        yield violated(store.urn, text, property=store.at("auth", "tokenSecretRef"), mend=_MEND_STATIC)


def _shared(store: Store, stack: Stack) -> Iterator[Finding]:
    label, logins = store.resource.label, stack.part(StoreLogins)
    beside = logins.beside(store)
    if beside is not None and beside[1] is Match.ALWAYS:
        text = f"{label} and {beside[0].resource.label}, of another namespace, read as one role"
        yield violated(store.urn, text, property="spec.provider", mend=_MEND_MANY)
    elif beside is not None:
        text = f"whether {label} and {beside[0].resource.label}, which read as one role, are of one namespace is not known yet"
        yield cannot_decide(store.urn, text, property="metadata.namespace", mend=_MEND_MANY)
    elif logins.is_open(store):
        text = f"whether another namespace reads as the role of {label} is not known yet"
        yield cannot_decide(store.urn, text, property="spec.provider", mend=_MEND_MANY)


def _search(reference: RemoteReference, stack: Stack) -> Iterator[Finding]:
    synced, path, where = reference.synced, at(reference.search, "path"), reference.at("path")
    label = synced.resource.label
    if reference.how == "any" or reference.search is UNKNOWN or path is UNKNOWN:
        where = where if reference.how == "find" else reference.at()
        yield cannot_decide(synced.urn, f"what {label} searches is not known yet", property=where)
        return
    name = path.strip("/") if isinstance(path, str) else ""
    backends = [store.backend for store, _ in stack.part(ExternalSecrets).stores_of(reference)]
    if not name or stack.part(Environments).is_named(name):
        text = f"{label} searches without a path of one service, and so fetches whatever its role may read"
        yield violated(synced.urn, text, property=where)
    elif isinstance(path, str) and not path.endswith("/"):
        text = f"{label} searches names that begin like its path, of other services too: end it with /"
        if not backends or any(backend is UNKNOWN for backend in backends):
            yield cannot_decide(synced.urn, f"{text}, or searches a folder of Vault: its store is not known yet", property=where)
        elif not any(backend in VAULT for backend in backends):
            yield violated(synced.urn, text, property=where)
