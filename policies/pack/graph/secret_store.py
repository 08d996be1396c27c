"""One store of the External Secrets Operator: which backend it reads, and as whom."""

from dataclasses import dataclass

from policies.pack.graph.kubernetes import text_of
from policies.pack.graph.kubernetes_tokens import CLUSTER_SECRET_STORE
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Unknown, Value

AWS = "aws"
VAULT = ("vault", "openBao")


@dataclass(frozen=True, eq=False)
class Store:
    """A SecretStore, or a ClusterSecretStore."""

    resource: Resource
    kind: str
    api_version: str
    name: str | Unknown
    namespace: str | Unknown | None
    """Namespace that it serves; None for a store of the whole cluster."""

    @property
    def urn(self) -> str:
        """URN of the store: findings stand there."""
        return self.resource.urn

    @property
    def is_of_cluster(self) -> bool:
        """Whether it may serve more than one namespace."""
        return self.kind == CLUSTER_SECRET_STORE

    @property
    def backend(self) -> str | Unknown | None:
        """Where it reads: `aws`, `vault`, `openBao` or another; None when it says nothing."""
        provider = self.resource.read("spec", "provider")
        if provider is UNKNOWN:
            return UNKNOWN
        return next(iter(provider), None) if isinstance(provider, dict) else None

    def read(self, *path: str | int) -> Value:
        """Gives a setting of its backend: None when missing, UNKNOWN when not known yet."""
        backend = self.backend
        if backend is UNKNOWN:
            return UNKNOWN
        return self.resource.read("spec", "provider", backend, *path) if isinstance(backend, str) else None

    def at(self, *path: str | int) -> str:
        """Gives how a message names a setting of its backend."""
        backend = self.backend
        return shown("spec", "provider", *([backend] if isinstance(backend, str) else []), *path)

    @property
    def prefix(self) -> str | Unknown:
        """What it puts before each key."""
        prefix = text_of(self.read("prefix")) if self.backend is UNKNOWN or self.backend == AWS else None
        return "" if prefix is None else prefix


def shown(*path: str | int) -> str:
    """Gives how a message names a property, e.g. `spec.data[0].remoteRef.key`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
