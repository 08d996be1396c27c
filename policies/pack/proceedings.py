"""What the rules found in a stack and what became of it: levels, exemptions and the baseline applied."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_policy import EnforcementLevel

from policies.pack.exemptions import Exemptions, Standing, Status
from policies.pack.finding import Answer, Finding
from policies.pack.levels import level_of
from policies.pack.message import message
from policies.pack.resource import home_of
from policies.pack.settings import Exemption

if TYPE_CHECKING:
    from policies.pack.configuration import Configuration, Configured
    from policies.pack.rule import Rule
    from policies.pack.stack import Stack


@dataclass(frozen=True)
class Ruling:
    """A finding, and how it counts."""

    rule: "Rule"
    finding: Finding
    level: EnforcementLevel
    standing: Standing

    @property
    def message(self) -> str:
        """Gives what a person reads."""
        return message(self.finding, mend=self.rule.mend, page=self.rule.url or "", note=self.standing.note)


@dataclass
class Proceedings:
    """One hearing of all rules on one stack. A part of the stack, so that a rule about the rules can look at the others."""

    stack: "Stack"
    rulings: list[Ruling] = field(default_factory=list[Ruling])
    not_applicable: dict[str, str] = field(default_factory=dict[str, str])
    """Why a rule had nothing to judge, by its name."""
    switched_off: list[str] = field(default_factory=list[str])
    """Names of the rules that the configuration lets judge nothing."""
    _exemptions: "list[tuple[Rule, Exemptions]]" = field(default_factory=list["tuple[Rule, Exemptions]"])

    @property
    def urn(self) -> str:
        """URN at which findings about the whole stack stand: the engine puts the stack's."""
        return ""

    def hear(self, rules: "Iterable[Rule]", configuration: "Configuration") -> None:
        """Lets every rule judge that is not switched off; those about the rules themselves come last."""
        for rule in sorted(rules, key=lambda rule: rule.judges_rules):
            configured = configuration.of(rule)
            if configured.level is EnforcementLevel.DISABLED:
                self.switched_off.append(rule.name)
            else:
                self._hear(rule, configured)

    def _hear(self, rule: "Rule", configured: "Configured") -> None:
        findings = rule.judge(self.stack, configured.settings)
        if findings is None:
            self.not_applicable[rule.name] = "the stack has nothing that this rule is about"
        exemptions = Exemptions(configured.settings, self.stack.today)
        found = sorted(findings or (), key=lambda finding: (finding.urn, finding.text))
        levels = [level_of(finding, self.stack, configured.level, configured.settings, rule.undecided) for finding in found]
        # An entry of the baseline was written for what stopped a change: what is advisory does not take it away.
        gravest_first = sorted(range(len(found)), key=lambda position: levels[position] is EnforcementLevel.ADVISORY)
        standings = {position: exemptions.standing(found[position]) for position in gravest_first}
        for position, (finding, level) in enumerate(zip(found, levels, strict=True)):
            counts = level if standings[position].status is Status.OPEN else EnforcementLevel.ADVISORY
            self.rulings.append(Ruling(rule, finding, counts, standings[position]))
        self._exemptions.append((rule, exemptions))

    @property
    def is_empty(self) -> bool:
        """Tells whether no rule had anything to judge, and nothing was exempted."""
        return len(self.not_applicable) == len(self._exemptions) and not any((*self.unused, *self.gone))

    @property
    def undecided(self) -> list[Ruling]:
        """Gives what could not be decided and nobody answers for."""
        return [
            ruling for ruling in self.rulings if ruling.finding.answer is Answer.CANNOT_DECIDE and ruling.standing.status is Status.OPEN
        ]

    @property
    def expired(self) -> "Iterator[tuple[Rule, Exemption]]":
        """Gives the exemptions that a finding would need, and that have passed."""
        return ((rule, exemption) for rule, exemptions in self._exemptions for exemption in exemptions.expired)

    @property
    def unused(self) -> "Iterator[tuple[Rule, Exemption]]":
        """Gives the exemptions for this stack that no finding needs."""
        return (
            (rule, exemption) for rule, exemptions in self._exemptions for exemption in exemptions.unused if self._is_here(exemption.urn)
        )

    @property
    def gone(self) -> "Iterator[tuple[Rule, str, str]]":
        """Gives rule, URN and property of the baseline's entries for this stack whose finding is gone."""
        return ((rule, urn, name) for rule, exemptions in self._exemptions for urn, name in exemptions.gone if self._is_here(urn))

    def _is_here(self, urn: str) -> bool:
        """Tells whether a URN is one of this stack: a configuration may be for several."""
        return home_of(urn) in self.stack.resources.homes
