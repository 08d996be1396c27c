"""Who reads a secret cannot change it: neither its value, nor who may read it, nor whether it is there.

A reader is whoever the documents of the stack let read a secret, except the identity of its own rotation. Changing is writing a value,
moving a staging label, rotating and cancelling a rotation, deleting and restoring, replicating, tagging, and the secret's own policy.
Documents count as in `secret-has-one-reader`: inline, attached, of AWS, with wildcards; denials are taken off.

Roles of people and pipelines that do both by intent are named in `adminRoles`.

Before the first deployment a document that is made from a secret may grant anything on it, and one that names an account may mean
another one: it cannot be decided.

What it does not see: users who read by a document of their own and change by one of their group, or the other way round; permission
boundaries, and permission sets of IAM Identity Center.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.actions import WRITING
from policies.pack.graph.identity import Identity
from policies.pack.graph.patterns import ANY_TEXT, Match, match
from policies.pack.graph.readers import MEND_NOT_YET, Unreadable
from policies.pack.graph.secret import Secret
from policies.pack.graph.writers import Writers
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack


class ReaderSettings(Settings):
    """Who may read and write."""

    admin_roles: tuple[str, ...] = ()
    """Names of the roles, users and groups that change secrets which they read, e.g. `deploy-*`. Default none."""


@dataclass(frozen=True)
class Hand:
    """An identity that reads secrets and changes them, or may."""

    identity: Identity
    certainty: Match
    secrets: list[Secret] = field(default_factory=list[Secret])
    actions: set[str] = field(default_factory=set[str])
    through: set[str] = field(default_factory=set[str])

    @property
    def urn(self) -> str:
        """URN of the identity, or of the first secret when it is not of this stack: findings stand there."""
        return self.identity.resource.urn if self.identity.resource else self.secrets[0].urn


def _subjects(stack: Stack) -> list[Hand | Unreadable]:
    if not stack.secrets:
        return []
    writers = stack.part(Writers)
    found: dict[tuple[str, Match], Hand] = {}
    for secret in stack.secrets:
        of_secret = writers.of(secret)
        for reader in stack.readers_of(secret) if of_secret else ():
            writer = of_secret.get(reader.identity.key)
            if writer is None:
                continue
            certainty = min(reader.certainty, max(writer.actions.values()))
            hand = found.setdefault((reader.identity.key, certainty), Hand(reader.identity, certainty))
            hand.secrets.append(secret)
            hand.actions.update(action for action, may in writer.actions.items() if may >= certainty)
            hand.through.update(writer.through)
    return [*found.values(), *stack.unreadable_grants]


@rule(
    id="reader-cannot-write",
    title="Who reads a secret cannot change it",
    severity=Severity.HIGH,
    group=Group.PRIVILEGE,
    mend="Grant an application secretsmanager:GetSecretValue and secretsmanager:DescribeSecret only. Values are changed by the role of the "
    "rotation function, which reads for nobody else; roles of people and pipelines are named in adminRoles.",
    references=["NIST 800-53 AC-5", "NIST 800-53 AC-6", "PCI DSS 7.2.5", "SOC 2 CC6.3"],
    of=_subjects,
    undecided="advisory",
    settings=ReaderSettings,
)
def policy(subject: Hand | Unreadable, _: Stack, settings: ReaderSettings) -> Iterator[Finding]:
    """Looks at everything that a reader may do to what it reads."""
    if isinstance(subject, Unreadable):
        text = f"{subject.who} may change the secrets that it reads, through {subject.resource.label}: {subject.why}"
        yield cannot_decide(subject.urn, text, property=subject.property_name, mend=subject.mend)
    elif not any(_is_called(subject.identity, name) for name in settings.admin_roles):
        shown = _shown(subject.secrets)
        through = " and ".join(sorted(subject.through))
        if subject.certainty is Match.ALWAYS:
            may = [action for action in WRITING if action in subject.actions]
            done = may[0] if len(may) == 1 else f"{may[0]} and {len(may) - 1} more"
            yield violated(
                subject.urn, f"{subject.identity.label} reads {shown} and may change it, too: {done}, through {through}", property="policy"
            )
        else:
            text = (
                f"{subject.identity.label} reads {shown}, or may, and whether it may change it, too, is not known yet (through {through})"
            )
            yield cannot_decide(subject.urn, text, property="policy", mend=MEND_NOT_YET)


def _shown(secrets: list[Secret]) -> str:
    first = secrets[0].resource.label
    return first if len(secrets) == 1 else f"{first} and {len(secrets) - 1} more"


def _is_called(identity: Identity, name: str) -> bool:
    # Before the first deployment the path in front of the name is not known.
    return match(name, identity.arn.rpartition("/")[2].removeprefix(ANY_TEXT)) is Match.ALWAYS
