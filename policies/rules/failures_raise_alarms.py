"""Somebody is told when a rotation fails, a read is denied, a policy changes, a secret is deleted or its key disabled.

Told means: an EventBridge rule on the default bus that is switched on, lets the event through and has a target; or a CloudWatch alarm with
an action on a metric filter that looks for it. To another bus AWS reports nothing by itself. A rule that is narrowed to some secrets counts
for those; whether one that is narrowed to some keys hears of the one that is disabled nobody can decide. Denied reads come to EventBridge
only in a rule whose state is ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS; another one hears nothing, and counts for nothing.

Before the first deployment a pattern with an unknown ARN inside is unknown as a whole: the rule cannot decide what it lets through.

What it does not see: whether anybody is subscribed to the topic and reads it; alarms of another stack, unless the exported states are
judged together (the knob `required` says which happenings this stack has to hear of); composite alarms; what a metric filter looks for
beyond the words in its pattern.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.alarms import Alarms, Ear, Happening
from policies.pack.graph.patterns import Match
from policies.pack.graph.secret import Secret
from policies.pack.graph.stacks import OneStack, stacks_with_secrets
from policies.pack.graph.tokens import KEYS
from policies.pack.rule import Group, Level, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack

_WHAT = {
    Happening.ROTATION_FAILED: "a rotation fails",
    Happening.READ_DENIED: "a read is denied",
    Happening.POLICY_CHANGED: "the resource policy of a secret changes",
    Happening.SECRET_DELETED: "a secret is deleted",
    Happening.KEY_DISABLED: "a key is disabled or scheduled for deletion",
}


class Alarming(Settings):
    """What has to be heard."""

    required: list[Literal["rotation-failed", "read-denied", "policy-changed", "secret-deleted", "key-disabled"]] = Field(
        default=["rotation-failed", "read-denied", "policy-changed", "secret-deleted", "key-disabled"]
    )
    """Happenings that somebody must be told of. Default all five; key-disabled only where the stack has a key."""
    action_types: list[str] = Field(default=[])
    """AWS services that count as telling somebody, e.g. `sns` or `lambda`. Default any."""


@rule(
    id="failures-raise-alarms",
    title="Failures and dangerous changes raise an alarm",
    severity=Severity.MEDIUM,
    group=Group.AUDIT,
    level=Level.PROTECTED,
    undecided="advisory",
    settings=Alarming,
    mend="Use Keyturn's SecretEnvironment, or add an aws.cloudwatch.EventRule for the event with an EventTarget that reaches a person, "
    "e.g. an SNS topic. Where another stack hears of it, leave the happening out of the knob `required`.",
    references=[
        "NIST 800-53 SI-4",
        "NIST 800-53 AU-6",
        "PCI DSS 10.7.2",
        "PCI DSS 10.4.1",
        "ISO 27001 A.8.16",
        "SOC 2 CC7.2",
        "CIS AWS 3.0 4.7",
    ],
    of=stacks_with_secrets,
)
def policy(one: OneStack, stack: Stack, settings: Alarming) -> Iterator[Finding]:
    """Looks for somebody who hears of each happening."""
    alarms = stack.part(Alarms)
    for happening in map(Happening, settings.required):
        if happening is Happening.KEY_DISABLED and not stack.resources.of_type(*KEYS):
            continue
        counted = (_counted(ear, settings) for ear in alarms.by_happening[happening])
        yield from _judged(one, happening, [ear for ear in counted if ear is not None])


def _judged(one: OneStack, happening: Happening, ears: list[Ear]) -> Iterator[Finding]:
    sure = [ear for ear in ears if not ear.open_property]
    if any(ear.hears_of_all for ear in sure):
        return
    # An estate may have a rule for each secret: those are found by name.
    listed = frozenset[str]().union(*(ear.exact_names for ear in sure))
    others = [ear for ear in sure if not ear.exact_names]
    unheard = [secret for secret in one.secrets if secret.name not in listed and not _is_heard(secret, others)]
    if happening is Happening.KEY_DISABLED:
        about = ""
    elif unheard:
        about = f" of {_named(unheard)}" if len(unheard) < len(one.secrets) else ""
    else:
        return
    text = f"nobody in {one.label} is told when {_WHAT[happening]}{about}"
    undecided = next((ear for ear in ears if ear.open_property or any(ear.hears_of(secret.arn) for secret in unheard)), None)
    if undecided is None:
        yield violated(one.urn, text)
    else:
        why = "what it lets through, or tells, is not known yet"
        named = undecided.open_property or "eventPattern"
        yield cannot_decide(one.urn, f"{text}, unless it is by {undecided.resource.label}: {why}", property=named)


def _is_heard(secret: Secret, ears: list[Ear]) -> bool:
    return any(ear.hears_of(secret.arn) is Match.ALWAYS for ear in ears)


def _counted(ear: Ear, settings: Alarming) -> Ear | None:
    """Gives the ear if what it tells counts; one whose action is not known yet may count, or not."""
    if not settings.action_types or not ear.actions.isdisjoint(settings.action_types):
        return ear
    return None if ear.actions else replace(ear, open_property="arn")


def _named(secrets: Sequence[Secret]) -> str:
    shown = ", ".join(secret.resource.label for secret in secrets[:3])
    return shown if len(secrets) <= 3 else f"{shown} and {len(secrets) - 3} more"
