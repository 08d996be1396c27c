"""The baseline of an old estate: written once, from then on it only gets shorter."""

from collections import Counter
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, cast

from policies.gate.configuration import Document, is_disabled
from policies.gate.judgement import Judgement
from policies.gate.record import Finding, Record
from policies.pack.rule import Group

_BASELINE = "baseline"

Entry = tuple[str, str]
"""URN and property of a finding."""


@dataclass
class Adoption:
    """What becomes of the configuration."""

    document: Document
    added: Counter[str] = field(default_factory=Counter[str])
    """Entries that are new, by rule."""
    kept: Counter[str] = field(default_factory=Counter[str])
    removed: Counter[str] = field(default_factory=Counter[str])
    """Entries whose finding is gone, by rule."""
    refused: list[Finding] = field(default_factory=list[Finding])
    """Findings that stop the change and are not in the baseline: newer than the adoption, or such that nobody can adopt."""


def is_adopted(document: Document) -> bool:
    """Tells whether the configuration has a baseline, be it an empty one."""
    return any(isinstance(given, dict) and _BASELINE in given for given in document.values())


def adopted(document: Document, judgement: Judgement, *, start_over: bool = False) -> Adoption:
    """Gives the configuration with the baseline of the judged stacks.

    The first time it holds what stops the change today. Later it only loses what is not found any more.

    Args:
        document: the configuration under which the stacks were judged.
        judgement: what was found.
        start_over: whether findings that are newer than the adoption get into it, too.
    """
    adoption = Adoption(deepcopy(document))
    is_first = start_over or not is_adopted(document)
    findings = [finding for record in judgement.records for finding in record.findings]
    adoptable: list[Finding] = []
    # The pack does not know what only shows together, and would take an entry for it as one whose finding is gone.
    adoption.refused.extend(finding for finding in judgement.together if finding.stops)
    for finding in findings:
        if finding.stops and not _is_mended_by_adoption(finding):
            (adoptable if is_first and _can_be_adopted(finding) else adoption.refused).append(finding)
    records = judgement.records
    rules = {finding.rule for finding in findings} | {rule for rule, given in document.items() if isinstance(given, dict)}
    for rule in [*document, *sorted(rules - document.keys())]:
        if rule in rules and not is_disabled(document, rule):
            known = [_entry(finding) for finding in findings if finding.rule == rule and finding.status == "baseline"]
            _renew(adoption, rule, records, known, sorted(_entry(finding) for finding in adoptable if finding.rule == rule))
    return adoption


def _renew(adoption: Adoption, rule: str, records: Sequence[Record], known: Iterable[Entry], new: Sequence[Entry]) -> None:
    given = adoption.document.get(rule)
    settings = cast(Document, given) if isinstance(given, dict) else {}
    before = cast(list[dict[str, Any]], settings.get(_BASELINE, []))
    still_found = Counter(known)
    after: list[dict[str, Any]] = []
    for entry in before:
        place = (str(entry["urn"]), str(entry.get("property") or ""))
        if any(record.holds(place[0]) for record in records):
            if not still_found[place]:
                adoption.removed[rule] += 1
                continue
            still_found[place] -= 1
            adoption.kept[rule] += 1
        after.append(entry)
    if not (new or adoption.removed[rule]):
        return
    adoption.added[rule] += len(new)
    after.extend({"urn": urn, "property": name} if name else {"urn": urn} for urn, name in new)
    level = {} if given is None or isinstance(given, dict) else {"enforcementLevel": given}
    adoption.document[rule] = {**level, **settings, _BASELINE: after}


def _entry(finding: Finding) -> Entry:
    return finding.urn, finding.property_name


def _can_be_adopted(finding: Finding) -> bool:
    # What is about the configuration itself, or about no resource, was not there before, and what a rule that failed would have found
    # nobody knows: somebody has to look at it.
    return bool(finding.urn) and finding.group != Group.HYGIENE.value and not finding.is_failure


def _is_mended_by_adoption(finding: Finding) -> bool:
    """Tells whether a finding is about a baseline that is too long: its own way out is this command."""
    return finding.group == Group.HYGIENE.value and "keyturn-gate adopt" in finding.mend
