"""The single values inside a property: each with its place, and whether the program marks it secret."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.pack.graph.token_formats import format_of
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Marked, Value, plain

# A name that says that the value only points at something, e.g. `DB_SECRET_ARN`, `existingSecret`. The `SECRET_ID` of Vault is a secret.
_POINTS = re.compile(
    r"(?:^|_)(?:arns?|names?|(?<!secret_)ids?|paths?|files?|versions?|alias|public_?key(?:_pem|_openssh)?|fingerprint|existing_secret|secret_ref)$"
)
# One that says that it is a place in a network. A database's URL often holds its password.
_ADDRESS = re.compile(
    r"(?:^|_)(?:hosts?|hostname|endpoints?|addresse?s?|ports?|regions?|domain|(?<!database_)(?<!db_)(?<!connection_)ur[il]s?)$"
)
# One that says something about a secret: its kind, how it is used, how long it counts.
_DESCRIBES = re.compile(
    r"(?:^|_)(?:types?|kind|method|mechanism|format|encoding|alg|algorithm|polic(?:y|ies)|mode|size|length|bits|ttl|scopes?|audience|issuer"
    r"|source|usage|status|date|created|rotated|expiry|expires|(?:created|updated|rotated|expires)_at|expires_in)$"
)
_WORD_BEGINS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
# ARNs, URLs without a login and without a query, which may hold a token, paths, and what CloudFormation or a template engine puts in later.
_REFERENCE = re.compile(
    r"arn:[\w-]+:[\w-]+:[\w-]*:[\w-]*:\S+|[a-z][a-z0-9+.-]*://[^\s@?#]+|\.{0,2}(?:/[\w.@-]+)+/?|\{\{[^{}]+\}\}|\$\{[^${}]+\}|\$\([^()]+\)|%\([^()]+\)s",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Leaf:
    """One value that has nothing inside."""

    path: str
    """Where it stands. It ends at what is marked as a whole: names below are as secret as values."""
    name: str
    """What the program calls it, for judging; empty when it calls it nothing."""
    value: Value
    """The plain value: UNKNOWN when it is not known yet."""
    is_marked: bool

    @property
    def text(self) -> str:
        """The known text of it; empty for everything else."""
        is_number = isinstance(self.value, (int, float)) and not isinstance(self.value, bool)
        return str(self.value) if isinstance(self.value, str) or is_number else ""

    @property
    def points(self) -> bool:
        """Tells whether it calls itself a reference: that is no evidence of a secret, and none against one."""
        return bool(_POINTS.search(self._words))

    @property
    def is_address(self) -> bool:
        """Tells whether it calls itself a place in a network, which may be public."""
        return bool(_ADDRESS.search(self._words))

    @property
    def describes(self) -> bool:
        """Tells whether it calls itself something about a secret, e.g. `authMechanism`."""
        return bool(_DESCRIBES.search(self._words))

    @property
    def _words(self) -> str:
        return _WORD_BEGINS.sub("_", self.name).lower()


def is_reference(text: str) -> bool:
    """Tells whether a text is an ARN, a path, a URL without a login, or a place holder that something fills in later."""
    return bool(_REFERENCE.fullmatch(text))


def asked(resource: Resource, property_name: str) -> Value:
    """Gives a property with its marks: what was asked for, or what a state holds."""
    return (resource.outputs if resource.inputs is None else resource.inputs).get(property_name)


def leaves(value: "Value | Mapping[str, Value]", path: str, name: str = "", *, is_marked: bool = False) -> Iterator[Leaf]:
    """Gives every single value inside a value, depth first.

    Args:
        value: as the engine shows it, with its marks.
        path: where it stands.
        name: what the program calls it.
        is_marked: whether something around it is marked.
    """
    if isinstance(value, Marked):
        value, is_marked = plain(value), True
    if isinstance(value, Mapping):
        for key, element in value.items():
            is_token = format_of(key) is not None
            if is_token:  # it is no name, and no path may show it
                yield Leaf(path, "", key, is_marked)
            yield from leaves(element, path if is_marked or is_token else f"{path}.{key}", key, is_marked=is_marked)
    elif isinstance(value, list):
        for position, element in enumerate(value):
            yield from leaves(element, path if is_marked else f"{path}[{position}]", name, is_marked=is_marked)
    elif value is not None:
        yield Leaf(path, name, value, is_marked)


def from_json(value: Value) -> Value:
    """Gives what a JSON text says, still marked when the text is; any other value as it is."""
    text = plain(value)
    if not isinstance(text, str):
        return value
    parsed = parsed_object(text)
    if parsed is None:
        return value
    return Marked(parsed) if isinstance(value, Marked) else parsed


def parsed_object(text: str) -> Value:
    """Gives the object or list that a JSON text holds; None when it holds neither."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        parsed: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed


def unknown_among(found: Iterable[Leaf]) -> int:
    """Counts the values that are not known yet."""
    return sum(leaf.value is UNKNOWN for leaf in found)
