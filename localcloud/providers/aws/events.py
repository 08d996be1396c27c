"""EventBridge: rules and their targets."""
# ruff: noqa: ARG002 (the calls give every type more than most types need)

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from localcloud.providers.aws import checks, tags
from localcloud.providers.aws.documents import event_pattern
from localcloud.providers.aws.failures import missing_is_fine
from localcloud.providers.naming import Name
from localcloud.providers.properties import Kind, Property, between, flag, nested, one_of, text, unmodelled, whole
from localcloud.providers.provider import Failure, RefusedError
from localcloud.providers.resource import Made, Resource
from localcloud.providers.wire import Properties, is_unknown

_DEFAULT_BUS = "default"
_NAME = checks.matching(r"[0-9A-Za-z_.-]+", "letters, digits, ., - or _", longest=64)
_SCHEDULE = checks.matching(
    r"(rate\(\d+ (minutes?|hours?|days?)\)|cron\([^()]+\))", "rate(<number> <unit>) or cron(<six fields>)", longest=256
)
_STATES = ("ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")


class EventRule(Resource):
    """Which events are meant, or when."""

    type = "aws:cloudwatch/eventRule:EventRule"
    inputs: ClassVar = {
        "description": text(check=checks.length(512)),
        "eventBusName": text(default=_DEFAULT_BUS, replaces=True, check=checks.length(1_600, 1)),
        "eventPattern": Property(kind=Kind.JSON, check=event_pattern),
        "forceDestroy": flag(False, unread=True),
        "isEnabled": flag(computed=True, unread=True),
        "name": text(computed=True, replaces=True, check=_NAME),
        "namePrefix": text(
            computed=True, replaces=True, unread=True, check=checks.matching(r"[0-9A-Za-z_.-]+", "letters, digits, ., - or _", longest=38)
        ),
        "region": text(computed=True, replaces=True),
        "roleArn": text(check=checks.arn("iam")),
        "scheduleExpression": text(check=_SCHEDULE),
        "state": text(default="ENABLED", computed=True, check=one_of(*_STATES)),
        "tags": tags.argument,
    }
    outputs: ClassVar = {"arn": Kind.TEXT}
    conflicts = (("name", "namePrefix"), ("isEnabled", "state"))
    needs_one = (("eventPattern", "scheduleExpression"),)
    name = Name()

    def check(self, inputs: Properties) -> Iterator[Failure]:
        """A schedule runs on the default bus only."""
        bus = inputs.get("eventBusName")
        if inputs.get("scheduleExpression") and bus != _DEFAULT_BUS and not is_unknown(bus):
            yield Failure("scheduleExpression", "works on the default event bus only")

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Makes the rule."""
        _put_rule(aws, inputs, Tags=tags.listed(inputs.get("tags")))
        made(_joined(inputs["eventBusName"], inputs["name"]))

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Gives the rule and its tags."""
        bus, name = _split(identity)
        rule = aws.events.describe_rule(Name=name, EventBusName=bus)
        is_enabled = rule["State"] != "DISABLED"
        return {
            "arn": rule["Arn"],
            "description": rule.get("Description"),
            "eventBusName": bus,
            "eventPattern": rule.get("EventPattern"),
            "name": name,
            "roleArn": rule.get("RoleArn"),
            "scheduleExpression": rule.get("ScheduleExpression"),
            "state": rule["State"],
            "isEnabled": is_enabled,
            "tags": tags.mapped(aws.events.list_tags_for_resource(ResourceARN=rule["Arn"]).get("Tags")),
        }

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Writes the rule anew, and its tags apart."""
        if changed - {"tags"}:
            _put_rule(aws, inputs)
        write, remove = tags.delta(olds.get("tags"), inputs.get("tags"))
        if remove:
            aws.events.untag_resource(ResourceARN=olds["arn"], TagKeys=remove)
        if write:
            aws.events.tag_resource(ResourceARN=olds["arn"], Tags=tags.listed(write))

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Removes the rule; its targets must be gone."""
        bus, name = _split(identity)
        aws.events.delete_rule(Name=name, EventBusName=bus, Force=bool(state.get("forceDestroy")))


def _put_rule(aws: Any, inputs: Properties, **more: Any) -> None:
    optional = {
        "description": "Description",
        "eventPattern": "EventPattern",
        "roleArn": "RoleArn",
        "scheduleExpression": "ScheduleExpression",
    }
    arguments = {key: inputs[name] for name, key in optional.items() if inputs.get(name)}
    state = inputs.get("state") or ("DISABLED" if inputs.get("isEnabled") is False else "ENABLED")
    aws.events.put_rule(Name=inputs["name"], EventBusName=inputs["eventBusName"], State=state, **arguments, **more)


