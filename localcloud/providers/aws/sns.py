"""SNS: topics, their policies and subscriptions."""
# ruff: noqa: ARG002 (the calls give every type more than most types need)

import json
from typing import Any, ClassVar

from localcloud.providers.aws import checks, tags
from localcloud.providers.aws.documents import json_object, policy_of_resource, same_policy
from localcloud.providers.naming import Name
from localcloud.providers.properties import Kind, between, flag, one_of, text, unmodelled, whole
from localcloud.providers.resource import Made, Resource
from localcloud.providers.wire import Properties

_TOPIC = {  # argument to the service's attribute
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deliveryPolicy": "DeliveryPolicy",
    "displayName": "DisplayName",
    "fifoTopic": "FifoTopic",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
    "signatureVersion": "SignatureVersion",
    "tracingConfig": "TracingConfig",
}
_SUBSCRIPTION = {
    "deliveryPolicy": "DeliveryPolicy",
    "filterPolicy": "FilterPolicy",
    "filterPolicyScope": "FilterPolicyScope",
    "rawMessageDelivery": "RawMessageDelivery",
    "redrivePolicy": "RedrivePolicy",
    "subscriptionRoleArn": "SubscriptionRoleArn",
}
_PROTOCOLS = ("application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs")
_FEEDBACK = [
    f"{protocol}{kind}"
    for protocol in ("application", "firehose", "http", "lambda", "sqs")
    for kind in ("FailureFeedbackRoleArn", "SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate")
]


class Topic(Resource):
    """A topic."""

    type = "aws:sns/topic:Topic"
    inputs: ClassVar = {
        "contentBasedDeduplication": flag(False),
        "deliveryPolicy": json_object(),
        "displayName": text(check=checks.length(100)),
        "fifoTopic": flag(False, replaces=True),
        "kmsMasterKeyId": text(),
        "name": text(
            computed=True,
            replaces=True,
            check=checks.matching(r"[a-zA-Z0-9_-]+(\.fifo)?", "letters, digits, _ or -, and .fifo at the end of a FIFO topic", longest=256),
        ),
        "namePrefix": text(
            computed=True, replaces=True, unread=True, check=checks.matching(r"[a-zA-Z0-9_-]+", "letters, digits, _ or -", longest=230)
        ),
        "policy": policy_of_resource(computed=True, longest=30_720),
        "region": text(computed=True, replaces=True),
        "signatureVersion": whole(computed=True, check=between(1, 2)),
        "tags": tags.argument,
        "tracingConfig": text(computed=True, check=one_of("Active", "PassThrough")),
        **unmodelled("archivePolicy", "fifoThroughputScope", "maximumMessageSize", *_FEEDBACK),
    }
    outputs: ClassVar = {"arn": Kind.TEXT, "owner": Kind.TEXT, "beginningArchiveTime": Kind.TEXT}
    conflicts = (("name", "namePrefix"),)
    name = Name(shape=lambda name, inputs: f"{name}.fifo" if inputs.get("fifoTopic") and not name.endswith(".fifo") else name)

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Makes the topic, then its attributes."""
        fifo = {"FifoTopic": "true"} if inputs["fifoTopic"] else {}
        arn = aws.sns.create_topic(Name=inputs["name"], Attributes=fifo, Tags=tags.listed(inputs.get("tags")))["TopicArn"]
        made(arn)
        skipped = {"fifoTopic", *(() if inputs["fifoTopic"] else ("contentBasedDeduplication",))}
        _set_topic(aws, arn, inputs, inputs.keys() - skipped)

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Gives the topic with its attributes."""
        attributes = aws.sns.get_topic_attributes(TopicArn=identity)["Attributes"]
        return {
            **{name: attributes.get(key) for name, key in _TOPIC.items()},
            "contentBasedDeduplication": attributes.get("ContentBasedDeduplication") == "true",
            "fifoTopic": attributes.get("FifoTopic") == "true",
            "signatureVersion": int(attributes["SignatureVersion"]) if attributes.get("SignatureVersion") else None,
            "arn": identity,
            "owner": attributes.get("Owner", identity.split(":")[4]),
            "beginningArchiveTime": "",
            "name": identity.rpartition(":")[2],
            "tags": tags.mapped(aws.sns.list_tags_for_resource(ResourceArn=identity).get("Tags")),
        }

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Sets the attributes that changed."""
        _set_topic(aws, identity, inputs, changed)
        write, remove = tags.delta(olds.get("tags"), inputs.get("tags"))
        if remove:
            aws.sns.untag_resource(ResourceArn=identity, TagKeys=remove)
        if write:
            aws.sns.tag_resource(ResourceArn=identity, Tags=tags.listed(write))

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Removes the topic with its subscriptions."""
        aws.sns.delete_topic(TopicArn=identity)


