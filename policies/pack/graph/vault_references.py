"""Where a program names places of secrets in Vault: values, policies, and stores of the External Secrets Operator."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policies.pack.graph.edges import origin
from policies.pack.graph.external_secrets import ExternalSecrets
from policies.pack.graph.references import Reference
from policies.pack.graph.vault_policy import MalformedPolicyError, path_rules
from policies.pack.graph.vault_tokens import GENERIC_SECRET, KV_SECRET, KV_SECRET_V1, VAULT_POLICY
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Unknown, Value

if TYPE_CHECKING:
    from policies.pack.stack import Stack


class VaultReferences:
    """Every such path of a stack."""

    def __init__(self, stack: "Stack") -> None:
        self._stack = stack
        self.all: tuple[Reference, ...] = (*self._policies(), *self._values(), *self._stores())

    def _policies(self) -> Iterator[Reference]:
        for policy in self._stack.resources.of_type(VAULT_POLICY):
            for path in _opened(policy.read("policy")):
                yield from self._of(policy, "policy", path)

    def _values(self) -> Iterator[Reference]:
        for secret in self._stack.resources.of_type(KV_SECRET):
            mount, name = secret.read("mount"), secret.read("name")
            if mount is UNKNOWN or name is UNKNOWN:
                yield from self._of(secret, "mount" if mount is UNKNOWN else "name", UNKNOWN)
            elif isinstance(mount, str) and isinstance(name, str):
                yield from self._of(secret, "name", f"{mount.strip('/')}/{name}", hidden=secret.hides("mount"))
        for secret in self._stack.resources.of_type(KV_SECRET_V1, GENERIC_SECRET):
            yield from self._of(secret, "path", secret.read("path"))

    def _stores(self) -> Iterator[Reference]:
        for store in self._stack.part(ExternalSecrets).stores:
            if store.backend is UNKNOWN:
                yield from self._of(store.resource, "spec", UNKNOWN)
            elif store.backend in ("vault", "openBao"):
                path = store.read("path")
                # A mount alone is a path like any other.
                yield from self._of(store.resource, "spec", f"{path}/" if isinstance(path, str) else path)

    def _of(self, resource: Resource, property_name: str, path: Value, *, hidden: bool = False) -> Iterator[Reference]:
        if isinstance(path, str | Unknown):
            is_open = path is UNKNOWN and not origin(resource, property_name, self._stack.resources).is_complete
            if isinstance(path, str) or is_open:
                hides = hidden or resource.hides(property_name)
                by = resource.label
                yield Reference(resource, property_name, path, resource, by, is_hidden=hides, is_open=is_open, is_path=True)


def _opened(policy: Value) -> Iterator[str | Unknown]:
    """Gives the paths that a policy opens, not those that it denies. About a text that is no policy nobody can tell."""
    if isinstance(policy, str):
        try:
            yield from (rule.path for rule in path_rules(policy) if rule.allows)
        except MalformedPolicyError:
            yield UNKNOWN
    elif policy is UNKNOWN:
        yield UNKNOWN
