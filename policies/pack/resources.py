"""All resources of a stack, in the order of their URNs, with the ways between them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from policies.pack.resource import Resource, home_of


class Resources:
    """The resources of one stack. The engine sends them in any order; here it is always the same."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._by_urn = {resource.urn: resource for resource in sorted(resources, key=lambda resource: resource.urn)}
        self._by_type: defaultdict[str, list[Resource]] = defaultdict(list)
        self._by_text: dict[str, dict[str, list[Resource]]] = {}
        self._children: defaultdict[str, list[Resource]] = defaultdict(list)
        for resource in self._by_urn.values():
            self._by_type[resource.type].append(resource)
            if resource.parent:
                self._children[resource.parent].append(resource)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._by_urn.values())

    @cached_property
    def homes(self) -> frozenset[tuple[str, str]]:
        """Gives the stacks that the resources are of, each with its project: a judged state may hold several."""
        return frozenset((resource.stack, resource.project) for resource in self)

    def get(self, urn: str) -> Resource | None:
        """Gives the resource with this URN; None when the engine does not show it."""
        return self._by_urn.get(urn)

    def of_type(self, *types: str) -> list[Resource]:
        """Gives the resources of these types."""
        return [resource for wanted in types for resource in self._by_type.get(wanted, ())]

    def called(self, text: str, type_token: str, *, by: Resource | None = None) -> Resource | None:
        """Gives the resource of a type that has this name, id or ARN: of several that are called alike one of the stack of `by`."""
        if type_token not in self._by_text:
            found: defaultdict[str, list[Resource]] = defaultdict(list)
            for resource in self._by_type.get(type_token, ()):
                texts = {resource.text("name"), *(resource.answer(name) for name in ("name", "id", "arn"))}
                for known in filter(None, texts):
                    found[known].append(resource)
            self._by_text[type_token] = found
        alike = self._by_text[type_token].get(text, [])
        at_home = [one for one in alike if home_of(one.urn) == home_of(by.urn)] if by is not None and len(alike) > 1 else []
        return next(iter(at_home or alike), None)

    def ancestors(self, resource: Resource) -> Iterator[Resource]:
        """Gives the parent, its parent and so on."""
        seen = {resource.urn}
        while (parent := self._by_urn.get(resource.parent)) is not None and parent.urn not in seen:
            seen.add(parent.urn)
            yield parent
            resource = parent

    def inside(self, urn: str) -> Iterator[Resource]:
        """Gives everything below a component."""
        for child in self._children.get(urn, ()):
            yield child
            yield from self.inside(child.urn)
