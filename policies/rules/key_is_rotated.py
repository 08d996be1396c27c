"""A customer's key gets new key material every year.

AWS renews the material of a symmetric key for encryption when `enableKeyRotation` is set: after 365 days, or after
`rotationPeriodInDays`. What was encrypted before stays readable. All such keys of the stack are judged, since a key's text does not say
what somebody will encrypt with it. `maxDays` says how long the material may last.

Keys that AWS cannot renew are not judged: asymmetric and HMAC keys, keys in a custom or an external key store, keys with imported
material, and replicas, which follow their primary. Nor is a key that is switched off: nothing is encrypted with it.
"""

from collections.abc import Iterator

from pydantic import Field

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.tokens import KEY
from policies.pack.resource import Resource
from policies.pack.rule import Group, Level, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Value

# What a key must be for AWS to renew it, each with what counts when the program says nothing.
# Source: https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
_RENEWABLE = {
    "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
    "customKeyStoreId": None,
    "xksKeyId": None,
    "isEnabled": True,
}
_DEFAULT_DAYS = 365  # of AWS


class Period(Settings):
    """How long key material lasts."""

    max_days: int = Field(default=365, ge=90, le=2560)
    """Longest time between two renewals in days, 90 to 2560. Default 365."""


@rule(
    id="key-is-rotated",
    title="A key is rotated every year",
    severity=Severity.MEDIUM,
    group=Group.ROTATION,
    level=Level.PROTECTED,
    undecided="advisory",
    settings=Period,
    early=(KEY,),
    mend="Set enableKeyRotation to true, and leave rotationPeriodInDays out or at maxDays at most.",
    references=["NIST 800-53 SC-12", "ISO 27001 A.8.24", "CIS AWS 3.0 3.6"],
    of=lambda stack: stack.resources.of_type(KEY),
)
def policy(key: Resource, stack: Stack, settings: Period) -> Iterator[Finding]:  # noqa: ARG001 - a rule's form
    """Looks at the switch and the period of keys that AWS can renew."""
    wrong = list(_rotated(key, settings))
    unknown = [name for name in _RENEWABLE if key.read(name) is UNKNOWN]
    if not wrong or not all(name in unknown or _fits(name, key.read(name)) for name in _RENEWABLE):
        return
    if unknown:
        yield cannot_decide(key.urn, f"{key.label} is not rotated, and whether AWS can do it is not known yet", property=unknown[0])
    else:
        yield from wrong


def _rotated(key: Resource, settings: Period) -> Iterator[Finding]:
    switch, days = key.read("enableKeyRotation"), key.read("rotationPeriodInDays")
    period = _days(days)
    if switch is UNKNOWN:
        yield cannot_decide(key.urn, f"whether {key.label} is rotated is not known yet", property="enableKeyRotation")
    elif switch is not True and switch != "true":
        yield violated(
            key.urn, f"{key.label} keeps its key material for ever: its rotation is not switched on", property="enableKeyRotation"
        )
    elif days is UNKNOWN:
        yield cannot_decide(key.urn, f"how often {key.label} is rotated is not known yet", property="rotationPeriodInDays")
    elif period is None or period > settings.max_days:
        text = f"{key.label} keeps its key material for longer than {settings.max_days} days"
        yield violated(key.urn, text, property="rotationPeriodInDays")


def _fits(name: str, value: Value) -> bool:
    wanted = _RENEWABLE[name]
    if value is None or value == "":
        return True
    return isinstance(value, str | bool) and value == wanted


def _days(value: Value) -> float | None:
    if value is None:
        return _DEFAULT_DAYS
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
