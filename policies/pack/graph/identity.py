"""Who may be granted something: roles, users and groups of the stack, and those that it only names."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policies.pack.graph.edges import is_told_in_part
from policies.pack.graph.intent import Service, service_of
from policies.pack.graph.patterns import ANY_TEXT, ANY_WORD, match
from policies.pack.graph.place import account_of
from policies.pack.graph.tokens import GROUP, ROLE, USER
from policies.pack.resource import Resource, home_of
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN, Unknown, elements

_KINDS = {ROLE: "role", USER: "user", GROUP: "group"}

# What IAM allows in a name; other text is not quoted in a message.
_NAME = re.compile(r"[\w+=,.@/-]{1,128}")


@dataclass(frozen=True)
class Identity:
    """Somebody who may read. Two identities are the same when their keys are."""

    key: str
    label: str
    """How a message names it."""
    arn: str
    """Its ARN, with gaps where it is not known yet."""
    service: Service | Unknown | None = None
    resource: Resource | None = None
    is_many: bool = False
    """Whether it stands for more than one: everybody, or whom the administrators of another account let."""

    @property
    def is_group(self) -> bool:
        """Whether users act in its name."""
        return ":group/" in self.arn

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and other.key == self.key


class Identities:
    """Finds the identity that a property names."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._by_urn: dict[str, Identity] = {}
        self._by_name: defaultdict[tuple[str, str], list[Identity]] = defaultdict(list)
        for resource in resources.of_type(*_KINDS):
            kind = _KINDS[resource.type]
            name = resource.answer("name") or resource.text("name") or resource.answer("id")
            arn = resource.answer("arn") or f"arn:{ANY_WORD}:iam::{account_of(resource, resources)}:{kind}/{ANY_TEXT}{name or ANY_TEXT}"
            identity = Identity(resource.urn, resource.label, arn, service_of(resource, resources), resource)
            self._by_urn[resource.urn] = identity
            if name:
                self._by_name[kind, name].append(identity)

    def at(self, urn: str) -> Identity | None:
        """Gives the identity that a resource of the stack is."""
        return self._by_urn.get(urn)

    def named_by(self, resource: Resource, property_name: str, type_token: str) -> Iterator[Identity]:
        """Gives the identities of one type that a property names: by name, by ARN, or by what the property was made from."""
        kind = _KINDS[type_token]
        listed = elements(resource.read(property_name))
        made_from = [
            self._by_urn[urn] for urn in resource.made_from(property_name) if urn in self._by_urn and self._type(urn) == type_token
        ]
        for element in listed:
            if isinstance(element, str) and element:
                named = self.named(element, kind, hidden=resource.hides(property_name), nearest=(*made_from, resource))
                # One origin says who it is while its own name is not known yet; a text may be made from another one's, too.
                is_origin = named.resource is None and len(listed) == len(made_from) == 1 and made_from[0].arn.endswith(ANY_TEXT)
                yield made_from[0] if is_origin else named
        if any(element is UNKNOWN for element in listed):
            yield from made_from
            if is_told_in_part(resource, property_name, self._resources, by=len(made_from)):
                shown = f"a {kind} that is not known yet (of {resource.label})"
                yield Identity(f"{resource.urn}#{property_name}", shown, ANY_TEXT, UNKNOWN)

    def named(self, text: str, kind: str, *, hidden: bool = False, nearest: Sequence[Identity | Resource] = ()) -> Identity:
        """Gives the identity with this name or ARN: the stack's own when it has it.

        Args:
            text: the name or the ARN.
            kind: `role`, `user` or `group`.
            hidden: whether the text may not be quoted.
            nearest: of several that are called alike, as in stacks that are judged together, it is one of these, or of their stacks.
        """
        name = text.rpartition("/")[2]
        alike = self._by_name.get((kind, name), [])
        fitting = [own for own in alike if not text.startswith("arn:") or match(text, own.arn)]
        if len(fitting) > 1:
            fitting = [own for own in fitting if own in nearest] or [own for own in fitting if _is_beside(own, nearest)] or fitting
        if fitting:
            return fitting[0]
        arn = text if text.startswith("arn:") else f"arn:{ANY_WORD}:iam::{ANY_WORD}:{kind}/{ANY_TEXT}{name}"
        shown = f'{kind} "{name}"' if not hidden and _NAME.fullmatch(name) else f"a {kind} whose name is secret"
        return Identity(arn, f"{shown} (not of this stack)", arn)

    def _type(self, urn: str) -> str:
        resource = self._resources.get(urn)
        return resource.type if resource else ""


def _is_beside(own: Identity, nearest: Sequence[Identity | Resource]) -> bool:
    """Tells whether an identity is of the stack of one of these resources."""
    homes = {home_of(one.urn) for one in nearest if isinstance(one, Resource)}
    return own.resource is not None and home_of(own.resource.urn) in homes
