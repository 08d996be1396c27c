"""Where a program stores the values of secrets: Secrets Manager, Parameter Store, Vault's KV, Secrets of Kubernetes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.pack.graph.kubernetes_tokens import SECRETS as KUBERNETES_SECRETS
from policies.pack.graph.leaves import Leaf, asked, leaves
from policies.pack.graph.patterns import Match
from policies.pack.graph.secret_values import GIVEN, decoded, is_readable, is_secure
from policies.pack.graph.targets import targets
from policies.pack.graph.tokens import PARAMETER, SECRET_VERSION
from policies.pack.graph.vault_tokens import GENERIC_SECRET, KV_SECRET, KV_SECRET_V1
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN

if TYPE_CHECKING:
    from policies.pack.stack import Stack

_STORES = (SECRET_VERSION, PARAMETER, KV_SECRET, KV_SECRET_V1, GENERIC_SECRET, *KUBERNETES_SECRETS)


@dataclass(frozen=True, eq=False)
class Stored:
    """A property that holds the value of a secret."""

    resource: Resource
    property_name: str
    thing: str
    """What tells the secret from others: two versions are of one secret."""
    name: str | None
    """Physical name of the secret; None when it is not known yet."""
    leaves: tuple[Leaf, ...]
    is_secret: Match
    """Whether it is a secret that it stores."""

    @property
    def urn(self) -> str:
        """URN of the resource: findings stand there."""
        return self.resource.urn

    @property
    def text(self) -> str:
        """Everything in it that is known. Judge, never quote."""
        is_base64 = self.resource.type in KUBERNETES_SECRETS and self.property_name == "data"
        return "\n".join(decoded(leaf.text) if is_base64 else leaf.text for leaf in self.leaves)

    @property
    def has_unknown(self) -> bool:
        """Whether a part of it is not known yet."""
        return any(leaf.value is UNKNOWN for leaf in self.leaves)

    @property
    def is_readable(self) -> bool:
        """Whether it is what the program has, and not what stands for it where nobody may decrypt it."""
        return all(is_readable(leaf.text) for leaf in self.leaves)

    @property
    def is_seed(self) -> bool:
        """Whether somebody else sets the value later, and the engine leaves it."""
        return any(ignored == self.property_name for ignored in self.resource.ignore_changes)


class StoredValues:
    """Every such property of a stack."""

    def __init__(self, stack: "Stack") -> None:
        self._stack = stack
        self._secrets = {secret.urn: secret for secret in stack.secrets}
        self.all: tuple[Stored, ...] = tuple(self._stored())

    def _stored(self) -> Iterator[Stored]:
        for resource in self._stack.resources.of_type(*_STORES):
            if resource.type == PARAMETER and not is_secure(resource):
                continue
            for property_name in GIVEN[resource.type]:
                value = asked(resource, property_name)
                if value is not None:
                    is_secret = Match.MAYBE if resource.type == PARAMETER and resource.read("type") is UNKNOWN else Match.ALWAYS
                    yield Stored(resource, property_name, *self._thing(resource), tuple(leaves(value, property_name)), is_secret)

    def _thing(self, resource: Resource) -> tuple[str, str | None]:
        """Gives what tells the secret from others, and its name."""
        if resource.type != SECRET_VERSION:
            return resource.urn, resource.text("name") or resource.text("metadata", "name") or resource.text("path")
        meant = list(targets(resource, "secretId", self._stack.resources, self._secrets, self._stack.secret_index))
        if len(meant) == 1 and meant[0][1] is Match.ALWAYS:
            return meant[0][0].urn, meant[0][0].name
        text = resource.text("secretId")
        return text or resource.urn, text
