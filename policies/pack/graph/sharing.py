"""Something that stacks share: where, and how certain that is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.pack.graph.facts import Fact

if TYPE_CHECKING:
    from policies.pack.graph.manifest import StackFacts


@dataclass(frozen=True)
class Place:
    """A resource of one stack, and the property to change."""

    stack: tuple[str, str]
    """Project and stack."""
    urn: str
    property: str


@dataclass(frozen=True)
class Sharing:
    """One thing that stacks share and should not, or may share."""

    name: str
    """What is shared: to compare with what is allowed, and not to be shown."""
    text: str
    """What a person reads."""
    places: tuple[Place, ...]
    """Who has a part in it: the first is whom it stands at."""
    is_certain: bool


def place(stack: "StackFacts", fact: Fact, property_name: str) -> Place:
    """Gives the place of a fact."""
    return Place(stack.key, fact.urn, property_name)
