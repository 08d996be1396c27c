"""Which values of a property are secret though the property is not, and how that is known."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.leaves import Leaf, asked, from_json, is_reference, leaves
from policies.pack.graph.patterns import Match
from policies.pack.graph.secret_values import decoded, is_placeholder
from policies.pack.graph.taint import Flow, Source, Taint
from policies.pack.graph.token_formats import PRECISE, Format, format_of, has_hint
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Value

if TYPE_CHECKING:
    from policies.pack.stack import Stack

_MEND_OPEN = (
    "Hand over a name or an ARN instead of a value. What is made of resources of this stack says so before the first deployment; what an "
    "invoke or another stack brings in does not."
)
_MEND_MARKED = "Take the mark away from what is an ARN or a name; hand over the ARN of a secret instead of its value."


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


class Leaks:
    """Judges places by marks, by where values come from, by secret values found again, and by formats; never by names or entropy."""

    def __init__(self, stack: "Stack") -> None:
        self._taint = stack.part(Taint)
        self._configuration = stack.secret_configuration
        self._ordinary: set[str] = set()

    def may_be_at(self, resource: Resource, property_name: str) -> bool:
        """Tells whether a property deserves a look: most hold nothing but ordinary texts that are made from nothing."""
        return bool(resource.made_from(property_name)) or not self._is_ordinary(asked(resource, property_name))

    def _is_ordinary(self, value: Value) -> bool:
        if isinstance(value, str):
            if value in self._ordinary:
                return True
            if has_hint(value) or self._taint.is_value(value) or self._is_configured(value):
                return False
            self._ordinary.add(value)
            return True
        if isinstance(value, dict):
            return all(self._is_ordinary(key) and self._is_ordinary(inner) for key, inner in value.items())
        return value is None or isinstance(value, bool)

    def at(self, place: Place, *, formats: tuple[Format, ...] = PRECISE, allowed: tuple[str, ...] = ()) -> Iterator[Finding]:
        """Gives what leaks at a place, one finding for each value, and one for all that are not known yet.

        Args:
            place: where people read in clear.
            formats: formats that are secret wherever they stand.
            allowed: patterns of the names whose values may stand there.
        """
        judged = [leaf for leaf in place.leaves if not any(fnmatchcase(leaf.name, pattern) for pattern in allowed)]
        flow = self._flow(place)
        yield from self._known(judged, place, flow, formats)
        unknown = [leaf for leaf in judged if leaf.value is UNKNOWN and (not leaf.is_marked or _may_point(leaf, flow))]
        if unknown and (finding := _unknown(unknown, place, flow)):
            yield finding

    def known_at(self, place: Place, *, formats: tuple[Format, ...] = PRECISE) -> Iterator[Finding]:
        """Gives what leaks of the values that are known: for outputs, of which nothing says what they are made from."""
        yield from self._known(place.leaves, place, Flow((), 0, is_open=True), formats)

    def _flow(self, place: Place) -> Flow:
        """Gives where a place's values come from, random strings that are a secret's value among them."""
        flow = self._taint.of(place.resource, place.property)
        strings = self._taint.random_strings.intersection(place.resource.made_from(place.property))
        sources = (*flow.sources, *(Source(urn, Match.MAYBE) for urn in sorted(strings)))
        return replace(flow, sources=sources, others=flow.others - len(strings))

    def _known(self, judged: Sequence[Leaf], place: Place, flow: Flow, formats: tuple[Format, ...]) -> Iterator[Finding]:
        found = {leaf.path: why for leaf in judged if (why := self._why(leaf, flow, formats))}
        for path, why in found.items():
            yield violated(place.resource.urn, f"a value in {place.what} {why}", property=self._shown(path, place))
        # The two halves of an access key often stand in two variables.
        if not found and "aws-access-key" in formats and (kind := format_of("\n".join(leaf.text for leaf in judged), ("aws-access-key",))):
            yield violated(place.resource.urn, f"in {place.what} stands {kind}", property=place.property)

    def _is_configured(self, text: str) -> bool:
        return self._configuration is not None and self._configuration.tells(text)

    def _shown(self, path: str, place: Place) -> str:
        """Gives how a message names a path: without names that are values themselves."""
        steps = (path.removeprefix(f"{place.property}."), *path.split("."))
        return place.property if any(self._taint.is_value(step) or self._is_configured(step) for step in steps) else path

    def _why(self, leaf: Leaf, flow: Flow, formats: tuple[Format, ...]) -> str:
        """Gives how it is known that a value is secret; empty when nothing says so. Base64 hides nothing."""
        texts = dict.fromkeys((leaf.text, decoded(leaf.text)))
        fields = [field.text for text in texts for field in leaves(from_json(text), "")]
        if twin := next(filter(None, (self._taint.twin(field) for field in fields)), None):
            return f"is the secret value of {twin.label}"
        if leaf.is_marked and not _is_harmless(leaf) and not _may_point(leaf, flow):
            return "is marked secret by the program"
        if any(map(self._is_configured, fields)):
            return "is a secret of the stack's configuration"
        if kind := next(filter(None, (format_of(text, formats) for text in texts)), None):
            return f"has the form of {kind}"
        if source := next(filter(None, (self._taint.inside(text, flow) for text in texts)), None):
            return f"contains the secret value of {source.label}"
        return ""


def _is_harmless(leaf: Leaf) -> bool:
    """Tells whether a marked value is nothing to hide all the same: a switch, nothing, or something that only points elsewhere."""
    if leaf.value is UNKNOWN:
        return False
    return not leaf.text or is_reference(leaf.text) or is_placeholder(leaf.text)


def _may_point(leaf: Leaf, flow: Flow) -> bool:
    """Tells whether a marked value that is not known yet may be an ARN or a name: it is made of resources that have no secret value."""
    is_explained = bool(flow.sources) or flow.is_open or flow.is_repeated
    return leaf.value is UNKNOWN and bool(leaf.name) and flow.others > 0 and not is_explained


def _unknown(unknown: list[Leaf], place: Place, flow: Flow) -> Finding | None:
    """Judges what is not known yet by what the property is made from, which is all that a first preview knows."""
    urn = place.resource.urn
    shown = unknown[0].path if len(unknown) == 1 else place.property
    if flow.certain and not place.others_unknown:
        return violated(urn, f"a value in {place.what} is made from {_named(flow.certain)}", property=shown)
    if marked := [leaf for leaf in unknown if leaf.is_marked and not leaf.points]:
        text = f"a value in {place.what} is marked secret and not known yet, and the resources that it is made from have no secret value"
        return cannot_decide(urn, text, property=marked[0].path, mend=_MEND_MARKED)
    only_points = all(leaf.points for leaf in unknown)
    if flow.certain or (flow.sources and not only_points and not place.takes_references):
        elsewhere, in_part = "which may stand elsewhere in the same property", "of which some answers are secret and some are not"
        made_from = f"{_named(flow.sources)}, {elsewhere if flow.certain else in_part}"
        text = f"a value in {place.what} is not known yet and is made from {made_from}"
        return cannot_decide(urn, text, property=shown)
    unexplained = len(unknown) + place.others_unknown > flow.others + len(flow.sources)
    if flow.is_open and unexplained and not place.may_be_invoked:
        text = f"a value in {place.what} is not known yet, and nothing says what it is made from"
        return cannot_decide(urn, text, property=shown, mend=_MEND_OPEN)
    return None


def _named(sources: Iterable[Source]) -> str:
    return " and ".join(sorted({source.label for source in sources}))
