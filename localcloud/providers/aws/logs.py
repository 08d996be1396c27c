"""CloudWatch Logs: log groups."""
# ruff: noqa: ARG002 (the calls give every type more than most types need)

from typing import Any, ClassVar

from localcloud.providers.aws import checks, tags
from localcloud.providers.naming import Name
from localcloud.providers.properties import Kind, flag, one_of, text, unmodelled, whole
from localcloud.providers.resource import Made, Resource
from localcloud.providers.wire import Properties

_DAYS = (0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
_LETTERS = r"[a-zA-Z0-9_/.#-]+"
_WORDS = "letters, digits or _ / . # -"


class LogGroup(Resource):
    """Where log lines go, and how long they stay."""

    type = "aws:cloudwatch/logGroup:LogGroup"
    inputs: ClassVar = {
        "kmsKeyId": text(check=checks.arn("kms")),
        "logGroupClass": text(computed=True, replaces=True, check=one_of("STANDARD", "INFREQUENT_ACCESS", "DELIVERY")),
        "name": text(computed=True, replaces=True, check=checks.matching(_LETTERS, _WORDS, longest=512)),
        "namePrefix": text(computed=True, replaces=True, unread=True, check=checks.matching(_LETTERS, _WORDS, longest=486)),
        "region": text(computed=True, replaces=True),
        "retentionInDays": whole(default=0, check=one_of(*_DAYS)),
        "skipDestroy": flag(False, unread=True),
        "tags": tags.argument,
        **unmodelled("deletionProtectionEnabled"),
    }
    outputs: ClassVar = {"arn": Kind.TEXT}
    conflicts = (("name", "namePrefix"),)
    name = Name()

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Makes the group, then its retention."""
        optional = {"kmsKeyId": inputs.get("kmsKeyId"), "tags": inputs.get("tags"), "logGroupClass": inputs.get("logGroupClass")}
        aws.logs.create_log_group(logGroupName=inputs["name"], **{name: value for name, value in optional.items() if value})
        made(inputs["name"])
        if inputs["retentionInDays"]:
            aws.logs.put_retention_policy(logGroupName=inputs["name"], retentionInDays=inputs["retentionInDays"])

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Finds the group among those that begin with its name."""
        for page in aws.logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=identity):
            for group in page["logGroups"]:
                if group["logGroupName"] == identity:
                    arn = group["arn"].removesuffix(":*")
                    return {
                        "arn": arn,
                        "kmsKeyId": group.get("kmsKeyId"),
                        "logGroupClass": group.get("logGroupClass", "STANDARD"),
                        "name": identity,
                        "retentionInDays": group.get("retentionInDays", 0),
                        "tags": aws.logs.list_tags_for_resource(resourceArn=arn).get("tags", {}),
                    }
        return None

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Changes retention, key and tags."""
        if "retentionInDays" in changed and inputs["retentionInDays"]:
            aws.logs.put_retention_policy(logGroupName=identity, retentionInDays=inputs["retentionInDays"])
        elif "retentionInDays" in changed:
            aws.logs.delete_retention_policy(logGroupName=identity)
        if "kmsKeyId" in changed and inputs.get("kmsKeyId"):
            aws.logs.associate_kms_key(logGroupName=identity, kmsKeyId=inputs["kmsKeyId"])
        elif "kmsKeyId" in changed:
            aws.logs.disassociate_kms_key(logGroupName=identity)
        write, remove = tags.delta(olds.get("tags"), inputs.get("tags"))
        if remove:
            aws.logs.untag_resource(resourceArn=olds["arn"], tagKeys=remove)
        if write:
            aws.logs.tag_resource(resourceArn=olds["arn"], tags=write)

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Removes the group with its lines, unless `skipDestroy` keeps it."""
        if not state.get("skipDestroy"):
            aws.logs.delete_log_group(logGroupName=identity)


TYPES = (LogGroup,)
