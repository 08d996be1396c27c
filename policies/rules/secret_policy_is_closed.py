"""The resource policy of a secret lets in whom it names, and nobody who only happens to be on AWS.

`*`, another account and everybody but whom NotPrincipal names may only be let in under a condition that closes the circle:
aws:PrincipalOrgID or aws:PrincipalOrgPaths, an account that is trusted (aws:PrincipalAccount, aws:SourceAccount), named roles
(aws:PrincipalArn), or the own network (aws:SourceVpc, aws:SourceVpce). A service of AWS acts for every customer, so it needs such a
condition as well. `IfExists` and `ForAllValues:` close nothing, nor does an address. A denial of everything that is allowed, to everybody
outside of the circle, closes it, too; denials are never a finding. A role of another account that is named by its ARN is one reader,
and `secret-has-one-reader` judges it.

A SecretPolicy sets `blockPublicPolicy`: AWS then refuses what is public, also when somebody changes it by hand. The policy inside a
Secret has no such property.

Before the first deployment a document with an unknown ARN inside is unknown as a whole, and the own account is not known either:
neither can be decided.

What it does not see: policies that somebody puts on a secret outside of Pulumi.
"""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import StringConstraints

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.actions import ON_SECRETS
from policies.pack.graph.circle import Circle
from policies.pack.graph.documents import MalformedDocumentError, Statement, statements
from policies.pack.graph.patterns import Match
from policies.pack.graph.principals import account_of, listed
from policies.pack.graph.readers import MEND_MALFORMED, MEND_NOT_YET
from policies.pack.graph.secret import Secret
from policies.pack.graph.targets import targets
from policies.pack.graph.tokens import SECRET, SECRET_POLICY
from policies.pack.resource import Resource
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Value, elements

_SERVICE = re.compile(r"[a-z0-9.-]{1,100}")


class ClosedSettings(Settings):
    """Who may be let in."""

    org_ids: tuple[Annotated[str, StringConstraints(pattern=r"^o-[a-z0-9]{10,32}$")], ...] = ()
    """Ids of the organizations that a condition may name. Default any."""
    trusted_accounts: tuple[Annotated[str, StringConstraints(pattern=r"^\d{12}$")], ...] = ()
    """Other accounts that a policy may let in as a whole. Default none."""
    trusted_services: tuple[str, ...] = ()
    """Services of AWS that send no aws:SourceAccount and may be let in without it, e.g. `redshift.amazonaws.com`. Default none."""


def _subjects(stack: Stack) -> list[Resource]:
    inside = [secret for secret in stack.resources.of_type(SECRET) if _has_policy(secret)]
    return [*inside, *stack.resources.of_type(SECRET_POLICY)]


def _has_policy(secret: Resource) -> bool:
    policy = secret.read("policy")
    return policy is UNKNOWN or policy not in (None, "")


@rule(
    id="secret-policy-is-closed",
    title="A secret's resource policy is closed",
    severity=Severity.CRITICAL,
    group=Group.PRIVILEGE,
    mend="Name the roles that are let in, or add aws:PrincipalOrgID, aws:SourceAccount or aws:PrincipalArn as a condition, and set "
    "blockPublicPolicy on the SecretPolicy. A secret that only its own account reads needs no resource policy.",
    references=["NIST 800-53 AC-3", "NIST 800-53 AC-6", "PCI DSS 7.2.5", "ISO 27001 A.8.3", "SOC 2 CC6.1", "SOC 2 CC6.6"],
    of=_subjects,
    undecided="advisory",
    settings=ClosedSettings,
    early=(SECRET, SECRET_POLICY),
)
def policy(subject: Resource, stack: Stack, settings: ClosedSettings) -> Iterator[Finding]:
    """Looks at each statement that allows something, and at whom it lets in under which conditions."""
    if subject.type == SECRET_POLICY:
        yield from _refuses_public(subject)
    try:
        said = statements(subject.read("policy"))
    except MalformedDocumentError:
        text = f"whom {subject.label} lets in: its text is no policy document"
        yield cannot_decide(subject.urn, text, property="policy", mend=MEND_MALFORMED)
        return
    if not isinstance(said, list):
        yield cannot_decide(
            subject.urn, f"whom {subject.label} lets in: its document is not known yet", property="policy", mend=MEND_NOT_YET
        )
        return
    circle = Circle(_account(subject, stack), settings.trusted_accounts, settings.org_ids)
    denials = [statement for statement in said if statement.allows is False]
    for statement in said:
        if statement.allows is not False:
            kept = max([circle.keeps(statement), *(circle.closes(denial) for denial in denials if _counters(denial, statement))])
            yield from _judged(subject, statement, circle, settings, kept)


