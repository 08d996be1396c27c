"""The role of a rotation changes the secrets that it rotates, and no others.

It may write passwords and decide who may read them, so it is a role of its own: whoever takes over one rotation, or an application that
runs as its role, must not reach the secrets of the neighbours. Judged are the roles of the stack that rotate: which other secrets of the
stack they may change, whether a document of theirs reaches further than to secrets that it names, and what else runs as them. A statement
under `secretsmanager:resource/AllowRotationLambdaArn`, as in AWS's own templates, reaches the secrets that the function rotates and no
others. Reading the secret of an administrator is no change.

Before the first deployment a document that is made from another secret, too, or does not say what it is made from, cannot be decided.
What Keyturn's own components write is taken at its word until its ARNs are known.

What it does not see: the role of a function that another stack has. A function that rotates the secrets of other stacks as well needs
more than this stack shows: exempt its role, with a reason.
"""

from collections import defaultdict
from collections.abc import Iterator

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.actions import WRITING
from policies.pack.graph.documents import MalformedDocumentError, Statement, statements
from policies.pack.graph.holdings import Holding
from policies.pack.graph.narrowing import OF_ITS_FUNCTION, demanded, demands_secrets
from policies.pack.graph.own_documents import own_document
from policies.pack.graph.patterns import Match
from policies.pack.graph.reach import SECRETS, wide
from policies.pack.graph.readers import MEND_UNKNOWN
from policies.pack.graph.rotations import Rotations, Rotator, is_untold
from policies.pack.graph.secret import Secret
from policies.pack.graph.writers import Writer, Writers
from policies.pack.rule import Group, Severity, rule
from policies.pack.stack import Stack


@rule(
    id="rotator-touches-only-its-secrets",
    title="Who rotates touches only the secrets that it rotates",
    severity=Severity.HIGH,
    group=Group.ROTATION,
    undecided="advisory",
    mend="Give the rotation function a role that nothing else runs as, and grant it each secret that it rotates, by its ARN. One function "
    "for each service keeps services apart, as Keyturn's RotationFunction does.",
    references=["NIST 800-53 AC-5", "NIST 800-53 AC-6", "PCI DSS 7.2.5", "ISO 27001 A.5.3", "ISO 27001 A.8.2", "SOC 2 CC6.3"],
    of=lambda stack: stack.part(Rotations).rotators,
)
def policy(rotator: Rotator, stack: Stack) -> Iterator[Finding]:
    """Looks at what else a rotating role may change, and at what else runs as it."""
    label = rotator.identity.label
    for application in rotator.applications:
        text = f"{label} rotates secrets, and {application.label}, which rotates none, runs as it, too"
        yield violated(rotator.urn, text, property="")
    own = frozenset(urn for urn, certainty in rotator.secrets.items() if certainty is Match.ALWAYS)
    others = {True: list[Secret](), False: list[Secret]()}
    for secret, writer in stack.part(_writes_of_rotators)[rotator.identity.key]:
        if secret.urn not in own and (certainty := _certainty(secret, writer, rotator)):
            others[certainty is Match.ALWAYS].append(secret)
    if others[True]:
        yield violated(
            rotator.urn, f"{label} rotates secrets, and may change {_shown(others[True])}, which it does not rotate", property="policy"
        )
    else:
        yield from _reaching_further(rotator, stack)
    if others[False]:
        text = f"whether {label} may change {_shown(others[False])}, and rotates it, is not known yet"
        yield cannot_decide(rotator.urn, text, property="policy", mend=MEND_UNKNOWN)


def _certainty(secret: Secret, writer: Writer, rotator: Rotator) -> Match:
    """Tells whether a role changes a secret without rotating it: more than by rights that end where its function rotates."""
    through = [holding for holding in rotator.holdings if holding.holder.label in writer.through]
    beside = writer.through - {holding.holder.label for holding in through}
    if not beside and all(_ends_with_its_function(holding) for holding in through):
        return Match.NEVER
    return max(writer.actions.values()) if secret.urn not in rotator.secrets else Match.MAYBE


def _reaching_further(rotator: Rotator, stack: Stack) -> Iterator[Finding]:
    for holding in rotator.holdings:
        label, holder = rotator.identity.label, holding.holder
        said = _said(holding)
        for found in wide(said, SECRETS, WRITING, demands_secrets):
            text = f"{label} rotates secrets, and {holder.label} allows it {found.action} on {found.what}"
            if found.certainty is Match.ALWAYS:
                yield violated(rotator.urn, text, property=holding.property)
            else:
                yield cannot_decide(rotator.urn, f"{text}, or may", property=holding.property, mend=MEND_UNKNOWN)
        if holding.is_elsewhere or (is_untold(holding, stack) and own_document(holding.origin, stack.resources) is None):
            text = f"which secrets {label} may change through {holder.label} is not known yet"
            yield cannot_decide(rotator.urn, text, property=holding.property, mend=MEND_UNKNOWN)


def _writes_of_rotators(stack: Stack) -> defaultdict[str, list[tuple[Secret, Writer]]]:
    """Gives by a rotating role's key what it may change: estates have thousands of both."""
    rotating = {rotator.identity.key for rotator in stack.part(Rotations).rotators}
    found: defaultdict[str, list[tuple[Secret, Writer]]] = defaultdict(list)
    for secret in stack.secrets:
        for key, writer in stack.part(Writers).of(secret).items():
            if key in rotating:
                found[key].append((secret, writer))
    return found


def _said(holding: Holding) -> list[Statement]:
    try:
        said = statements(holding.document)
    except MalformedDocumentError:
        return []
    return said if isinstance(said, list) else []


def _ends_with_its_function(holding: Holding) -> bool:
    writing = [statement for statement in _said(holding) if any(statement.does(action.lower()) for action in WRITING)]
    return bool(writing) and all(
        demanded(statement, OF_ITS_FUNCTION) is Match.ALWAYS for statement in writing if statement.allows is not False
    )


def _shown(secrets: list[Secret]) -> str:
    first = secrets[0].resource.label
    return first if len(secrets) == 1 else f"{first} and {len(secrets) - 1} more"
