"""Texts with placeholders, such as `Bearer {admin.value}`: what a request of the declaration says, filled in when it is made."""

import re
from collections.abc import Callable, Collection, Mapping
from urllib.parse import quote

from rotation_lambda.errors import ConfigurationError

ADMIN = "admin."
"""`{admin.KEY}` is the admin secret's KEY."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_BRACE = re.compile(r"[{}]")


def placeholders(text: str) -> set[str]:
    """Gives the names of the placeholders in a text."""
    return set(_PLACEHOLDER.findall(text))


def check(text: str, where: str, allowed: Collection[str]) -> None:
    """Refuses a text with a placeholder that has no meaning there. `admin.` in `allowed` stands for every key of the admin secret."""
    for name in placeholders(text):
        meant = ADMIN if name.startswith(ADMIN) and name != ADMIN else name.removeprefix(ADMIN)
        if meant not in allowed:
            there_are = ", ".join(f"{{{one}KEY}}" if one == ADMIN else f"{{{one}}}" for one in sorted(allowed)) or "none"
            raise ConfigurationError(f"{where} has the placeholder {{{name}}}, which means nothing there; there are: {there_are}")
    if _BRACE.search(_PLACEHOLDER.sub("", text)):
        raise ConfigurationError(f"{where} has a brace that belongs to no placeholder; correct the declaration")


def filled(text: str, values: Mapping[str, str], *, written: Callable[[str], str] = str) -> str:
    """Gives the text with each placeholder replaced, once: a brace inside a value is a brace.

    Raises:
        ConfigurationError: the admin secret does not have the key.
    """

    def value_of(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise ConfigurationError(f"the admin secret has no text {match[1].removeprefix(ADMIN)!r}, which the declaration asks for")
        return written(values[match[1]])

    return _PLACEHOLDER.sub(value_of, text)


def filled_url(url: str, values: Mapping[str, str]) -> str:
    """Gives the address, in which a value is one piece of the path or the query, whatever is in it.

    Raises:
        ConfigurationError: with this value the path would lead elsewhere.
    """
    full = filled(url, values, written=lambda value: quote(value.encode(errors="surrogatepass"), safe=""))
    pieces = full.split("?")[0].split("/")[3:]
    if any(piece in {".", ".."} for piece in pieces) or any(not values.get(name) for name in placeholders(url)):
        raise ConfigurationError("a value that stands in an address is empty or made of dots, so the request would go elsewhere")
    return full
