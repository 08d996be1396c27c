"""An e-mail subscription waits for a click that nobody makes here: pending, as on AWS, and without a message.

ministack confirms it at once. Subscribe answers `pending confirmation`, or the ARN when ReturnSubscriptionArn asks for it; lists show
PendingConfirmation.
"""

from typing import Any

from ministack.services import sns

_subscribe = sns._subscribe
_lists = ("_list_subscriptions", "_list_subscriptions_by_topic")


def install() -> None:
    """Makes e-mail subscriptions pending, and lists say so."""
    sns._subscribe = subscribe
    for name in _lists:
        setattr(sns, name, _with_pending(getattr(sns, name)))


def subscribe(parameters: dict[str, Any]) -> Any:
    """Subscribe: an e-mail address stays unconfirmed."""
    answer = _subscribe(parameters)
    if answer[0] != 200 or not sns._p(parameters, "Protocol").startswith("email"):
        return answer
    arn = _between(answer[2], b"<SubscriptionArn>", b"</SubscriptionArn>")
    topic, _ = sns._get_topic(sns._p(parameters, "TopicArn"))
    for subscription in topic["subscriptions"]:
        if subscription["arn"] == arn.decode():
            subscription["confirmed"] = False
            subscription["attributes"] |= {"PendingConfirmation": "true", "ConfirmationWasAuthenticated": "false"}
    if sns._p(parameters, "ReturnSubscriptionArn") == "true":
        return answer
    return answer[0], answer[1], answer[2].replace(arn, b"pending confirmation")


def _with_pending(listed: Any) -> Any:
    def shown(parameters: dict[str, Any]) -> Any:
        status, headers, body = listed(parameters)
        for topic in sns._topics.values():
            for subscription in topic["subscriptions"]:
                if not subscription["confirmed"]:
                    body = body.replace(f"<SubscriptionArn>{subscription['arn']}<".encode(), b"<SubscriptionArn>PendingConfirmation<")
        return status, headers, body

    return shown


def _between(body: bytes, before: bytes, after: bytes) -> bytes:
    return body.partition(before)[2].partition(after)[0]
