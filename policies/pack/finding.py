"""What a rule answers when it does not hold."""

from dataclasses import dataclass
from enum import Enum


class Answer(Enum):
    """The answers of a rule that need a person. A rule that says nothing holds."""

    VIOLATED = "violated"
    CANNOT_DECIDE = "cannot decide"


@dataclass(frozen=True)
class Finding:
    """One sentence on one resource. The text names resources and properties, never a value."""

    answer: Answer
    urn: str
    text: str
    property: str = ""
    """The property to change, or the one that is not known yet."""
    mend: str = ""
    """The way out of just this finding. Default the rule's own."""
    is_failure: bool = False
    """Whether the rule itself failed here: what it would have found, nobody knows, and no baseline holds it."""


def violated(urn: str, text: str, *, property: str = "", mend: str = "") -> Finding:
    """Gives the finding that the resource breaks the rule."""
    return Finding(Answer.VIOLATED, urn, text, property, mend)


def cannot_decide(urn: str, text: str, *, property: str, mend: str = "") -> Finding:
    """Gives the finding that the rule needs a property that is not known yet; the rule's `undecided` says how it counts."""
    return Finding(Answer.CANNOT_DECIDE, urn, text, property, mend)
