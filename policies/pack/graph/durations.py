"""How long a duration is, as Go programs write it: `1h`, `1h30m`, `90s`."""

import re

from policies.pack.values import UNKNOWN, Unknown, Value

_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 64
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,9})?")


def seconds(text: str) -> float | None:
    """Gives the seconds of a duration; None when Go would not read it, or it is below nothing."""
    if text == "0":
        return 0.0
    if len(text) > _LONGEST or not re.fullmatch(f"(?:{_PART.pattern})+", text):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))


def seconds_of(value: Value) -> float | Unknown | None:
    """Gives the seconds that a property says: a number of them, or a duration. None when it says nothing, or nothing that is one."""
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    text = str(value)
    return float(text) if _NUMBER.fullmatch(text) else seconds(text)


def checked(text: str) -> str:
    """Gives the text of a duration that is longer than nothing, for a setting."""
    if not seconds(text):
        raise ValueError("should be a duration, e.g. `30m` or `1h`")
    return text
