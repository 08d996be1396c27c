"""A secret is read by the service that owns it, and by nobody else.

Readers are the roles, users and groups whose documents allow `secretsmanager:GetSecretValue` on the secret, wherever the document
stands: inline, attached, managed by you or by AWS, with wildcards, NotAction and NotResource; and whom the secret's own resource
policy lets in. Who is denied without a condition is none. The role of the secret's own rotation rotates; it is not counted,
unless something else runs as it, too. `*` and another account are never one reader.

The owner is the service that Keyturn's components or the tags `keyturn:environment` and `keyturn:service` name, and all roles of a
service are one reader. A role that does not say whose it is belongs to the service of what runs as it: of a function, a task, a pod.
Without an owner, a secret has one reader as long as one identity reads it.

Before the first deployment ARNs are unknown, and with them every document that holds one. The rule then goes by what the document is
made from: made from the secret, it may read it; made from other resources only, it does not. A document of `get_policy_document`
says nothing about what it is made from, so nobody can decide. Nor can anybody read a policy that is kept outside the stack.

What ServiceAccess declares counts at once, and also for a secret of another stack: its name says whose it is. So does what delivers a
secret to a workload as a role of another stack: ECS as the execution role of a task whose containers get it, the External Secrets Operator
as the role of its store. A function whose environment only names the secret reads nothing by that.

What it does not see: a secret's name written by hand, or a `get_policy_document`, in one document with the unknown ARN of another
resource, before the first deployment (afterwards it does), and until then whether a role that a policy names is of another account when one
of the stack is called like it; whether the role that a rotation names is what rotates; who may assume a reading role; who is in a group
that reads; permission sets of IAM Identity Center; an ExternalSecret whose store has static keys, the operator's own role, or a service
account of another stack. Permission boundaries narrow nothing here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.deliveries import Deliveries
from policies.pack.graph.intent import ForeignRead, Permission, Service
from policies.pack.graph.patterns import Match
from policies.pack.graph.readers import Reader, Unreadable
from policies.pack.graph.runners import Runners
from policies.pack.graph.secret import Secret
from policies.pack.rule import Group, Severity, rule
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN

_MEND = (
    "Give each service a secret of its own (two services on one database have two users), or name the reader in the exceptions of "
    "ServiceAccess with a reason and an end date. Roles of one service say so by the tags keyturn:environment and keyturn:service, as does "
    "its secret."
)
# Text with an unknown ARN in it is unknown as a whole; a name is known before there is an ARN.
_MEND_UNKNOWN = (
    f"{_MEND} If it does not read the secret, write its document so that the text is known in a preview: ARNs by name, as in "
    "arn:aws:secretsmanager:<region>:<account>:secret:<name>-??????."
)
_MEND_MANY = (
    "Let the secret's policy name the role that reads it, as principal or by aws:PrincipalArn, instead of an account or `*`. A statement "
    "for the secret's own account lets nobody in whom IAM does not: leave it out."
)


def _subjects(stack: Stack) -> list[Secret | Unreadable | ForeignRead]:
    documents = [*stack.unreadable, *stack.part(Deliveries).unreadable] if stack.secrets else stack.unreadable_intent
    return [*stack.secrets, *documents, *stack.foreign_reads]


@rule(
    id="secret-has-one-reader",
    title="A secret has one reader",
    severity=Severity.HIGH,
    group=Group.SHARING,
    mend=_MEND,
    references=["NIST 800-53 AC-6", "PCI DSS 7.2.5", "PCI DSS 8.2.2", "ISO 27001 A.5.15", "ISO 27001 A.8.3", "SOC 2 CC6.3"],
    of=_subjects,
)
def policy(subject: Secret | Unreadable | ForeignRead, stack: Stack) -> Iterator[Finding]:
    """Looks at every grant of GetSecretValue: inline, attached and managed documents, resource policies, declarations."""
    if isinstance(subject, Unreadable):
        text = f"{subject.who} may read secrets of this stack through {subject.resource.label}: {subject.why}"
        yield cannot_decide(subject.urn, text, property=subject.property_name, mend=subject.mend)
    elif isinstance(subject, ForeignRead):
        yield from _elsewhere(subject)
    elif isinstance(subject.owner, Service):
        yield from _owned(subject, subject.owner, stack)
    else:
        yield from _without_owner(subject, stack)


def _owned(secret: Secret, owner: Service, stack: Stack) -> Iterator[Finding]:
    own: list[Reader] = []
    nameless: list[Reader] = []
    for reader in _readers(secret, stack):
        service = reader.identity.service
        if service is UNKNOWN:
            yield cannot_decide(
                secret.urn, f"{_read(secret, [reader])}, and its service is not known yet", property="policy", mend=_MEND_UNKNOWN
            )
        elif not isinstance(service, Service):
            nameless.append(reader)
        elif service.is_same_as(owner):
            own.append(reader)
        else:
            yield from _foreign(secret, reader, stack)
    # A reader that belongs to no service may be the owner's own, if it is the only one.
    if nameless and _count(nameless) + bool(own) > 1:
        certain = _count(filter(_is_certain, nameless)) + any(map(_is_certain, own))
        yield _too_many(secret, nameless, certain=certain)


def _readers(secret: Secret, stack: Stack) -> Iterator[Reader]:
    """Gives the readers of a secret: a role that does not say whose it is once for each service that it runs for."""
    for reader in stack.readers_of(secret):
        identity = reader.identity
        runners = stack.part(Runners).of(identity.resource) if identity.service is None and identity.resource is not None else []
        told = {repr(runner.service): runner for runner in runners if runner.service is not None}
        if len(told) > 1 and not isinstance(secret.owner, Service):
            told.clear()  # that one role runs for two services is what role-is-assumed-by-one-service says
        for runner in told.values():
            label = f"{identity.label} of {runner.resource.label}"
            yield replace(reader, identity=replace(identity, label=label, service=runner.service))
        if not told:
            yield reader


def _foreign(secret: Secret, reader: Reader, stack: Stack) -> Iterator[Finding]:
    permission = stack.permission(reader.identity, secret)
    text = f"{_read(secret, [reader])}, which belongs to another service: {permission.value}"
    if permission is Permission.UNKNOWN or not _is_certain(reader):
        if permission is not Permission.GRANTED:
            yield cannot_decide(secret.urn, text, property="policy", mend=_MEND_UNKNOWN)
    elif permission is not Permission.GRANTED:
        yield violated(secret.urn, text)


def _elsewhere(read: ForeignRead) -> Iterator[Finding]:
    shown = "a secret" if read.component.hides("reads") else read.name
    text = f"{read.component.label} reads {shown}, which by its name belongs to another service: {read.permission.value}"
    if read.permission is Permission.UNKNOWN or (read.permission is not Permission.GRANTED and not read.is_certain):
        yield cannot_decide(read.urn, text, property="reads")
    elif read.permission is not Permission.GRANTED:
        yield violated(read.urn, text, property="reads")


def _without_owner(secret: Secret, stack: Stack) -> Iterator[Finding]:
    parties: dict[object, Reader] = {}
    for reader in _readers(secret, stack):
        if stack.permission(reader.identity, secret) is Permission.GRANTED:
            continue
        service = reader.identity.service
        party = service if isinstance(service, Service) else reader.identity.key
        if party not in parties or _is_certain(reader):
            parties[party] = reader
    readers = list(parties.values())
    if secret.owner is UNKNOWN and readers:
        yield cannot_decide(secret.urn, f"{_read(secret, readers)}, and whose secret it is is not known yet", property="tags")
    elif _count(readers) > 1:
        known = [reader for reader in readers if reader.identity.service is not UNKNOWN]
        yield _too_many(secret, readers, certain=_count(filter(_is_certain, known)))


def _too_many(secret: Secret, readers: list[Reader], *, certain: int) -> Finding:
    text = f"{_read(secret, readers)}: one secret has one reader"
    mend = _MEND_MANY if any(reader.identity.is_many for reader in readers) else ""
    if certain > 1:
        return violated(secret.urn, text, mend=mend)
    return cannot_decide(secret.urn, text, property="policy", mend=mend or _MEND_UNKNOWN)


def _count(readers: Iterable[Reader]) -> int:
    """Gives how many readers these are at least."""
    return sum(1 + reader.identity.is_many for reader in readers)


def _read(secret: Secret, readers: list[Reader]) -> str:
    named = sorted(f"{reader.identity.label} (through {reader.through})" for reader in readers)
    verb = "is read by" if all(map(_is_certain, readers)) else "may be read by"
    return f"{secret.resource.label} {verb} {' and '.join(named)}"


def _is_certain(reader: Reader) -> bool:
    return reader.certainty is Match.ALWAYS
