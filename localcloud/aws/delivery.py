"""EventBridge and SNS deliver only where the target's own policy lets them, as on AWS.

ministack delivers to topics and functions without looking. A target without a statement for the service gets nothing; the server's log
says so.
"""

import logging
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge, lambda_svc, sns, sqs

from localcloud.aws import conditions

_EVENTS = "events.amazonaws.com"
_SNS = "sns.amazonaws.com"

_log = logging.getLogger("delivery")
_POLICIES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "lambda": ("lambda:InvokeFunction", lambda_svc.function_policy_for_arn),
    "sns": ("sns:Publish", sns.topic_policy_for_arn),
    "sqs": ("sqs:SendMessage", sqs.queue_policy_for_arn),
}


def install() -> None:
    """Checks the target's policy before EventBridge's and SNS's deliveries."""
    invoke, notify = eventbridge._invoke_target, sns._deliver_to_lambda

    def invoke_allowed(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
        if _allowed(_EVENTS, target.get("Arn", ""), rule["Arn"]):
            invoke(target, event, rule, view)

    def notify_allowed(endpoint: str, envelope: Any, topic: str, *rest: Any) -> None:
        if _allowed(_SNS, endpoint, topic):
            notify(endpoint, envelope, topic, *rest)

    eventbridge._invoke_target, sns._deliver_to_lambda = invoke_allowed, notify_allowed


def _allowed(service: str, target: str, source: str) -> bool:
    kind = target.split(":")[2] if target.count(":") >= 5 else ""
    if kind not in _POLICIES:
        return True
    action, policy_of = _POLICIES[kind]
    found = policy_of(target)
    if found is not None and conditions.allows_service(found[0], service, action, target, source):
        return True
    _log.warning("not delivered: the policy of %s does not let %s act for %s", target, service, source)
    return False
