"""Where the values of secrets come from, and where they flow: by what properties are made from, and by finding a value again."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from policies.pack.graph.patterns import Match
from policies.pack.graph.secret_values import (
    GIVEN,
    MADE,
    RANDOM_BYTES,
    RANDOM_PASSWORD,
    RANDOM_STRING,
    has_given_value,
    is_secure,
    secret_texts,
)
from policies.pack.graph.tokens import PARAMETER, SECRET_VERSION, STACK_REFERENCE
from policies.pack.graph.vault_tokens import GENERIC_SECRET, KV_SECRET, KV_SECRET_V1
from policies.pack.resource import Resource, type_of
from policies.pack.values import UNKNOWN

if TYPE_CHECKING:
    from policies.pack.stack import Stack

# Which answer of a resource was used is not recorded. Of these every one is a secret value; others have public ones beside it.
_ALL_SECRET = frozenset({RANDOM_PASSWORD, RANDOM_BYTES})
_ALSO_PUBLIC = frozenset(MADE).union((SECRET_VERSION, PARAMETER, KV_SECRET, KV_SECRET_V1, GENERIC_SECRET)) - _ALL_SECRET
_KUBERNETES = frozenset(token for token in GIVEN if token.startswith("kubernetes:"))
SOURCES: Final = _ALL_SECRET | _ALSO_PUBLIC | _KUBERNETES
"""Types whose answers hold the value of a secret."""

# What they do with a value they keep to themselves: their answers are names, addresses, certificates.
_KEEPS_TO_ITSELF = ("aws", "aws-native", "eks", "kubernetes", "pulumi", "random", "tls", "vault")
_PASSES_ON: Final = {
    PARAMETER: ("value", "insecureValue"),
    "aws:lambda/invocation:Invocation": ("input",),
}


@dataclass(frozen=True)
class Source:
    """A resource that a value was made from, and that gives the value of a secret."""

    urn: str
    certainty: Match
    """Whether it was the secret value that was used: an edge names the resource only."""

    @property
    def label(self) -> str:
        """How a message names it."""
        return f'{type_of(self.urn).rpartition(":")[2]} "{self.urn.rpartition("::")[2]}"'


@dataclass(frozen=True)
class Flow:
    """What is known about the origin of a property."""

    sources: tuple[Source, ...]
    others: int
    """How many resources without a secret value it was made from."""
    is_open: bool
    """Whether something comes from where nobody can look: another stack, a read, or an invoke, which leaves no trace at all."""
    is_repeated: bool = False
    """Whether one of the others was given the value of a secret, as a database its password, which it answers again."""

    @property
    def certain(self) -> list[Source]:
        """Gives the sources whose secret value it was made from."""
        return [source for source in self.sources if source.certainty is Match.ALWAYS]


class Taint:
    """Follows the values of secrets through a stack."""

    def __init__(self, stack: "Stack") -> None:
        self._resources = stack.resources
        self._sources: dict[str, tuple[Source, ...]] = {}
        self._values: dict[str, tuple[str, ...]] = {}

    def of(self, resource: Resource, property_name: str) -> Flow:
        """Gives where the value of a property comes from."""
        urns = resource.made_from(property_name)
        found = [self._behind(urn) for urn in urns]
        return Flow(
            sources=_widest(source for sources in found for source in sources),
            others=sum(not sources and self._resources.get(urn) is not None for urn, sources in zip(urns, found, strict=True)),
            is_open=not urns or any(type_of(urn) in (STACK_REFERENCE, "") and self._resources.get(urn) is None for urn in urns),
            is_repeated=any(one is not None and one.type in GIVEN and has_given_value(one) for one in map(self._resources.get, urns)),
        )

    def is_value(self, text: str) -> bool:
        """Tells whether a text is the known value of a secret of the stack."""
        return text in self._by_text

    def twin(self, text: str) -> Source | None:
        """Gives a resource whose secret value this text is."""
        urns = self._by_text.get(text)
        return Source(urns[0], Match.ALWAYS) if urns else None

    def inside(self, text: str, flow: Flow) -> Source | None:
        """Gives the source whose secret value is a part of a text that was made from it."""
        return next((source for source in flow.sources if any(value in text for value in self._known(source.urn))), None)

    @cached_property
    def random_strings(self) -> frozenset[str]:
        """Gives the URNs of the random strings that a secret's value is made from. Others are suffixes of names."""
        given = ((resource, name) for resource in self._resources.of_type(*GIVEN) for name in GIVEN[resource.type])
        made_from = frozenset(urn for resource, name in given if _is_source(resource) for urn in resource.made_from(name))
        return made_from.intersection(resource.urn for resource in self._resources.of_type(RANDOM_STRING))

    @cached_property
    def has_values(self) -> bool:
        """Tells whether the stack holds the value of any secret: where there is none, none can leak."""
        made = (resource for resource in self._resources.of_type(*SOURCES - GIVEN.keys()))
        given = (resource for resource in self._resources.of_type(*GIVEN) if has_given_value(resource))
        return any(_is_source(resource) for sources in (made, given) for resource in sources)

    def has_values_inside(self, component: Resource) -> bool:
        """Tells whether a component makes the value of a secret."""
        return bool(self._of_children(component.urn))

    @cached_property
    def _by_text(self) -> dict[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for resource in self._resources.of_type(*(GIVEN.keys() | MADE.keys())):
            for text in self._known(resource.urn):
                found[text].append(resource.urn)
        return found

    def _known(self, urn: str) -> tuple[str, ...]:
        if urn not in self._values:
            resource = self._resources.get(urn)
            is_secret = resource is not None and _is_source(resource) and not _may_be_plain(resource)
            self._values[urn] = tuple(dict.fromkeys(secret_texts(resource))) if resource is not None and is_secret else ()
        return self._values[urn]

    def _behind(self, urn: str) -> tuple[Source, ...]:
        """Gives the sources behind a URN. What is not in the stack is told by the type in it."""
        if urn not in self._sources:
            self._sources[urn] = ()  # whoever is asked on the way round again
            self._sources[urn] = self._found(urn)
        return self._sources[urn]

    def _found(self, urn: str) -> tuple[Source, ...]:
        resource = self._resources.get(urn)
        token = type_of(urn) if resource is None else resource.type
        if token in SOURCES and (resource is None or _is_source(resource)):
            return (Source(urn, Match.ALWAYS if token in _ALL_SECRET else Match.MAYBE),)
        if resource is None:
            return ()
        passed_on: Iterable[str] = _PASSES_ON.get(token, ())
        children: tuple[Source, ...] = ()
        if token.partition(":")[0] not in _KEEPS_TO_ITSELF:
            # A command, a dynamic resource, a provider that nobody here knows: whatever goes in may come out.
            passed_on, children = resource.property_dependencies, self._of_children(urn)
        through = (source for name in passed_on for before in resource.made_from(name) for source in self._behind(before))
        return _widest(Source(source.urn, Match.MAYBE) for source in (*through, *children))

    def _of_children(self, urn: str) -> tuple[Source, ...]:
        return tuple(Source(child.urn, Match.MAYBE) for child in self._resources.inside(urn) if child.type in SOURCES and _is_source(child))


def _is_source(resource: Resource) -> bool:
    return resource.type != PARAMETER or is_secure(resource)


def _may_be_plain(resource: Resource) -> bool:
    return resource.type == PARAMETER and resource.read("type") is UNKNOWN


def _widest(sources: Iterable[Source]) -> tuple[Source, ...]:
    found: dict[str, Source] = {}
    for source in sources:
        if source.urn not in found or found[source.urn].certainty < source.certainty:
            found[source.urn] = source
    return tuple(found.values())
