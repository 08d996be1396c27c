"""One resource of a stack: what was asked for, what came out, and what it was made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from policies.pack.values import Value, at, has_mark


@dataclass(frozen=True, eq=False)
class Resource:
    """A resource as rules see it: inputs after the provider's check, outputs, parent and edges."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Value] | None = None
    """What the program asked for. None when the engine did not show it, as when it judges a state."""
    outputs: Mapping[str, Value] = field(default_factory=dict[str, Value])
    """What the provider answered; for a component what it registered."""
    parent: str = ""
    dependencies: tuple[str, ...] = ()
    """URNs that the resource waits for. May name resources that the engine does not show: reads and stack references."""
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """URNs that the value of a property was made from, known even while the value is not."""
    provider: str = ""
    """URN of its provider."""
    protect: bool = False
    """Whether the engine refuses to delete it."""
    ignore_changes: tuple[str, ...] = ()
    """Properties that the engine leaves as they are in the cloud."""

    def read(self, *path: str | int) -> Value:
        """Gives the plain value that was asked for at the path: None when missing, UNKNOWN when not known yet."""
        return at(self._asked, *path)

    def text(self, *path: str | int) -> str | None:
        """Gives the known text at the path; None for everything else."""
        value = self.read(*path)
        return value if isinstance(value, str) else None

    def answer(self, *path: str | int) -> str | None:
        """Gives the known text that the provider answered at the path; None for everything else."""
        value = at(self.outputs, *path)
        return value if isinstance(value, str) else None

    def hides(self, property_name: str) -> bool:
        """Tells whether the property is marked secret: it may be judged and never quoted."""
        return has_mark(self._asked.get(property_name))

    def made_from(self, property_name: str) -> tuple[str, ...]:
        """Gives the URNs that the value of a property was made from."""
        return self.property_dependencies.get(property_name, ())

    @property
    def stack(self) -> str:
        """Pulumi's name of its stack, e.g. `prod`; a judged state may hold several."""
        return home_of(self.urn)[0]

    @property
    def project(self) -> str:
        """Pulumi's name of its project."""
        return home_of(self.urn)[1]

    @property
    def label(self) -> str:
        """How a message names the resource: its type's last word and its name in the program."""
        return f'{self.type.rpartition(":")[2]} "{self.name}"'

    @property
    def _asked(self) -> Mapping[str, Value]:
        return self.outputs if self.inputs is None else self.inputs


def home_of(urn: str) -> tuple[str, str]:
    """Gives the stack and the project in a URN."""
    stack, _, rest = urn.partition("::")
    return stack.removeprefix("urn:pulumi:"), rest.partition("::")[0] if "::" in rest else ""


def type_of(urn: str) -> str:
    """Gives the type in a URN, e.g. of a resource that another stack owns and the engine does not show."""
    qualified = urn.split("::", 3)[2] if urn.count("::") >= 3 else ""
    return qualified.rpartition("$")[2]


def name_of(urn: str) -> str:
    """Gives the name in a URN; it may hold colons, too."""
    return urn.split("::", 3)[-1]
