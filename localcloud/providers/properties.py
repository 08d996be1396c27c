"""What a resource type takes: one `Property` for each argument, in the words of the real provider's schema."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Reason = str
Check = Callable[[Any], Reason | None]
Same = Callable[[Any, Any], bool]


class Kind(StrEnum):
    """The shape of a value."""

    TEXT = "text"
    WHOLE = "whole number"
    FLAG = "true or false"
    TEXTS = "list of texts"
    SET = "set of texts"
    MAP = "map of texts"
    OBJECT = "object"
    OBJECTS = "list of objects"
    JSON = "JSON document"
    ARCHIVE = "archive"
    ANY = "anything"


@dataclass(frozen=True, kw_only=True)
class Property:
    """One argument.

    Attributes:
        computed: the service fills it in when the program is silent: unknown in a preview, and silence later changes nothing.
        replaces: another value needs another resource.
        unread: the service does not tell the value; what the program said last counts.
        sensitive: the value never stands in a message.
        modelled: false for arguments of the real provider that this stand-in accepts in a preview and refuses in an update.
        same: whether two values mean the same to the service; equality of the shape where it is None.
    """

    kind: Kind = Kind.TEXT
    required: bool = False
    default: Any = None
    computed: bool = False
    replaces: bool = False
    unread: bool = False
    sensitive: bool = False
    modelled: bool = True
    fields: Mapping[str, "Property"] = field(default_factory=dict)
    check: Check | None = None
    same: Same | None = None


def text(**more: Any) -> Property:
    """Gives a text argument."""
    return Property(kind=Kind.TEXT, **more)


def whole(**more: Any) -> Property:
    """Gives a whole-number argument."""
    return Property(kind=Kind.WHOLE, **more)


def flag(default: bool | None = None, **more: Any) -> Property:
    """Gives a true-or-false argument."""
    return Property(kind=Kind.FLAG, default=default, **more)


def nested(fields: Mapping[str, Property], **more: Any) -> Property:
    """Gives an argument that is an object with arguments of its own."""
    return Property(kind=Kind.OBJECT, fields=fields, **more)


def unmodelled(*names: str) -> dict[str, Property]:
    """Gives arguments that a preview accepts as they are and an update refuses by name."""
    return {name: Property(kind=Kind.ANY, modelled=False, computed=True) for name in names}


def between(least: int, most: int, *, or_zero: bool = False) -> Check:
    """Refuses numbers outside of the range."""
    words = f"must be {'0 or ' if or_zero else ''}from {least} to {most}"
    return lambda value: None if least <= value <= most or (or_zero and value == 0) else words


def one_of(*choices: Any) -> Check:
    """Refuses everything but the choices."""
    return lambda value: None if value in choices else f"must be one of {', '.join(str(choice) for choice in choices)}"
