"""What the rules could not decide stays within a limit, and every exemption is needed and in time.

This rule is about the other rules, and judges after them. It does not hold when

- an exemption has expired that a finding would need: the finding counts in full again;
- an exemption or an entry of the baseline is for nothing that is found any more. So a baseline only shrinks, and no exemption waits for
  a finding that comes later;
- more could not be decided than `maxUndecided` allows. Without that setting each of those counts only as its own rule says.

Exemptions and entries of the baseline for other stacks are left alone: one configuration may be for several. Where a rule is switched
off, nobody knows what its exemptions are for.

What it does not see: a stack's name that is misspelt in an exemption, which exempts nothing; and exemptions of its own that nothing needs.
"""

from collections.abc import Iterator

from pydantic import Field

from policies.pack.finding import Finding, violated
from policies.pack.proceedings import Proceedings, Ruling
from policies.pack.resource import name_of, type_of
from policies.pack.rule import Group, Level, Severity, rule
from policies.pack.settings import Exemption, Settings
from policies.pack.stack import Stack

_MEND_UNDECIDED = (
    "Make what the rules read known in a preview (each finding says how), or let somebody answer for it in an exemption with a last day."
)
_MEND_EXPIRED = "Mend what it exempted; or, if that may still be, give it a new last day and a reason that holds today."
_MEND_UNUSED = "Remove it from the configuration of the rule."
_MEND_GONE = "Run `keyturn-gate adopt`, which removes it, and commit the configuration."


class Limit(Settings):
    """The knob of the rule."""

    max_undecided: int | None = Field(default=None, ge=0)
    """Most findings that may be undecided, exemptions and baseline not counted. Default each counts as its own rule says."""


def _subjects(stack: Stack) -> list[Proceedings]:
    proceedings = stack.part(Proceedings)
    return [] if proceedings.is_empty else [proceedings]


@rule(
    id="nothing-is-undecided",
    title="What cannot be decided stays within a limit, and exemptions are needed and in time",
    severity=Severity.MEDIUM,
    group=Group.HYGIENE,
    level=Level.PROTECTED,
    mend=_MEND_UNDECIDED,
    references=["NIST 800-53 CM-3", "SOC 2 CC8.1", "ISO 27001 A.8.9"],
    of=_subjects,
    settings=Limit,
)
def policy(proceedings: Proceedings, stack: Stack, settings: Limit) -> Iterator[Finding]:
    """Goes through what the other rules found."""
    for about, exemption in proceedings.expired:
        said = f"the exemption of {_place(about.name, exemption)}, for which {exemption.owner} answers, expired on {exemption.expires}"
        yield violated(_at(stack, exemption.urn), said, mend=_MEND_EXPIRED)
    for about, exemption in proceedings.unused:
        said = f"the exemption of {_place(about.name, exemption)}, for which {exemption.owner} answers, is for nothing that is found"
        yield violated(_at(stack, exemption.urn), said, mend=_MEND_UNUSED)
    for about, urn, name in proceedings.gone:
        said = f"the baseline holds {about.name} at {_label(urn)}{f' (property {name})' if name else ''}, which is not found any more"
        yield violated(_at(stack, urn), said, mend=_MEND_GONE)
    undecided = proceedings.undecided
    if settings.max_undecided is not None and len(undecided) > settings.max_undecided:
        listed = "; ".join(f"{ruling.rule.name} at {_where(ruling)}" for ruling in undecided)
        yield violated(proceedings.urn, f"{len(undecided)} findings are undecided, and {settings.max_undecided} may be: {listed}")


def _place(about: str, exemption: Exemption) -> str:
    return f"{about} at {_label(exemption.urn)}{f' (property {exemption.property})' if exemption.property else ''}"


def _where(ruling: Ruling) -> str:
    finding = ruling.finding
    return f"{_label(finding.urn)}{f' (property {finding.property})' if finding.property else ''}"


def _label(urn: str) -> str:
    return f'{type_of(urn).rpartition(":")[2]} "{name_of(urn)}"' if urn else "the stack"


def _at(stack: Stack, urn: str) -> str:
    """Gives where the engine shows it: a resource that is gone is none."""
    return urn if stack.resources.get(urn) else ""
