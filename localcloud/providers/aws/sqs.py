"""SQS: queues and their policies."""
# ruff: noqa: ARG002 (the calls give every type more than most types need)

from collections.abc import Iterator
from typing import Any, ClassVar

from localcloud.providers.aws import checks, tags
from localcloud.providers.aws.documents import json_object, policy_of_resource
from localcloud.providers.naming import Name
from localcloud.providers.properties import Kind, between, flag, one_of, text, whole
from localcloud.providers.provider import Failure
from localcloud.providers.resource import Made, Resource
from localcloud.providers.wire import Properties, is_unknown

_ATTRIBUTES = {  # argument to the service's attribute
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "delaySeconds": "DelaySeconds",
    "fifoQueue": "FifoQueue",
    "fifoThroughputLimit": "FifoThroughputLimit",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "policy": "Policy",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}


class Queue(Resource):
    """A queue."""

    type = "aws:sqs/queue:Queue"
    inputs: ClassVar = {
        "contentBasedDeduplication": flag(False),
        "deduplicationScope": text(computed=True, check=one_of("messageGroup", "queue")),
        "delaySeconds": whole(default=0, check=between(0, 900)),
        "fifoQueue": flag(False, replaces=True),
        "fifoThroughputLimit": text(computed=True, check=one_of("perQueue", "perMessageGroupId")),
        "kmsDataKeyReusePeriodSeconds": whole(computed=True, check=between(60, 86_400)),
        "kmsMasterKeyId": text(),
        "maxMessageSize": whole(default=262_144, check=between(1_024, 1_048_576)),
        "messageRetentionSeconds": whole(default=345_600, check=between(60, 1_209_600)),
        "name": text(
            computed=True,
            replaces=True,
            check=checks.matching(r"[a-zA-Z0-9_-]+(\.fifo)?", "letters, digits, _ or -, and .fifo at the end of a FIFO queue", longest=80),
        ),
        "namePrefix": text(
            computed=True, replaces=True, unread=True, check=checks.matching(r"[a-zA-Z0-9_-]+", "letters, digits, _ or -", longest=54)
        ),
        "policy": policy_of_resource(computed=True),
        "receiveWaitTimeSeconds": whole(default=0, check=between(0, 20)),
        "redriveAllowPolicy": json_object(computed=True),
        "redrivePolicy": json_object(),
        "region": text(computed=True, replaces=True),
        "sqsManagedSseEnabled": flag(computed=True),
        "tags": tags.argument,
        "visibilityTimeoutSeconds": whole(default=30, check=between(0, 43_200)),
    }
    outputs: ClassVar = {"arn": Kind.TEXT, "url": Kind.TEXT}
    conflicts = (("name", "namePrefix"), ("kmsMasterKeyId", "sqsManagedSseEnabled"))
    name = Name(shape=lambda name, inputs: f"{name}.fifo" if inputs.get("fifoQueue") and not name.endswith(".fifo") else name)

    def check(self, inputs: Properties) -> Iterator[Failure]:
        """A FIFO queue is named so."""
        name, fifo = inputs.get("name", ""), inputs.get("fifoQueue")
        if not is_unknown(name) and not is_unknown(fifo) and name and name.endswith(".fifo") != bool(fifo):
            yield Failure("name", "must end with .fifo for a FIFO queue, and only for one")

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Makes the queue with all its attributes."""
        attributes = _attributes(inputs, inputs.keys() - (set() if inputs["fifoQueue"] else {"fifoQueue", "contentBasedDeduplication"}))
        made(aws.sqs.create_queue(QueueName=inputs["name"], Attributes=attributes, tags=inputs.get("tags") or {})["QueueUrl"])

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Gives the queue with its attributes."""
        attributes = aws.sqs.get_queue_attributes(QueueUrl=identity, AttributeNames=["All"])["Attributes"]
        result: Properties = {}
        for name, key in _ATTRIBUTES.items():
            value = attributes.get(key)
            result[name] = value
            if value is not None and value.isdecimal() and self.inputs[name].kind is Kind.WHOLE:
                result[name] = int(value)
            elif self.inputs[name].kind is Kind.FLAG:
                result[name] = value == "true"
        return {
            **result,
            "arn": attributes["QueueArn"],
            "name": identity.rpartition("/")[2],
            "tags": aws.sqs.list_queue_tags(QueueUrl=identity).get("Tags", {}),
            "url": identity,
        }

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Sets the attributes that changed."""
        if attributes := _attributes(inputs, changed - {"fifoQueue"}):
            aws.sqs.set_queue_attributes(QueueUrl=identity, Attributes=attributes)
        write, remove = tags.delta(olds.get("tags"), inputs.get("tags"))
        if remove:
            aws.sqs.untag_queue(QueueUrl=identity, TagKeys=remove)
        if write:
            aws.sqs.tag_queue(QueueUrl=identity, Tags=write)

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Removes the queue with its messages."""
        aws.sqs.delete_queue(QueueUrl=identity)


def _attributes(inputs: Properties, names: set[str]) -> dict[str, str]:
    values = {_ATTRIBUTES[name]: inputs.get(name, "") for name in names if name in _ATTRIBUTES}
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in values.items()}


class QueuePolicy(Resource):
    """Who may send to a queue and receive from it."""

    type = "aws:sqs/queuePolicy:QueuePolicy"
    inputs: ClassVar = {
        "policy": policy_of_resource(required=True),
        "queueUrl": text(required=True, replaces=True, check=checks.matching(r"https?://.+", "a queue's URL")),
        "region": text(computed=True, replaces=True),
    }

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Writes the policy."""
        aws.sqs.set_queue_attributes(QueueUrl=inputs["queueUrl"], Attributes={"Policy": inputs["policy"]})
        made(inputs["queueUrl"])

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Gives the policy, if there is one."""
        policy = aws.sqs.get_queue_attributes(QueueUrl=identity, AttributeNames=["Policy"]).get("Attributes", {}).get("Policy")
        return {"policy": policy, "queueUrl": identity} if policy else None

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Writes the policy anew."""
        aws.sqs.set_queue_attributes(QueueUrl=identity, Attributes={"Policy": inputs["policy"]})

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Removes the policy."""
        aws.sqs.set_queue_attributes(QueueUrl=identity, Attributes={"Policy": ""})


TYPES = (Queue, QueuePolicy)
