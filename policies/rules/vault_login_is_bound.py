"""A role of Vault's logins lets in one service, for a short time; no login lies in Pulumi's state.

Kubernetes: service accounts and namespaces by name, of one service (`billing` and `billing-worker` are one), and an audience. JWT: an
audience, and a subject or a claim that is bound exactly; logins of people (`roleType` oidc) are let be. AWS: one principal, role,
profile or instance, without `*`. AppRole: addresses, secret ids that end and that are used once; a role that a controller such as the
External Secrets Operator logs in with again and again is named in `controllers`, and its secret ids may be used again. LDAP: TLS.

A token lives at most `maxTtl`. Without tokenMaxTtl (or tokenExplicitMaxTtl, or tokenPeriod) Vault's default counts, which is 32 days.
No role gives the policy root.

A Token, an AppRole login and a secret id are live logins, and Pulumi would keep them in its state: not as resources. A secret id that is
wrapped (`wrappingTtl` with `withWrappedAccessor`) may be, for it opens once.

What it does not see: roles that other stacks make, what the policies of a role open (vault-policy-is-exact looks at that), and what a
claim is worth.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.durations import checked, seconds, seconds_of
from policies.pack.graph.patterns import Match, match
from policies.pack.graph.vault_bindings import flaws
from policies.pack.graph.vault_tokens import (
    APPROLE_ROLE,
    CREDENTIALS,
    LDAP_BACKEND,
    LDAP_GROUP,
    LDAP_USER,
    LOGIN_ROLES,
    SECRET_ID,
    SECRET_ID_BEFORE,
)
from policies.pack.resource import Resource
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Unknown, Value, elements

_MEND_TTL = "Set tokenMaxTtl, in seconds: 3600 or less."
_MEND_CREDENTIAL = (
    "Let what starts the service fetch a wrapped secret id, or log in with an identity that it has anyway: Kubernetes, AWS, JWT. "
)
_LONGEST_LIVES = ("tokenMaxTtl", "tokenExplicitMaxTtl", "tokenPeriod")


class Binding(Settings):
    """How long a login counts, and who logs in again and again."""

    max_ttl: Annotated[str, AfterValidator(checked)] = "1h"
    """Longest life of a token, e.g. `30m`. Default `1h`."""
    controllers: tuple[str, ...] = ()
    """Names of AppRoles whose secret id a controller uses again and again; `*` is any text. Default none."""


@rule(
    id="vault-login-is-bound",
    title="A login to Vault is bound to one service and ends soon",
    severity=Severity.HIGH,
    group=Group.VAULT,
    undecided="advisory",
    settings=Binding,
    mend="Name one service account and its namespace (or one subject, principal, address range) and an audience, and let tokens end.",
    references=["NIST 800-53 AC-3", "NIST 800-53 IA-5", "ISO 27001 A.5.15", "ISO 27001 A.5.17"],
    of=lambda stack: stack.resources.of_type(*LOGIN_ROLES, *CREDENTIALS, LDAP_BACKEND, LDAP_GROUP, LDAP_USER),
    early=(*LOGIN_ROLES, *CREDENTIALS, LDAP_BACKEND, LDAP_GROUP, LDAP_USER),
)
def policy(resource: Resource, stack: Stack, settings: Binding) -> Iterator[Finding]:
    """Looks at each role, and at each login that a program would keep."""
    del stack
    if resource.type in CREDENTIALS:
        yield from _credential(resource)
        return
    for name in ("policies",) if resource.type in (LDAP_GROUP, LDAP_USER) else ("tokenPolicies",):
        yield from _policies(resource, name)
    if resource.type in LOGIN_ROLES:
        for flaw in flaws(resource):
            answer = violated if flaw.is_certain else cannot_decide
            yield answer(resource.urn, f"{resource.label}: {flaw.text}", property=flaw.property)
    if resource.type == APPROLE_ROLE:
        yield from _uses(resource, settings)
    if resource.type == LDAP_BACKEND:
        yield from _ldap(resource)
    if resource.type not in (LDAP_GROUP, LDAP_USER):
        yield from _life(resource, settings)


def _credential(resource: Resource) -> Iterator[Finding]:
    if resource.type in (SECRET_ID, SECRET_ID_BEFORE):
        wrapped = (seconds_of(resource.read("wrappingTtl")), resource.read("withWrappedAccessor"))
        if any(one is UNKNOWN for one in wrapped):
            yield cannot_decide(resource.urn, f"whether {resource.label} is wrapped is not known yet", property="wrappingTtl")
            return
        if all(wrapped):
            return
    text = f"{resource.label} is a live login to Vault, and Pulumi keeps it in its state"
    yield violated(resource.urn, text, mend=_MEND_CREDENTIAL)


def _policies(resource: Resource, name: str) -> Iterator[Finding]:
    given = elements(resource.read(name))
    if any(isinstance(one, str) and one == "root" for one in given):
        yield violated(resource.urn, f"{resource.label} gives the policy root, which opens everything", property=name)
    elif any(one is UNKNOWN for one in given):
        yield cannot_decide(resource.urn, f"which policies {resource.label} gives is not known yet", property=name)


def _life(resource: Resource, settings: Binding) -> Iterator[Finding]:
    longest = seconds(settings.max_ttl) or 0.0
    lives = {name: seconds_of(resource.read(name)) for name in _LONGEST_LIVES}
    first = seconds_of(resource.read("tokenTtl"))
    long = [name for name, life in {"tokenTtl": first, **lives}.items() if isinstance(life, float) and life > longest]
    text = f"tokens of {resource.label} live longer than {settings.max_ttl}"
    bounded = any(isinstance(life, float) and 0 < life <= longest for life in lives.values())
    if long:
        yield violated(resource.urn, text, property=long[0], mend=_MEND_TTL)
    elif any(isinstance(life, Unknown) for life in (first, *lives.values())):
        unknown = next(name for name, life in {**lives, "tokenTtl": first}.items() if isinstance(life, Unknown))
        yield cannot_decide(resource.urn, f"how long tokens of {resource.label} live is not known yet", property=unknown)
    elif not bounded:
        text = f"tokens of {resource.label} live as long as Vault lets them by default, which is 32 days"
        yield violated(resource.urn, text, property="tokenMaxTtl", mend=_MEND_TTL)


def _uses(resource: Resource, settings: Binding) -> Iterator[Finding]:
    uses, name = seconds_of(resource.read("secretIdNumUses")), resource.read("roleName")
    if isinstance(uses, Unknown):
        yield cannot_decide(resource.urn, f"how often a secret id of {resource.label} counts is not known yet", property="secretIdNumUses")
    elif not uses and not _is_controller(name, settings):
        text = f"a secret id of {resource.label} may be used again and again"
        if name is UNKNOWN and settings.controllers:
            yield cannot_decide(resource.urn, f"{text}, and whether a controller does is not known yet", property="roleName")
        else:
            mend = "Set secretIdNumUses to 1, or name the role in `controllers` if a controller has to log in again."
            yield violated(resource.urn, text, property="secretIdNumUses", mend=mend)


def _is_controller(name: Value, settings: Binding) -> bool:
    return isinstance(name, str) and any(match(pattern, name) is Match.ALWAYS for pattern in settings.controllers)


def _ldap(resource: Resource) -> Iterator[Finding]:
    url, starts_tls, skips = resource.read("url"), resource.read("starttls"), resource.read("insecureTls")
    servers = url.split(",") if isinstance(url, str) else []
    is_plain = any(not server.strip().lower().startswith("ldaps://") for server in servers)
    if skips is True:
        yield violated(resource.urn, f"{resource.label} does not check the server's certificate", property="insecureTls")
    elif is_plain and starts_tls is not True and starts_tls is not UNKNOWN:
        text = f"{resource.label} sends passwords without TLS"
        yield violated(resource.urn, text, property="url", mend="Use an ldaps:// address, or set starttls.")
    if any(one is UNKNOWN for one in (url, skips)) or (is_plain and starts_tls is UNKNOWN):
        yield cannot_decide(resource.urn, f"whether {resource.label} asks over TLS is not known yet", property="url")
