"""Nothing of one environment names a secret, an account, a role or a stack of another.

An environment is told by Keyturn's components, by the tag `keyturn:environment`, by the stack's configuration of that name, and by names:
`<environment>/<service>/<secret>`, `/<environment>/...` for parameters, `keyturn_<environment>_...` for roles, a part of a path in Vault.
Teams with other names say so in `environments`: its stacks, accounts, and how names begin. Where nothing says to which environment
something belongs, there is nothing to judge.

It looks at policy documents, at secrets' own names and policies, at who may assume a role that reads secrets, at what ServiceAccess
declares, ECS puts into containers and the External Secrets Operator fetches, at names in a function's environment, at Vault's policies
and paths, and at StackReferences. What a document denies is no reference.

Before the first deployment a document with an unknown ARN is unknown as a whole. Made from secrets and roles of its own environment only,
it holds; where another stack or an invoke brings something in, nobody can decide.

What it does not see: a name written by hand beside an unknown ARN, in one document, before the first deployment; a StackReference whose
name in the program is not that of the stack; environments that neither the program nor `environments` names (dev, test, qa, uat, staging,
prod and local are known); names inside values.
"""

from collections.abc import Iterator

from pydantic import Field

from policies.pack.finding import Answer, Finding, cannot_decide, violated
from policies.pack.graph.environments import Belongings, Environments
from policies.pack.graph.identity import Identity
from policies.pack.graph.patterns import Match, match
from policies.pack.graph.references import Reference, References, is_keyturns, name_in
from policies.pack.graph.secret import Secret
from policies.pack.graph.stack_references import StackReference, StackReferences
from policies.pack.graph.trusted_principals import Trusted, TrustedPrincipals
from policies.pack.graph.vault_references import VaultReferences
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Said, Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Unknown

Environment = str | Unknown | None


class Closed(Settings):
    """What belongs to which environment."""

    environments: dict[str, Belongings] = Field(default_factory=dict[str, Belongings])
    """By name of the environment: its stacks, accounts, and prefixes of names. Default what Keyturn's names and tags say."""
    allow: dict[str, Said] = Field(default_factory=dict[str, Said])
    """Names, accounts and stacks (`<project>/<stack>`) that every environment may use (`*` is any text), and why. Default none."""


Subject = Secret | Reference | Trusted | StackReference


def _subjects(stack: Stack) -> list[Subject]:
    parts = (stack.part(References), stack.part(VaultReferences), stack.part(TrustedPrincipals), stack.part(StackReferences))
    return [*stack.secrets, *(one for part in parts for one in part.all)]


@rule(
    id="secret-stays-in-its-environment",
    title="Nothing of one environment names a secret of another",
    severity=Severity.CRITICAL,
    group=Group.SHARING,
    mend="Give each environment secrets, roles and accounts of its own, and name those. What every environment may use goes into allow, "
    "with the reason; names that only look like those of another environment are told apart by environments.",
    references=["NIST 800-53 AC-4", "NIST 800-53 CM-4(1)", "PCI DSS 6.5.3", "ISO 27001 A.8.31", "SOC 2 CC6.1"],
    of=_subjects,
    settings=Closed,
)
def policy(subject: Subject, stack: Stack, settings: Closed) -> Iterator[Finding]:
    """Compares the environment of what names something with the environment of what is named."""
    known = Environments(stack, settings.environments)
    if isinstance(subject, Secret):
        yield from _own(subject, known, settings)
    elif isinstance(subject, Reference):
        yield from _named(subject, stack, known, settings)
    elif isinstance(subject, Trusted):
        yield from _let_in(subject, known, settings)
    else:
        yield from _taken_over(subject, known, settings)


def _own(secret: Secret, known: Environments, settings: Closed) -> Iterator[Finding]:
    """A secret's own name, and its stack, speak of the environment that it belongs to."""
    own, label = known.of(secret.resource), secret.resource.label
    around = known.of_the_stack(secret.resource)
    yield from _compared(secret.urn, f"{label} belongs to another environment than its stack", "tags", around, own)
    name = secret.name if secret.name is not None else secret.resource.text("namePrefix")
    if name is not None and not _is_allowed(settings, name):
        yield from _compared(
            secret.urn, f"the name of {label} speaks of another environment than its own", "name", own, known.of_name(name)
        )
    elif name is None and secret.resource.read("name") is UNKNOWN:
        yield from _compared(secret.urn, f"the name of {label} may speak of another environment than its own", "name", own, UNKNOWN)


