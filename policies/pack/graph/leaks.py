"""Which values of a property are secret though the property is not, and how that is known."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.leaves import Leaf, from_json, is_reference, leaves
from policies.pack.graph.secret_values import decoded, is_placeholder
from policies.pack.graph.taint import Flow, Source, Taint
from policies.pack.graph.token_formats import PRECISE, Format, format_of
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN

if TYPE_CHECKING:
    from policies.pack.stack import Stack

_MEND_OPEN = (
    "Hand over a name or an ARN instead of a value. What is made of resources of this stack says so before the first deployment; what an "
    "invoke or another stack brings in does not."
)


@dataclass(frozen=True)
class Place:
    """A property of a resource that people read in clear."""

    resource: Resource
    property: str
    what: str
    """How a message names it, e.g. `the environment of Function "api"`."""
    leaves: tuple[Leaf, ...]
    others_unknown: int = 0
    """How many values beside these, in the same property, are not known yet: an edge does not say which one it belongs to."""
    takes_references: bool = False
    """Whether ARNs and names of other resources are what the property is for, as in a policy."""
    may_be_invoked: bool = False
    """Whether it is usually made by an invoke, as a policy is: nothing of that can be told before the first deployment."""
    is_base64: bool = False


class Leaks:
    """Judges places by marks, by where values come from, by secret values found again, and by formats; never by names or entropy."""

    def __init__(self, stack: "Stack") -> None:
        self._taint = stack.part(Taint)

    def at(self, place: Place, *, formats: tuple[Format, ...] = PRECISE, allowed: tuple[str, ...] = ()) -> Iterator[Finding]:
        """Gives what leaks at a place, one finding for each value, and one for all that are not known yet.

        Args:
            place: where people read in clear.
            formats: formats that are secret wherever they stand.
            allowed: patterns of the names whose values may stand there.
        """
        judged = [leaf for leaf in place.leaves if not any(fnmatchcase(leaf.name, pattern) for pattern in allowed)]
        flow = self._taint.of(place.resource, place.property)
        yield from self._known(judged, place, flow, formats)
        unknown = [leaf for leaf in judged if leaf.value is UNKNOWN and not leaf.is_marked]
        if unknown and (finding := _unknown(unknown, place, flow)):
            yield finding

    def known_at(self, place: Place, *, formats: tuple[Format, ...] = PRECISE) -> Iterator[Finding]:
        """Gives what leaks of the values that are known: for outputs, of which nothing says what they are made from."""
        yield from self._known(place.leaves, place, Flow((), 0, is_open=True), formats)

    def _known(self, judged: Sequence[Leaf], place: Place, flow: Flow, formats: tuple[Format, ...]) -> Iterator[Finding]:
        found = {leaf.path: why for leaf in judged if (why := self._why(leaf, place, flow, formats))}
        for path, why in found.items():
            yield violated(place.resource.urn, f"{place.what} holds a value that {why}", property=path)
        # The two halves of an access key often stand in two variables.
        if not found and "aws-access-key" in formats and (kind := format_of("\n".join(leaf.text for leaf in judged), ("aws-access-key",))):
            yield violated(place.resource.urn, f"{place.what} holds {kind}", property=place.property)

    def _why(self, leaf: Leaf, place: Place, flow: Flow, formats: tuple[Format, ...]) -> str:
        """Gives how it is known that a value is secret; empty when nothing says so."""
        text = decoded(leaf.text) if place.is_base64 else leaf.text
        fields = (field.text for field in leaves(from_json(text), ""))
        if twin := next(filter(None, (self._taint.twin(field, place.resource) for field in fields)), None):
            return f"is the secret value of {twin.label}"
        if leaf.is_marked and not _is_harmless(leaf):
            return "the program marks secret"
        if kind := format_of(text, formats) if text else None:
            return f"has the form of {kind}"
        if text and (source := self._taint.inside(text, flow)):
            return f"contains the secret value of {source.label}"
        return ""


def _is_harmless(leaf: Leaf) -> bool:
    """Tells whether a marked value is nothing to hide all the same: a switch, nothing, or something that only points elsewhere."""
    if leaf.value is UNKNOWN:
        return False
    return not leaf.text or is_reference(leaf.text) or is_placeholder(leaf.text)


def _unknown(unknown: list[Leaf], place: Place, flow: Flow) -> Finding | None:
    """Judges what is not known yet by what the property is made from, which is all that a first preview knows."""
    urn = place.resource.urn
    shown = unknown[0].path if len(unknown) == 1 else place.property
    if flow.certain and not place.others_unknown:
        return violated(urn, f"{place.what} is made from {_named(flow.certain)}", property=shown)
    only_points = all(leaf.points for leaf in unknown)
    if flow.certain or (flow.sources and not only_points and not place.takes_references):
        why = (
            "which may be used elsewhere in the same property"
            if flow.certain
            else "which has answers that are secret and others that are not"
        )
        text = f"{place.what} is not known yet and is made from {_named(flow.sources)}, {why}"
        return cannot_decide(urn, text, property=shown)
    unexplained = len(unknown) + place.others_unknown > flow.others + len(flow.sources)
    if flow.is_open and unexplained and not place.may_be_invoked:
        text = f"{place.what} is not known yet, and nothing says what it is made from"
        return cannot_decide(urn, text, property=shown, mend=_MEND_OPEN)
    return None


def _named(sources: Iterable[Source]) -> str:
    return " and ".join(sorted({source.label for source in sources}))
