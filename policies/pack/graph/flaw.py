"""Something that is wrong with one setting of a resource, or not known yet."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Flaw:
    """What is wrong, and where: a rule makes a finding of it, and says whose it is."""

    text: str
    property: str
    is_certain: bool = True
    """Whether it is wrong for certain; else it is not known yet."""
