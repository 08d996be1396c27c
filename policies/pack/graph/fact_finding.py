"""Finds in a stack what it can have in common with others."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypedDict

from policies.pack.graph.environments import Environments
from policies.pack.graph.facts import HeldSecret, Read, SecretReader, UsedKey, VaultRole
from policies.pack.graph.intent import Service, components_around
from policies.pack.graph.keys import Keys
from policies.pack.graph.patterns import ANY_CHARACTER, ANY_TEXT, ANY_WORD, Match
from policies.pack.graph.references import Reference, References
from policies.pack.graph.secret import Secret
from policies.pack.graph.vault_tokens import APPROLE_ROLE, AWS_ROLE, JWT_ROLE, KUBERNETES_ROLE, LOGIN_ROLES
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Unknown

if TYPE_CHECKING:
    from policies.pack.stack import Stack

_GAPS = (ANY_CHARACTER, ANY_TEXT, ANY_WORD)
_NAME_IT = ("name", "tags", "tagsAll")
_NAME_IT_IN_OURS = ("environment", "service", "secret")
_IN_VAULT = ("role", "roleName", "backend", "namespace")
_MOUNTS = {APPROLE_ROLE: "approle", AWS_ROLE: "aws", JWT_ROLE: "jwt", KUBERNETES_ROLE: "kubernetes"}
"""Where a role is when it does not say it."""


class _Whose(TypedDict):
    environment: str | None
    service: str | None
    is_known: bool
    is_hidden: bool


class _Server(TypedDict):
    server: str | None
    is_server_quotable: bool


class FactFinding:
    """Finds the facts of one Pulumi stack, of several that may be judged together."""

    def __init__(self, stack: "Stack", project: str, name: str) -> None:
        self._stack = stack
        self._place = (project, name)
        self._environments = Environments(stack)
        self._secrets = [secret for secret in stack.secrets if self._is_here(secret.resource)]
        self._own = {secret.urn for secret in self._secrets}

    def secrets(self) -> Iterator[HeldSecret]:
        """Gives the secrets that it makes, with who of it reads them."""
        for secret in self._secrets:
            parts = secret.arn.split(":", 5)
            yield HeldSecret(
                urn=secret.urn,
                label=secret.resource.label,
                name=secret.name,
                arn=None if any(gap in secret.arn for gap in _GAPS) else secret.arn,
                account=secret.account,
                region=None if parts[3] in ("", *_GAPS) else parts[3],
                readers=tuple(self._readers(secret)),
                **self._whose(secret.resource, secret.owner),
            )

    def reads(self) -> Iterator[Read]:
        """Gives the reads of what it does not make, or may not make."""
        for reference in self._stack.part(References).all:
            if reference.reads and self._is_here(reference.resource) and not self._is_own(reference):
                yield Read(
                    urn=reference.urn,
                    property=reference.property_name,
                    label=reference.by,
                    text=reference.text if isinstance(reference.text, str) else None,
                    is_certain=reference.reads is Match.ALWAYS,
                    is_quotable=not reference.is_hidden,
                    **self._whose(reference.user, reference.service),
                )

    def keys(self) -> Iterator[UsedKey]:
        """Gives the keys that encrypt its secrets, each once for whom it serves."""
        keys = self._stack.part(Keys)
        found: dict[tuple[object, ...], UsedKey] = {}
        for secret in self._secrets:
            whose = self._whose(secret.resource, secret.owner, "kmsKeyId", "replicas")
            own = [key.resource.answer("arn") for key, _ in keys.of(secret)]
            for text in (*(arn for arn in own if arn), *keys.foreign(secret)):
                named = text if isinstance(text, str) else None
                used = UsedKey(urn=secret.urn, label=secret.resource.label, key=named, **whose)
                found.setdefault((named, *whose.values()), used)
        yield from found.values()

    def vault_roles(self) -> Iterator[VaultRole]:
        """Gives the roles that it makes in Vault."""
        for role in self._stack.resources.of_type(*LOGIN_ROLES):
            if self._is_here(role):
                name = role.read("role" if role.type == AWS_ROLE else "roleName")
                mount = role.read("backend")
                mount = _MOUNTS[role.type] if mount is None else mount
                path = f"auth/{mount}/role/{name}" if isinstance(name, str) and isinstance(mount, str) else None
                yield VaultRole(urn=role.urn, label=role.label, name=path, **self._server(role), **self._whose(role, None, *_IN_VAULT))

    def _readers(self, secret: Secret) -> Iterator[SecretReader]:
        for reader in self._stack.readers_of(secret):
            identity = reader.identity
            resource = identity.resource or secret.resource
            if identity.resource is None or self._is_here(identity.resource):
                yield SecretReader(
                    urn=resource.urn,
                    label=identity.label,
                    is_certain=reader.certainty is Match.ALWAYS,
                    **self._whose(resource, identity.service),
                )

    def _is_own(self, reference: Reference) -> bool:
        """Tells whether a reference means nothing but secrets of the stack."""
        if not isinstance(reference.text, str):
            return not reference.is_open and all(secret.urn in self._own for secret in reference.made_from)
        meant = list(self._stack.secret_index.named(reference.text)) if "*" not in reference.text else []
        return any(match is Match.ALWAYS for _, match in meant) and all(secret.urn in self._own for secret, _ in meant)

    def _whose(self, resource: Resource, owner: Service | Unknown | None, *properties: str) -> _Whose:
        environment = owner.environment if isinstance(owner, Service) else UNKNOWN if owner is UNKNOWN else None
        if environment is None:
            environment = self._environments.of(resource)
        service = owner.name if isinstance(owner, Service) else None
        is_known = isinstance(environment, str | None) and owner is not UNKNOWN
        above = components_around(resource, self._stack.resources)
        hidden = any(map(resource.hides, (*_NAME_IT, *properties))) or any(one.hides(name) for one in above for name in _NAME_IT_IN_OURS)
        return _Whose(
            environment=environment if isinstance(environment, str) else None, service=service, is_known=is_known, is_hidden=hidden
        )

    def _server(self, role: Resource) -> _Server:
        provider = self._stack.resources.get(role.provider)
        address, namespace = provider.read("address") if provider else None, role.read("namespace")
        if not isinstance(address, str) or namespace is UNKNOWN:
            return _Server(server=None, is_server_quotable=True)
        server = f"{address} {namespace}" if isinstance(namespace, str) else address
        return _Server(server=server, is_server_quotable=provider is not None and not provider.hides("address"))

    def _is_here(self, resource: Resource) -> bool:
        return (resource.project, resource.stack) == self._place
