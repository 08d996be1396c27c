"""A document that grants something on secrets names each of them, so that the next secret is nobody's by accident.

Judged is every document of a role, user, group or managed policy, whether somebody holds it or not, and every attachment of a policy of
AWS that reads any secret. `<name>-??????` names one secret: it is the form that AWS documents for a secret whose suffix is not known.
`<name>*` and `<name>-*` also name secrets that somebody will create later; `*`, a wildcard for the region or the account, NotResource
and `secret:*` name all. Denials are never a finding; what a statement of the same document denies to everybody without a condition is
taken off. A variable such as `${aws:PrincipalTag/service}` stands for one text.

A condition narrows a wide grant when it demands one secret (`secretsmanager:SecretId`), what one function rotates
(`secretsmanager:resource/AllowRotationLambdaArn`, as in AWS's own templates), a tag of the secret that equals a tag of the caller, or the
tags keyturn:environment and keyturn:service together. `IfExists` and `ForAllValues:` demand nothing.

ListSecrets, GetRandomPassword and BatchGetSecretValue take no name: they are granted on `*`, and that is no finding. The last one gives
only what GetSecretValue allows, too.

Before the first deployment a document with an unknown ARN inside is unknown as a whole. One that is made from secrets or keys, or does
not say what it is made from, cannot be decided; one that is made from other resources only is taken to be about those.

What it does not see: permission sets of IAM Identity Center; documents kept outside of the stack; denials in other documents, in
permission boundaries and in policies of the organization; a secret's name in one document with the unknown ARN of another resource,
before the first deployment (afterwards it does).
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, StringConstraints

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.actions import NAMELESS, ON_SECRETS
from policies.pack.graph.holdings import ATTACHING, INLINE
from policies.pack.graph.identity_documents import IdentityDocument, IdentityDocuments
from policies.pack.graph.narrowing import demands_secrets
from policies.pack.graph.patterns import Match
from policies.pack.graph.reach import SECRETS, Wide, wide
from policies.pack.graph.readers import MEND_MALFORMED
from policies.pack.graph.tokens import POLICY, ROLE
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN


class GrantSettings(Settings):
    """What may be granted without naming each secret."""

    allow_prefixes: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = ()
    """Beginnings of names that a grant may end in a wildcard, e.g. `dev/billing/` for `dev/billing/*`. Default none."""
    allow_unscoped: tuple[str, ...] = Field(default=tuple(action.partition(":")[2] for action in NAMELESS))
    """Actions that may be granted on any secret. Default those that take no name; `DescribeSecret` is one that monitoring may need."""


@rule(
    id="grant-names-exact-secrets",
    title="A grant names the secrets that it is for",
    severity=Severity.HIGH,
    group=Group.PRIVILEGE,
    mend="Name each secret, by its ARN or as arn:aws:secretsmanager:<region>:<account>:secret:<name>-??????, and only the actions that are "
    "needed, as Keyturn's ServiceAccess does. Tags narrow a wide grant when a tag of the secret must equal one of the caller.",
    references=[
        "NIST 800-53 AC-6",
        "PCI DSS 7.2.2",
        "PCI DSS 7.2.5",
        "ISO 27001 A.5.15",
        "ISO 27001 A.8.3",
        "SOC 2 CC6.3",
        "CIS AWS 3.0 1.16",
    ],
    of=lambda stack: stack.part(IdentityDocuments).all,
    undecided="advisory",
    settings=GrantSettings,
    early=(POLICY, ROLE, *INLINE, *ATTACHING),
)
def policy(subject: IdentityDocument, stack: Stack, settings: GrantSettings) -> Iterator[Finding]:
    """Looks at each allowed statement that reaches secrets: with which actions, how far, and under which conditions."""
    said = subject.statements
    if said is None:
        text = f"what {subject.label} grants: its text is no IAM policy document"
        yield cannot_decide(subject.urn, text, property=subject.property_name, mend=MEND_MALFORMED)
    elif said is UNKNOWN:
        if mend := subject.doubt(stack, "aws:secretsmanager/", "aws:kms/"):
            text = f"which secrets {subject.label} grants: its document is not known yet"
            yield cannot_decide(subject.urn, text, property=subject.property_name, mend=mend)
    elif isinstance(said, list):
        unscoped = {f"secretsmanager:{action}".lower() for action in settings.allow_unscoped}
        actions = tuple(action for action in ON_SECRETS if action.lower() not in unscoped)
        for found in wide(said, SECRETS, actions, demands_secrets):
            if not (found.prefix and found.prefix.startswith(tuple(settings.allow_prefixes))):
                yield _finding(subject, found)


def _finding(document: IdentityDocument, found: Wide) -> Finding:
    if found.certainty is Match.ALWAYS:
        return violated(document.urn, f"{document.label} allows {found.action} on {found.what}", property=document.property_name)
    text = f"{document.label} may allow {found.action} on {found.what}: a part of its document is not known yet"
    return cannot_decide(document.urn, text, property=document.property_name)
