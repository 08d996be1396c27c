"""Policy documents and other JSON that AWS reads: what makes them malformed, and when two of them mean the same."""

import json
import re
from collections.abc import Mapping
from typing import Any

from localcloud.providers.properties import Check, Kind, Property

_TOP = {"Version", "Id", "Statement"}
_STATEMENT = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
_VERSIONS = ("2012-10-17", "2008-10-17")
_PRINCIPALS = {"AWS", "Service", "Federated", "CanonicalUser"}


def policy_of_identity(**more: Any) -> Property:
    """Gives the argument for a policy of a role, a user or a group: no principal, but a resource."""
    longest = more.pop("longest", 10_240)
    return _document(_checked(principal=False, resource=True, longest=longest), **more)


def policy_of_trust(**more: Any) -> Property:
    """Gives the argument for a role's trust policy: a principal, but no resource."""
    return _document(_checked(principal=True, resource=False, longest=4_096), **more)


def policy_of_resource(**more: Any) -> Property:
    """Gives the argument for a policy that stands on a resource: a principal and a resource."""
    longest, empty = more.pop("longest", 20_480), more.pop("empty", False)
    return _document(_checked(principal=True, resource=True, longest=longest, empty=empty), **more)


def json_object(**more: Any) -> Property:
    """Gives the argument for any other JSON object."""
    return Property(kind=Kind.JSON, check=lambda value: None if isinstance(json.loads(value), dict) else "must be a JSON object", **more)


def event_pattern(value: str) -> str | None:
    """Refuses patterns that EventBridge refuses: leaves are lists."""
    pattern = json.loads(value)
    if not isinstance(pattern, dict) or not pattern:
        return "must be a JSON object with at least one field"
    if len(value) > 4_096:
        return "must not have more than 4096 characters"
    return None if _leaves_are_lists(pattern) else "must give a list of allowed values for every field"


def same_policy(one: str, other: str) -> bool:
    """Says whether two policies mean the same: order, and one value or a list of one, do not matter."""
    try:
        return _canonical(json.loads(one)) == _canonical(json.loads(other))
    except ValueError:
        return one == other


def _document(check: Check, **more: Any) -> Property:
    return Property(kind=Kind.JSON, check=check, same=same_policy, **more)


def _checked(*, principal: bool, resource: bool, longest: int, empty: bool = False) -> Check:
    def check(value: str) -> str | None:
        document = json.loads(value) if value else {}
        if empty and document == {}:
            return None  # the argument's own way to say "none"
        if len(re.sub(r"\s", "", value)) > longest:
            return f"is a policy document of more than {longest} characters"
        if reason := _whole(document):
            return f"is a malformed policy document: {reason}"
        statements = document["Statement"]
        statements = statements if isinstance(statements, list) else [statements]
        for index, statement in enumerate(statements):
            if reason := _statement(statement, principal=principal, resource=resource):
                return f"is a malformed policy document: Statement[{index}] {reason}"
        sids = [statement["Sid"] for statement in statements if statement.get("Sid")]
        return "is a malformed policy document: two statements have the same Sid" if len(sids) != len(set(sids)) else None

    return check


def _whole(document: Any) -> str | None:
    if not isinstance(document, dict):
        return "it is not an object"
    if strange := sorted(document.keys() - _TOP):
        return f"{strange[0]} is not one of {', '.join(sorted(_TOP))}"
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        return f"Version must be one of {', '.join(_VERSIONS)}"
    return None if document.get("Statement") else "it has no Statement"


def _statement(statement: Any, *, principal: bool, resource: bool) -> str | None:  # noqa: PLR0911 (one answer a defect)
    if not isinstance(statement, dict):
        return "is not an object"
    if strange := sorted(statement.keys() - _STATEMENT):
        return f"has an unknown element {strange[0]}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        return "has no Effect of Allow or Deny"
    wanted = {"Action": True, "Principal": principal, "Resource": resource}
    for name, is_wanted in wanted.items():
        given = [key for key in (name, f"Not{name}") if key in statement]
        if is_wanted and len(given) != 1:
            return f"must have {name} or Not{name}, and not both"
        if not is_wanted and given:
            return f"must not have {given[0]}"
    for name in ("Action", "NotAction", "Resource", "NotResource"):
        if name in statement and not _are_texts(statement[name]):
            return f"must have texts in {name}"
    if not isinstance(statement.get("Condition", {}), dict) or not all(
        isinstance(item, dict) for item in statement.get("Condition", {}).values()
    ):
        return "has a Condition that is not operator, key and values"
    return _principal(statement.get("Principal", statement.get("NotPrincipal", "*")))


def _principal(principal: Any) -> str | None:
    if principal == "*":
        return None
    if not isinstance(principal, dict) or not principal or not principal.keys() <= _PRINCIPALS:
        return f'has a Principal that is neither "*" nor an object with {", ".join(sorted(_PRINCIPALS))}'
    return None if all(_are_texts(value) for value in principal.values()) else "must have texts in Principal"


def _are_texts(value: Any) -> bool:
    return (isinstance(value, str) and bool(value)) or (
        isinstance(value, list) and bool(value) and all(isinstance(i, str) and i for i in value)
    )


def _leaves_are_lists(pattern: Mapping[str, Any]) -> bool:
    for key, value in pattern.items():
        if key == "$or":
            if not isinstance(value, list) or not all(isinstance(item, dict) and _leaves_are_lists(item) for item in value):
                return False
        elif not (isinstance(value, list) and value) and not (isinstance(value, dict) and value and _leaves_are_lists(value)):
            return False
    return True


def _canonical(document: Any) -> Any:
    if not isinstance(document, dict):
        return document
    statements = document.get("Statement") or []
    statements = statements if isinstance(statements, list) else [statements]
    return document.get("Version"), document.get("Id"), sorted(repr(_canonical_statement(item)) for item in statements)


def _canonical_statement(statement: Any) -> Any:
    if not isinstance(statement, dict):
        return statement
    result = {key: value for key, value in statement.items() if key != "Sid" or value}
    for key in ("Action", "NotAction", "Resource", "NotResource"):
        if key in result:
            result[key] = _sorted(result[key])
    for key in ("Principal", "NotPrincipal"):
        if isinstance(result.get(key), dict):
            result[key] = sorted((name, _sorted(values)) for name, values in result[key].items())
        elif result.get(key) == "*":
            result[key] = [("AWS", ["*"])]
    if isinstance(result.get("Condition"), dict):
        result["Condition"] = sorted(
            (operator, sorted((key, _sorted(values)) for key, values in keys.items())) for operator, keys in result["Condition"].items()
        )
    return sorted(result.items(), key=lambda item: item[0])


def _sorted(value: Any) -> list[str]:
    return sorted(str(item) for item in (value if isinstance(value, list) else [value]))
