"""Decrypting is granted on the keys that are meant, and together with reading.

A document that allows kms:Decrypt or kms:ReEncryptFrom names keys: `*`, `key/*` and wildcards open what every key has encrypted, old
backups and other teams' secrets included. A condition narrows it when it demands the way through one service (kms:ViaService), the
secret (kms:EncryptionContext:SecretARN), an alias of the key, or a tag of the key that is one of the caller's.

The policy of a key that encrypts secrets of the stack lets in whom it names, and whom IAM lets. AWS's own default, which leaves
everything to IAM, holds, because the documents that IAM decides by are judged themselves. `*` needs kms:ViaService, and with it a circle
of callers (kms:CallerAccount, aws:PrincipalOrgID) or an encryption context; another account needs kms:ViaService. With
`requireViaService` the policy of each such key demands kms:ViaService of whoever decrypts: leaving it to IAM is then not enough.

A role that reads a secret also decrypts with its key: one without the other fails when the secret is read.

Before the first deployment a document with an unknown ARN inside is unknown as a whole. One that is made from keys or secrets, or
does not say what it is made from, cannot be decided; neither can a role that reads by such a document, and decrypts by none.

What it does not see: policies of keys of other stacks; users and groups, who may decrypt by membership; documents and grants outside
of Pulumi.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.actions import DECRYPTING
from policies.pack.graph.circle import Circle
from policies.pack.graph.documents import Statement
from policies.pack.graph.holdings import ATTACHING, INLINE
from policies.pack.graph.identity_documents import IdentityDocument, IdentityDocuments
from policies.pack.graph.key import Key
from policies.pack.graph.keyless import Keyless, KeylessReaders
from policies.pack.graph.keys import Keys
from policies.pack.graph.narrowing import demanded, demands_owner
from policies.pack.graph.patterns import Match
from policies.pack.graph.principals import account_of, listed
from policies.pack.graph.reach import KEYS, SECRETS, reach, wide
from policies.pack.graph.readers import MEND_MALFORMED, MEND_NOT_YET
from policies.pack.graph.tokens import POLICY, ROLE
from policies.pack.resource import Resource
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Value

_ALIASES = ("kms:resourcealiases", "kms:requestalias")
# What gives a caller the data of a key, at once or by a step in between.
_USING = (*DECRYPTING, "kms:CreateGrant", "kms:PutKeyPolicy")
_MEND_KEYLESS = "Let the role use the key, too: kms:Decrypt on the key's ARN with kms:ViaService, as Keyturn's ServiceAccess does."


class DecryptSettings(Settings):
    """How narrow decrypting has to be."""

    require_via_service: bool = False
    """Whether the policy of each key of secrets must demand kms:ViaService of whoever decrypts. Default no: IAM may decide alone."""


@dataclass(frozen=True)
class KeyOfSecrets:
    """A key that encrypts secrets of the stack, with the resource that carries its policy."""

    key: Key
    holder: Resource

    @property
    def urn(self) -> str:
        """URN of the resource with the policy: findings stand there."""
        return self.holder.urn


def _subjects(stack: Stack) -> list[IdentityDocument | KeyOfSecrets | Keyless]:
    keys = stack.part(Keys)
    used = {key.urn: KeyOfSecrets(key, keys.holder(key)) for secret in stack.secrets for key, _ in keys.of(secret)}
    return [*stack.part(IdentityDocuments).all, *used.values(), *stack.part(KeylessReaders).all]


@rule(
    id="decrypt-is-scoped",
    title="Decrypting is granted on the keys that are meant, together with reading",
    severity=Severity.HIGH,
    group=Group.PRIVILEGE,
    mend="Grant kms:Decrypt on the ARN of the key, with kms:ViaService and kms:EncryptionContext:SecretARN as conditions, and let the "
    "key's policy demand kms:ViaService and kms:CallerAccount, as Keyturn's ServiceAccess and SecretEnvironment do.",
    references=["NIST 800-53 AC-6", "NIST 800-53 SC-12", "PCI DSS 7.2.5", "ISO 27001 A.8.24"],
    of=_subjects,
    undecided="advisory",
    settings=DecryptSettings,
    early=(POLICY, ROLE, *INLINE, *ATTACHING),
)
def policy(subject: IdentityDocument | KeyOfSecrets | Keyless, stack: Stack, settings: DecryptSettings) -> Iterator[Finding]:
    """Looks at what documents let decrypt, at the policies of keys, and at readers without a key."""
    if isinstance(subject, IdentityDocument):
        yield from _granted(subject, stack)
    elif isinstance(subject, KeyOfSecrets):
        yield from _let_in(subject, stack, settings)
    else:
        yield _keyless(subject)


def _granted(document: IdentityDocument, stack: Stack) -> Iterator[Finding]:
    said, label, name = document.statements, document.label, document.property_name
    if said is None:
        yield cannot_decide(document.urn, f"what {label} grants: its text is no IAM policy document", property=name, mend=MEND_MALFORMED)
    elif said is UNKNOWN:
        if mend := document.doubt(stack, "aws:secretsmanager/", "aws:kms/"):
            text = f"which keys {label} lets decrypt: its document is not known yet"
            yield cannot_decide(document.urn, text, property=name, mend=mend)
    elif isinstance(said, list):
        for found in wide(said, KEYS, DECRYPTING, _narrowed):
            if found.certainty is Match.ALWAYS:
                yield violated(document.urn, f"{label} allows {found.action} on {found.what}", property=name)
            else:
                text = f"{label} may allow {found.action} on {found.what}: a part of its document is not known yet"
                yield cannot_decide(document.urn, text, property=name)


def _narrowed(statement: Statement) -> Match:
    return max(_through(statement), _for_secrets(statement), demanded(statement, *_ALIASES), demands_owner(statement))


def _through(statement: Statement, service: str = "") -> Match:
    """Tells whether the conditions demand the way through a service, whatever its region."""
    return demanded(
        statement, "kms:viaservice", fits=lambda value: value.startswith(service) and not set("*?") & set(value.partition(".")[0])
    )


def _for_secrets(statement: Statement) -> Match:
    """Tells whether the conditions demand the encryption context of single secrets."""
    return demanded(statement, "kms:encryptioncontext:secretarn", fits=lambda value: reach(value, SECRETS) is None)


def _let_in(subject: KeyOfSecrets, stack: Stack, settings: DecryptSettings) -> Iterator[Finding]:
    said, label = stack.part(Keys).statements(subject.key), subject.holder.label
    if said is None:
        if settings.require_via_service:
            text = f"{label} has no policy, so IAM alone decides who decrypts, and kms:ViaService is demanded of nobody"
            yield violated(subject.urn, text, property="policy")
    elif not isinstance(said, list):
        text = f"whom {label} lets decrypt: its policy is not known yet, or is no policy document"
        yield cannot_decide(subject.urn, text, property="policy", mend=MEND_NOT_YET)
    else:
        for statement in said:
            does = max(statement.done(_USING).values(), default=Match.NEVER)
            if does and statement.allows is not False:
                sure = min(does, Match.MAYBE if statement.allows is UNKNOWN else Match.ALWAYS)
                yield from _judged(subject, statement, sure, settings)


def _judged(subject: KeyOfSecrets, statement: Statement, sure: Match, settings: DecryptSettings) -> Iterator[Finding]:
    if statement.not_principals is not None:
        yield _opened(subject, "everybody but whom NotPrincipal names", sure)
    for kind, value in listed(statement.principals):
        who, is_open = _open(subject.key, kind, value, statement, settings)
        if certainty := min(sure, is_open):
            yield _opened(subject, who, certainty)


def _open(key: Key, kind: str, value: Value, statement: Statement, settings: DecryptSettings) -> tuple[str, Match]:
    """Gives in words whom a principal means, and whether they may use the key without the conditions that this takes."""
    through = _through(statement, "secretsmanager.")
    if value is UNKNOWN:
        return "a principal that is not known yet", min(Match.MAYBE, through.opposite)
    if kind != "AWS" or not isinstance(value, str):
        return "", Match.NEVER
    own = Circle(key.account)
    if "*" in value:
        closed = min(through, max(own.keeps(statement), _for_secrets(statement)))
        return "everybody", max(closed, demanded(statement, "aws:principalarn")).opposite
    account = account_of(value)
    if settings.require_via_service and statement.done(DECRYPTING):
        return "whoever IAM lets" if account else "a role or user", through.opposite
    return "another account", min(own.has_account(account).opposite, through.opposite) if account else Match.NEVER


def _opened(subject: KeyOfSecrets, who: str, certainty: Match) -> Finding:
    said = f"{who} use the key without kms:ViaService or a circle of callers"
    if certainty is Match.ALWAYS:
        return violated(subject.urn, f"the policy of {subject.key.label} lets {said}", property="policy")
    return cannot_decide(subject.urn, f"whether the policy of {subject.key.label} lets {said} is not known yet", property="policy")


def _keyless(reader: Keyless) -> Finding:
    first = reader.secrets[0].resource.label
    shown = first if len(reader.secrets) == 1 else f"{first} and {len(reader.secrets) - 1} more"
    if reader.certainty is Match.ALWAYS:
        text = f"{reader.identity.label} reads {shown} and may not decrypt with the key, so reading fails"
        return violated(reader.urn, text, property="policy", mend=_MEND_KEYLESS)
    text = f"{reader.identity.label} reads {shown}, or may, and whether it may decrypt with the key is not known yet"
    return cannot_decide(reader.urn, text, property="policy", mend=_MEND_KEYLESS)
