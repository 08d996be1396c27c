"""Lambda: who may invoke a function."""
# ruff: noqa: ARG002 (the calls give every type more than most types need)

import json
from typing import Any, ClassVar

from localcloud.providers.aws import checks
from localcloud.providers.aws.failures import missing_is_fine
from localcloud.providers.naming import Name
from localcloud.providers.properties import flag, one_of, text
from localcloud.providers.provider import RefusedError
from localcloud.providers.resource import Made, Resource
from localcloud.providers.wire import Properties

_ARGUMENTS = {
    "action": "Action",
    "eventSourceToken": "EventSourceToken",
    "function": "FunctionName",
    "functionUrlAuthType": "FunctionUrlAuthType",
    "principal": "Principal",
    "principalOrgId": "PrincipalOrgID",
    "qualifier": "Qualifier",
    "sourceAccount": "SourceAccount",
    "sourceArn": "SourceArn",
    "statementId": "StatementId",
}
_CONDITIONS = {  # condition key in the function's policy to argument
    "aws:sourcearn": "sourceArn",
    "aws:sourceaccount": "sourceAccount",
    "lambda:eventsourcetoken": "eventSourceToken",
    "lambda:functionurlauthtype": "functionUrlAuthType",
    "aws:principalorgid": "principalOrgId",
}


class Permission(Resource):
    """One statement of a function's policy. Every argument needs another statement."""

    type = "aws:lambda/permission:Permission"
    inputs: ClassVar = {
        "action": text(
            required=True,
            replaces=True,
            check=checks.matching(r"lambda:[*]|lambda:[a-zA-Z]+|[*]", "an action of Lambda, such as lambda:InvokeFunction"),
        ),
        "eventSourceToken": text(replaces=True, check=checks.length(256)),
        "function": text(required=True, replaces=True, check=checks.matching(r"[a-zA-Z0-9:_$-]+", "a function's name or ARN", longest=170)),
        "functionUrlAuthType": text(replaces=True, check=one_of("AWS_IAM", "NONE")),
        "invokedViaFunctionUrl": flag(replaces=True, unread=True),
        "principal": text(required=True, replaces=True, check=checks.length(256, 1), same=lambda one, other: _short(one) == _short(other)),
        "principalOrgId": text(replaces=True, check=checks.matching(r"o-[a-z0-9]{10,32}", "an organization's id")),
        "qualifier": text(replaces=True, check=checks.matching(r"[|a-zA-Z0-9$_-]+", "an alias or a version", longest=128)),
        "region": text(computed=True, replaces=True),
        "sourceAccount": text(replaces=True, check=checks.account),
        "sourceArn": text(replaces=True, check=checks.arn()),
        "statementId": text(computed=True, replaces=True, check=checks.matching(r"[a-zA-Z0-9_-]+", "letters, digits, - or _", longest=100)),
        "statementIdPrefix": text(
            computed=True, replaces=True, unread=True, check=checks.matching(r"[a-zA-Z0-9_-]+", "letters, digits, - or _", longest=74)
        ),
    }
    conflicts = (("statementId", "statementIdPrefix"),)
    name = Name(property="statementId", prefix="statementIdPrefix")

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Adds the statement."""
        aws.functions.add_permission(**{key: inputs[name] for name, key in _ARGUMENTS.items() if inputs.get(name)})
        made(f"{inputs['function']}/{inputs['statementId']}")

    def identity(self, identity: str, state: Properties) -> str:
        """As the real provider: the statement's id."""
        return str(state["statementId"])

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Finds the statement in the function's policy; an import names it `function/statement`."""
        function, qualifier, statement_id = _target(identity, state)
        answer = aws.functions.get_policy(FunctionName=function, **({"Qualifier": qualifier} if qualifier else {}))
        statements = json.loads(answer["Policy"])["Statement"]
        statement = next((statement for statement in statements if statement.get("Sid") == statement_id), None)
        return statement and {
            "action": statement["Action"],
            "function": function,
            "principal": _principal(statement["Principal"]),
            "qualifier": qualifier,
            "statementId": statement_id,
            **_conditions(statement.get("Condition") or {}),
        }

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Takes the statement out."""
        function, qualifier, statement_id = _target(identity, state)
        with missing_is_fine():
            more = {"Qualifier": qualifier} if qualifier else {}
            aws.functions.remove_permission(FunctionName=function, StatementId=statement_id, **more)


def _target(identity: str, state: Properties) -> tuple[str, str | None, str]:
    if state.get("function"):
        return state["function"], state.get("qualifier"), state["statementId"]
    function, _, statement_id = identity.rpartition("/")
    if not function:
        raise RefusedError("the id of a permission to import is function/statement or function:qualifier/statement")
    name, _, qualifier = function.partition(":") if not function.startswith("arn:") else (function, "", "")
    return name, qualifier or None, statement_id


def _principal(principal: Any) -> str:
    if isinstance(principal, str):
        return principal
    return str(principal.get("Service") or principal.get("AWS") or "")


def _short(principal: str) -> str:
    """An account may be written as its number or as the ARN of its root."""
    parts = principal.split(":")
    return parts[4] if len(parts) == 6 and parts[5] == "root" else principal


def _conditions(conditions: dict[str, dict[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for operands in conditions.values():
        for key, value in operands.items():
            if name := _CONDITIONS.get(key.lower()):
                found[name] = value[0] if isinstance(value, list) else value
    return found


TYPES = (Permission,)
