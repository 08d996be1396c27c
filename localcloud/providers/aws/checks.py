"""Checks of single values that several services share. Each gives what the value must be, never the value."""

import re
from collections.abc import Mapping
from typing import Any

from localcloud.providers.properties import Check

_ARN = re.compile(r"arn:(aws|aws-cn|aws-us-gov|aws-iso[a-z-]*):[a-z0-9-]+:([a-z]{2}(-[a-z]+)+-\d)?:(\d{12}|aws|aws-managed)?:.+")
_TAG = re.compile(r"[\w\s.:/=+\-@]*")


def arn(service: str = "") -> Check:
    """Refuses what is not an ARN, or one of another service."""
    words = f"must be an ARN of {service}" if service else "must be an ARN"
    return lambda value: None if _ARN.fullmatch(value) and (not service or value.split(":")[2] == service) else words


def matching(pattern: str, words: str, *, shortest: int = 1, longest: int = 10_000) -> Check:
    """Refuses texts that do not match as a whole, or are too short or too long; `words` say what is allowed."""
    compiled = re.compile(pattern, re.DOTALL)

    def check(value: str) -> str | None:
        if not shortest <= len(value) <= longest:
            return f"must have from {shortest} to {longest} characters"
        return None if compiled.fullmatch(value) else f"must be {words}"

    return check


def length(longest: int, shortest: int = 0) -> Check:
    """Refuses texts that are too long or too short."""
    return matching(r".*", "a text", shortest=shortest, longest=longest)


def tags(value: Mapping[str, Any]) -> str | None:
    """Refuses tags that AWS refuses."""
    if len(value) > 50:
        return "must not hold more than 50 tags"
    for key, text in value.items():
        if not 1 <= len(key) <= 128 or not _TAG.fullmatch(key):
            return "holds a key that is not 1 to 128 letters, digits, spaces or _.:/=+-@"
        if key.lower().startswith("aws:"):
            return "holds a key that begins with aws:, which AWS keeps for itself"
        if isinstance(text, str) and (len(text) > 256 or not _TAG.fullmatch(text)):
            return f"holds a value under {key} that is not up to 256 letters, digits, spaces or _.:/=+-@"
    return None


account = matching(r"\d{12}", "an account id of 12 digits")
