"""Which environment something belongs to, and whether that is known yet."""

from typing import TYPE_CHECKING

from policies.pack.graph.intent import tag
from policies.pack.graph.tokens import OURS, STACK
from policies.pack.resource import Resource
from policies.pack.values import Unknown, Value

if TYPE_CHECKING:
    from policies.pack.stack import Stack


def environment_of(resource: Resource, stack: "Stack") -> str | Unknown | None:
    """Gives what the component around a resource says, else its tags, else the stack's configuration. None when nothing says it.

    A judged state comes without configuration: the stack itself is then of the one environment that all its secrets are of.
    """
    said = said_of(resource, stack, "environment")
    if isinstance(said, Unknown) or (isinstance(said, str) and said):
        return said
    return stack.environment or (_common(resource, stack) if resource.type == STACK else None)


def said_of(resource: Resource, stack: "Stack", about: str) -> Value:
    """Gives what the component around a resource says about it, e.g. its `sensitivity`, else its tag `keyturn:sensitivity`."""
    for component in (resource, *stack.resources.ancestors(resource)):
        if component.type.startswith(OURS) and (said := component.read(about)) is not None:
            return said
    return tag(resource, f"keyturn:{about}")


def _common(resource: Resource, stack: "Stack") -> str | None:
    own = (
        secret.resource
        for secret in stack.secrets
        if (secret.resource.project, secret.resource.stack) == (resource.project, resource.stack)
    )
    said = [said_of(secret, stack, "environment") for secret in own]
    first = said[0] if said else None
    return first if isinstance(first, str) and all(isinstance(other, str) and other == first for other in said) else None