def _refuses_public(subject: Resource) -> Iterator[Finding]:
    block = subject.read("blockPublicPolicy")
    if block is UNKNOWN:
        text = f"whether AWS refuses a public policy for {subject.label} is not known yet"
        yield cannot_decide(subject.urn, text, property="blockPublicPolicy")
    elif block is not True:
        yield violated(
            subject.urn, f"{subject.label} does not set blockPublicPolicy, so AWS would take a public policy", property="blockPublicPolicy"
        )


def _counters(denial: Statement, statement: Statement) -> bool:
    """Tells whether a denial is about everything that a statement allows; in a secret's own policy `*` is the secret."""
    denied = denial.done(ON_SECRETS)
    here = any(isinstance(pattern, str) and pattern == "*" for pattern in elements(denial.resources))
    return here and all(denied.get(action) is Match.ALWAYS for action in statement.done(ON_SECRETS))


def _judged(subject: Resource, statement: Statement, circle: Circle, settings: ClosedSettings, kept: Match) -> Iterator[Finding]:
    allows = Match.MAYBE if statement.allows is UNKNOWN else Match.ALWAYS
    if statement.not_principals is not None:
        yield _let_in(subject, "everybody but whom NotPrincipal names", allows)
    for kind, value in listed(statement.principals):
        who, is_open = "a principal that is not known yet", Match.MAYBE
        if value is not UNKNOWN:
            who, is_open = _open(kind, value, circle, settings, hidden=subject.hides("policy"))
        certainty = min(allows, is_open, kept.opposite)
        if certainty:
            yield _let_in(subject, who, certainty)


def _open(kind: str, value: Value, circle: Circle, settings: ClosedSettings, *, hidden: bool) -> tuple[str, Match]:
    """Gives in words whom a principal means, and whether that is more than one named caller."""
    if not isinstance(value, str):
        return "", Match.NEVER
    if kind == "Service":
        shown = "a service of AWS" if hidden or not _SERVICE.fullmatch(value) else value
        trusted = value in settings.trusted_services
        return f"{shown}, for whichever customer of AWS it acts,", Match.NEVER if trusted else Match.ALWAYS
    if kind == "Federated":
        return "whomever an identity provider vouches for", Match.ALWAYS
    if "*" in value:
        return "everybody", Match.ALWAYS
    if account := account_of(value):
        shown = "another account" if hidden else f"account {account}"
        return f"{shown} as a whole", circle.has_account(account).opposite
    return "", Match.NEVER


def _let_in(subject: Resource, who: str, certainty: Match) -> Finding:
    if certainty is Match.ALWAYS:
        return violated(subject.urn, f"{subject.label} lets in {who} without a condition that closes the circle", property="policy")
    text = f"whether {subject.label} lets in {who} without a condition that closes the circle is not known yet"
    return cannot_decide(subject.urn, text, property="policy")


def _account(subject: Resource, stack: Stack) -> str | None:
    """Gives the account that owns the secret of a policy; None when it is not known yet, or may be one of several."""
    by_urn = stack.part(_by_urn)
    if subject.urn in by_urn:
        return by_urn[subject.urn].account
    arn = subject.text("secretArn")
    if arn and arn.startswith("arn:") and arn.count(":") >= 6:
        return arn.split(":")[4]
    accounts = {secret.account for secret, _ in targets(subject, "secretArn", stack.resources, by_urn, stack.secret_index)}
    return accounts.pop() if len(accounts) == 1 else None


def _by_urn(stack: Stack) -> dict[str, Secret]:
    return {secret.urn: secret for secret in stack.secrets}
