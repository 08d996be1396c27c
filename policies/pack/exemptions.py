"""What becomes of a finding that somebody answers for, or that is older than the rule's adoption."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum

from policies.pack.finding import Finding
from policies.pack.settings import Exemption, Settings


class Status(Enum):
    """Whether a finding waits for a person."""

    OPEN = "open"
    EXEMPT = "exempt"
    BASELINE = "baseline"


@dataclass(frozen=True)
class Standing:
    """The status of one finding, and why."""

    status: Status
    exemption: Exemption | None = None
    """What exempts it; where it is open, the exemption that expired."""
    days_left: int = 0
    """Days until the exemption's last day; below zero when that has passed."""

    @property
    def note(self) -> str:
        """Gives what the message says about it; nothing when there is nothing to say."""
        if self.status is Status.BASELINE:
            return "Known before adoption: the baseline holds it."
        if self.exemption is None:
            return ""
        whose = f"by {self.exemption.owner}: {self.exemption.reason}"
        if self.status is Status.OPEN:
            return f"Its exemption expired on {self.exemption.expires}, {whose}"
        return f"Exempt, {self.days_left} {'day' if self.days_left == 1 else 'days'} left, {whose}"


class Exemptions:
    """The exemptions and the baseline of one rule, as they meet its findings."""

    def __init__(self, settings: Settings, today: date) -> None:
        self._today = today
        self._by_urn: defaultdict[str, list[Exemption]] = defaultdict(list)
        for exemption in settings.exemptions:
            self._by_urn[exemption.urn].append(exemption)
        self._met: set[Exemption] = set()
        # One entry for each finding: a second reader of a secret whose first one is known was not there before.
        self._known = Counter((known.urn, known.property or "") for known in settings.baseline)

    def standing(self, finding: Finding) -> Standing:
        """Gives the status of a finding. Ask once for each: an entry of the baseline holds one."""
        met = [exemption for exemption in self._by_urn.get(finding.urn, ()) if exemption.property in (None, finding.property)]
        self._met.update(met)
        longest = max(met, key=lambda exemption: exemption.expires, default=None)
        days = 0 if longest is None else (longest.expires - self._today).days
        if longest is not None and days >= 0:
            return Standing(Status.EXEMPT, longest, days)
        if self._is_known(finding):
            return Standing(Status.BASELINE)
        return Standing(Status.OPEN, longest, days)

    @property
    def expired(self) -> Iterator[Exemption]:
        """Gives the exemptions that would be needed, and have passed."""
        return (exemption for exemption in self._all if exemption in self._met and exemption.expires < self._today)

    @property
    def unused(self) -> Iterator[Exemption]:
        """Gives the exemptions that no finding needs."""
        return (exemption for exemption in self._all if exemption not in self._met)

    @property
    def gone(self) -> Iterator[tuple[str, str]]:
        """Gives URN and property of the baseline's entries whose finding is gone."""
        return self._known.elements()

    @property
    def _all(self) -> Iterator[Exemption]:
        return (exemption for exemptions in self._by_urn.values() for exemption in exemptions)

    def _is_known(self, finding: Finding) -> bool:
        key = (finding.urn, finding.property)
        if finding.is_failure or not self._known[key]:
            return False
        self._known[key] -= 1
        return True
