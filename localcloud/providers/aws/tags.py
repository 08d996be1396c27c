"""Tags, which every service spells in its own way."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from localcloud.providers.aws import checks
from localcloud.providers.properties import Kind, Property

argument = Property(kind=Kind.MAP, check=checks.tags)


class Delta(NamedTuple):
    """What to write and what to take away."""

    write: dict[str, str]
    remove: list[str]


def listed(tags: Mapping[str, str] | None, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Gives tags as the list that most services take."""
    return [{key: name, value: text} for name, text in (tags or {}).items()]


def mapped(tags: Iterable[Mapping[str, Any]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Gives tags of such a list as a map, without those that AWS sets itself."""
    return {item[key]: item.get(value, "") for item in tags or () if not item[key].startswith("aws:")}


def delta(old: Mapping[str, str] | None, new: Mapping[str, str] | None) -> Delta:
    """Gives what leads from the old tags to the new ones."""
    old, new = old or {}, new or {}
    return Delta({key: text for key, text in new.items() if old.get(key) != text}, sorted(old.keys() - new.keys()))
