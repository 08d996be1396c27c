"""Lambda functions as processes that know their zip, boto3, their own variables and their role's credentials; nothing else.

ministack starts them with its own interpreter and its whole environment. Here they get an interpreter that has boto3 only, as
on AWS, and none of the server's variables.
"""

import json
import logging
import os
import subprocess
import types
from pathlib import Path
from typing import Any

from ministack.core import iam_evaluator, lambda_runtime
from ministack.core.responses import error_response_json
from ministack.services import iam, lambda_svc

_SHARED = frozenset({"PATH", "LANG", "TMPDIR"})
_UNTRUSTED = "The role defined for the function cannot be assumed by Lambda."


def install(functions_python: Path) -> None:
    """Makes every function start with `functions_python` and a clean environment; checks its role when it is made."""

    def start(command: list[str], *, env: dict[str, str], **options: Any) -> Any:
        own = {name: value for name, value in env.items() if name in _SHARED or os.environ.get(name) != value}
        home = {"HOME": own["TMPDIR"], "AWS_EXECUTION_ENV": "AWS_Lambda_python"}
        return subprocess.Popen([str(functions_python), "-I", command[-1]], env={**own, **home}, **options)

    logging.getLogger("lambda").setLevel(logging.WARNING)  # at INFO it copies what functions print into the server's log
    lambda_runtime.subprocess = types.SimpleNamespace(**{**vars(subprocess), "Popen": start})
    create, configure = lambda_svc._create_function, lambda_svc._update_config
    lambda_svc._create_function = lambda data: _refusal(data, new=True) or create(data)
    lambda_svc._update_config = lambda name, data: _refusal(data, new=False) or configure(name, data)


def _refusal(data: dict[str, Any], *, new: bool) -> Any:
    """Gives why this function cannot be, or None."""
    runtime = data.get("Runtime", "" if new else "python")
    if data.get("PackageType", "Zip") != "Zip" or not runtime.startswith("python"):
        return error_response_json("InvalidParameterValueException", "This local AWS runs zipped Python functions only.", 400)
    if (new or "Role" in data) and not _lambda_may_assume(data.get("Role", "")):
        return error_response_json("InvalidParameterValueException", _UNTRUSTED, 400)
    return None


def _lambda_may_assume(role_arn: str) -> bool:
    role = iam._roles.get(role_arn.rsplit("/", 1)[-1])
    if role is None or role["Arn"] != role_arn:
        return False
    trust = role.get("AssumeRolePolicyDocument") or "{}"
    statements = (json.loads(trust) if isinstance(trust, str) else trust).get("Statement", [])
    return any(
        statement.get("Effect") == "Allow" and iam_evaluator._service_principal_matches(statement.get("Principal"), "lambda.amazonaws.com")
        for statement in ([statements] if isinstance(statements, dict) else statements)
    )
