"""The Pulumi stacks that are judged: usually one; several when exported states are judged together."""

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.pack.graph.secret import Secret
from policies.pack.graph.tokens import STACK

if TYPE_CHECKING:
    from policies.pack.stack import Stack


@dataclass(frozen=True)
class OneStack:
    """A Pulumi stack that has secrets, for rules about what stands once beside all of them."""

    project: str
    name: str
    secrets: tuple[Secret, ...]

    @property
    def urn(self) -> str:
        """URN of the stack itself: findings stand there, and stay there when a secret is renamed."""
        return urn_of_stack(self.project, self.name)

    @property
    def label(self) -> str:
        """How a message names it."""
        return f'stack "{self.name}"'


def urn_of_stack(project: str, name: str) -> str:
    """Gives the URN of a Pulumi stack itself."""
    return f"urn:pulumi:{name}::{project}::{STACK}::{project}-{name}"


def stacks_with_secrets(stack: "Stack") -> list[OneStack]:
    """Gives the Pulumi stacks that have secrets."""
    found: defaultdict[tuple[str, str], list[Secret]] = defaultdict(list)
    for secret in stack.secrets:
        found[secret.resource.project, secret.resource.stack].append(secret)
    return [OneStack(project, name, tuple(secrets)) for (project, name), secrets in sorted(found.items())]
