"""Every read of a secret leaves a trace.

GetSecretValue is a management event that only reads. A trail that records writes, or no management events, or leaves the events of KMS
out, misses who read or decrypted a secret; one of a single region misses the reads of replicas elsewhere. One trail, or one event data
store, that sees everything is enough.

A trail usually stands in a stack of its own, or belongs to the organization: the knob `trailStack` says where, in words, and the rule
holds. Exported states that are judged together count as one.

What it does not see: whether anybody looks at the trail, and whether somebody stops it by hand.
"""

from collections.abc import Callable, Iterator

from pydantic import Field

from policies.pack.finding import Answer, Finding, cannot_decide, violated
from policies.pack.graph.stacks import OneStack, stacks_with_secrets
from policies.pack.graph.tokens import EVENT_DATA_STORE, TRAIL
from policies.pack.resource import Resource
from policies.pack.rule import Group, Level, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, UndecidedError, Value, at, elements

_OF_KMS = "kms.amazonaws.com"
_OF_SECRETS = "secretsmanager.amazonaws.com"


class Trails(Settings):
    """Where reads are recorded."""

    trail_stack: str = Field(default="", max_length=200)
    """Where the trail is when this stack has none, e.g. `acme/organization/prod`. Default: in this stack."""


@rule(
    id="reads-are-audited",
    title="Reads of secrets are recorded",
    severity=Severity.MEDIUM,
    group=Group.AUDIT,
    level=Level.ADVISORY,
    undecided="advisory",
    settings=Trails,
    mend="Record management events of all regions, reads and KMS included, with one aws.cloudtrail.Trail (is_multi_region_trail=True). "
    "When another stack or the organization has it, say so by the knob `trailStack`.",
    references=["NIST 800-53 AU-2", "NIST 800-53 AU-12", "PCI DSS 10.2.1", "ISO 27001 A.8.15", "SOC 2 CC7.2", "CIS AWS 3.0 3.1"],
    of=stacks_with_secrets,
)
def policy(one: OneStack, stack: Stack, settings: Trails) -> Iterator[Finding]:
    """Looks for one trail, or event data store, that sees reads of secrets and of their keys."""
    if settings.trail_stack.strip():
        return
    trails = stack.resources.of_type(TRAIL, EVENT_DATA_STORE)
    if not trails:
        yield violated(one.urn, f"{one.label} has secrets and no trail that records who reads them")
        return
    found = [list(_judged(trail)) for trail in trails]
    if all(found):
        findings = [finding for of_one in found for finding in of_one]
        # One trail is enough: while one may still do, none of the others is a violation.
        yield from [finding for finding in findings if finding.answer is Answer.CANNOT_DECIDE] or findings


def _judged(trail: Resource) -> Iterator[Finding]:
    try:
        for name, said in _lacks(trail):
            yield violated(trail.urn, f"{trail.label} {said}", property=name)
    except UndecidedError as undecided:
        yield cannot_decide(trail.urn, f"what {trail.label} records is not known yet", property=str(undecided))


def _lacks(trail: Resource) -> Iterator[tuple[str, str]]:
    """Gives what a trail lacks: the property, and what that means."""
    is_trail = trail.type == TRAIL
    if is_trail and _known(trail, "enableLogging") is False:
        yield "enableLogging", "is switched off"
    if is_trail and _known(trail, "isMultiRegionTrail") is not True:
        yield "isMultiRegionTrail", "records one region only"
    if not is_trail and _known(trail, "suspend") is True:
        yield "suspend", "is switched off"
    if not is_trail and _known(trail, "multiRegionEnabled") is False:
        yield "multiRegionEnabled", "records one region only"
    advanced = elements(_known(trail, "advancedEventSelectors"))
    basic = elements(_known(trail, "eventSelectors"))
    if advanced:
        for said in _unseen(advanced):
            yield "advancedEventSelectors", said
    elif basic and not any(_sees_reads(selector) for selector in basic):
        yield "eventSelectors", "does not record the management events that only read, KMS included"


def _known(resource: Resource, name: str) -> Value:
    value = resource.read(name)
    if value is UNKNOWN:
        raise UndecidedError(name)
    return value


def _sees_reads(selector: Value) -> bool:
    kind, management = _part(selector, "readWriteType"), _part(selector, "includeManagementEvents")
    excluded = [_decided(source, "eventSelectors") for source in elements(_part(selector, "excludeManagementEventSources"))]
    return kind in (None, "All", "ReadOnly") and management is not False and _OF_KMS not in excluded


def _part(selector: Value, name: str) -> Value:
    return _decided(at(_decided(selector, "eventSelectors"), name), "eventSelectors")


def _decided(value: Value, name: str) -> Value:
    if value is UNKNOWN:
        raise UndecidedError(name)
    return value


def _unseen(selectors: list[Value]) -> Iterator[str]:
    """Gives what no selector lets through. Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html."""
    for source, said in ((_OF_SECRETS, "does not record reads of secrets"), (_OF_KMS, "does not record the use of keys")):
        event = {"eventCategory": "Management", "readOnly": "true", "eventSource": source}
        if not any(_selects(selector, event) for selector in selectors):
            yield said


def _selects(selector: Value, event: dict[str, str]) -> bool:
    fields = elements(_decided(at(_decided(selector, "advancedEventSelectors"), "fieldSelectors"), "advancedEventSelectors"))
    return all(_field_selects(field, event) for field in fields)


def _field_selects(field: Value, event: dict[str, str]) -> bool:
    name = _decided(at(_decided(field, "advancedEventSelectors"), "field"), "advancedEventSelectors")
    value = event.get(name) if isinstance(name, str) else None
    if value is None:
        return False  # it asks for something that a read of a secret does not have to have
    tests: dict[str, Callable[[str], bool]] = {"equals": value.__eq__, "startsWith": value.startswith, "endsWith": value.endswith}
    for operator, test in tests.items():
        wanted = _texts(field, operator)
        unwanted = _texts(field, f"not{operator[0].upper()}{operator[1:]}")
        if (wanted and not any(map(test, wanted))) or any(map(test, unwanted)):
            return False
    return True


def _texts(field: Value, operator: str) -> list[str]:
    listed = [_decided(value, "advancedEventSelectors") for value in elements(_decided(at(field, operator), "advancedEventSelectors"))]
    return [text for text in listed if isinstance(text, str)]
