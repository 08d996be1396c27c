"""A secret is renewed on a schedule, or says why not and until when.

A rotation counts when it is for this secret, is switched on, names a function (or the role of a managed external rotation), and has a
schedule with an end to its longest gap: days, `rate()` or `cron()`. Before the first deployment the secret and the function are told
by what the properties are made from. What an AWS service made is its own to rotate: such a secret carries the tag
`aws:secretsmanager:owningService`, or has a name with `!` in it, as `rds!db-…`, which nobody else can choose.

A secret that only a person can renew is `static`, by its component (`kind`, `reason`, `reviewBy`) or by the tags `keyturn:kind`,
`keyturn:reason` and `keyturn:review-by` (an ISO date), or because `staticAllow` names it. When the review is overdue, or further ahead
than `maxReviewDays`, the rule does not hold.

What it does not see: secrets that are no resource of the stack, as those that RDS keeps for `manageMasterUserPassword`, which it
rotates; rotations that another stack, or somebody by hand, switches on.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from pydantic import BaseModel, Field

from keyturn.catalogue import Kind
from policies.pack.finding import Answer, Finding, cannot_decide, violated
from policies.pack.graph.edges import origin
from policies.pack.graph.intent import day, said_of, tag
from policies.pack.graph.pace import pace
from policies.pack.graph.patterns import Match
from policies.pack.graph.rotation import Rotation
from policies.pack.graph.secret import Secret
from policies.pack.graph.tokens import CLOUDFORMATION_STACK, FUNCTION, FUNCTION_ALIAS, ROLE, SERVERLESS_APPLICATION
from policies.pack.rule import Group, Level, Severity, rule
from policies.pack.settings import Said, Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Value, at

_OWNED_BY_AWS = "aws:secretsmanager:owningService"


class Review(BaseModel):
    """Why a secret is static, and until when."""

    model_config = Settings.model_config

    reason: Said
    """Why no rotation can renew it."""
    expires: date
    """Last day on which that counts, an ISO date."""


class Reviews(Settings):
    """What is accepted instead of a rotation."""

    max_review_days: int = Field(default=366, ge=1, le=3660)
    """How many days the review of a static secret may be ahead. Default 366."""
    static_allow: dict[str, Review] = Field(default={})
    """Secrets that only a person can renew, by physical name: for programs that cannot say it themselves. Default none."""


@rule(
    id="secret-is-rotated",
    title="A secret is rotated on a schedule",
    severity=Severity.HIGH,
    group=Group.ROTATION,
    level=Level.PROTECTED,
    settings=Reviews,
    mend="Add an aws.secretsmanager.SecretRotation with a rotation function and rotation rules, or use Keyturn's DatabaseCredential. A "
    "secret that only a person can renew says so: kind static, with a reason and a review date that is ahead, by a year at most.",
    references=["NIST 800-53 IA-5", "PCI DSS 8.6.3", "ISO 27001 A.5.17", "SOC 2 CC6.1"],
    of=lambda stack: stack.secrets,
)
def policy(secret: Secret, stack: Stack, settings: Reviews) -> Iterator[Finding]:
    """Holds when one rotation renews the secret within a bounded time, or when its intent is static and under review."""
    answers = [list(_judged(secret, rotation, stack)) for rotation in stack.rotations_of(secret)]
    if any(not findings for findings in answers) or _is_owned_by_aws(secret):
        return
    label = secret.resource.label
    kind = said_of(secret.resource, stack.resources, "kind")
    listed = settings.static_allow.get(secret.name or "")
    if kind is not UNKNOWN and kind == Kind.STATIC:
        yield from _static(secret, stack, settings)
    elif listed is not None:
        yield from _reviewed(secret, listed.expires, stack, settings, property="name")
    elif kind is UNKNOWN:
        yield cannot_decide(secret.urn, f"{label} has no rotation that works, and its kind is not known yet", property="tags")
    elif secret.name is None and settings.static_allow:
        yield cannot_decide(secret.urn, f"{label} has no rotation that works, and its name is not known yet", property="name")
    elif answers:
        yield from min(answers, key=_surely_fails)
    else:
        yield violated(secret.urn, f"{label} is never rotated: no SecretRotation is for it")


def _is_owned_by_aws(secret: Secret) -> bool:
    return isinstance(tag(secret.resource, _OWNED_BY_AWS), str) or "!" in (secret.name or "")


def _surely_fails(findings: list[Finding]) -> bool:
    """Tells whether a rotation does not count: one that may comes before it."""
    return any(finding.answer is Answer.VIOLATED for finding in findings)


def _judged(secret: Secret, rotation: Rotation, stack: Stack) -> Iterator[Finding]:
    resource = rotation.resource
    urn, label = secret.urn, f"{secret.resource.label} by {resource.label}"
    if rotation.certainty is Match.MAYBE:
        yield cannot_decide(urn, f"which secret {resource.label} rotates is not known yet", property="secretId")
    enabled = resource.read("rotationEnabled")
    if enabled is UNKNOWN:
        yield cannot_decide(urn, f"whether {label} is rotated is not known yet", property="rotationEnabled")
    elif enabled is False or (enabled is None and at(resource.outputs, "rotationEnabled") is False):
        yield violated(urn, f"the rotation of {label} is switched off", property="rotationEnabled")
    yield from _carried_out(urn, label, rotation, stack)
    yield from _bounded(urn, label, rotation)


def _carried_out(urn: str, label: str, rotation: Rotation, stack: Stack) -> Iterator[Finding]:
    resource = rotation.resource
    function, partner = resource.read("rotationLambdaArn"), resource.read("externalSecretRotationRoleArn")
    if _is_given(function) or _is_given(partner):
        return
    for name, value in (("rotationLambdaArn", function), ("externalSecretRotationRoleArn", partner)):
        if value is UNKNOWN:
            made_from = origin(resource, name, stack.resources)
            if not made_from.of_type(FUNCTION, FUNCTION_ALIAS, SERVERLESS_APPLICATION, CLOUDFORMATION_STACK, ROLE):
                yield cannot_decide(urn, f"what rotates {label} is not known yet and is made from no function of this stack", property=name)
            return
    yield violated(urn, f"nothing carries out the rotation of {label}: it names no function", property="rotationLambdaArn")


def _bounded(urn: str, label: str, rotation: Rotation) -> Iterator[Finding]:
    how_often = pace(rotation.resource)
    if how_often.problem:
        yield violated(urn, f"the schedule of {label} does not work: {how_often.problem}", property=how_often.property)
    elif how_often.days is None:
        yield cannot_decide(urn, f"how often {label} is rotated is not known yet", property=how_often.property)


def _static(secret: Secret, stack: Stack, settings: Reviews) -> Iterator[Finding]:
    reason = said_of(secret.resource, stack.resources, "reason")
    review = said_of(secret.resource, stack.resources, "reviewBy")
    for name, value in (("reason", reason), ("reviewBy", review)):
        if value is UNKNOWN:
            yield cannot_decide(secret.urn, f"{secret.resource.label} is static, and why or until when is not known yet", property=name)
            return
    if not isinstance(reason, str) or not reason.strip():
        yield violated(secret.urn, f"{secret.resource.label} is static and gives no reason", property="reason")
    ends = day(review)
    if ends is None:
        yield violated(secret.urn, f"{secret.resource.label} is static and names no date of its next review", property="reviewBy")
    else:
        yield from _reviewed(secret, ends, stack, settings, property="reviewBy")


def _reviewed(secret: Secret, ends: date, stack: Stack, settings: Reviews, *, property: str) -> Iterator[Finding]:
    if ends < stack.today:
        yield violated(secret.urn, f"{secret.resource.label} is static and its review is overdue", property=property)
    elif ends > stack.today + timedelta(days=settings.max_review_days):
        text = f"{secret.resource.label} is static and its review is more than {settings.max_review_days} days ahead"
        yield violated(secret.urn, text, property=property)


def _is_given(value: Value) -> bool:
    return isinstance(value, str) and bool(value.strip())
