"""One resource type: its arguments and outputs as a declaration, and the four calls that make, find, change and remove it."""
# ruff: noqa: ARG002 (the calls give every type more than most types need)

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from localcloud.providers.naming import Name
from localcloud.providers.properties import Kind, Property
from localcloud.providers.provider import Failure
from localcloud.providers.wire import Properties

Made = Callable[[str], None]


class Resource:
    """A resource type. Subclasses declare; what is common to all types stands in `checking`, `difference` and `states`.

    Attributes:
        inputs: the arguments.
        outputs: what only the service knows, by shape.
        name: how the resource is named when the program does not.
        conflicts: groups of arguments of which at most one may be given.
        needs_one: groups of arguments of which at least one must be given.
        renews: outputs that are new, and so unknown in a preview, when an argument changes.
        regional: whether its region stands in its state.
        tagged: whether all its tags, those of the provider's configuration included, stand in its state.
    """

    type: ClassVar[str]
    inputs: ClassVar[Mapping[str, Property]]
    outputs: ClassVar[Mapping[str, Kind]] = {}
    name: ClassVar[Name | None] = None
    conflicts: ClassVar[Sequence[tuple[str, ...]]] = ()
    needs_one: ClassVar[Sequence[tuple[str, ...]]] = ()
    renews: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    regional: bool
    tagged: bool

    def __init__(self) -> None:
        self.regional = "region" in self.inputs
        self.tagged = "tags" in self.inputs

    def check(self, inputs: Properties) -> Iterator[Failure]:
        """Refuses what only several arguments together show; values may be unknown."""
        yield from ()

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Makes the resource and calls `made(id)` as soon as it exists: what fails after that leaves it half made."""
        raise NotImplementedError

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Gives arguments and outputs as the service has them; `state` is empty for an import. None when it is gone."""
        raise NotImplementedError

    def identity(self, identity: str, state: Properties) -> str:
        """Gives the id under which the resource is kept, from the id that was asked for and what was read."""
        return identity

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Changes in place what `changed` names. Types that can only be replaced have no update."""

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Removes the resource."""
        raise NotImplementedError
