"""A provider for previews: it answers for every type of one SDK, reaches nothing, and refuses to make, change or remove anything."""
# ruff: noqa: ARG002 (names and arguments are the protocol's)

import os
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from typing import Any

from localcloud.providers.checking import checked
from localcloud.providers.difference import difference
from localcloud.providers.naming import Autonaming
from localcloud.providers.provider import Checked, Difference, Found, RefusedError, Subject
from localcloud.providers.sdk.types import previews_only, sdk_type
from localcloud.providers.shapes import strangers
from localcloud.providers.states import planned
from localcloud.providers.wire import Properties

_OFFLINE = "KEYTURN_OFFLINE"
_OF_THE_ENGINE = {"version", "pluginDownloadURL"}

Function = Callable[[Mapping[str, Any]], Checked]


class PreviewProvider:
    """Serves previews of the package `name`."""

    accepts_secrets = False  # as the bridged providers: the engine puts the markers back itself
    functions: Mapping[str, Function] = {}

    def __init__(self, name: str) -> None:
        self.name = name
        self.version = metadata.version(f"pulumi-{name}")

    def schema(self) -> str:
        """Refuses: programs of other languages bring theirs."""
        raise RefusedError(f"Keyturn's stand-in for the {self.name} provider has no schema: it serves previews of Python programs")

    def check_config(self, news: Properties) -> Checked:
        """Refuses arguments that the provider does not have."""
        known = {**sdk_type(self.name, f"pulumi:providers:{self.name}").inputs, **dict.fromkeys(_OF_THE_ENGINE)}
        return Checked(news, strangers("", news, known, f"the {self.name} provider"))

    def configure(self, config: Properties) -> None:
        """Takes any configuration: nobody is asked."""

    def check(self, subject: Subject, olds: Properties, news: Properties, autonaming: Autonaming) -> Checked:
        """Checks the arguments and fills in the name."""
        return checked(sdk_type(self.name, subject.token), subject.name, olds, news, autonaming=autonaming, tags={})

    def diff(self, subject: Subject, olds: Properties, old_inputs: Properties, news: Properties) -> Difference:
        """Compares the state with the arguments."""
        return difference(sdk_type(self.name, subject.token), olds, news)

    def planned(self, subject: Subject, olds: Properties | None, news: Properties) -> Properties:
        """Gives the arguments, and every output as unknown."""
        kind = sdk_type(self.name, subject.token)
        return kind.secrets_marked(planned(kind, olds, news, region=""))

    def create(self, subject: Subject, inputs: Properties) -> tuple[str, Properties]:
        """Refuses."""
        raise previews_only(subject.token, "creating", self.name)

    def read(self, subject: Subject, identity: str, state: Properties, inputs: Properties) -> Found | None:
        """Lets an offline preview refer to a resource that exists elsewhere; what it has is unknown there."""
        return found_elsewhere(identity, state, inputs) or self._refuse_to_read(subject)

    def update(self, subject: Subject, identity: str, olds: Properties, old_inputs: Properties, news: Properties) -> Properties:
        """Refuses."""
        raise previews_only(subject.token, "updating", self.name)

    def delete(self, subject: Subject, identity: str, state: Properties, inputs: Properties) -> None:
        """Refuses."""
        raise previews_only(subject.token, "deleting", self.name)

    def invoke(self, token: str, arguments: Mapping[str, Any]) -> Checked:
        """Answers a function that only computes."""
        if token in self.functions:
            return self.functions[token](arguments)
        raise cannot_be_asked(token, self.functions)

    def _refuse_to_read(self, subject: Subject) -> None:
        raise previews_only(subject.token, "reading", self.name)


def found_elsewhere(identity: str, state: Properties, inputs: Properties) -> Found | None:
    """Gives what `.get()` in an offline preview finds: its id and what the program says; the engine takes the rest as unknown.

    None for a refresh, which would take what is missing as gone, and where it is not known that this is a preview.
    """
    offline = os.environ.get(_OFFLINE, "") not in ("", "0")
    return Found(identity, state, {}) if offline and not inputs else None


def cannot_be_asked(token: str, known: Iterable[str]) -> RefusedError:
    """Gives the refusal of a function that only the service behind it could answer."""
    names = ", ".join(sorted(one.rpartition(":")[2] for one in known)) or "none of its package"
    return RefusedError(
        f"{token} is not answered offline, where nobody can be asked; what is: {names}. "
        "Give what it looks up by the stack's configuration, or preview this stack with the released provider"
    )
