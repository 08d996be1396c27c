"""The configuration file of the rules, read as the engine reads it and checked as the pack checks it."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel

from policies.gate.errors import GateError
from policies.pack.configuration import Configuration, ConfigurationError
from policies.pack.message import shortened
from policies.pack.report import LEVELS
from policies.rules import rules

Document = dict[str, Any]
"""The file as JSON, in its own order: rules, each with a level or with settings."""

_LEVEL: Final = "enforcementLevel"


def read(path: Path) -> Document:
    """Gives the file.

    Raises:
        GateError: it cannot be read, or is no JSON object.
    """
    try:
        document: object = json.loads(
            path.read_text(encoding="utf-8"),
            object_pairs_hook=_without_doubles,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_number,
        )
        json.dumps(document, ensure_ascii=False).encode()
    except OSError as error:
        raise GateError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeError:
        raise GateError(f"{path} is not UTF-8") from None
    except RecursionError:
        raise GateError(f"{path} is nested too deep") from None
    except json.JSONDecodeError as error:
        raise GateError(f"{path} is not JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    if not isinstance(document, dict):
        raise GateError(f"{path} must hold a JSON object with a key for each rule")
    return cast(Document, document)


def checked(document: Document) -> Configuration:
    """Gives the rules' configuration, checked as a whole.

    Raises:
        GateError: a rule or a setting does not exist, or is not as it should be.
    """
    configuration = Configuration(rules(), lambda: datetime.now(UTC).date())
    try:
        configuration.take(_as_the_engine_sends(document))
    except ConfigurationError as error:
        raise GateError(str(error)) from None
    return configuration


def is_disabled(document: Document, rule: str) -> bool:
    """Tells whether the file switches a rule off."""
    for name in (rule, "all"):
        given = document.get(name)
        level = cast(Document, given).get(_LEVEL) if isinstance(given, dict) else given
        if level is not None:
            return level == EnforcementLevel.DISABLED.value
    return False


def _as_the_engine_sends(document: Document) -> dict[str, analyzer_pb2.PolicyConfig]:
    # A level for all rules is what those have that say none of their own.
    for_all = _level("all", document.get("all", {}))
    by_rule = {rule.name: for_all or rule.enforcement_level or EnforcementLevel.MANDATORY for rule in rules()}
    sent = {name: analyzer_pb2.PolicyConfig(enforcementLevel=LEVELS[level]) for name, level in by_rule.items()}
    for name, given in document.items():
        level = _level(name, given) or by_rule.get(name, EnforcementLevel.MANDATORY)
        sent[name] = analyzer_pb2.PolicyConfig(enforcementLevel=LEVELS[level])
        if isinstance(given, dict):
            sent[name].properties.update({key: value for key, value in cast(Document, given).items() if key != _LEVEL})
    return sent


def _level(name: str, given: object) -> EnforcementLevel | None:
    if not isinstance(given, (str, dict)):
        raise GateError(f"rule {name!r}: give a level, or an object with settings")
    if isinstance(given, dict) and _LEVEL not in given:
        return None
    level: object = given if isinstance(given, str) else cast(Document, given)[_LEVEL]
    try:
        return EnforcementLevel(level)
    except ValueError:
        raise GateError(f"rule {name!r}: the level is one of: {', '.join(level.value for level in LEVELS)}") from None


def _number(text: str) -> float:
    # Python reads NaN, and what is too large as Infinity: neither is JSON, and the engine takes neither.
    if not math.isfinite(number := float(text)):
        raise GateError(f"{shortened(text, 20)} is no number that can be meant")
    return number


def _integer(text: str) -> int:
    _number(text)
    return int(text)


def _without_doubles(pairs: list[tuple[str, Any]]) -> Document:
    found = dict(pairs)
    if len(found) < len(pairs):
        double = next(key for position, (key, _) in enumerate(pairs) if key in dict(pairs[:position]))
        raise GateError(f"the key {double!r} stands there twice: all but the last would be ignored")
    return found
