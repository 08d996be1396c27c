"""Which part of Vault belongs to which service."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.pack.graph.environments import Environments
from policies.pack.graph.intent import Service, service_of
from policies.pack.graph.vault_paths import VaultPaths
from policies.pack.graph.vault_policy import PathRule
from policies.pack.values import UNKNOWN, Unknown

if TYPE_CHECKING:
    from policies.pack.stack import Stack

OF_VERSION_2 = ("data", "metadata", "delete", "undelete", "destroy", "subkeys")
"""What version 2 of KV puts between a mount and the name of a secret."""
_FIRST_PLACES = 3
OF_ANYBODY = ("kv", "kv-v2", "secret", "secrets")
"""What mounts are called that belong to no service."""


@dataclass(frozen=True)
class Area:
    """The paths of one service, of one environment."""

    segments: tuple[str, ...]
    service: str
    environment: str | None = None
    is_hidden: bool = False
    """Whether its path comes from a property that is marked secret."""

    def is_touched_by(self, rule: PathRule) -> bool:
        """Tells whether a path of a policy reaches something at or below it."""
        wanted = _plain(rule.segments, len(self.segments))
        for position, (own, other) in enumerate(zip(self.segments, wanted, strict=False), start=1):
            if position == len(wanted) and other.endswith("*"):
                return own.startswith(other[:-1])
            if other not in ("+", own):
                return False
        # A path above it that has no wildcard at its end covers nothing below.
        return len(wanted) >= len(self.segments)


@dataclass(frozen=True)
class AreasOf:
    """Makes the areas of a stack, once for what a team names: `stack.part(AreasOf(...))`."""

    paths: tuple[tuple[str, str], ...]

    def __call__(self, stack: "Stack") -> "Areas":
        """Gives the areas."""
        return Areas(stack, dict(self.paths))


class Areas:
    """The areas of the services: those that a team names, and the KV mounts of the stack, `kv/<environment>/<service>`."""

    def __init__(self, stack: "Stack", paths: Mapping[str, str]) -> None:
        named = [Area(_plain(tuple(prefix.strip("/").split("/"))), service) for service, prefix in paths.items()]
        environments = stack.part(Environments)
        owned = [(mount, service_of(mount.resource, stack.resources)) for mount in stack.part(VaultPaths).mounts]
        self.is_open = any(owner is UNKNOWN or mount.holds_values is UNKNOWN or mount.path is UNKNOWN for mount, owner in owned)
        """Whether nobody knows yet what belongs to some service."""
        places = [
            _area(mount.path, owner, environments, is_hidden=mount.resource.hides("path"))
            for mount, owner in owned
            if isinstance(mount.path, str) and mount.holds_values is True and not isinstance(owner, Unknown)
        ]
        mounted = [place for place in places if place is not None]
        # A mount in which a team gives each service its place is nobody's as a whole.
        self.all = (*named, *(one for one in mounted if not any(_begins(other.segments, one.segments) for other in named)))
        self._services = frozenset(area.service for area in self.all)
        self._by_segments: defaultdict[tuple[str, ...], list[Area]] = defaultdict(list)
        for area in self.all:
            self._by_segments[area.segments].append(area)
        self._lengths = sorted({len(area.segments) for area in self.all})

    def reached_by(self, rule: PathRule) -> Iterator[Area]:
        """Gives the areas that a path of a policy reaches. Only a wildcard among the first parts has to be held against all of them."""
        fixed = rule.fixed
        for length in self._lengths:
            if length <= len(_plain(fixed, length)):
                yield from self._at(fixed, length)
            elif len(fixed) < len(rule.segments):
                yield from (area for area in self.all if len(area.segments) == length and area.is_touched_by(rule))

    def has(self, rule: PathRule) -> bool:
        """Tells whether a path of a policy stays in the area of one service."""
        return any(_begins(_plain(rule.fixed, length), area.segments) for length in self._lengths for area in self._at(rule.fixed, length))

    def service_in(self, name: str) -> str | None:
        """Gives the service that the name of a policy speaks of, e.g. `svc-prod-billing`; None unless it is exactly one."""
        words = re.split(r"[-_/.]", name)
        spans = ("-".join(words[start:end]) for start in range(len(words)) for end in range(start + 1, len(words) + 1))
        found = self._services.intersection(spans)
        return next(iter(found)) if len(found) == 1 else None

    def _at(self, fixed: tuple[str, ...], length: int) -> list[Area]:
        return self._by_segments.get(_plain(fixed, length)[:length], [])


def _area(path: str, owner: Service | None, environments: Environments, *, is_hidden: bool) -> Area | None:
    """Gives the area that a mount is; None for one that by its path is no service's, as `secret` or `kv/prod`."""
    segments = tuple(path.split("/"))
    environment = next((one for one in segments if environments.is_named(one)), None)
    if owner is not None:
        return Area(segments, owner.name, owner.environment or environment, is_hidden)
    named = [one for one in segments if one not in OF_ANYBODY and not environments.is_named(one)]
    return Area(segments, named[-1], environment, is_hidden) if named else None


def _plain(segments: tuple[str, ...], at_most: int = _FIRST_PLACES) -> tuple[str, ...]:
    """Gives the segments without what version 2 of KV puts among the first of them."""
    for position, segment in enumerate(segments[1 : at_most + 1], start=1):
        if segment in OF_VERSION_2:
            return (*segments[:position], *segments[position + 1 :])
    return segments


def _begins(segments: tuple[str, ...], beginning: tuple[str, ...]) -> bool:
    return segments[: len(beginning)] == beginning
