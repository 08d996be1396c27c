"""To whom a role of Vault's logins is bound: what is missing, too wide, or for more than one."""

import json
import re
from collections.abc import Callable, Iterator

from policies.pack.graph.durations import seconds_of
from policies.pack.graph.flaw import Flaw
from policies.pack.graph.tokens import ROLE
from policies.pack.graph.vault_tokens import APPROLE_ROLE, AWS_ROLE, JWT_ROLE, KUBERNETES_ROLE
from policies.pack.resource import Resource, type_of
from policies.pack.values import UNKNOWN, Unknown, Value, elements

_EVERYWHERE = ("0.0.0.0/0", "::/0")
# Claims that say for whom or from whom a token is, and not who its holder is.
_SAY_NOTHING = ("aud", "iss", "azp")
_SERVICE_CLAIM = re.compile(r"(?:^|[/._-])(?:sub|namespace|repository|project_path|service_?account)$|(?:^|/)name$")
_BOUND_IN_AWS = (
    "boundAccountIds",
    "boundAmiIds",
    "boundEc2InstanceIds",
    "boundIamInstanceProfileArns",
    "boundIamPrincipalArns",
    "boundIamRoleArns",
)
_ONE_EACH = ("boundEc2InstanceIds", "boundIamInstanceProfileArns", "boundIamPrincipalArns", "boundIamRoleArns")


def flaws(role: Resource) -> Iterator[Flaw]:
    """Gives what is wrong with whom a role is bound to."""
    look: dict[str, Callable[[Resource], Iterator[Flaw]]] = {
        APPROLE_ROLE: _approle,
        AWS_ROLE: _aws,
        JWT_ROLE: _jwt,
        KUBERNETES_ROLE: _kubernetes,
    }
    yield from look[role.type](role)


def _kubernetes(role: Resource) -> Iterator[Flaw]:
    selector = role.read("boundServiceAccountNamespaceSelector")
    yield from _names(role, "boundServiceAccountNames", "service account")
    if selector is UNKNOWN:
        yield _open("which namespaces it lets in", "boundServiceAccountNamespaceSelector")
    elif selector is None or selector == "":
        yield from _names(role, "boundServiceAccountNamespaces", "namespace")
    elif _selects_all(selector):
        yield Flaw("its selector lets every namespace in", "boundServiceAccountNamespaceSelector")
    yield from _given(role, "audience", "it takes tokens that are meant for somebody else: it names no audience")


def _names(role: Resource, name: str, what: str) -> Iterator[Flaw]:
    listed = role.read(name)
    names = elements(listed)
    texts = [one for one in names if isinstance(one, str) and one]
    if any("*" in one for one in texts):
        yield Flaw(f"it lets in any {what} that fits a *", name)
    elif any(one is UNKNOWN for one in names):
        yield _open(f"which {what} it lets in", name)
    elif not texts:
        yield Flaw(f"it names no {what}", name)
    elif not _are_one(texts):
        yield Flaw(f"it lets in more than one {what}: one role is for one service", name)


def _are_one(names: list[str]) -> bool:
    """Tells whether names are of one service: one of them, or it and its parts, as `billing` and `billing-worker`."""
    shortest = min(names, key=len)
    return all(name == shortest or name.startswith(f"{shortest}-") for name in names)


def _selects_all(selector: Value) -> bool:
    try:
        said: object = json.loads(selector) if isinstance(selector, str) else selector
    except (ValueError, RecursionError):
        return False  # Vault takes YAML, too
    return said in ({}, {"matchLabels": {}}, {"matchExpressions": []}, {"matchLabels": {}, "matchExpressions": []})


