"""Brings a value into the shape that its argument declares, or says what it must be. Never repeats the value."""

import difflib
import json
from collections.abc import Mapping
from typing import Any

from localcloud.providers.properties import Kind, Property
from localcloud.providers.provider import Failure
from localcloud.providers.wire import SIGNATURE, UNKNOWN, Properties, holds_unknown, is_unknown


class _ShapeError(Exception):
    """The value has another shape."""


def shaped(path: str, value: Any, declared: Property, failures: list[Failure]) -> Any:
    """Gives the value in its declared shape; adds to `failures` what is wrong with it."""
    if value is None or is_unknown(value):
        return value
    if declared.kind is Kind.OBJECT:
        return _object(path, value, declared, failures)
    if declared.kind is Kind.OBJECTS:
        if not isinstance(value, list):
            failures.append(Failure(path, "must be a list"))
            return value
        return [_object(f"{path}[{index}]", item, declared, failures) for index, item in enumerate(value)]
    try:
        value = _CONVERT.get(declared.kind, _as_it_is)(value)
    except _ShapeError as refusal:
        failures.append(Failure(path, str(refusal)))
        return value
    if declared.check and not holds_unknown(value) and (reason := declared.check(value)):
        failures.append(Failure(path, reason))
    return value


def strangers(path: str, value: Mapping[str, Any], known: Mapping[str, Property], what: str) -> list[Failure]:
    """Refuses keys that are not declared, with the nearest one that is."""
    failures: list[Failure] = []
    for key in value:
        if key not in known and not key.startswith("__"):
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            failures.append(Failure(f"{path}{key}", f"is not an argument of {what}{hint}"))
    return failures


def _object(path: str, value: Any, declared: Property, failures: list[Failure]) -> Any:
    if is_unknown(value):
        return value
    if not isinstance(value, Mapping):
        failures.append(Failure(path, "must be an object"))
        return value
    failures.extend(strangers(f"{path}.", value, declared.fields, path))
    result: Properties = {}
    for name, inner in declared.fields.items():
        given = shaped(f"{path}.{name}", value.get(name), inner, failures)
        given = inner.default if given is None else given
        if given is None and inner.required:
            failures.append(Failure(f"{path}.{name}", "is required"))
        if given is not None:
            result[name] = given
    if declared.check and not holds_unknown(result) and (reason := declared.check(result)):
        failures.append(Failure(path, reason))
    return result


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise _ShapeError("must be a text")


def _whole(value: Any) -> int:
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _ShapeError("must be a whole number")


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise _ShapeError("must be true or false")


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise _ShapeError("must be a list of texts")
    return [_text(item) for item in value]


def _map(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise _ShapeError("must be a map of texts")
    return {str(key): _text(item) for key, item in value.items() if item is not None}


def _json(value: Any) -> str:
    if holds_unknown(value):
        return UNKNOWN  # as the bridge: a document with one unknown inside is unknown as a whole
    if isinstance(value, Mapping | list):
        return json.dumps(value, separators=(",", ":"))
    if not isinstance(value, str):
        raise _ShapeError("must be a JSON document")
    if value:
        try:
            json.loads(value)
        except ValueError as error:
            where = f"line {error.lineno} column {error.colno}" if isinstance(error, json.JSONDecodeError) else "it"
            raise _ShapeError(f"is not JSON: cannot be read at {where}") from None
    return value


def _archive(value: Any) -> Any:
    if not isinstance(value, Mapping) or SIGNATURE not in value:
        raise _ShapeError("must be an archive")
    return value


def _as_it_is(value: Any) -> Any:
    return value


_CONVERT = {
    Kind.TEXT: _text,
    Kind.WHOLE: _whole,
    Kind.FLAG: _flag,
    Kind.TEXTS: _texts,
    Kind.SET: _texts,
    Kind.MAP: _map,
    Kind.JSON: _json,
    Kind.ARCHIVE: _archive,
}
