"""Who may call the local AWS: a root whose key must sign, functions whose keys nobody can compute, no unproven web identity.

ministack takes the keys `test` and any twelve digits for root without looking at the signature, derives a function's keys from
public names, and believes a web identity token without its signature. Each would be a way around every policy.
"""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

from ministack.core import iam_evaluator, lambda_runtime
from ministack.core.responses import error_response_json, get_account_id
from ministack.services import sts

_salt = secrets.token_bytes(32)


def install(root_secret: str) -> None:
    """Makes root sign with `root_secret`, salts the functions' credentials and refuses web identities."""
    os.environ["AWS_SECRET_ACCESS_KEY"] = root_secret  # where ministack looks up root's secret; functions get another value
    iam_evaluator._is_root_key = lambda _key: False  # only the exemptions from the signature check ask this
    identity = iam_evaluator.resolve_caller_identity
    iam_evaluator.resolve_caller_identity = lambda key: _root_identity(key) or identity(key)
    lambda_runtime.execution_credentials = function_credentials
    sts._web_identity_trust_denied = _no_web_identity


def root_secret(file: Path) -> str:
    """Gives root's secret key, kept in a file that only its owner reads; makes it at the first start."""
    if not file.exists():
        file.write_text(secrets.token_urlsafe(40))
        file.chmod(0o600)
    return file.read_text()


def function_credentials(config: dict[str, Any]) -> dict[str, str]:
    """Gives the credentials of a function's role; known to this process and the function only."""
    function, role = config["FunctionArn"], config.get("Role", "")
    account, role_name, session = function.split(":")[4], role.rsplit("/", 1)[-1], config["FunctionName"][:64]
    given = {
        "AWS_ACCESS_KEY_ID": f"ASIA{_derived('key', function, role)[:16].upper()}",
        "AWS_SECRET_ACCESS_KEY": _derived("secret", function, role),
        "AWS_SESSION_TOKEN": _derived("token", function, role),
    }
    sts.register_session(
        given["AWS_ACCESS_KEY_ID"],
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{session}",
            "UserId": f"{role_name}:{session}",
            "SecretAccessKey": given["AWS_SECRET_ACCESS_KEY"],
            "SessionToken": given["AWS_SESSION_TOKEN"],
            "AccountId": account,
            "PrincipalType": "AssumedRole",
        },
    )
    return given


def _derived(what: str, function: str, role: str) -> str:
    return hashlib.sha256(_salt + f"{what}\0{function}\0{role}".encode()).hexdigest()


def _root_identity(key: str) -> dict[str, Any] | None:
    if not key or not iam_evaluator.is_root_access_key(key):
        return None
    account = get_account_id()
    return {
        "accessKey": key,
        "accountId": account,
        "userArn": f"arn:aws:iam::{account}:root",
        "userId": account,
        "principalOrgId": None,
        "session": None,
    }


def _no_web_identity(_role: str, _parameters: dict[str, Any], use_json: bool) -> Any:
    """Answers every token with a refusal: nothing here can check its signature yet."""
    message = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    return error_response_json("AccessDenied", message, 403) if use_json else sts._error(403, "AccessDenied", message, ns="sts")
