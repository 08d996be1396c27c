"""What the protocol server asks of a provider; and the ways in which a provider may refuse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from localcloud.providers.naming import Autonaming
from localcloud.providers.wire import Properties


class RefusedError(Exception):
    """A plain sentence for the person at the terminal: what was refused and the way out."""


class HalfMadeError(Exception):
    """The resource exists but is not what was asked for: its state so far is kept, and the next update mends it."""

    def __init__(self, identity: str, state: Properties, inputs: Properties, reason: str) -> None:
        super().__init__(reason)
        self.identity = identity
        self.state = state
        self.inputs = inputs


class Failure(NamedTuple):
    """One argument that is refused, and why."""

    property: str
    reason: str


class Checked(NamedTuple):
    """Arguments with the defaults filled in; or what is wrong with them."""

    inputs: Properties
    failures: Sequence[Failure]


class Change(NamedTuple):
    """How one property changes: `kind` is add, delete or update."""

    kind: str
    replaces: bool


@dataclass(frozen=True)
class Difference:
    """All changes by property path; `delete_first` where the old and the new resource cannot stand side by side."""

    changes: Mapping[str, Change] = field(default_factory=dict)
    delete_first: bool = False


class Found(NamedTuple):
    """A resource as the service has it now."""

    identity: str
    state: Properties
    inputs: Properties


class Subject(NamedTuple):
    """Which resource a call is about: its type token and the name that the program gave it."""

    token: str
    name: str


class Provider(Protocol):
    """A package of resource types behind Pulumi's provider protocol. Calls come from many threads at once."""

    name: str
    version: str
    accepts_secrets: bool
    """Whether it is sent markers of secrets; if not, the engine strips them and puts them back by itself."""

    def schema(self) -> str:
        """Gives the package's schema as JSON."""
        ...

    def check_config(self, news: Properties) -> Checked:
        """Checks the provider's own configuration."""
        ...

    def configure(self, config: Properties) -> None:
        """Takes the configuration; called once before any resource."""
        ...

    def check(self, subject: Subject, olds: Properties, news: Properties, autonaming: Autonaming) -> Checked:
        """Checks a resource's arguments and fills in defaults and names."""
        ...

    def diff(self, subject: Subject, olds: Properties, old_inputs: Properties, news: Properties) -> Difference:
        """Compares what is with what is wanted."""
        ...

    def planned(self, subject: Subject, olds: Properties | None, news: Properties) -> Properties:
        """Gives the state that a create (`olds` is None) or an update would leave, with unknowns; nothing is touched."""
        ...

    def create(self, subject: Subject, inputs: Properties) -> tuple[str, Properties]:
        """Makes the resource; gives its id and state."""
        ...

    def read(self, subject: Subject, identity: str, state: Properties, inputs: Properties) -> Found | None:
        """Finds the resource; `state` is empty for an import. None when it is gone."""
        ...

    def update(self, subject: Subject, identity: str, olds: Properties, old_inputs: Properties, news: Properties) -> Properties:
        """Changes the resource in place; gives its new state."""
        ...

    def delete(self, subject: Subject, identity: str, state: Properties, inputs: Properties) -> None:
        """Removes the resource; one that is gone already is no error."""
        ...

    def invoke(self, token: str, arguments: Mapping[str, Any]) -> Checked:
        """Answers a function of the package."""
        ...
