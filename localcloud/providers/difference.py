"""What differs between a resource as it is and as it is wanted, argument by argument, as the service would see it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.providers.checking import DEFAULTS
from localcloud.providers.properties import Kind, Property
from localcloud.providers.provider import Change, Difference
from localcloud.providers.resource import Resource
from localcloud.providers.wire import Properties, holds_unknown, is_unknown

_EMPTY: tuple[Any, ...] = (None, "", [], {})


def difference(resource: Resource, olds: Properties, news: Properties) -> Difference:
    """Gives every change from the state `olds` to the arguments `news`."""
    changes: dict[str, Change] = {}
    for name, declared in resource.inputs.items():
        for path, kind in _changes(name, olds.get(name), news.get(name), declared):
            changes[path] = Change(kind, declared.replaces)
    return Difference(changes, _delete_first(resource, olds, news) and any(change.replaces for change in changes.values()))


def same(declared: Property, one: Any, other: Any) -> bool:  # noqa: PLR0911 (one answer a shape)
    """Says whether the service would tell the two values apart."""
    if one in _EMPTY and other in _EMPTY:
        return True
    if holds_unknown(one) or holds_unknown(other):
        return False
    if one in _EMPTY or other in _EMPTY:
        return (one if other in _EMPTY else other) == declared.default
    if declared.same:
        return declared.same(one, other)
    match declared.kind:
        case Kind.SET:
            return sorted(one) == sorted(other)
        case Kind.JSON:
            return _parsed(one) == _parsed(other)
        case Kind.OBJECT:
            return not any(True for _ in _inside("", one, other, declared))
        case Kind.OBJECTS:
            return len(one) == len(other) and all(
                not any(True for _ in _inside("", a, b, declared)) for a, b in zip(one, other, strict=True)
            )
        case Kind.ARCHIVE:
            return one.get("hash") == other.get("hash") if "hash" in one and "hash" in other else one == other
        case _:
            return bool(one == other)


def _changes(path: str, old: Any, new: Any, declared: Property) -> Iterator[tuple[str, str]]:
    """Yields path and kind of change. Silence about what the service fills in, or about what it never tells, is no change."""
    if new in _EMPTY and (declared.computed or old in _EMPTY or (new is None and old == declared.default)):
        return
    if declared.unread and old is None:
        return
    if declared.kind is Kind.OBJECT and isinstance(old, Mapping) and isinstance(new, Mapping) and not declared.same:
        yield from _inside(path, old, new, declared)
    elif declared.kind is Kind.MAP and isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            if old.get(key) != new.get(key):
                yield _entry(path, key), "add" if key not in old else "delete" if key not in new else "update"
    elif not same(declared, old, new):
        yield path, "add" if old in _EMPTY else "delete" if new in _EMPTY else "update"


def _inside(path: str, old: Mapping[str, Any], new: Mapping[str, Any], declared: Property) -> Iterator[tuple[str, str]]:
    for name, inner in declared.fields.items():
        yield from _changes(f"{path}.{name}", old.get(name), new.get(name), inner)


def _entry(path: str, key: str) -> str:
    return f"{path}.{key}" if key.replace("_", "a").isalnum() else f"{path}[{json.dumps(key)}]"


def _parsed(document: str) -> Any:
    try:
        return json.loads(document)
    except ValueError:
        return document


def _delete_first(resource: Resource, olds: Properties, news: Properties) -> bool:
    """A name that the program chose cannot be held by the old and the new resource at once."""
    name = resource.name
    if name is None or name.property in news.get(DEFAULTS, []):
        return False
    wanted = news.get(name.property)
    return wanted is not None and not is_unknown(wanted) and wanted == olds.get(name.property)
