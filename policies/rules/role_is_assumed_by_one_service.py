"""A role that has to do with secrets is taken by one service, and by nobody who only looks like it.

Judged is the trust policy of every role that reads or changes secrets, its own stack's or others', and what runs as it.

- `*` and everybody but whom NotPrincipal names take it: never, unless a condition names roles (aws:PrincipalArn).
- Another account takes it only with sts:ExternalId or aws:PrincipalOrgID as a condition. The own account leaves it to IAM.
- An identity provider (GitHub, EKS, GitLab) vouches for one subject: `sub` and `aud` are demanded, exactly. A wildcard in `sub` lets in
  every branch, pull request, namespace or service account that it covers, and GitHub's `repo:<repository>:pull_request` every pull
  request. `IfExists` and `ForAllValues:` demand nothing. Anybody of a SAML provider is nobody in particular.
- Two services of AWS, two service accounts, two repositories or two roles are two parties. Branches and environments of one repository
  (GitHub) or project (GitLab) are one, as are Lambda and Lambda at the edge.
- EKS Pod Identity (`pods.eks.amazonaws.com`) is one party by its associations: they name one service account.
- Functions, tasks and instance profiles that run as the role, and the role itself, belong to one service, by their components or tags.

`allowedSubjects` names subjects and principals that do not count, e.g. the role of an administrator.

Before the first deployment a trust policy with an unknown ARN inside is unknown as a whole, and the own account is not known either:
neither can be decided.

What it does not see: who may pass the role (iam:PassRole); workloads of other stacks; what a cluster maps to a service account.
"""

from collections.abc import Iterator

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.circle import Circle
from policies.pack.graph.documents import MalformedDocumentError, statements
from policies.pack.graph.intent import Service, service_of
from policies.pack.graph.patterns import ANY_WORD, Match
from policies.pack.graph.readers import MEND_MALFORMED, MEND_NOT_YET
from policies.pack.graph.runners import Runners
from policies.pack.graph.secret_roles import SecretRole, SecretRoles
from policies.pack.graph.tokens import ROLE
from policies.pack.graph.trust import Trust
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN

_TRUST = "assumeRolePolicy"
_MEND_RUNNERS = "Give each service a role of its own, with a grant for its own secrets. Its components or tags say which service it is."


class TrustSettings(Settings):
    """Who may take a role beside its service."""

    allowed_subjects: tuple[str, ...] = ()
    """Subjects and principals that do not count, e.g. `repo:acme/shop:*`, `arn:aws:iam::111122223333:role/admin`. Default none."""


@rule(
    id="role-is-assumed-by-one-service",
    title="A role that reads secrets is assumed by one service",
    severity=Severity.HIGH,
    group=Group.PRIVILEGE,
    mend="Let one principal take the role: one service of AWS, one role by its ARN, or one subject of an identity provider, with exact "
    "`sub` and `aud` as conditions, as Keyturn's ServiceAccess does.",
    references=["NIST 800-53 AC-3", "NIST 800-53 IA-2", "ISO 27001 A.5.15", "SOC 2 CC6.1"],
    of=lambda stack: stack.part(SecretRoles).all,
    undecided="advisory",
    settings=TrustSettings,
    early=(ROLE,),
)
def policy(role: SecretRole, stack: Stack, settings: TrustSettings) -> Iterator[Finding]:
    """Looks at whom the role's trust policy names, under which conditions, and at what runs as the role."""
    yield from _trusted(role, stack, settings)
    yield from _run(role, stack)


def _trusted(role: SecretRole, stack: Stack, settings: TrustSettings) -> Iterator[Finding]:
    try:
        said = statements(role.resource.read(_TRUST))
    except MalformedDocumentError:
        text = f"who takes {role.resource.label}: its trust policy is no policy document"
        yield cannot_decide(role.urn, text, property=_TRUST, mend=MEND_MALFORMED)
        return
    if not isinstance(said, list):
        text = f"who takes {role.resource.label}: its trust policy is not known yet"
        yield cannot_decide(role.urn, text, property=_TRUST, mend=MEND_NOT_YET)
        return
    identity = stack.identities.at(role.urn)
    account = identity.arn.split(":", 5)[4] if identity else ANY_WORD
    trust = Trust(Circle(None if account == ANY_WORD else account), settings.allowed_subjects)
    parties: dict[str, Match] = {}
    for taker in trust.takers(said):
        if taker.party:
            parties[taker.party] = max(taker.certainty, parties.get(taker.party, Match.NEVER))
        elif taker.certainty:
            yield _finding(role, f"{taker.who} may take {role.resource.label}", taker.certainty, _TRUST)
    if len(parties) > 1:
        certainty = Match.ALWAYS if list(parties.values()).count(Match.ALWAYS) > 1 else Match.MAYBE
        yield _finding(role, f"{len(parties)} parties may take {role.resource.label}: one service has one role", certainty, _TRUST)


def _run(role: SecretRole, stack: Stack) -> Iterator[Finding]:
    runners = stack.part(Runners).of(role.resource)
    services = [service_of(role.resource, stack.resources), *(runner.service for runner in runners)]
    known = [service for service in services if isinstance(service, Service)]
    shown = " and ".join(sorted(runner.resource.label for runner in runners))
    if any(not service.is_same_as(known[0]) for service in known):
        text = f"{shown} run as {role.resource.label} for more than one service"
        yield _finding(role, text, role.certainty, "tags", _MEND_RUNNERS)
    elif runners and any(service is UNKNOWN for service in services) and len(services) > 1:
        text = f"whether what runs as {role.resource.label} belongs to one service is not known yet"
        yield cannot_decide(role.urn, text, property="tags", mend=_MEND_RUNNERS)
    accounts = [runner.account for runner in runners if runner.account is not None]
    if len({account for account in accounts if isinstance(account, tuple)}) > 1:
        text = f"service accounts of more than one name run as {role.resource.label}"
        yield _finding(role, text, role.certainty, "serviceAccount", _MEND_RUNNERS)
    elif len(accounts) > 1 and any(account is UNKNOWN for account in accounts):
        text = f"whether one service account runs as {role.resource.label} is not known yet"
        yield cannot_decide(role.urn, text, property="serviceAccount", mend=_MEND_RUNNERS)


def _finding(role: SecretRole, text: str, certainty: Match, property_name: str, mend: str = "") -> Finding:
    sure = min(certainty, role.certainty)
    if sure is Match.ALWAYS:
        return violated(role.urn, text, property=property_name, mend=mend)
    why = "it may read secrets" if role.certainty is not Match.ALWAYS else "not all of it is known yet"
    return cannot_decide(role.urn, f"{text}, as far as this can be told: {why}", property=property_name, mend=mend)
