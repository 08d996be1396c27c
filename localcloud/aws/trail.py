"""CloudTrail's records: every management call with the caller's true identity, refused ones too, and the service's own events.

Records are found with LookupEvents and go to EventBridge: as `AWS API Call via CloudTrail`, read-only ones only to rules in the state
ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS, and as `AWS Service Event via CloudTrail`. A request whose signature does not hold is
nobody's and is not recorded.

Assumed, not found in AWS's documentation: EventBridge gets both kinds without a trail; TestRotation events look like Rotation ones;
LookupEvents finds service events by the secret's ARN.
"""

import json
import logging
import re
import time
from typing import Any

from ministack import app as ministack
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.core.router import extract_access_key_id
from ministack.services import cloudtrail, eventbridge, secretsmanager

from localcloud.aws import persistence

_SECRETS_MANAGER = "secretsmanager.amazonaws.com"
_RECORDED = frozenset({"cloudtrail", "events", "iam", "kms", "lambda", "secretsmanager", "sns", "sts"})
_DATA_EVENTS = frozenset({"InvokeFunction", "Publish", "PublishBatch", "PutEvents"})
_UNSHOWN = frozenset(
    {
        "ciphertextblob", "code", "environment", "message", "plaintext", "privatekeyplaintext", "rotationtoken", "samlassertion",
        "secretbinary", "secretstring", "webidentitytoken", "zipfile",
    }
)  # fmt: skip
_CODE = re.compile(r'"__type":\s*"(?:[^"#]*#)?([^"]+)"|<Code>([^<]+)</Code>')
_MESSAGE = re.compile(r'"[mM]essage":\s*"((?:[^"\\]|\\.)*)"|<Message>([^<]*)</Message>')

_log = logging.getLogger("trail")
_dispatch = ministack._dispatch_service_request


def install() -> None:
    """Records what passes the dispatcher, in place of ministack's records of calls that succeeded."""
    ministack._dispatch_service_request = dispatch
    ministack._maybe_record_cloudtrail = lambda *_, **__: None


def service_event(secret: dict[str, Any], name: str, token: str, message: str | None = None) -> None:
    """Records an event of Secrets Manager itself, such as RotationFailed."""
    event = {
        **_common(_SECRETS_MANAGER, name, {"accountId": get_account_id(), "invokedBy": _SECRETS_MANAGER}, "AwsServiceEvent"),
        "sourceIPAddress": _SECRETS_MANAGER,
        "userAgent": _SECRETS_MANAGER,
        **({"errorMessage": message} if message else {}),
        "requestParameters": None,
        "responseElements": None,
        "additionalEventData": {"SecretId": secret["ARN"]},
        "requestID": f"Rotation-{secret['ARN']}-{token}",
        "readOnly": False,
    }
    _log.info("%s %s%s", name, secret["ARN"], f": {message}" if message else "")
    _append(event, [secret["ARN"]], "")
    _deliver("secretsmanager", "AWS Service Event via CloudTrail", event)


async def dispatch(*request: Any) -> Any:
    """Serves a request and records it; notes that state has changed when it was not a read."""
    method, path, headers, body, query, request_id = request
    response = await _dispatch(*request)
    parameters = ministack._routing_params(method, path, headers, body, query)
    service = ministack.detect_service(method, path, headers, parameters)
    action = iam_actions.extract_iam_action(service, method, path, headers, body, parameters)
    name = (action or "").partition(":")[2]
    read_only = cloudtrail._is_readonly(method, name) == "true"
    if not read_only:
        persistence.mark()
    key = extract_access_key_id(headers, query) or ""
    if service in _RECORDED and name and name not in _DATA_EVENTS and iam_evaluator._verified_key.get() == key:
        event = {
            **_common(f"{service}.amazonaws.com", name, _identity(key), "AwsApiCall"),
            "sourceIPAddress": iam_evaluator._request_origin.get()[0],
            "userAgent": headers.get("user-agent", ""),
            **_failure(response),
            "requestParameters": _shown(_given(headers, body, query)),
            "responseElements": None,
            "requestID": request_id,
            "readOnly": read_only,
        }
        _append(event, _resources(service, headers, body, query), event["userIdentity"]["arn"].rsplit("/", 1)[-1])
        _deliver(service, "AWS API Call via CloudTrail", event)
    return response


