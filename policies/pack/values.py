"""Values as the engine sends them: what is secret stays marked, what is not known yet stays unknown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn, TypeAlias

from google.protobuf.struct_pb2 import Struct
from google.protobuf.struct_pb2 import Value as WireValue

# Names of the wire's special objects, unchanged since 2018.
# Source: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the name of a marker
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

# What stands in place of an unknown value, one for each of its types.
# Source: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go
_UNKNOWNS = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)


class UndecidedError(Exception):
    """A rule needed a value that is not known yet: the answer is neither yes nor no."""


class Unknown:
    """A value that nobody knows before the deployment. It refuses to be compared, so that no condition passes by accident."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "[unknown]"

    def __bool__(self) -> NoReturn:
        raise UndecidedError("a condition needs a value that is not known yet")

    def __eq__(self, other: object) -> NoReturn:
        raise UndecidedError("a comparison needs a value that is not known yet")

    def __ne__(self, other: object) -> NoReturn:
        raise UndecidedError("a comparison needs a value that is not known yet")

    __hash__ = None  # pyright: ignore[reportAssignmentType] - what cannot be compared is no key either

    def __iter__(self) -> NoReturn:
        raise UndecidedError("a loop needs a value that is not known yet")

    def __contains__(self, item: object) -> NoReturn:
        raise UndecidedError("a search needs a value that is not known yet")

    def __len__(self) -> NoReturn:
        raise UndecidedError("a length needs a value that is not known yet")


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Marked:
    """A value that the program marked secret. A rule may judge it; no text made of it shows it."""

    value: "Value" = field(repr=False)

    def __repr__(self) -> str:
        return "[secret]"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return "[secret]"


@dataclass(frozen=True)
class Special:
    """An asset, an archive or a reference to a resource. No rule looks inside."""

    signature: str


Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | Marked | Special | Unknown | None"


def decode(value: WireValue) -> Value:
    """Gives the Python value of a value on the wire, with its marks."""
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [decode(element) for element in value.list_value.values]
        case "struct_value":
            return _decode_object(value.struct_value)
        case _:
            return None


def _decode_object(struct: Struct) -> Value:
    if _SIGNATURE not in struct.fields:
        return {key: decode(element) for key, element in struct.fields.items()}
    signature = struct.fields[_SIGNATURE].string_value
    if signature == _SECRET:
        return Marked(decode(struct.fields["value"]))
    if signature == _OUTPUT:  # engines do not send it to packs today; the protocol allows it
        known = decode(struct.fields["value"]) if "value" in struct.fields else UNKNOWN
        return Marked(known) if "secret" in struct.fields and struct.fields["secret"].bool_value else known
    return Special(signature)


class WireProperties(Mapping[str, Value]):
    """The properties of a resource on the wire, decoded when a rule reads them: most never are."""

    __slots__ = ("_decoded", "_fields")

    def __init__(self, struct: Struct) -> None:
        self._fields = struct.fields
        self._decoded: dict[str, Value] = {}

    def __getitem__(self, key: str) -> Value:
        if key not in self._decoded:
            if key not in self._fields:
                raise KeyError(key)
            self._decoded[key] = decode(self._fields[key])
        return self._decoded[key]

    def __contains__(self, key: object) -> bool:
        return key in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


# What is no `dict` is asked twice; nearly all are.
_OBJECTS = (dict, Mapping)


def plain(value: Value) -> Value:
    """Gives the value under its mark, for judging only."""
    while isinstance(value, Marked):
        value = value.value
    return value


def at(value: "Value | Mapping[str, Value]", *path: str | int) -> Value:
    """Gives the plain value at the path: None when it is not there, UNKNOWN when it is not known yet."""
    found: Value | Mapping[str, Value] = value
    for step in path:
        if isinstance(found, Marked):
            found = plain(found)
        if found is UNKNOWN:
            return UNKNOWN
        if isinstance(found, _OBJECTS) and isinstance(step, str):
            found = found[step] if step in found else None  # noqa: SIM401 - `Mapping.get` lets what is missing raise
        elif isinstance(found, list) and isinstance(step, int) and step < len(found):
            found = found[step]
        else:
            return None
    # Most values are texts or nothing, and to ask those whether they are a Mapping takes longer than all the rest.
    if found is None or isinstance(found, str):
        return found
    return dict(found) if isinstance(found, _OBJECTS) else plain(found)


def elements(value: Value) -> list[Value]:
    """Gives the elements of a list, or the value itself as the only one: providers and people write both."""
    value = plain(value)
    if value is None:
        return []
    return [plain(element) for element in value] if isinstance(value, list) else [value]


def has_mark(value: "Value | Mapping[str, Value]") -> bool:
    """Tells whether the value, or anything inside it, is marked secret."""
    if isinstance(value, Marked):
        return True
    if isinstance(value, Mapping):
        return any(has_mark(element) for element in value.values())
    return isinstance(value, list) and any(has_mark(element) for element in value)
