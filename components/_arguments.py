"""Reads arguments that may be wrong. A refusal names the argument as the caller's language spells it, and never its value."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar, cast

import pulumi

from keyturn.names import InvalidNameError

Item = TypeVar("Item")


def whole_number(args: Mapping[str, object], name: str, *, least: int, most: int, default: int) -> int:
    """Gives a number within its range. Callers in other languages send whole numbers as floats."""
    value = args.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or not least <= value <= most:
        raise refused(name, f"must be a whole number from {least} to {most}")
    return int(value)


def choice(args: Mapping[str, object], name: str, options: Iterable[str], default: str | None = None) -> str:
    """Gives one of the words that are known."""
    value = args.get(name)
    if value is None:
        value = default
    known = [str(option) for option in options]
    if value not in known:
        raise refused(name, f"must be one of {', '.join(known)}")
    return str(value)


def text(args: Mapping[str, object], name: str) -> str | None:
    """Gives a text that is known before anything is created; None when it is not given."""
    value = args.get(name)
    if value is not None and not isinstance(value, str):
        raise refused(name, "must be a text that is known at preview")
    return value


def mapping(given: Mapping[str, Item] | None, name: str) -> Mapping[str, Item]:
    """Gives a mapping whose keys are known before anything is created; empty when it is not given."""
    # A caller in another language can send anything here, an Output too.
    if given is not None and not isinstance(cast("object", given), Mapping):
        raise refused(name, "must be a mapping whose keys are known at preview; only its values may be outputs")
    return given or {}


def named(check: Callable[[], Item]) -> Item:
    """Gives what a function of `keyturn.names` gives; the part that it refuses becomes the argument that is wrong."""
    try:
        return check()
    except InvalidNameError as error:
        part, _, expectation = str(error).partition(": ")
        raise refused(part, expectation) from None


def refused(name: str, expectation: str) -> pulumi.InputPropertyError:
    """Gives the error to raise for an argument."""
    first, *others = name.split("_")
    return _RefusedError(first + "".join(word.capitalize() for word in others), expectation)


class _RefusedError(pulumi.InputPropertyError):
    """The SDK's error shows as a tuple; this one reads as a sentence."""

    def __str__(self) -> str:
        return f"{self.property_path}: {self.reason}"