def _set_topic(aws: Any, arn: str, inputs: Properties, names: set[str]) -> None:
    for name in sorted(names & _TOPIC.keys()):
        value = inputs.get(name, "")
        aws.sns.set_topic_attributes(TopicArn=arn, AttributeName=_TOPIC[name], AttributeValue=_spoken(value))


def _spoken(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class TopicPolicy(Resource):
    """Who may publish to a topic and subscribe to it."""

    type = "aws:sns/topicPolicy:TopicPolicy"
    inputs: ClassVar = {
        "arn": text(required=True, replaces=True, check=checks.arn("sns")),
        "policy": policy_of_resource(required=True, longest=30_720),
        "region": text(computed=True, replaces=True),
    }
    outputs: ClassVar = {"owner": Kind.TEXT}

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Writes the policy over the topic's default one."""
        aws.sns.set_topic_attributes(TopicArn=inputs["arn"], AttributeName="Policy", AttributeValue=inputs["policy"])
        made(inputs["arn"])

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """The default policy counts as none."""
        attributes = aws.sns.get_topic_attributes(TopicArn=identity)["Attributes"]
        policy = attributes.get("Policy")
        if not policy or same_policy(policy, _default_policy(identity)):
            return None
        return {"arn": identity, "policy": policy, "owner": attributes.get("Owner", identity.split(":")[4])}

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Writes the new policy."""
        aws.sns.set_topic_attributes(TopicArn=identity, AttributeName="Policy", AttributeValue=inputs["policy"])

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Puts the default policy back: a topic always has one."""
        aws.sns.set_topic_attributes(TopicArn=identity, AttributeName="Policy", AttributeValue=_default_policy(identity))


def _default_policy(arn: str) -> str:
    actions = ("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe")
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in (*actions, "ListSubscriptionsByTopic", "Publish")],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": arn.split(":")[4]}},
    }
    return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


class TopicSubscription(Resource):
    """Where a topic's messages go."""

    type = "aws:sns/topicSubscription:TopicSubscription"
    inputs: ClassVar = {
        "confirmationTimeoutInMinutes": whole(default=1, unread=True),
        "deliveryPolicy": json_object(),
        "endpoint": text(required=True, replaces=True, check=checks.length(2_048, 1)),
        "endpointAutoConfirms": flag(False, unread=True),
        "filterPolicy": json_object(),
        "filterPolicyScope": text(computed=True, check=one_of("MessageAttributes", "MessageBody")),
        "protocol": text(required=True, replaces=True, check=one_of(*_PROTOCOLS)),
        "rawMessageDelivery": flag(False),
        "redrivePolicy": json_object(),
        "region": text(computed=True, replaces=True),
        "subscriptionRoleArn": text(check=checks.arn("iam")),
        "topic": text(required=True, replaces=True, check=checks.arn("sns")),
        **unmodelled("replayPolicy"),
    }
    outputs: ClassVar = {
        "arn": Kind.TEXT,
        "confirmationWasAuthenticated": Kind.FLAG,
        "ownerId": Kind.TEXT,
        "pendingConfirmation": Kind.FLAG,
    }

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Subscribes the endpoint; e-mail and HTTP wait for its owner's confirmation."""
        attributes = {key: _spoken(inputs[name]) for name, key in _SUBSCRIPTION.items() if inputs.get(name)}
        answer = aws.sns.subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )
        made(answer["SubscriptionArn"])

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Gives the subscription with its attributes."""
        attributes = aws.sns.get_subscription_attributes(SubscriptionArn=identity)["Attributes"]
        return {
            **{name: attributes.get(key) for name, key in _SUBSCRIPTION.items()},
            "rawMessageDelivery": attributes.get("RawMessageDelivery") == "true",
            "arn": identity,
            "confirmationWasAuthenticated": attributes.get("ConfirmationWasAuthenticated") == "true",
            "endpoint": attributes.get("Endpoint"),
            "ownerId": attributes.get("Owner", identity.split(":")[4]),
            "pendingConfirmation": attributes.get("PendingConfirmation") == "true",
            "protocol": attributes.get("Protocol"),
            "topic": attributes.get("TopicArn"),
        }

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Sets the attributes that changed."""
        for name in sorted(changed & _SUBSCRIPTION.keys()):
            value = inputs.get(name, "")
            aws.sns.set_subscription_attributes(SubscriptionArn=identity, AttributeName=_SUBSCRIPTION[name], AttributeValue=_spoken(value))

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Ends the subscription."""
        aws.sns.unsubscribe(SubscriptionArn=identity)


TYPES = (Topic, TopicPolicy, TopicSubscription)
