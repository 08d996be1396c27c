"""One secret of the stack: how it is called, whose it is, and how its ARN will look."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from policies.pack.graph.intent import Service, components_around, service_of, tag
from policies.pack.graph.patterns import ANY_CHARACTER, ANY_TEXT, ANY_WORD, Match, is_exact, match_arn
from policies.pack.graph.place import account_of, region_of
from policies.pack.graph.tokens import SECRET, SECRET_TAG
from policies.pack.resource import Resource
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN, Unknown, Value, at, elements

# Secrets Manager puts `-` and six characters behind the name.
_SUFFIX = "-" + 6 * ANY_CHARACTER
# The form that AWS documents for naming one secret without knowing its suffix.
BY_NAME = "-??????"
_UP_TO_WILDCARD = re.compile(r"[*?$]")
_PARTS = ("environment", "service", "secret")


@dataclass(frozen=True, eq=False)
class Secret:
    """A secret, not its value. Before the first deployment the ARN has gaps that any text may fill."""

    resource: Resource
    name: str | None
    """Physical name, e.g. `prod/billing/database`; None when it is not known yet."""
    arn: str
    owner: Service | Unknown | None
    replicas: tuple[str, ...] = ()
    """ARNs of its copies in other regions: who reads one of them reads the secret."""
    has_tags_beside: bool = False
    """Whether resources of their own may give it more tags than it names."""

    @property
    def urn(self) -> str:
        """URN of the secret: findings stand there."""
        return self.resource.urn

    @property
    def account(self) -> str | None:
        """Account that owns the secret; None when it is not known yet."""
        account = self.arn.split(":", 5)[4]
        return None if account == ANY_WORD else account

    def covered_by(self, pattern: str) -> Match:
        """Tells whether a pattern of ARNs covers the secret."""
        return max(match_arn(pattern, arn) for arn in (self.arn, *self.replicas))


def secrets(resources: Resources) -> list[Secret]:
    """Gives the secrets of the stack."""
    tagged = _tagged(resources)
    return [_secret(resource, resources, tagged) for resource in resources.of_type(SECRET)]


def _secret(resource: Resource, resources: Resources, tagged: frozenset[str]) -> Secret:
    name = resource.text("name") or resource.answer("name") or _declared_name(resource, resources)
    arn = resource.answer("arn") or resource.answer("id")
    if not (arn and arn.startswith("arn:") and arn.count(":") >= 6):
        prefix = resource.text("namePrefix") or ""
        region, account = region_of(resource, resources), account_of(resource, resources)
        arn = f"arn:{ANY_WORD}:secretsmanager:{region}:{account}:secret:{name or prefix + ANY_TEXT}{_SUFFIX}"
    beside = not tagged.isdisjoint((resource.urn, ""))
    return Secret(resource, name, arn, service_of(resource, resources), tuple(_replicas(resource, arn)), beside)


def _tagged(resources: Resources) -> frozenset[str]:
    """Gives the URNs of secrets that have tags as resources of their own; an empty one stands for any."""
    return frozenset(urn for one in resources.of_type(SECRET_TAG) for urn in one.made_from("secretId") or ("",))


def _replicas(resource: Resource, arn: str) -> Iterator[str]:
    parts = arn.split(":", 4)
    for replica in elements(resource.read("replicas")):
        region = UNKNOWN if replica is UNKNOWN else at(replica, "region")
        yield ":".join([*parts[:3], region if isinstance(region, str) else ANY_WORD, parts[4]])


def _declared_name(resource: Resource, resources: Resources) -> str | None:
    for component in components_around(resource, resources):
        if name := _joined(component.read(part) for part in _PARTS):
            return name
    return _joined(tag(resource, f"keyturn:{part}") for part in _PARTS)


def _joined(parts: Iterable[Value]) -> str | None:
    texts = [part for part in parts if isinstance(part, str) and part]
    return "/".join(texts) if len(texts) == len(_PARTS) else None


class SecretIndex:
    """Finds the secrets that a pattern covers without asking each of them: estates have thousands."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._all = list(secrets)
        self._by_arn: defaultdict[str, list[Secret]] = defaultdict(list)
        self._by_name: defaultdict[str, list[Secret]] = defaultdict(list)
        self._nameless: list[Secret] = []
        for secret in self._all:
            self._by_arn[secret.arn].append(secret)
            if secret.name is None:
                self._nameless.append(secret)
            else:
                self._by_name[secret.name].append(secret)
        self._names = sorted(self._by_name)

    def covered_by(self, pattern: str) -> Iterator[tuple[Secret, Match]]:
        """Gives the secrets that a pattern of ARNs covers, or may cover."""
        for secret in self._candidates(pattern):
            covered = secret.covered_by(pattern)
            if covered:
                yield secret, covered

    def named(self, text: str) -> Iterator[tuple[Secret, Match]]:
        """Gives the secrets that a name or an ARN means."""
        if text.startswith("arn:"):
            yield from self.covered_by(text)
            # Secrets Manager takes an ARN without the suffix, too, where a secret is named and not granted.
            yield from self.covered_by(f"{text}{BY_NAME}")
            return
        yield from ((secret, Match.ALWAYS) for secret in self._by_name.get(text, ()))
        yield from ((secret, Match.MAYBE) for secret in self._nameless)

    def _candidates(self, pattern: str) -> list[Secret]:
        if pattern in self._by_arn:
            return self._by_arn[pattern]
        named = pattern.removesuffix(BY_NAME)
        if named.count(":") < 6 or "$" in ":".join(named.split(":", 6)[:6]):
            return self._all
        name = named.split(":", 6)[6]
        if not is_exact(name):
            return [*self._beginning_like(_UP_TO_WILDCARD.split(name, maxsplit=1)[0]), *self._nameless]
        # An exact ARN ends in a suffix that a secret which is not made yet may or may not get.
        return [*self._by_name.get(name if named != pattern else name[: -len(BY_NAME)], ()), *self._nameless]

    def _beginning_like(self, text: str) -> Iterator[Secret]:
        """Gives the secrets whose ARN may go on like this behind `secret:`. A name has no `:`, so nothing before it can shift."""
        for position in range(bisect_left(self._names, text), len(self._names)):
            if not self._names[position].startswith(text):
                break
            yield from self._by_name[self._names[position]]
        # The text may reach into the suffix.
        for length in range(1, len(_SUFFIX) + 1):
            yield from self._by_name.get(text[:-length], ())
