"""What every part of a declaration is: frozen, with the stack file's spelling, and deaf to keys that it does not know."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Part(BaseModel):
    """A mapping of the stack file. Its errors never repeat what stands there."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, hide_input_in_errors=True)
