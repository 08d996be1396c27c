"""What a team may configure about a rule; checked as a whole, so that a misspelt tightening is no silence."""

from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Settings(BaseModel):
    """Settings that every rule has. A rule with knobs of its own subclasses this; names are camelCase in the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, use_attribute_docstrings=True)

    undecided: Literal["mandatory", "advisory"] | None = None
    """How what cannot be decided counts; it never counts for more than a violation does. Default what the rule itself says."""
