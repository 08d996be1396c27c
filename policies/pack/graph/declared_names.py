"""The names of secrets and mounts that a stack declares: to be held against what something refers to."""

from functools import cached_property
from typing import TYPE_CHECKING

from policies.pack.graph.spelling import Spelling
from policies.pack.graph.vault_paths import VaultPaths, trimmed
from policies.pack.graph.vault_tokens import KV_SECRET, MOUNT

if TYPE_CHECKING:
    from policies.pack.stack import Stack


class DeclaredNames:
    """Names in Secrets Manager and in Vault."""

    def __init__(self, stack: "Stack") -> None:
        self._stack = stack

    @cached_property
    def secrets(self) -> Spelling:
        """Gives the physical names of secrets in Secrets Manager."""
        return Spelling(secret.name for secret in self._stack.secrets if secret.name is not None)

    @cached_property
    def mounts(self) -> Spelling:
        """Gives the paths of Vault's mounts."""
        return Spelling(mount.path for mount in self._stack.part(VaultPaths).mounts if isinstance(mount.path, str))

    @cached_property
    def in_mounts(self) -> Spelling:
        """Gives the paths of secrets in Vault's mounts."""
        return Spelling(self._stack.part(VaultPaths).secrets)

    def is_hidden(self, name: str) -> bool:
        """Tells whether a name comes from a property that is marked secret, so that no message may show it."""
        return name in self._hidden

    @cached_property
    def _hidden(self) -> frozenset[str]:
        secrets = (secret.name for secret in self._stack.secrets if secret.name is not None and secret.resource.hides("name"))
        mounts = (one.read("path") for one in self._stack.resources.of_type(MOUNT) if one.hides("path"))
        written = (one for one in self._stack.resources.of_type(KV_SECRET) if one.hides("mount") or one.hides("name"))
        places = (f"{trimmed(one.text('mount'))}/{trimmed(one.text('name'))}" for one in written)
        return frozenset((*secrets, *(path.strip("/") for path in mounts if isinstance(path, str)), *places))
