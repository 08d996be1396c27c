"""What only shows when stacks are seen together: the rule about sharing across stacks, asked about all of them at once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any, cast

from policies.gate.configuration import Document, is_disabled
from policies.gate.errors import GateError
from policies.gate.record import Finding, Record
from policies.pack.configuration import Configuration
from policies.pack.finding import Finding as Found
from policies.pack.finding import cannot_decide, violated
from policies.pack.graph.comparison import shared
from policies.pack.graph.manifest import InvalidManifestError, StackFacts
from policies.pack.graph.sharing import Sharing
from policies.pack.levels import level_of
from policies.pack.resource import name_of, type_of
from policies.pack.stack import Stack
from policies.rules.secret_is_not_shared_across_stacks import AcrossStacks, policy


def beside(document: Document, earlier: Iterable[Record]) -> Document:
    """Gives the configuration with which a stack is judged beside those that were judged before it."""
    manifests = [record.manifest for record in earlier if record.manifest]
    if not manifests or is_disabled(document, policy.name):
        return document
    given = document.get(policy.name, {})
    settings: dict[str, Any] = deepcopy(cast(Document, given)) if isinstance(given, dict) else {"enforcementLevel": given}
    settings["others"] = [*settings.get("others", []), *manifests]
    return {**document, policy.name: settings}


def found_together(records: Sequence[Record], configuration: Configuration) -> tuple[Finding, ...]:
    """Gives what the stacks share and no record says yet: records that were made apart, and doubts about an earlier stack.

    What is shared on purpose stands in `sharedAllow`. Exemptions are the pack's: it would find one for this to be for nothing.

    Raises:
        GateError: a record's manifest is none of this version.
    """
    configured = configuration.of(policy)
    settings = configured.settings
    if not isinstance(settings, AcrossStacks) or configured.level.value == "disabled":
        return ()
    today = datetime.now(UTC).date()
    findings: list[Finding] = []
    for found in _new(records, settings, today):
        # Of the stack in which it stands only the environment is known here.
        environment = next((record.environment for record in records if record.holds(found.urn)), None)
        level = level_of(found, Stack([], today, environment), configured.level, settings, policy.undecided)
        findings.append(_finding(found, level.value))
    return tuple(findings)


def _new(records: Sequence[Record], settings: AcrossStacks, today: date) -> Iterator[Found]:
    said: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for finding in (finding for record in records for finding in record.findings if finding.rule == policy.name):
        said[finding.urn, finding.property_name].append(finding.text)
    # A record of several stacks has no manifest: the rule compared them with one another, and beside a further one nobody can.
    compared = records if len(records) > 1 else [record for record in records if record.stack]
    for sharing in shared(map(_facts, compared), settings.shared_allow, today=today):
        if not any(_is_about(text, sharing) for place in sharing.places for text in said[place.urn, place.property]):
            make = violated if sharing.is_certain else cannot_decide
            yield make(sharing.places[0].urn, sharing.text, property=sharing.places[0].property)


def _is_about(text: str, sharing: Sharing) -> bool:
    """Tells whether a finding at one of its places says it already: in the same words, or in sight of the same stacks."""
    stacks = {"/".join(place.stack) for place in sharing.places}
    return text == sharing.text or (len(stacks) > 1 and all(f'stack "{stack}"' in text for stack in stacks))


def _facts(record: Record) -> StackFacts:
    try:
        return StackFacts.from_json(record.manifest)
    except InvalidManifestError as error:
        raise GateError(f"the record of {record.name} cannot be judged beside others: {error}") from None


def _finding(found: Found, level: str) -> Finding:
    return Finding.model_validate(
        {
            "rule": policy.name,
            "title": policy.display_name,
            "severity": policy.severity.value if policy.severity else "high",
            "group": policy.group.value,
            "level": level,
            "answer": found.answer.value,
            "urn": found.urn,
            "resource": f'{type_of(found.urn).rpartition(":")[2]} "{name_of(found.urn)}"',
            "property": found.property,
            "text": found.text,
            "mend": found.mend or policy.mend,
            "page": policy.url,
            "status": "open",
        }
    )
