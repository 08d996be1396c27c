"""What the gate says about all stacks of one run, together."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError, computed_field
from pydantic.alias_generators import to_camel

from policies.gate.errors import GateError
from policies.gate.record import Finding, Record, why


class NotJudged(BaseModel):
    """A stack that the rules could not look at."""

    model_config = ConfigDict(frozen=True)

    stack: str
    why: str


class Judgement(BaseModel):
    """The records of all stacks, what only shows when they are seen together, and what could not be looked at."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="ignore")

    version: Literal[1] = 1
    records: tuple[Record, ...] = ()
    together: tuple[Finding, ...] = ()
    not_judged: tuple[NotJudged, ...] = ()
    not_together: tuple[str, ...] = ()
    """Rules that the configuration keeps from judging the stacks together."""

    @computed_field
    @property
    def verdict(self) -> Literal["stopped", "not judged", "passes"]:
        """`passes` when nothing stops the change. A stack that was not judged is no stack without findings."""
        if any(finding.stops for _, finding in self.findings):
            return "stopped"
        return "not judged" if self.not_judged or not self.records else "passes"

    @property
    def switched_off(self) -> list[str]:
        """Names of the rules that were switched off: for a stack or more, or for all together."""
        return sorted({*self.not_together, *(rule for record in self.records for rule in record.switched_off)})

    @property
    def findings(self) -> Iterator[tuple[str, Finding]]:
        """Gives each finding with the name of its stack; one on several stacks has the name of none."""
        for record in self.records:
            yield from ((record.name, finding) for finding in record.findings)
        yield from (("", finding) for finding in self.together)


class _Keys(BaseModel):
    """The key at the top level that only what `--json` writes has."""

    records: object = None


def read_saved(path: Path) -> Judgement:
    """Gives what `--json` wrote, or a pack's own record as a judgement of one stack.

    Raises:
        GateError: the file is neither.
    """
    try:
        text = path.read_bytes()
        # A record may name a secret or a property as it likes: only the top level says what it is.
        kind = Judgement if "records" in _Keys.model_validate_json(text).model_fields_set else Record
        saved = kind.model_validate_json(text)
    except OSError as error:
        raise GateError(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise GateError(f"{path} is not what --json writes, nor a pack's record: {why(error)}") from None
    found = saved if isinstance(saved, Judgement) else Judgement(records=(saved,))
    if not (found.records or found.not_judged):
        raise GateError(f"{path} is about no stack: nothing was judged there")
    return found
