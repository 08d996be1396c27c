"""Which of Secrets Manager's operations are ours, and how a request reaches them."""

import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.core.router import extract_access_key_id
from ministack.services import secretsmanager

from localcloud.aws import caller, containers, rotation, versions
from localcloud.aws.answers import RefusedError

_stock = secretsmanager.handle_request
_stock_describe = secretsmanager._describe_secret
_stock_delete = secretsmanager._delete_secret
_stock_put_policy = secretsmanager._put_resource_policy

_OPERATIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "BatchGetSecretValue": containers.batch_get,
    "CancelRotateSecret": rotation.cancel,
    "CreateSecret": containers.create,
    "DeleteSecret": lambda data: containers.delete(data, _stock_delete),
    "DescribeSecret": lambda data: containers.describe(data, _stock_describe),
    "GetSecretValue": versions.get,
    "ListSecretVersionIds": versions.list_all,
    "PutResourcePolicy": lambda data: containers.put_policy(data, _stock_put_policy),
    "PutSecretValue": versions.put,
    "RotateSecret": rotation.rotate,
    "UpdateSecret": containers.update,
    "UpdateSecretVersionStage": versions.move_label,
}


def install() -> None:
    """Puts our operations before ministack's; the rest stays as it is."""
    secretsmanager.handle_request = handle
    secretsmanager._resolve = containers.resolve


async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Any:
    """Serves one request of Secrets Manager."""
    caller.access_key.set(extract_access_key_id(headers, query) or "")
    operation = _OPERATIONS.get(headers.get("x-amz-target", "").rpartition(".")[2])
    if operation is None:
        return await _stock(method, path, headers, body, query)
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        return error_response_json("SerializationException", "The request is not JSON.", 400)
    if not isinstance(data, dict):
        return error_response_json("SerializationException", "The request is no JSON object.", 400)
    try:
        answer = operation(data)
    except RefusedError as refusal:
        return refusal.response
    return answer if isinstance(answer, tuple) else json_response(answer)
