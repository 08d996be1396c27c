"""A secret says which service of which environment owns it.

By Keyturn's components around it, by the tags `keyturn:environment` and `keyturn:service` (a provider's default tags count), or by its
physical name `<environment>/<service>/<secret>`. Teams with names of their own say so: `tagKeys` for other tags, `namePattern` for
other names. The environment may also come from the stack's configuration, `keyturn:environment`.

Before the first deployment tags and names are known, so the answer is certain, unless a program makes them from something that is not:
then nobody can decide. The same goes for tags that are resources of their own: whether they reach the secret only AWS knows.

What it does not see: whether the service that is named exists, and whether it is the one that uses the secret (secret-has-one-reader).
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from keyturn.names import InvalidNameError, parse
from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.intent import components_around, tag
from policies.pack.graph.secret import Secret
from policies.pack.graph.tokens import SECRET_TAG
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Value, at

Part = Literal["environment", "service"]
_PARTS: tuple[Part, ...] = ("environment", "service")


def _names_both(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groupindex
    except re.error as error:
        raise ValueError(f"should be a regular expression: {error.msg}") from None
    if set(groups) != set(_PARTS):
        raise ValueError("should have the groups (?P<environment>...) and (?P<service>...), and no other that has a name")
    return pattern


class Owner(Settings):
    """How a team says whose a secret is."""

    tag_keys: dict[Part, tuple[str, ...]] = Field(default_factory=dict[Part, tuple[str, ...]])
    """Tags that name the owner beside Keyturn's own, by `environment` and `service`, e.g. {"service": ["team", "app"]}."""
    name_pattern: Annotated[str, AfterValidator(_names_both)] | None = None
    """Regular expression for whole names, with the groups `environment` and `service`. Default names as Keyturn gives them."""


@rule(
    id="secret-has-an-owner",
    title="A secret names the service and environment that own it",
    severity=Severity.MEDIUM,
    group=Group.SHARING,
    mend="Tag the secret keyturn:environment and keyturn:service, name it <environment>/<service>/<secret>, or make it with a component of "
    "Keyturn. Tags and names of your own count when tagKeys and namePattern say so.",
    references=["NIST 800-53 CM-8", "ISO 27001 A.5.9", "SOC 2 CC6.1"],
    of=lambda stack: stack.secrets,
    settings=Owner,
)
def policy(secret: Secret, stack: Stack, settings: Owner) -> Iterator[Finding]:
    """Looks for both parts of the owner: at components, tags, the name, and for the environment at the stack."""
    said = {part: list(_said(secret, stack, settings, part)) for part in _PARTS}
    missing = [part for part, values in said.items() if not any(isinstance(value, str) and value.strip() for value, _ in values)]
    open_at = sorted({name for part in missing for value, name in said[part] if value is UNKNOWN})
    what = " and ".join(missing)
    if open_at:
        yield cannot_decide(secret.urn, f"the {what} of {secret.resource.label} cannot be known yet", property=open_at[-1])
    elif missing:
        yield violated(secret.urn, f"nothing names the {what} that owns {secret.resource.label}", property="tags")


def _said(secret: Secret, stack: Stack, settings: Owner, part: Part) -> Iterator[tuple[Value, str]]:
    """Gives what may name a part of the owner, and the property where it stands."""
    resource = secret.resource
    for component in components_around(resource, stack.resources):
        yield component.read(part), part
    keys = (f"keyturn:{part}", *settings.tag_keys.get(part, ()))
    for key in keys:
        yield tag(resource, key), "tags"
    beside = stack.part(_tags_beside)
    if at(resource.outputs, "tagsAll") is UNKNOWN or any(key is None or key in keys for key in (*beside[resource.urn], *beside[""])):
        yield UNKNOWN, "tags"
    yield from ((value, "name") for value in _in_name(secret, settings, part))
    if part == "environment":
        yield stack.environment, "tags"


def _in_name(secret: Secret, settings: Owner, part: Part) -> Iterator[Value]:
    given, prefix = secret.resource.read("name"), secret.resource.read("namePrefix")
    name = secret.name if secret.name is not None else prefix
    if secret.name is None and (given is UNKNOWN or prefix is UNKNOWN):
        yield UNKNOWN
    elif isinstance(name, str) and settings.name_pattern is not None:
        found = re.fullmatch(settings.name_pattern, name)
        yield found[part] if found else None
    elif isinstance(name, str):
        yield _keyturns(name, part)


def _keyturns(name: str, part: Part) -> str | None:
    try:
        parsed = parse(name.rstrip("-"))
    except InvalidNameError:
        return None
    return parsed.environment if part == "environment" else parsed.service


def _tags_beside(stack: Stack) -> defaultdict[str, set[str | None]]:
    """Gives the keys of tags that are resources of their own, by the secret's URN; those of any secret under an empty one."""
    found: defaultdict[str, set[str | None]] = defaultdict(set)
    for one in stack.resources.of_type(SECRET_TAG):
        for urn in one.made_from("secretId") or ("",):
            found[urn].add(one.text("key"))
    return found
