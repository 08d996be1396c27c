"""A policy of Vault opens the paths of one service of one environment, and nothing beside them.

A `*` at the end of a path is any text, slashes included, so it stands behind a slash: `kv/prod/pay*` opens `kv/prod/payroll`. A `+` is
one whole part of a path, and takes the place of no environment and no service. No path opens all of Vault, a whole environment, or all
of `sys`, `auth` and `identity`; no capability is `sudo`; no policy is called `root`. A path into a KV mount of version 2 has `data` or
`metadata` behind the mount, for without it Vault finds nothing.

What belongs to which service the rule takes from the knob `paths`, and from the KV mounts of the stack: one that is called
`kv/<environment>/<service>`, or lies in a Keyturn component, is that service's; one that is called `kv`, `secret` or by an environment
is nobody's as a whole; any other is the service's that its last part names. A policy belongs to the service of its component, else to
the one that its name speaks of. A policy that belongs to none opens one area at most.

The text is judged when it is known. The result of get_policy_document is not known before the first deployment, and says nothing about
its origin.

What it does not see: policies of a service that other stacks make, parts of a path that Vault fills in (`{{identity…}}`), denials in a
policy that also allows (they take nothing off here), and Sentinel policies.
"""

from collections.abc import Iterator

from pydantic import Field

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.environments import Environments
from policies.pack.graph.intent import Service, service_of
from policies.pack.graph.vault_areas import OF_ANYBODY, OF_VERSION_2, Area, Areas, AreasOf
from policies.pack.graph.vault_paths import VaultPaths
from policies.pack.graph.vault_policy import MalformedPolicyError, PathRule, path_rules
from policies.pack.graph.vault_tokens import VAULT_POLICY
from policies.pack.resource import Resource
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Unknown

_OF_VAULT_ITSELF = ("sys", "auth", "identity")
_MEND_TEXT = (
    'Write blocks `path "…" { capabilities = […] }` with one attribute a line, or the same as JSON. Vault refuses what is malformed.'
)
_MEND_KNOWN = "Write the policy as text that is known in a preview: paths are names, and no part of a path comes from Vault."


class Exactness(Settings):
    """Whose paths are whose."""

    paths: dict[str, str] = Field(default_factory=dict)
    """Where the secrets of each service lie, e.g. `{"billing": "secret/data/billing"}`. Default the KV mounts of the stack."""


@rule(
    id="vault-policy-is-exact",
    title="A Vault policy opens the paths of one service, and no others",
    severity=Severity.HIGH,
    group=Group.VAULT,
    undecided="advisory",
    settings=Exactness,
    mend="Give each service a policy with the exact paths of its own mount, e.g. kv/prod/billing/data/*, and a second policy for a second "
    "service.",
    references=["NIST 800-53 AC-6", "PCI DSS 7.2.5", "ISO 27001 A.8.3", "SOC 2 CC6.3"],
    of=lambda stack: stack.resources.of_type(VAULT_POLICY),
)
def policy(resource: Resource, stack: Stack, settings: Exactness) -> Iterator[Finding]:
    """Looks at each path on its own, then at the services that all of them reach."""
    name, text = resource.read("name"), resource.read("policy")
    if name is UNKNOWN:
        yield cannot_decide(resource.urn, f"how {resource.label} is called is not known yet", property="name")
    elif name == "root":
        yield violated(resource.urn, f"{resource.label} is called root, which is the policy that opens everything", property="name")
    if isinstance(text, Unknown):
        yield cannot_decide(resource.urn, f"what {resource.label} opens is not known yet", property="policy", mend=_MEND_KNOWN)
        return
    try:
        said = path_rules(text if isinstance(text, str) else "")
    except MalformedPolicyError as error:
        yield violated(resource.urn, f"{resource.label} cannot be read: {error}", property="policy", mend=_MEND_TEXT)
        return
    allowed = [one for one in said if one.allows]
    areas = stack.part(AreasOf(tuple(sorted(settings.paths.items()))))
    for one in allowed:
        yield from _path(one, areas, resource, stack)
    yield from _reach(allowed, areas, resource, name, stack)


