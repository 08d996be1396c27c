"""What a deployment that was killed was just creating: the stack knows the intention, not whether it came to be.

Such a thing is fresh and empty, and creating it again would find its name taken: it is removed, and then made properly.
"""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from localcloud.progress import say
from localcloud.stack import Stack

Inputs = Mapping[str, Any]
Client = Callable[[str], Any]

# The types that refuse a name which is taken; all others give what is there, or may be there twice.
_REMOVED: dict[str, Callable[[Client, Inputs], object]] = {
    "aws:cloudwatch/logGroup:LogGroup": lambda client, given: client("logs").delete_log_group(logGroupName=given["name"]),
    "aws:iam/role:Role": lambda client, given: client("iam").delete_role(RoleName=given["name"]),
    "aws:kms/alias:Alias": lambda client, given: client("kms").delete_alias(AliasName=given["name"]),
    "aws:lambda/function:Function": lambda client, given: client("lambda").delete_function(FunctionName=given["name"]),
    "aws:lambda/permission:Permission": lambda client, given: client("lambda").remove_permission(
        FunctionName=given["function"], StatementId=given["statementId"]
    ),
    "aws:secretsmanager/secret:Secret": lambda client, given: client("secretsmanager").delete_secret(
        SecretId=given["name"], ForceDeleteWithoutRecovery=True
    ),
}
_NOT_THERE = {"NoSuchEntity", "NotFoundException", "ResourceNotFoundException"}


def remove(stack: Stack, client: Client) -> None:
    """Removes what a killed deployment left half created, and clears the stack's doubt about it; says what."""
    deployment = stack.exported()
    known = {resource["urn"] for resource in deployment.get("resources") or []}
    pending = [operation["resource"] for operation in deployment.get("pending_operations") or [] if operation["type"] == "creating"]
    if not pending:
        return
    for resource in pending:
        if resource["urn"] not in known and resource["type"] in _REMOVED:
            with _unless_missing():
                _REMOVED[resource["type"]](client, resource["inputs"])
                say(
                    f"  {resource['urn'].rpartition('::')[2]} ({resource['type']}) was half created by a killed deployment: it is made anew"
                )
    stack.clear_pending_creates()


@contextlib.contextmanager
def _unless_missing() -> Any:
    try:
        yield
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] not in _NOT_THERE:
            raise