def _named(reference: Reference, stack: Stack, known: Environments, settings: Closed) -> Iterator[Finding]:
    own, text = known.of(reference.user), reference.text
    if isinstance(text, str):
        if _is_allowed(settings, text, name_in(text)):
            return
        said = f"{reference.by} names {reference.shown}, which belongs to another environment"
        others, is_certain = _environments_of(text, reference, stack, known), True
    else:
        said = f"{reference.by} may name a secret of another environment"
        others, is_certain = [known.of(secret) for secret in reference.made_from], False
        if reference.is_open:
            others.append(UNKNOWN)
    place = reference.urn, said, reference.property_name
    found = [one for other in others for one in _compared(*place, own, other, is_certain=is_certain)]
    yield from sorted(found, key=lambda finding: finding.answer is not Answer.VIOLATED)[:1]


def _environments_of(text: str, reference: Reference, stack: Stack, known: Environments) -> list[Environment]:
    """Gives the environments that a text speaks of: of the secret that it is, else by its name, and by its account."""
    if reference.is_path:
        return [known.of_path(text)]
    parts = text.split(":")
    account = known.of_account(parts[4]) if len(parts) > 5 else None
    meant = [secret for secret, certainty in stack.secret_index.named(text) if certainty is Match.ALWAYS] if "*" not in text else []
    told = [environment for secret in meant if (environment := known.of(secret.resource)) is not None]
    name = name_in(text)
    by_name = name.partition("/")[0] if reference.property_name == "reads" and is_keyturns(name) else known.of_name(name)
    return [*(told or [by_name]), account]


def _let_in(trusted: Trusted, known: Environments, settings: Closed) -> Iterator[Finding]:
    own, identity = known.of(trusted.thing), trusted.identity
    if isinstance(identity, Identity) and identity.resource is not None:
        others = [known.of(identity.resource)]
    elif isinstance(identity, Unknown):
        others: list[Environment] = [UNKNOWN]
    else:
        others = [_of_role(trusted.name, known)]
    account = None if trusted.account is None or _is_allowed(settings, trusted.account) else known.of_account(trusted.account)
    what = "in" if trusted.thing is trusted.resource else f"use {trusted.thing.label}"
    said = f"{trusted.resource.label} lets somebody of another environment {what}"
    for other in (*others, account):
        if not _is_allowed(settings, trusted.name):
            yield from _compared(trusted.urn, said, trusted.property_name, own, other, is_certain=trusted.is_certain)


def _taken_over(use: StackReference, known: Environments, settings: Closed) -> Iterator[Finding]:
    if use.stack is None or _is_allowed(settings, f"{use.project}/{use.stack}"):
        return
    other = known.of_stack(use.project, use.stack)
    # A stack that is only called like an environment may be of another one.
    is_certain = other is not None
    other = other or (use.stack if known.is_named(use.stack) else None)
    verb = "takes over what belongs to" if is_certain else "takes over outputs of a stack that is called like"
    for user, property_name in use.users:
        said = f"{user.label} {verb} another environment"
        for finding in _compared(user.urn, said, property_name, known.of(user), other, is_certain=is_certain):
            yield finding
            return


def _of_role(name: str, known: Environments) -> str | None:
    """Gives the environment in a name that Keyturn gives to roles and functions, e.g. `keyturn_prod_billing`."""
    parts = name.split("_")
    return parts[1] if len(parts) > 2 and parts[0] == "keyturn" and known.is_named(parts[1]) else None


def _compared(
    urn: str, said: str, property_name: str, own: Environment, other: Environment, *, is_certain: bool = True
) -> Iterator[Finding]:
    """Gives the finding that two environments are not one; nothing when they are, or when nothing says which one it is."""
    if own is None or other is None:
        return
    if isinstance(own, Unknown):
        yield cannot_decide(urn, f"{said}, or not: to which one it belongs itself is not known yet", property="tags")
    elif isinstance(other, Unknown):
        yield cannot_decide(urn, f"{said}, or not: which one that is is not known yet", property=property_name)
    elif own != other:
        yield violated(urn, said, property=property_name) if is_certain else cannot_decide(urn, said, property=property_name)


def _is_allowed(settings: Closed, *names: str) -> bool:
    return any(match(pattern, name) for pattern in settings.allow for name in names if name)