def _path(one: PathRule, areas: Areas, resource: Resource, stack: Stack) -> Iterator[Finding]:
    where = "a path of " + resource.label if resource.hides("policy") else f'path "{one.path}" of {resource.label}'
    if "sudo" in one.allows:
        yield violated(resource.urn, f"{where} has the capability sudo", property="policy")
    wide, shared = _too_wide(one), None if areas.has(one) else _opens_many(one, stack)
    if wide is not None:
        yield violated(resource.urn, f"{where} {wide}", property="policy")
    elif shared is not None and areas.is_open:
        yield cannot_decide(resource.urn, f"{where} {shared}, unless that is a mount of one service", property="policy")
    elif shared is not None:
        yield violated(resource.urn, f"{where} {shared}", property="policy")
    yield from _version_2(one, where, resource, stack)


def _too_wide(one: PathRule) -> str | None:
    """Tells in which way a path is too wide, whosever it is."""
    fixed, wildcard = one.fixed, _wildcard(one)
    if any("*" in segment for segment in (*one.segments[:-1], one.segments[-1][:-1])):
        return "has a * before its end, where it is an ordinary letter: one part of a path is +"
    if wildcard not in ("", "+", "*"):
        return "ends in * without a slash before it, so it opens whatever begins like that"
    if wildcard and not fixed:
        return "opens every mount of Vault"
    if wildcard and len(fixed) == 1 and fixed[0] in _OF_VAULT_ITSELF:
        return "opens all of what Vault itself is run by"
    return None


def _opens_many(one: PathRule, stack: Stack) -> str | None:
    """Tells in which way a path opens more than one service, unless what lies there is known to be one's."""
    fixed = one.fixed[:-1] if one.fixed and one.fixed[-1] in OF_VERSION_2 else one.fixed
    if not _wildcard(one) or not fixed:
        return None
    if stack.part(Environments).is_named(fixed[-1]):
        return "opens a whole environment"
    return "opens a mount of every environment and service" if fixed[-1] in OF_ANYBODY and len(fixed) == 1 else None


def _wildcard(one: PathRule) -> str:
    return one.segments[len(one.fixed)] if len(one.fixed) < len(one.segments) else ""


def _version_2(one: PathRule, where: str, resource: Resource, stack: Stack) -> Iterator[Finding]:
    mount = stack.part(VaultPaths).mount_of("/".join(one.fixed))
    if mount is None or not isinstance(mount.path, str):
        return
    rest = one.segments[len(mount.path.split("/")) :]
    if not rest or rest[0] in (*OF_VERSION_2, "config") or rest[0] == "+" or rest[0].endswith("*"):
        return
    if isinstance(mount.is_v2, Unknown):
        text = f"whether {where} needs data/ behind the mount is not known yet: {mount.resource.label} does not say its version"
        yield cannot_decide(resource.urn, text, property="policy")
    elif mount.is_v2:
        text = f"{where} opens nothing: version 2 of KV has data/ or metadata/ behind the mount"
        yield violated(resource.urn, text, property="policy")


def _reach(allowed: list[PathRule], areas: Areas, resource: Resource, name: object, stack: Stack) -> Iterator[Finding]:
    reached = list(dict.fromkeys(area for one in allowed for area in areas.reached_by(one)))
    owner = service_of(resource, stack.resources)
    service = owner.name if isinstance(owner, Service) else areas.service_in(name) if isinstance(name, str) else None
    foreign = [area for area in reached if service is not None and (area.service != service or not _is_of(area, owner))]
    if isinstance(owner, Unknown):
        yield cannot_decide(resource.urn, f"whose policy {resource.label} is is not known yet", property="policy")
    elif foreign:
        text = f"{resource.label} opens {_shown(foreign, resource)}, which belongs to another service or environment"
        yield violated(resource.urn, text, property="policy")
    elif len({(area.service, area.environment) for area in reached}) > 1:
        yield violated(
            resource.urn, f"{resource.label} opens {_shown(reached, resource)}: one policy is for one service", property="policy"
        )
    elif areas.is_open and allowed:
        yield cannot_decide(resource.urn, f"whether {resource.label} opens a mount of another service is not known yet", property="policy")


def _is_of(area: Area, owner: object) -> bool:
    return not isinstance(owner, Service) or None in (owner.environment, area.environment) or owner.environment == area.environment


def _shown(reached: list[Area], resource: Resource) -> str:
    if resource.hides("policy") or any(area.is_hidden for area in reached):
        return "paths of several services" if len(reached) > 1 else "a path"
    return " and ".join(sorted({"/".join(area.segments) for area in reached}))
