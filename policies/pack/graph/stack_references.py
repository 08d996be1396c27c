"""What the stack takes over from other Pulumi stacks: each reference with who uses it."""

from typing import TYPE_CHECKING

from policies.pack.graph.tokens import STACK_REFERENCE
from policies.pack.resource import Resource, type_of

if TYPE_CHECKING:
    from policies.pack.stack import Stack


class StackReference:
    """A StackReference, which a preview shows in what is made from it only."""

    def __init__(self, name: str) -> None:
        self.users: list[tuple[Resource, str]] = []
        """Each resource that is made from it, with the property."""
        parts = name.split("/")
        self.stack = parts[-1] if len(parts) > 1 else None
        """Pulumi's name of the other stack; None when its name in the program does not say it."""
        self.project = parts[-2] if len(parts) > 1 else ""

    @property
    def urn(self) -> str:
        """URN of the first user: findings stand there, since the reference itself is not shown."""
        return self.users[0][0].urn


class StackReferences:
    """The references to other stacks, by what is made from them."""

    def __init__(self, stack: "Stack") -> None:
        found: dict[str, StackReference] = {}
        for resource in stack.resources:
            for property_name, urns in resource.property_dependencies.items():
                for urn in urns:
                    if type_of(urn) == STACK_REFERENCE:
                        found.setdefault(urn, StackReference(_name(urn, stack))).users.append((resource, property_name))
        self.all = tuple(found.values())


def _name(urn: str, stack: "Stack") -> str:
    shown = stack.resources.get(urn)
    return (shown.text("name") if shown is not None else None) or urn.rpartition("::")[2]
