"""Which environment something belongs to, and which one a name, an account or a stack speaks of."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from policies.pack.graph.intent import said_of, tag
from policies.pack.graph.patterns import is_exact
from policies.pack.graph.tokens import OURS, STACK
from policies.pack.resource import Resource
from policies.pack.values import Unknown

if TYPE_CHECKING:
    from policies.pack.stack import Stack

_USUAL = frozenset({"dev", "test", "qa", "uat", "staging", "prod", "local"})
"""Names that speak of an environment at the beginning of a secret's name, whether the program has such an environment or not."""


class Belongings(BaseModel):
    """What belongs to an environment."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, alias_generator=to_camel, use_attribute_docstrings=True)

    stacks: tuple[str, ...] = ()
    """Pulumi stacks, as `<project>/<stack>` or `<stack>`."""
    accounts: tuple[str, ...] = ()
    """AWS accounts."""
    prefixes: tuple[str, ...] = ()
    """How the names of its secrets, parameters and Vault paths begin, e.g. `production/` or `prd-`."""


class Environments:
    """What is known about environments: from Keyturn's components, tags and names, and from what a team configures."""

    def __init__(self, stack: "Stack", configured: Mapping[str, Belongings] | None = None) -> None:
        self._stack = stack
        known = configured or {}
        self._by_account = {account: name for name, belongings in known.items() for account in belongings.accounts}
        self._by_stack = {one: name for name, belongings in known.items() for one in belongings.stacks}
        self._by_prefix = sorted(
            ((prefix, name) for name, belongings in known.items() for prefix in belongings.prefixes), key=lambda one: (-len(one[0]), one)
        )
        self._named = _USUAL | stack.part(_named) | known.keys()

    def of(self, resource: Resource) -> str | Unknown | None:
        """Gives the environment of a resource: by the component around it, its tags, its stack. None when nothing says."""
        said = environment_of(resource, self._stack)
        return said if said is not None else self.of_stack(resource.project, resource.stack)

    def of_the_stack(self, resource: Resource) -> str | None:
        """Gives the environment of the Pulumi stack that a resource is in, whatever the resource itself says."""
        return self.of_stack(resource.project, resource.stack) or self._stack.environment

    def of_name(self, name: str) -> str | None:
        """Gives the environment that a name, a path or a pattern of names speaks of: by how it begins."""
        for prefix, environment in self._by_prefix:
            if name.startswith(prefix) or name.removeprefix("/").startswith(prefix):
                return environment
        first, slash, _ = name.removeprefix("/").partition("/")
        return first if slash and is_exact(first) and first in self._named else None

    def of_path(self, path: str) -> str | None:
        """Gives the environment that a path in Vault speaks of: by one of its first parts, since it begins with a mount."""
        parts = path.lstrip("/").split("/")
        return next((found for start in range(min(3, len(parts))) if (found := self.of_name("/".join(parts[start:]))) is not None), None)

    def of_account(self, account: str) -> str | None:
        """Gives the environment that an account belongs to, as configured."""
        return self._by_account.get(account)

    def of_stack(self, project: str, stack: str) -> str | None:
        """Gives the environment that a Pulumi stack belongs to, as configured: its name alone says nothing."""
        return self._by_stack.get(f"{project}/{stack}") or self._by_stack.get(stack)

    def is_named(self, text: str) -> bool:
        """Tells whether a text is the name of an environment."""
        return text in self._named


def environment_of(resource: Resource, stack: "Stack") -> str | Unknown | None:
    """Gives what the component around a resource says, else its tags, else the stack's configuration. None when nothing says it.

    A judged state comes without configuration: the stack itself is then of the one environment that all its secrets are of.
    """
    said = said_of(resource, stack.resources, "environment")
    if isinstance(said, Unknown) or (isinstance(said, str) and said):
        return said
    return stack.environment or (_common(resource, stack) if resource.type == STACK else None)


def _common(resource: Resource, stack: "Stack") -> str | None:
    own = (
        secret.resource
        for secret in stack.secrets
        if (secret.resource.project, secret.resource.stack) == (resource.project, resource.stack)
    )
    said = [said_of(secret, stack.resources, "environment") for secret in own]
    first = said[0] if said else None
    return first if isinstance(first, str) and all(isinstance(other, str) and other == first for other in said) else None


def _named(stack: "Stack") -> frozenset[str]:
    """Gives the environments that the program names."""
    components = (resource for resource in stack.resources if resource.type.startswith(OURS))
    said = [stack.environment, *(component.read("environment") for component in components)]
    said.extend(tag(secret.resource, "keyturn:environment") for secret in stack.secrets)
    return frozenset(name for name in said if isinstance(name, str) and name)
