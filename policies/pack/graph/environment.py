"""Which environment something belongs to, and whether that is known yet."""

from typing import TYPE_CHECKING

from policies.pack.graph.intent import tag
from policies.pack.graph.tokens import OURS
from policies.pack.resource import Resource
from policies.pack.values import Unknown

if TYPE_CHECKING:
    from policies.pack.stack import Stack


def environment_of(resource: Resource, stack: "Stack") -> str | Unknown | None:
    """Gives what the component around a resource says, else its tags, else the stack's configuration. None when nothing says it."""
    for component in (resource, *stack.resources.ancestors(resource)):
        if component.type.startswith(OURS) and (said := component.read("environment")) is not None:
            return said if isinstance(said, str | Unknown) else None
    tagged = tag(resource, "keyturn:environment")
    return tagged if isinstance(tagged, Unknown) or (isinstance(tagged, str) and tagged) else stack.environment
