"""What the text of a Vault policy says: which paths, and what may be done there."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import Any, cast

_LONGEST = 65_536

CAPABILITIES = frozenset({"create", "read", "update", "delete", "list", "patch", "scan", "sudo", "deny", "subscribe", "recover"})
"""Everything that Vault and OpenBao know; one of them refuses some."""
_SHORT: dict[str, frozenset[str]] = {
    "deny": frozenset({"deny"}),
    "read": frozenset({"read", "list"}),
    "write": frozenset({"create", "read", "update", "delete", "list"}),
    "sudo": frozenset({"create", "read", "update", "delete", "list", "sudo"}),
}
"""What the word of `policy = "…"` stands for, as policies were written before there were capabilities."""
_KEYS = frozenset(
    {
        "capabilities",
        "policy",
        "comment",
        "min_wrapping_ttl",
        "max_wrapping_ttl",
        "allowed_parameters",
        "denied_parameters",
        "required_parameters",
        "mfa_methods",
        "control_group",
        "expiration",
        "list_scan_response_keys_filter_path",
        "pagination_limit",
        "response_keys_filter_path",
        "subscribe_event_types",
    }
)


class MalformedPolicyError(Exception):
    """The text is no policy. The message says what is wrong and quotes none of it."""


@dataclass(frozen=True)
class PathRule:
    """What a policy lets its holder do at a path, or below it."""

    path: str
    capabilities: frozenset[str]

    @property
    def allows(self) -> frozenset[str]:
        """What may be done; a denial takes all of it away."""
        return frozenset() if "deny" in self.capabilities else self.capabilities

    @property
    def segments(self) -> tuple[str, ...]:
        """The parts between the slashes; `+` stands for any one, a `*` at the end for whatever follows."""
        return tuple(self.path.removeprefix("/").split("/"))

    @property
    def fixed(self) -> tuple[str, ...]:
        """The parts before the first wildcard."""
        return tuple(takewhile(lambda segment: segment != "+" and not segment.endswith("*"), self.segments))


@lru_cache(maxsize=4096)
def path_rules(text: str) -> tuple[PathRule, ...]:
    """Gives what a policy says, path by path.

    Raises:
        MalformedPolicyError: the text is neither HCL nor JSON, or says what no policy can say.
    """
    if len(text) > _LONGEST:
        raise MalformedPolicyError(f"it is longer than {_LONGEST} characters")
    if not text.strip():
        raise MalformedPolicyError("it is empty")
    said = _json(text) if text.lstrip().startswith("{") else _hcl(text)
    # Vault refuses `PATH`, too, and what another language makes blocks of: a parser of HCL lets both stand beside the paths.
    if not {_text(name) for name in said if not name.startswith("__")} <= {"path", "name"}:
        raise MalformedPolicyError("it has a member that no policy has")
    return tuple(_rule(path, body) for path, body in _blocks(said.get("path")))


def _json(text: str) -> dict[str, Any]:
    try:
        return cast("dict[str, Any]", json.loads(text, object_pairs_hook=_unique))
    except (ValueError, RecursionError):
        raise MalformedPolicyError("it is no JSON") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Vault reads both of two members with one name; a parser of JSON keeps the last one only.
    if len({name for name, _ in pairs}) < len(pairs):
        raise MalformedPolicyError("it has two members of one name")
    return dict(pairs)


def _hcl(text: str) -> dict[str, Any]:
    import hcl2  # noqa: PLC0415 - its grammar takes time to load, and most stacks have no Vault policy

    try:
        said = cast("dict[str, Any]", hcl2.loads(f"{text}\n"))  # pyright: ignore[reportUnknownMemberType] - it gives a bare dict
    except Exception:  # its errors have no common ancestor, and quote the text
        raise MalformedPolicyError("it is no HCL") from None
    if not isinstance(said.get("path", []), list):
        raise MalformedPolicyError("a path is no block")
    return said


def _blocks(said: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Gives path and body of each block. A parser of HCL keeps the quotes of a text."""
    for block in cast("list[Any]", said if isinstance(said, list) else [] if said is None else [said]):
        if not isinstance(block, dict):
            raise MalformedPolicyError("a path is no block")
        for name, body in cast("dict[str, Any]", block).items():
            if name.startswith("__"):
                continue
            if not isinstance(body, dict):
                raise MalformedPolicyError("a path is no block")
            yield _text(name), cast("dict[str, Any]", body)


def _rule(path: str, body: dict[str, Any]) -> PathRule:
    known = {_text(name): value for name, value in body.items() if not name.startswith("__")}
    if not known.keys() <= _KEYS:
        raise MalformedPolicyError("a path has a member that no policy has")
    given = known.get("capabilities", [])
    words = [_text(word) if isinstance(word, str) else "" for word in cast("list[Any]", given)] if isinstance(given, list) else [""]
    short = None if known.get("policy") is None else _SHORT.get(_text(str(known["policy"])), frozenset({""}))
    capabilities = frozenset[str](words) | (short or frozenset[str]())
    if not capabilities <= CAPABILITIES:
        raise MalformedPolicyError("a path has a capability that there is not")
    return PathRule(path, capabilities)


def _text(quoted: str) -> str:
    if not (len(quoted) >= 2 and quoted.startswith('"') and quoted.endswith('"')):
        return quoted
    try:
        return cast("str", json.loads(quoted))
    except ValueError:
        return quoted[1:-1]
