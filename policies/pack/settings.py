"""What a team may configure about a rule; checked as a whole, so that a misspelt tightening is no silence."""

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from keyturn.catalogue import Sensitivity

_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, alias_generator=to_camel, use_attribute_docstrings=True)
_URN = re.compile(r"urn:pulumi:[^:\s]+::[^:\s]+::\S+?::[^\n]+")


def _is_urn(text: str) -> str:
    if not _URN.fullmatch(text):
        raise ValueError("should be a URN, as `pulumi stack --show-urns` prints it")
    return text


Urn = Annotated[str, AfterValidator(_is_urn)]
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class LevelChoice(BaseModel):
    """How violations count at some resources. At least one of the two conditions is given, and all that are given must fit."""

    model_config = _STRICT

    environments: tuple[str, ...] | None = None
    """Environments of the resource, e.g. `dev`; `*` is any that is known."""
    sensitivities: tuple[Sensitivity, ...] | None = None
    """Sensitivities of the resource."""
    level: Literal["mandatory", "advisory"]
    """How violations count there; never for more than the rule's enforcement level."""

    @model_validator(mode="after")
    def _has_a_condition(self) -> Self:
        given = [condition for condition in (self.environments, self.sensitivities) if condition is not None]
        if not given or not all(given):
            raise ValueError("should name at least one environment or sensitivity; a level for all places is `enforcementLevel`")
        return self


class Exemption(BaseModel):
    """A finding that somebody answers for, and until when."""

    model_config = _STRICT

    urn: Urn
    """URN of the resource that the finding stands at."""
    property: Said | None = None
    """Property that the finding names. Default every finding of the rule at this resource."""
    reason: Said
    """Why it may be."""
    owner: Said
    """Who answers for it."""
    expires: date
    """Last day on which it counts, an ISO date at most 366 days ahead."""


class Known(BaseModel):
    """A finding that was there when the rule was adopted: one entry for each."""

    model_config = _STRICT

    urn: Urn
    """URN of the resource that the finding stands at."""
    property: Said | None = None
    """Property that the finding names. Default a finding that names none."""


class Settings(BaseModel):
    """Settings that every rule has. A rule with knobs of its own subclasses this; names are camelCase in the configuration."""

    model_config = _STRICT

    undecided: Literal["mandatory", "advisory"] | None = None
    """How what cannot be decided counts; it never counts for more than a violation does. Default what the rule itself says."""
    levels: tuple[LevelChoice, ...] | None = None
    """How violations count by environment and sensitivity; the first that fits. Default what the rule itself says."""
    exemptions: tuple[Exemption, ...] = ()
    """Findings that may be, each with a reason, an owner and a last day."""
    baseline: tuple[Known, ...] = ()
    """Findings that are older than the rule's adoption, as `keyturn-gate adopt` writes them. It only shrinks."""

    @classmethod
    def read(cls, configured: Mapping[str, Any]) -> Self:
        """Gives the settings that a configuration names. As JSON, where an array is a tuple and a text may be a date.

        Raises:
            pydantic.ValidationError: a setting that does not exist, or is not of its type.
        """
        # On the wire every number is a float.
        numbers = json.loads(json.dumps(configured), parse_float=lambda text: int(float(text)) if float(text).is_integer() else float(text))
        return cls.model_validate_json(json.dumps(numbers))
