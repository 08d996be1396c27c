"""JSON Pointer (RFC 6901): where in an issuer's answer the token and its id are."""

import re
from typing import cast

_POINTER = re.compile(r"(/([^~/]|~[01])*)*")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


def is_pointer(text: object) -> bool:
    """Says whether a text is a JSON Pointer; the empty one is the whole document."""
    return isinstance(text, str) and _POINTER.fullmatch(text) is not None


def found(document: object, pointer: str) -> object:
    """Gives what the pointer leads to; None when it leads nowhere."""
    at = document
    for escaped in pointer.split("/")[1:]:
        key = escaped.replace("~1", "/").replace("~0", "~")
        if isinstance(at, dict):
            at = cast("dict[str, object]", at).get(key)
        elif isinstance(at, list) and _INDEX.fullmatch(key):
            items = cast("list[object]", at)
            at = items[int(key)] if int(key) < len(items) else None
        else:
            return None
    return at
