"""What the pack found in one stack, as it writes it down for the gate."""

from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from policies.gate.errors import GateError
from policies.pack.message import one_line

Access = Literal["read", "rotate", "write"]


class _Model(BaseModel):
    # A newer pack may say more; what is missing or of another type is refused.
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="ignore")


class Exemption(_Model):
    """Why a finding does not count, who says so, and until when."""

    reason: str
    owner: str
    expires: date
    days_left: int


class Finding(_Model):
    """One sentence on one resource, and what it counts for."""

    rule: str
    title: str
    severity: Literal["low", "medium", "high", "critical"]
    group: str
    level: Literal["mandatory", "advisory"]
    answer: Literal["violated", "cannot decide"]
    is_failure: bool = False
    """Whether the rule itself failed here, and judged nothing."""
    urn: str
    resource: str
    """How a message names the resource, e.g. `Secret "database"`."""
    property_name: str = Field(alias="property")
    text: str
    mend: str
    page: str
    status: Literal["open", "exempt", "baseline"]
    exemption: Exemption | None = None

    @property
    def stops(self) -> bool:
        """Whether it fails the gate."""
        return self.status == "open" and self.level == "mandatory"

    @property
    def sentence(self) -> str:
        """What it says, as a sentence of its own."""
        return f"Cannot decide: {self.text}" if self.answer == "cannot decide" else f"{self.text[:1].upper()}{self.text[1:]}"

    @property
    def told(self) -> str:
        """What a terminal shows: rule, sentence and way out. Names stand in it, and must not speak in our place."""
        return f"{one_line(self.rule)}: {one_line(self.sentence)}\n  Mend: {one_line(self.mend)}"

    @property
    def counts_as(self) -> Literal["stops", "advisory", "exempt", "baseline"]:
        """What it comes to."""
        if self.status != "open":
            return self.status
        return "stops" if self.stops else "advisory"

    @property
    def place(self) -> tuple[str, str, str]:
        """Rule, URN and property: what makes it the same finding in two runs."""
        return self.rule, self.urn, self.property_name


class Row(_Model):
    """One line of the access matrix."""

    identity: str
    service: str | None
    secret: str
    access: Access
    certain: bool
    through: str


class Record(_Model):
    """What the pack found in one stack."""

    version: Literal[1]
    pack: str
    pack_version: str
    project: str
    stack: str
    environment: str | None = None
    dry_run: bool
    switched_off: tuple[str, ...] = ()
    """Rules that the configuration let judge nothing: that they found nothing says nothing."""
    findings: tuple[Finding, ...]
    access: tuple[Row, ...]
    manifest: dict[str, Any] = Field(default_factory=dict[str, Any])
    """What other stacks have to know to be judged together with this one."""

    @property
    def name(self) -> str:
        """Project and stack, e.g. `shop/prod`."""
        return one_line(f"{self.project}/{self.stack}") if self.stack else "several stacks"

    def holds(self, urn: str) -> bool:
        """Tells whether a URN is one of this stack."""
        return urn.startswith(f"urn:pulumi:{self.stack}::{self.project}::")


def read_record(path: Path) -> Record | None:
    """Gives the record that the pack wrote; None when it wrote none.

    Raises:
        GateError: what stands there is no record of this version.
    """
    try:
        return Record.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise GateError(f"the pack's record cannot be read: {why(error)}. Are pack and gate of one version?") from None


def why(error: ValidationError) -> str:
    """Gives the first thing that is wrong with a document, without what stands there."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(str(step) for step in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
