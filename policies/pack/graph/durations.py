"""How long a duration is, as Go programs write it: `1h`, `1h30m`, `90s`."""

import re

_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 64


def seconds(text: str) -> float | None:
    """Gives the seconds of a duration; None when Go would not read it, or it is below nothing."""
    if text == "0":
        return 0.0
    if len(text) > _LONGEST or not re.fullmatch(f"(?:{_PART.pattern})+", text):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
