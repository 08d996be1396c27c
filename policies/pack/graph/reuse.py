"""Which secrets hold one value: made by one generator, copied from one another, or written twice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.pack.graph.patterns import Match
from policies.pack.graph.secret_values import MADE, RANDOM_STRING, secret_texts
from policies.pack.graph.stored_values import Stored, StoredValues
from policies.pack.graph.taint import Flow, Taint
from policies.pack.resource import Resource, type_of
from policies.pack.values import UNKNOWN

if TYPE_CHECKING:
    from policies.pack.stack import Stack

# Shorter ones are ends of names, and found in values for that.
_LONG = 12


@dataclass(frozen=True)
class Group:
    """Values that are one, or may be."""

    why: str
    """What they have in common, for a message."""
    members: tuple[tuple[Stored, Match], ...]

    @property
    def urn(self) -> str:
        """URN of the first: an error of the rule stands there."""
        return self.members[0][0].urn


class Reuse:
    """The groups of a stack; each secret stands in one of a kind once."""

    def __init__(self, stack: "Stack") -> None:
        self._stack = stack
        self._taint = stack.part(Taint)
        self._stored = stack.part(StoredValues).all
        self._flows = {(one.urn, one.property_name): self._taint.of(one.resource, one.property_name) for one in self._stored}
        by_source = [*self._by_source()]
        told = {frozenset(one.thing for one, _ in group.members) for group in by_source if min(match for _, match in group.members)}
        equal = [group for group in self._by_text() if frozenset(one.thing for one, _ in group.members) not in told]
        self.groups: tuple[Group, ...] = (*by_source, *equal)
        self.open: tuple[Stored, ...] = tuple(self._open())

    def _by_source(self) -> Iterator[Group]:
        users: defaultdict[str, list[tuple[Stored, Match]]] = defaultdict(list)
        for stored in self._stored:
            for urn, certainty in self._uses(stored):
                users[urn].append((stored, certainty))
        stores = {one.urn: one for one in self._stored}
        for urn, using in sorted(users.items()):
            copied = [(stores[urn], Match.ALWAYS)] if urn in stores else []
            shown = f'{type_of(urn).rpartition(":")[2]} "{urn.rpartition("::")[2]}"'
            yield from _group(f"is copied from {shown}" if copied else f"is made by {shown}", (*copied, *using))

    def _uses(self, stored: Stored) -> Iterator[tuple[str, Match]]:
        flow = self._flows[stored.urn, stored.property_name]
        for source in flow.sources:
            # The one generator of a value makes what is secret in it, whatever else stands beside it.
            if source.certainty is Match.ALWAYS and len(flow.certain) == 1:
                yield source.urn, Match.ALWAYS
            elif certainty := self._is_inside(source.urn, Flow((source,), 0, is_open=False), stored):
                yield source.urn, certainty
        for urn in stored.resource.made_from(stored.property_name):
            if type_of(urn) == RANDOM_STRING and (certainty := self._is_text_inside(urn, stored)):
                yield urn, certainty

    def _is_inside(self, urn: str, flow: Flow, stored: Stored) -> Match:
        if stored.is_readable and self._taint.inside(stored.text, flow):
            return Match.ALWAYS
        made_by = self._stack.resources.get(urn)
        is_known = made_by is not None and _is_told(made_by)
        return Match.NEVER if is_known and stored.is_readable and not stored.has_unknown else Match.MAYBE

    def _is_text_inside(self, urn: str, stored: Stored) -> Match:
        made_by = self._stack.resources.get(urn)
        text = made_by.answer("result") if made_by is not None else None
        if text is None or stored.has_unknown or not stored.is_readable:
            length = made_by.read("length") if made_by is not None else None
            return Match.NEVER if isinstance(length, int) and length < _LONG else Match.MAYBE
        return Match.ALWAYS if len(text) >= _LONG and text in stored.text else Match.NEVER

    def _by_text(self) -> Iterator[Group]:
        holders: defaultdict[str, dict[str, Stored]] = defaultdict(dict)
        first_of = {stored.urn: stored for stored in reversed(self._stored)}
        for stored in first_of.values():
            if not stored.is_seed:
                for text in secret_texts(stored.resource):
                    holders[text].setdefault(stored.thing, stored)
        seen: set[frozenset[str]] = set()
        for holding in holders.values():
            things = frozenset(holding)
            if things not in seen:
                seen.add(things)
                yield from _group("is the same text", ((stored, Match.ALWAYS) for stored in holding.values()))

    def _open(self) -> Iterator[Stored]:
        if len({stored.thing for stored in self._stored}) < 2:
            return
        for stored in self._stored:
            flow = self._flows[stored.urn, stored.property_name]
            is_told = not stored.has_unknown or not flow.is_open
            if not flow.certain and not (is_told and stored.is_readable):
                yield stored


def _group(why: str, members: Iterable[tuple[Stored, Match]]) -> Iterator[Group]:
    """Gives the group, one member for each secret, the most certain of it; nothing when that is one secret."""
    of_each: dict[str, tuple[Stored, Match]] = {}
    sure = ((stored, min(certainty, stored.is_secret)) for stored, certainty in members)
    for stored, certainty in sorted(sure, key=lambda member: (-member[1], member[0].urn)):
        of_each.setdefault(stored.thing, (stored, certainty))
    if len(of_each) > 1:
        yield Group(why, tuple(of_each.values()))


def _is_told(made_by: Resource) -> bool:
    """Tells whether everything secret that a resource answers is known."""
    answers = [made_by.outputs.get(name) for name in MADE.get(made_by.type, ())] or [True]
    return any(True for _ in secret_texts(made_by)) and not any(answer is UNKNOWN for answer in answers)
