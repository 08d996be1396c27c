"""Secrets that more than one stack makes, or that a stack reads beside another."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

from policies.pack.graph.facts import Fact, HeldSecret, Read
from policies.pack.graph.intent import Service
from policies.pack.graph.patterns import ANY_CHARACTER, ANY_WORD, Match, is_exact
from policies.pack.graph.references import name_in
from policies.pack.graph.secret import Secret, SecretIndex
from policies.pack.graph.sharing import Sharing, place
from policies.pack.graph.tokens import SECRET
from policies.pack.resource import Resource

if TYPE_CHECKING:
    from policies.pack.graph.manifest import StackFacts


# What stands behind the name in an ARN, or stands for it.
_SUFFIX = re.compile(r"-(?:\w{6}|\?{6})$")


@dataclass(frozen=True)
class _Reader:
    """Somebody who reads a secret, in whichever stack."""

    stack: "StackFacts"
    fact: Fact
    label: str
    is_certain: bool
    property_name: str = ""
    """Property that names the secret; empty for readers of the stack that makes it."""

    @property
    def party(self) -> object:
        """What tells one reader from another: the service, else the stack and how it is called there."""
        return (self.fact.environment, self.fact.service) if self.fact.service else (self.stack.key, self.label)

    def is_same_as(self, other: "_Reader") -> bool:
        """Tells whether both read for one service; an environment that is not named contradicts none."""
        if self.fact.service is None or other.fact.service is None:
            return self.party == other.party
        own, others = (Service(fact.environment, fact.service or "") for fact in (self.fact, other.fact))
        return own.is_same_as(others)

    def __str__(self) -> str:
        return f"{self.label} of {self.stack.label}"


@dataclass(frozen=True)
class _Name:
    """The one secret that a text means, and where that is."""

    name: str
    account: str | None = None
    region: str | None = None

    @classmethod
    def of(cls, text: str) -> "_Name | None":
        """Gives it; None for a text that may mean several."""
        parts = text.split(":", 6)
        name = _SUFFIX.sub("", name_in(text))
        if not is_exact(name):
            return None
        return cls(name, *(part if is_exact(part) else None for part in (parts[4], parts[3]))) if len(parts) > 5 else cls(name)


class SharedSecrets:
    """Compares the secrets of several stacks."""

    def __init__(self, stacks: "list[StackFacts]") -> None:
        self._stacks = stacks
        self._held = {held.urn: (stack, held) for stack in stacks for held in stack.secrets}
        self._by_text: dict[str, list[tuple[str, Match]]] = {}

    def found(self) -> Iterator[Sharing]:
        """Gives what is shared, and what nobody can compare."""
        yield from self._made_twice()
        strangers: defaultdict[str, list[_Reader]] = defaultdict(list)
        elsewhere: defaultdict[str, list[tuple[_Name, _Reader]]] = defaultdict(list)
        for stack in self._stacks:
            for read in stack.reads:
                if read.text is None:
                    yield from self._unknown(stack, read)
                    continue
                meant = self._meant(read.text)
                if not meant and (name := _Name.of(read.text)) is not None:
                    elsewhere[name.name].append((name, _Reader(stack, read, read.label, read.is_certain, read.property)))
                for urn, certainty in meant:
                    if self._held[urn][0] is not stack:
                        is_certain = read.is_certain and certainty is Match.ALWAYS
                        strangers[urn].append(_Reader(stack, read, read.label, is_certain, read.property))
        for urn, readers in sorted(strangers.items(), key=lambda one: one[0]):
            yield from _read_by_others(*self._held[urn], readers)
        for readers in elsewhere.values():
            yield from _read_by_two(readers)

    def _made_twice(self) -> Iterator[Sharing]:
        by_name: defaultdict[str, list[tuple[StackFacts, HeldSecret]]] = defaultdict(list)
        for stack, held in self._held.values():
            by_name[held.name or ""].append((stack, held))
        for stack, held in by_name.pop("", ()):
            if any(other.secrets or other.reads for other in self._stacks if other is not stack):
                text = f"the name of {held.label} of {stack.label} is not known, and with it whether other stacks make or read it"
                yield Sharing("", text, (place(stack, held, "name"),), is_certain=False)
        for name, making in by_name.items():
            for (stack, held), (other_stack, other) in combinations(making, 2):
                certainty = min(_same(held.account, other.account), _same(held.region, other.region))
                if stack is not other_stack and certainty:
                    said = (
                        "are one secret" if certainty is Match.ALWAYS else "may be one secret: their accounts and regions are not known yet"
                    )
                    text = f"{held.label} of {stack.label} and {other.label} of {other_stack.label} {said}"
                    places = (place(stack, held, "name"), place(other_stack, other, "name"))
                    yield Sharing(name, text, places, is_certain=certainty is Match.ALWAYS)

    def _unknown(self, stack: "StackFacts", read: Read) -> Iterator[Sharing]:
        if any(other.secrets or other.reads for other in self._stacks if other is not stack):
            text = f"{read.label} of {stack.label} may read secrets of other stacks: which ones is not known"
            yield Sharing("", text, (place(stack, read, read.property),), is_certain=False)

    def _meant(self, text: str) -> list[tuple[str, Match]]:
        if text not in self._by_text:
            self._by_text[text] = [(secret.urn, certainty) for secret, certainty in self._index.named(text)]
        return self._by_text[text]

    @cached_property
    def _index(self) -> SecretIndex:
        return SecretIndex(_secret(held) for _, held in self._held.values() if held.name is not None)


def _secret(held: HeldSecret) -> Secret:
    arn = held.arn or (
        f"arn:{ANY_WORD}:secretsmanager:{held.region or ANY_WORD}:{held.account or ANY_WORD}:secret:{held.name}-{6 * ANY_CHARACTER}"
    )
    return Secret(Resource(held.urn, SECRET, held.label), held.name, arn, None)


def _read_by_others(stack: "StackFacts", held: HeldSecret, strangers: list[_Reader]) -> Iterator[Sharing]:
    nameless: list[_Reader] = []
    for stranger in strangers:
        certainty = _is_foreign(held, stranger.fact)
        if certainty is None:
            nameless.append(stranger)
        elif certainty:
            text = f"{stranger} {_reads(stranger)} {held.label} of {stack.label}, which belongs to another service"
            is_certain = stranger.is_certain and certainty is Match.ALWAYS
            yield _sharing(stack, held, [stranger], text, is_certain=is_certain)
    if not nameless:
        return
    # Somebody who belongs to no service may be the owner's own, as long as it is the only one.
    here = [_Reader(stack, reader, reader.label, reader.is_certain) for reader in held.readers]
    parties = {reader.party: reader for reader in sorted([*here, *strangers], key=lambda reader: reader.is_certain)}
    if len(parties) > 1:
        others = " and ".join(sorted(str(reader) for reader in parties.values()))
        is_certain = sum(reader.is_certain and reader.fact.is_known for reader in parties.values()) > 1
        verb = "is read by" if is_certain else "may be read by"
        yield _sharing(stack, held, nameless, f"{held.label} of {stack.label} {verb} {others}", is_certain=is_certain)


def _read_by_two(reads: list[tuple[_Name, _Reader]]) -> Iterator[Sharing]:
    """Gives who reads, in two stacks, a secret that none of the stacks makes."""
    one_each = {(reader.stack.key, reader.party): (name, reader) for name, reader in reversed(reads)}
    for (name, reader), (other_name, other) in combinations(one_each.values(), 2):
        certainty = min(_same(name.account, other_name.account), _same(name.region, other_name.region))
        if reader.stack is not other.stack and not reader.is_same_as(other) and certainty:
            is_certain = certainty is Match.ALWAYS and all(one.is_certain and one.fact.is_known for one in (reader, other))
            verb = "read" if is_certain else "may read"
            places = (place(reader.stack, reader.fact, reader.property_name), place(other.stack, other.fact, other.property_name))
            yield Sharing(name.name, f"{reader} and {other} {verb} one secret", places, is_certain=is_certain)


def _sharing(stack: "StackFacts", held: HeldSecret, readers: list[_Reader], text: str, *, is_certain: bool) -> Sharing:
    places = [place(reader.stack, reader.fact, reader.property_name) for reader in readers]
    return Sharing(held.name or "", text, (*places, place(stack, held, "policy")), is_certain=is_certain)


def _is_foreign(held: HeldSecret, reader: Fact) -> Match | None:
    """Tells whether a reader belongs to another service or environment than the secret; None when nothing says it."""
    if not held.is_known or not reader.is_known:
        return Match.MAYBE
    if held.environment and reader.environment and held.environment != reader.environment:
        return Match.ALWAYS
    if held.service is None or reader.service is None:
        return None
    own = Service(held.environment, held.service).is_same_as(Service(reader.environment, reader.service))
    return Match.NEVER if own else Match.ALWAYS


def _same(one: str | None, other: str | None) -> Match:
    if one is None or other is None:
        return Match.MAYBE
    return Match.ALWAYS if one == other else Match.NEVER


def _reads(reader: _Reader) -> str:
    return "reads" if reader.is_certain else "may read"