class EventTarget(Resource):
    """Where a rule sends its events."""

    type = "aws:cloudwatch/eventTarget:EventTarget"
    inputs: ClassVar = {
        "arn": text(required=True, check=checks.arn()),
        "deadLetterConfig": nested({"arn": text(check=checks.arn("sqs"))}),
        "eventBusName": text(default=_DEFAULT_BUS, replaces=True),
        "forceDestroy": flag(False, unread=True),
        "input": Property(kind=Kind.JSON),
        "inputPath": text(check=checks.length(256)),
        "inputTransformer": nested(
            {"inputPaths": Property(kind=Kind.MAP), "inputTemplate": text(required=True, check=checks.length(8_192, 1))}
        ),
        "region": text(computed=True, replaces=True),
        "retryPolicy": nested(
            {
                "maximumEventAgeInSeconds": whole(check=between(60, 86_400, or_zero=True)),
                "maximumRetryAttempts": whole(check=between(0, 185)),
            }
        ),
        "roleArn": text(check=checks.arn("iam")),
        "rule": text(required=True, replaces=True, check=_NAME),
        "targetId": text(computed=True, replaces=True, check=checks.matching(r"[0-9A-Za-z_.-]+", "letters, digits, ., - or _", longest=64)),
        **unmodelled(
            "appsyncTarget",
            "batchTarget",
            "ecsTarget",
            "httpTarget",
            "kinesisTarget",
            "redshiftTarget",
            "runCommandTargets",
            "sagemakerPipelineTarget",
            "sqsTarget",
        ),
    }
    conflicts = (("input", "inputPath", "inputTransformer"),)

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Adds the target to the rule."""
        identity = inputs.get("targetId") or Name().completed({"namePrefix": "terraform-"})
        _put_target(aws, inputs, identity)
        made("/".join((inputs["eventBusName"], inputs["rule"], identity)))

    def identity(self, identity: str, state: Properties) -> str:
        """As the real provider: `bus-rule-target`, without the default bus."""
        bus = [] if state.get("eventBusName") == _DEFAULT_BUS else [state["eventBusName"]]
        return "-".join((*bus, state["rule"], state["targetId"]))

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Finds the target among the rule's targets; an import names it `rule/target` or `bus/rule/target`."""
        bus, rule, target_id = _target(identity, state)
        answer = aws.events.list_targets_by_rule(Rule=rule, EventBusName=bus)
        target = next((target for target in answer["Targets"] if target["Id"] == target_id), None)
        if target is None:
            return None
        transformer, retry = target.get("InputTransformer"), target.get("RetryPolicy")
        return {
            "arn": target["Arn"],
            "deadLetterConfig": {"arn": target["DeadLetterConfig"]["Arn"]} if target.get("DeadLetterConfig") else None,
            "eventBusName": bus,
            "input": target.get("Input"),
            "inputPath": target.get("InputPath"),
            "inputTransformer": transformer
            and {"inputPaths": transformer.get("InputPathsMap", {}), "inputTemplate": transformer["InputTemplate"]},
            "retryPolicy": retry
            and {
                "maximumEventAgeInSeconds": retry.get("MaximumEventAgeInSeconds"),
                "maximumRetryAttempts": retry.get("MaximumRetryAttempts"),
            },
            "roleArn": target.get("RoleArn"),
            "rule": rule,
            "targetId": target_id,
        }

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Writes the target anew."""
        _put_target(aws, inputs, olds["targetId"])

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Takes the target from the rule."""
        bus, rule, target_id = _target(identity, state)
        with missing_is_fine():
            answer = aws.events.remove_targets(Rule=rule, EventBusName=bus, Ids=[target_id], Force=bool(state.get("forceDestroy")))
            _require_no_failed_entry(answer)


def _put_target(aws: Any, inputs: Properties, identity: str) -> None:
    optional = {"input": "Input", "inputPath": "InputPath", "roleArn": "RoleArn"}
    target = {"Id": identity, "Arn": inputs["arn"], **{key: inputs[name] for name, key in optional.items() if inputs.get(name)}}
    if transformer := inputs.get("inputTransformer"):
        target["InputTransformer"] = {"InputPathsMap": transformer.get("inputPaths", {}), "InputTemplate": transformer["inputTemplate"]}
    if (letters := inputs.get("deadLetterConfig")) and letters.get("arn"):
        target["DeadLetterConfig"] = {"Arn": letters["arn"]}
    if retry := inputs.get("retryPolicy"):
        keys = {"maximumEventAgeInSeconds": "MaximumEventAgeInSeconds", "maximumRetryAttempts": "MaximumRetryAttempts"}
        target["RetryPolicy"] = {key: retry[name] for name, key in keys.items() if name in retry}
    _require_no_failed_entry(aws.events.put_targets(Rule=inputs["rule"], EventBusName=inputs["eventBusName"], Targets=[target]))


def _require_no_failed_entry(answer: Any) -> None:
    for entry in answer.get("FailedEntries", ()):
        raise RefusedError(f"target {entry.get('TargetId')}: {entry.get('ErrorCode')}: {entry.get('ErrorMessage')}")


def _target(identity: str, state: Properties) -> tuple[str, str, str]:
    if state.get("targetId"):
        return state.get("eventBusName") or _DEFAULT_BUS, state["rule"], state["targetId"]
    parts = re.split("/", identity)
    if len(parts) not in (2, 3):
        raise RefusedError("the id of an event target to import is rule/target or bus/rule/target")
    return (_DEFAULT_BUS, *parts) if len(parts) == 2 else tuple(parts)  # type: ignore[return-value]


def _joined(bus: str, name: str) -> str:
    return name if bus == _DEFAULT_BUS else f"{bus}/{name}"


def _split(identity: str) -> tuple[str, str]:
    bus, _, name = identity.rpartition("/")
    return bus or _DEFAULT_BUS, name


TYPES = (EventRule, EventTarget)
