"""One store of the External Secrets Operator: which backend it reads, and as whom."""

from dataclasses import dataclass

from policies.pack.graph.kubernetes import KubernetesObject, shown, text_of
from policies.pack.values import UNKNOWN, Unknown, Value

AWS = "aws"
VAULT = ("vault", "openBao")


@dataclass(frozen=True, eq=False)
class Store(KubernetesObject):
    """A SecretStore, or a ClusterSecretStore."""

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
