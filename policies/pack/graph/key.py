"""One KMS key of the stack: whose it is, and how its ARN will look."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from policies.pack.graph.intent import Service, service_of
from policies.pack.graph.patterns import ANY_TEXT, ANY_WORD, Match, is_exact, match_arn
from policies.pack.graph.place import account_of, region_of
from policies.pack.graph.tokens import EXTERNAL_KEY, KEY, REPLICA_EXTERNAL_KEY, REPLICA_KEY
from policies.pack.resource import Resource
from policies.pack.resources import Resources
from policies.pack.values import Unknown

KEY_TYPES = (KEY, EXTERNAL_KEY, REPLICA_KEY, REPLICA_EXTERNAL_KEY)
"""Keys that a customer makes. A replica is a key of its own: with its own region, policy and grants."""


@dataclass(frozen=True, eq=False)
class Key:
    """A key. Before the first deployment its ARN has gaps that any text may fill: AWS chooses the id."""

    resource: Resource
    arn: str
    owner: Service | Unknown | None
    has_tags_beside: bool = False
    """Whether resources of their own may give it more tags than it names: KMS has none such."""

    @property
    def urn(self) -> str:
        """URN of the key: findings stand there."""
        return self.resource.urn

    @property
    def label(self) -> str:
        """How a message names it."""
        return self.resource.label

    @property
    def account(self) -> str | None:
        """Account that owns the key; None when it is not known yet."""
        account = self.arn.split(":", 5)[4]
        return None if account == ANY_WORD else account

    @property
    def id(self) -> str:
        """Its id, or text with gaps while it is not known yet."""
        return self.arn.rpartition("/")[2]

    def covered_by(self, pattern: str) -> Match:
        """Tells whether a pattern of ARNs covers the key. An alias never does: KMS takes aliases where a key is used, not granted."""
        return match_arn(pattern, self.arn)


def keys(resources: Resources) -> list[Key]:
    """Gives the keys of the stack."""
    return [_key(resource, resources) for resource in resources.of_type(*KEY_TYPES)]


def _key(resource: Resource, resources: Resources) -> Key:
    arn = resource.answer("arn")
    if not (arn and arn.startswith("arn:") and arn.count(":") >= 5):
        region, account = region_of(resource, resources), account_of(resource, resources)
        number = resource.answer("keyId") or resource.answer("id") or ANY_TEXT
        arn = f"arn:{ANY_WORD}:kms:{region}:{account}:key/{number}"
    return Key(resource, arn, service_of(resource, resources))


class KeyIndex:
    """Finds the keys that a pattern covers without asking each of them."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._all = list(keys)
        self._by_arn: defaultdict[str, list[Key]] = defaultdict(list)
        self._by_id: defaultdict[str, list[Key]] = defaultdict(list)
        for key in self._all:
            if ANY_TEXT in key.arn or ANY_WORD in key.arn:
                self._by_arn[""].append(key)
            else:
                self._by_arn[key.arn].append(key)
            self._by_id[key.id].append(key)

    def covered_by(self, pattern: str) -> Iterator[tuple[Key, Match]]:
        """Gives the keys that a pattern of ARNs covers, or may cover."""
        candidates = [*self._by_arn.get(pattern, ()), *self._by_arn[""]] if is_exact(pattern) else self._all
        for key in candidates:
            covered = key.covered_by(pattern)
            if covered:
                yield key, covered

    def named(self, text: str) -> list[Key]:
        """Gives the keys with this id or ARN: replicas share an id."""
        if text.startswith("arn:"):
            return self._by_arn.get(text) or [key for key in self._by_id.get(text.rpartition("/")[2], ()) if ANY_WORD in key.arn]
        return self._by_id.get(text.removeprefix("key/"), [])
