"""`aws.iam.get_policy_document`: a policy written as arguments, as its JSON. It asks nobody."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

from localcloud.providers.provider import Checked, Failure
from localcloud.providers.wire import Properties

_LISTS = {"actions": "Action", "notActions": "NotAction", "resources": "Resource", "notResources": "NotResource"}
_PRINCIPALS = {"principals": "Principal", "notPrincipals": "NotPrincipal"}


def policy_document(arguments: Mapping[str, Any]) -> Checked:
    """Gives the document as the real function writes it; statements of `override…` replace those of the same Sid."""
    failures: list[Failure] = []
    version = arguments.get("version") or "2012-10-17"
    statements: list[Properties] = []
    for source in arguments.get("sourcePolicyDocuments") or ():
        _merge(statements, source, "sourcePolicyDocuments", failures, replace=False)
    own = [_statement(statement, index, failures) for index, statement in enumerate(arguments.get("statements") or ())]
    for statement in own:
        _add(statements, statement, replace=True)
    for override in arguments.get("overridePolicyDocuments") or ():
        _merge(statements, override, "overridePolicyDocuments", failures, replace=True)
    if failures:
        return Checked({}, failures)

    identity = arguments.get("policyId")
    document: Properties = {"Version": version, **({"Id": identity} if identity else {}), "Statement": statements}
    text = json.dumps(document, indent=2)
    result: Properties = {**arguments, "version": version, "json": text, "minifiedJson": json.dumps(document, separators=(",", ":"))}
    return Checked({**result, "id": str(zlib.crc32(text.encode()))}, ())


def _statement(given: Mapping[str, Any], index: int, failures: list[Failure]) -> Properties:
    statement: Properties = {"Sid": given["sid"]} if given.get("sid") else {}
    statement["Effect"] = given.get("effect") or "Allow"
    if statement["Effect"] not in ("Allow", "Deny"):
        failures.append(Failure(f"statements[{index}].effect", "must be Allow or Deny"))
    for name, key in _LISTS.items():
        if values := given.get(name):
            statement[key] = _single(sorted(values, reverse=True))
    for name, key in _PRINCIPALS.items():
        if principals := given.get(name):
            statement[key] = _principal(principals)
    conditions: dict[str, dict[str, Any]] = {}
    for condition in given.get("conditions") or ():
        conditions.setdefault(condition["test"], {})[condition["variable"]] = _single(condition["values"])
    if conditions:
        statement["Condition"] = conditions
    return statement


def _principal(principals: list[Mapping[str, Any]]) -> Any:
    gathered: dict[str, list[str]] = {}
    for principal in principals:
        gathered.setdefault(principal["type"], []).extend(principal["identifiers"])
    if gathered.get("*") == ["*"] and len(gathered) == 1:
        return "*"
    return {kind: _single(sorted(identifiers, reverse=True)) for kind, identifiers in gathered.items()}


def _merge(statements: list[Properties], document: str, path: str, failures: list[Failure], *, replace: bool) -> None:
    try:
        parsed = json.loads(document)
        found = parsed["Statement"]
    except (ValueError, KeyError, TypeError):
        failures.append(Failure(path, "must be policy documents with a Statement"))
        return
    for statement in found if isinstance(found, list) else [found]:
        _add(statements, statement, replace=replace)


def _add(statements: list[Properties], statement: Properties, *, replace: bool) -> None:
    sid = statement.get("Sid")
    same = next((index for index, other in enumerate(statements) if replace and sid and other.get("Sid") == sid), None)
    if same is None:
        statements.append(statement)
    else:
        statements[same] = statement


def _single(values: list[str]) -> Any:
    return values[0] if len(values) == 1 else values
