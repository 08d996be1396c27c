"""Reads the `keyturn:` keys of a stack's configuration, as the engine hands them over, into plain data."""

import json
import re
from collections.abc import Collection, Mapping
from typing import cast

from keyturn.problems import Path, Problems

PREFIX = "keyturn:"

# The one environment that may take a setting from the shell: ports of a local cloud differ from machine to machine.
LOCAL = "local"

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def read(config: Mapping[str, object], secret_keys: Collection[str], variables: Mapping[str, str], problems: Problems) -> dict[str, object]:
    """Gives the declaration's keys without their prefix; `${NAME}` is replaced from the shell in environment `local` only."""
    keys = {key.removeprefix(PREFIX): value for key, value in config.items() if key.startswith(PREFIX)}
    for key in keys:
        if PREFIX + key in secret_keys:
            problems.add((key,), "holds an encrypted value; a declaration has names and ARNs only, a value is set out of band: remove it")
    plain = {key: _parsed(key, value, problems) for key, value in keys.items()}
    local = plain.get("environment") == LOCAL
    return {key: _expanded(value, (key,), variables if local else None, problems) for key, value in plain.items()}


def as_mapping(value: object) -> dict[str, object]:
    """Gives a mapping of the stack file; an empty one for anything else, which is reported where the type is checked."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _parsed(key: str, value: object, problems: Problems) -> object:
    """Structured values reach a program as JSON; a plain string is left as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        given: dict[str, object] = {}
        for name, content in pairs:
            if name in given:
                problems.add((key,), f"has `{name}` twice in one mapping: one of the two would be lost; rename or remove one")
            given[name] = content
        return given

    try:
        return json.loads(value, object_pairs_hook=once)
    except json.JSONDecodeError:
        problems.add((key,), "is neither a mapping nor a list; write it as YAML, or set it with `pulumi config set --path`")
        return None


def _expanded(value: object, path: Path, variables: Mapping[str, str] | None, problems: Problems) -> object:
    if mapping := as_mapping(value):
        return {key: _expanded(item, (*path, key), variables, problems) for key, item in mapping.items()}
    if isinstance(value, list):
        return [_expanded(item, (*path, index), variables, problems) for index, item in enumerate(cast("list[object]", value))]
    if not isinstance(value, str) or "${" not in value:
        return value
    if variables is None:
        problems.add(path, f"takes `${{…}}` from the shell; only environment `{LOCAL}` may: write what is deployed into the stack file")
        return value
    for name in _REFERENCE.findall(value):
        if not variables.get(name):
            problems.add(path, f'needs the variable {name}, which is not set; `eval "$(make -s env)"` sets it while the local cloud runs')
            return value
    return _REFERENCE.sub(lambda reference: variables[reference.group(1)], value)
