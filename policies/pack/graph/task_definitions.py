"""What ECS puts into the containers of a task: secrets and parameters, by what their `valueFrom` names."""

import json
from functools import cache
from typing import Any

from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Unknown, at, elements, plain


def container_secrets(task: Resource) -> list[str | Unknown]:
    """Gives the ARN of each secret that a container of the task gets; UNKNOWN while nobody can tell which."""
    definitions = task.read("containerDefinitions")
    listed = _parsed(definitions) if isinstance(definitions, str) else definitions
    found: list[str | Unknown] = []
    for container in elements(listed):
        for secret in [UNKNOWN] if container is UNKNOWN else elements(at(container, "secrets")):
            named = UNKNOWN if secret is UNKNOWN else plain(at(secret, "valueFrom"))
            if named is UNKNOWN:
                found.append(UNKNOWN)
            elif isinstance(named, str):
                found.append(_arn_of(named))
    return found


def _arn_of(value_from: str) -> str:
    """Gives the ARN: without the JSON key, stage and version that may stand behind it; a bare name is that of a parameter."""
    parts = value_from.split(":")
    if len(parts) > 1:
        return ":".join(parts[:7]) if parts[2:3] == ["secretsmanager"] else value_from
    return f"arn:*:ssm:*:*:parameter/{value_from.removeprefix('/')}"


@cache
def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
