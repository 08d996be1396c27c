"""Pulumi's property values between protobuf and Python: plain dictionaries, with one sentinel for what is not known yet."""

from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf.struct_pb2 import ListValue, Struct, Value

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
MARK = "1b47061264138c4ac30d75fd1eb44270"
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
# The engine has a sentinel for each type; which type an unknown will have is of no use here.
_UNKNOWNS = {
    UNKNOWN,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}

Properties = dict[str, Any]


def received(struct: Struct) -> Properties:
    """Gives what a request carries; whole numbers as `int`, every unknown as `UNKNOWN`."""
    return {key: _value(value) for key, value in struct.fields.items()}


def sent(properties: Mapping[str, Any]) -> Struct:
    """Gives the protobuf form of `properties`; keys without a value are left out."""
    struct = Struct()
    struct.update({key: value for key, value in properties.items() if value is not None})
    return struct


def is_unknown(value: Any) -> bool:
    """Says whether the value itself is unknown."""
    return isinstance(value, str) and value == UNKNOWN


def holds_unknown(value: Any) -> bool:
    """Says whether an unknown stands anywhere inside."""
    if isinstance(value, Mapping):
        return any(holds_unknown(item) for item in value.values())
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return any(holds_unknown(item) for item in value)
    return is_unknown(value)


def is_marked(value: Any) -> bool:
    """Says whether the value is marked as secret; only a provider that accepts secrets is sent such."""
    return isinstance(value, Mapping) and value.get(SIGNATURE) == MARK


def marked(value: Any) -> Any:
    """Gives the value, marked as secret."""
    return value if is_marked(value) else {SIGNATURE: MARK, "value": value}


def root(path: str) -> str:
    """Gives the argument in which a property path begins."""
    return path.split(".", 1)[0].split("[", 1)[0]


def _value(value: Value | ListValue) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            return received(value.struct_value)
        case "list_value":
            return [_value(item) for item in value.list_value.values]
        case "string_value":
            return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case _:
            return None