def _common(source: str, name: str, identity: dict[str, Any], kind: str) -> dict[str, Any]:
    return {
        "eventVersion": "1.08",
        "userIdentity": identity,
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "eventSource": source,
        "eventName": name,
        "awsRegion": get_region(),
        "eventID": new_uuid(),
        "eventType": kind,
        "managementEvent": True,
        "recipientAccountId": get_account_id(),
        "eventCategory": "Management",
    }


def _identity(key: str) -> dict[str, Any]:
    who = iam_evaluator.resolve_caller_identity(key) or {"userArn": "", "userId": "", "accountId": get_account_id()}
    arn, account = who["userArn"], who["accountId"]
    identity = {"principalId": who["userId"], "arn": arn, "accountId": account, "accessKeyId": key}
    if ":assumed-role/" in arn:
        role = arn.split("/")[1]
        issuer = {"type": "Role", "arn": f"arn:aws:iam::{account}:role/{role}", "accountId": account, "userName": role}
        return {"type": "AssumedRole", **identity, "sessionContext": {"sessionIssuer": issuer}}
    if arn.endswith(":root"):
        return {"type": "Root", **identity}
    return {"type": "IAMUser", **identity, "userName": arn.rsplit("/", 1)[-1]}


def _failure(response: Any) -> dict[str, str]:
    """Gives the error of an answer as CloudTrail writes it: AccessDenied without its suffix."""
    if response[0] < 400:
        return {}
    text = bytes(response[2] or b"").decode(errors="replace")
    code, message = _CODE.search(text), _MESSAGE.search(text)
    name = (code[1] or code[2]) if code else str(response[0])
    return {
        "errorCode": name.replace("AccessDeniedException", "AccessDenied"),
        "errorMessage": (message[1] or message[2]) if message else "",
    }


def _given(headers: dict[str, str], body: bytes, query: dict[str, Any]) -> dict[str, Any]:
    given = ministack._ct_request_params(headers, body, query)
    return given if isinstance(given, dict) else {}


def _shown(given: dict[str, Any]) -> dict[str, Any] | None:
    return {key[:1].lower() + key[1:]: value for key, value in given.items() if key.lower() not in _UNSHOWN} or None


def _resources(service: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> list[str]:
    if service != "secretsmanager":
        return []
    given = _given(headers, body, query)
    _, secret = secretsmanager._resolve(given.get("SecretId") or given.get("Name"))
    return [secret["ARN"]] if secret else []


def _append(event: dict[str, Any], arns: list[str], user: str) -> None:
    cloudtrail._get_event_queue().append(
        {
            "EventId": event["eventID"],
            "EventName": event["eventName"],
            "EventSource": event["eventSource"],
            "EventTime": time.time(),
            "Username": user,
            "AccessKeyId": event["userIdentity"].get("accessKeyId", ""),
            "ReadOnly": str(event["readOnly"]).lower(),
            "Resources": [{"ResourceName": arn, "ResourceType": "AWS::SecretsManager::Secret"} for arn in arns],
            "CloudTrailEvent": json.dumps(event),
        }
    )


def _deliver(service: str, kind: str, event: dict[str, Any]) -> None:
    """Gives the record to the rules of the default bus that take it."""
    takes = ("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",) + (() if event["readOnly"] else ("ENABLED",))
    rules = [
        (key, rule)
        for key, rule in eventbridge._rules.items()
        if rule["State"] in takes and rule.get("EventPattern") and rule["EventBusName"] == "default"
    ]
    if not rules:
        return
    record = {
        "EventId": new_uuid(),
        "Source": f"aws.{service}",
        "DetailType": kind,
        "Detail": json.dumps(event),
        "EventBusName": "default",
        "Time": int(time.time()),
        "Resources": [],
        "Account": get_account_id(),
        "Region": get_region(),
    }
    view = eventbridge._pattern_event_view(record)
    for key, rule in rules:
        if eventbridge._matches_pattern_view(rule["EventPattern"], view, f"rule {key}"):
            for target in eventbridge._targets.get(key, []):
                eventbridge._invoke_target(target, record, rule, view)