def _jwt(role: Resource) -> Iterator[Flaw]:
    kind = role.read("roleType")
    if kind is UNKNOWN:
        yield _open("whether people or services log in by it", "roleType")
        return
    if kind != "jwt":
        return  # people log in at the provider, which knows them
    yield from _given(role, "boundAudiences", "it takes tokens that are meant for somebody else: it names no audience")
    subject, claims, way = role.read("boundSubject"), role.read("boundClaims"), role.read("boundClaimsType")
    named = {name: value for name, value in claims.items() if name not in _SAY_NOTHING} if isinstance(claims, dict) else {}
    if subject is UNKNOWN or claims is UNKNOWN or any(one is UNKNOWN for value in named.values() for one in elements(value)):
        yield _open("whom it lets in", "boundClaims")
        return
    for name, value in named.items():
        if len(_values(value)) > 1 and _SERVICE_CLAIM.search(name):
            where = "boundClaims" if role.hides("boundClaims") else f"boundClaims.{name}"
            yield Flaw("it lets in more than one service: a claim has several values", where)
    if isinstance(subject, str) and subject:
        return
    if not named:
        yield Flaw("it lets in everybody who has a token of the issuer: it names no subject and no claim", "boundClaims")
    elif all(any("*" in one for one in _values(value)) for value in named.values()):
        if way is UNKNOWN:
            yield _open("whether a * in its claims is any text", "boundClaimsType")
        elif way == "glob":
            yield Flaw("each of its claims has a *, so it lets in whoever fits: bind one of them exactly", "boundClaims")


def _values(value: Value) -> list[str]:
    return [part for one in elements(value) for part in (one.split(",") if isinstance(one, str) else [str(one)])]


def _approle(role: Resource) -> Iterator[Flaw]:
    ranges = [*elements(role.read("secretIdBoundCidrs")), *elements(role.read("tokenBoundCidrs"))]
    if any(one in _EVERYWHERE for one in ranges if isinstance(one, str)):
        yield Flaw("it lets in every address", "secretIdBoundCidrs")
    elif any(one is UNKNOWN for one in ranges):
        yield _open("from which addresses it lets in", "secretIdBoundCidrs")
    elif not ranges:
        yield Flaw("it names no addresses, so whoever finds a secret id logs in", "secretIdBoundCidrs")
    bound = role.read("bindSecretId")
    if bound is UNKNOWN:
        yield _open("whether it asks for a secret id", "bindSecretId")
    elif bound is False:
        yield Flaw("it asks for no secret id: its name alone logs in", "bindSecretId")
    ends = seconds_of(role.read("secretIdTtl"))
    if isinstance(ends, Unknown):
        yield _open("how long a secret id counts", "secretIdTtl")
    elif not ends:
        yield Flaw("its secret ids never end", "secretIdTtl")


def _aws(role: Resource) -> Iterator[Flaw]:
    given = {name: elements(role.read(name)) for name in _BOUND_IN_AWS}
    texts = {name: [one for one in values if isinstance(one, str) and one] for name, values in given.items()}
    wide = [name for name, values in texts.items() if any("*" in one or one.endswith(":root") for one in values)]
    many = [name for name in _ONE_EACH if len(texts[name]) > 1]
    if wide:
        yield Flaw("it lets in whoever fits a *, or a whole account", wide[0])
    elif many:
        yield Flaw("it lets in more than one: one role is for one service", many[0])
    elif any(one is UNKNOWN for values in given.values() for one in values):
        # Of one role of the stack only the ARN is not known yet.
        if given["boundIamPrincipalArns"] and _is_one_role(role, given):
            return
        yield _open("whom it lets in", next(name for name, values in given.items() if any(one is UNKNOWN for one in values)))
    elif not any(texts[name] for name in _ONE_EACH):
        yield Flaw("it names no principal, role, profile or instance", "boundIamPrincipalArns")


def _is_one_role(role: Resource, given: dict[str, list[Value]]) -> bool:
    made_from = [type_of(urn) for urn in role.made_from("boundIamPrincipalArns")]
    return sum(len(given[name]) for name in _ONE_EACH) == 1 and made_from == [ROLE]


def _given(role: Resource, name: str, text: str) -> Iterator[Flaw]:
    values = elements(role.read(name))
    if any(value is UNKNOWN for value in values):
        if not any(isinstance(value, str) and value for value in values):
            yield _open("for whom the tokens are that it takes", name)
    elif not any(isinstance(value, str) and value for value in values):
        yield Flaw(text, name)


def _open(what: str, name: str) -> Flaw:
    return Flaw(f"{what} is not known yet", name, is_certain=False)
