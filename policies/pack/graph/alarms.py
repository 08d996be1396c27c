"""Who hears of what happens to secrets: EventBridge rules with a target, and alarms on metric filters with an action."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from policies.pack.graph.edges import origin
from policies.pack.graph.event_patterns import THE_KEY, THE_SECRET, Event, Passed, passed
from policies.pack.graph.patterns import Match, is_exact
from policies.pack.graph.secret import BY_NAME
from policies.pack.graph.tokens import EVENT_RULE, EVENT_TARGET, LOG_METRIC_FILTER, METRIC_ALARM
from policies.pack.resource import Resource, type_of
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN, Value, elements

if TYPE_CHECKING:
    from policies.pack.stack import Stack


class Happening(Enum):
    """What a person has to hear of."""

    ROTATION_FAILED = "rotation-failed"
    READ_DENIED = "read-denied"
    POLICY_CHANGED = "policy-changed"
    SECRET_DELETED = "secret-deleted"  # noqa: S105 - a name of an event
    KEY_DISABLED = "key-disabled"


def _called(name: str, source: str = "secretsmanager", **more: "str | Event") -> Event:
    detail: Event = {"eventSource": f"{source}.amazonaws.com", "eventName": name, "eventType": "AwsApiCall", **more}
    return {"source": f"aws.{source}", "detail-type": "AWS API Call via CloudTrail", "detail": detail}


_OF_THE_SECRET: Event = {"secretId": THE_SECRET}
_EVENTS: Mapping[Happening, tuple[Event, ...]] = {
    Happening.ROTATION_FAILED: (
        {
            "source": "aws.secretsmanager",
            "detail-type": "AWS Service Event via CloudTrail",
            "detail": {
                "eventSource": "secretsmanager.amazonaws.com",
                "eventName": "RotationFailed",
                "eventType": "AwsServiceEvent",
                "additionalEventData": {"SecretId": THE_SECRET},
            },
        },
    ),
    Happening.READ_DENIED: (_called("GetSecretValue", errorCode="AccessDenied", requestParameters=_OF_THE_SECRET),),
    Happening.POLICY_CHANGED: (_called("PutResourcePolicy", requestParameters=_OF_THE_SECRET),),
    Happening.SECRET_DELETED: (_called("DeleteSecret", requestParameters=_OF_THE_SECRET),),
    Happening.KEY_DISABLED: tuple(
        _called(name, "kms", requestParameters={"keyId": THE_KEY}) for name in ("DisableKey", "ScheduleKeyDeletion")
    ),
}
"""What CloudTrail and Secrets Manager report; all events of a happening must be heard."""

_WORDS: Mapping[Happening, tuple[str, ...]] = {
    Happening.ROTATION_FAILED: ("RotationFailed",),
    Happening.READ_DENIED: ("GetSecretValue", "AccessDenied"),
    Happening.POLICY_CHANGED: ("PutResourcePolicy",),
    Happening.SECRET_DELETED: ("DeleteSecret",),
    Happening.KEY_DISABLED: ("DisableKey", "ScheduleKeyDeletion"),
}
"""What a metric filter for the happening has in its text."""

# EventBridge drops calls that only read, unless the rule says that it wants them.
# Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
_WITH_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


@dataclass(frozen=True)
class Ear:
    """A resource that hears of a happening and tells somebody."""

    resource: Resource
    heard: tuple[Passed, ...]
    actions: frozenset[str]
    """AWS services that are told, e.g. `sns`; empty when what is told is not known."""
    open_property: str = ""
    """The property that is not known yet, so that nobody can say what it hears."""

    def hears_of(self, arn: str) -> Match:
        """Tells whether it hears of the secret with this ARN."""
        return min((each.covers(arn) for each in self.heard), default=Match.NEVER)

    @property
    def exact_names(self) -> frozenset[str]:
        """Physical names of the secrets that it certainly hears of, where it lists them one by one."""
        if len(self.heard) != 1 or self.heard[0].match is not Match.ALWAYS:
            return frozenset()
        return frozenset(name.removesuffix(BY_NAME) for name in self.heard[0].names if is_exact(name.removesuffix(BY_NAME)))

    @property
    def hears_of_all(self) -> bool:
        """Whether it hears of every secret."""
        return all(each.match is Match.ALWAYS and not each.names for each in self.heard)


class Alarms:
    """The ears of the stack, by what they hear of."""

    def __init__(self, stack: "Stack") -> None:
        self._resources = stack.resources
        self.by_happening: dict[Happening, list[Ear]] = {happening: [] for happening in Happening}
        told = _told(self._resources)
        for rule in self._resources.of_type(EVENT_RULE):
            if rule.urn in told:
                self._add_rule(rule, told[rule.urn])
        for alarm in self._resources.of_type(METRIC_ALARM):
            self._add_alarm(alarm)

    def _add_rule(self, rule: Resource, actions: frozenset[str]) -> None:
        state, enabled = rule.read("state"), rule.read("isEnabled")
        pattern, bus = rule.read("eventPattern"), rule.read("eventBusName")
        if isinstance(bus, str) and bus.rpartition("/")[2] not in ("", "default"):
            return  # what AWS itself reports comes to the default bus
        given = {"eventPattern": pattern, "state": state, "isEnabled": enabled, "eventBusName": bus}
        unknown = next((name for name, value in given.items() if value is UNKNOWN), "")
        parsed = _parsed(pattern)
        for happening, events in _EVENTS.items():
            if unknown:
                self.by_happening[happening].append(Ear(rule, (Passed(Match.MAYBE),), actions, unknown))
            elif state != "DISABLED" and enabled is not False and (happening is not Happening.READ_DENIED or state == _WITH_READS):
                heard = tuple(passed(parsed, event) for event in events)
                self.by_happening[happening].append(Ear(rule, heard, actions))

    def _add_alarm(self, alarm: Resource) -> None:
        enabled = alarm.read("actionsEnabled")
        if enabled is False or not elements(alarm.read("alarmActions")):
            return
        services = _services(alarm, "alarmActions")
        for metric_filter, name in self._filters_of(alarm):
            unknown = "actionsEnabled" if enabled is UNKNOWN else name
            text = metric_filter.read("pattern")
            for happening, words in _WORDS.items():
                if text is UNKNOWN:
                    self.by_happening[happening].append(Ear(metric_filter, (Passed(Match.MAYBE),), services, "pattern"))
                elif isinstance(text, str) and all(word in text for word in words):
                    self.by_happening[happening].append(Ear(alarm, (Passed(Match.ALWAYS),), services, unknown))

    def _filters_of(self, alarm: Resource) -> Iterator[tuple[Resource, str]]:
        """Gives the metric filters that an alarm watches, and the property that leaves it open whether it does."""
        metric = [alarm.read("namespace"), alarm.read("metricName")]
        if any(part is UNKNOWN for part in metric):
            made_from = origin(alarm, "metricName", self._resources).of_type(LOG_METRIC_FILTER)
            yield from ((metric_filter, "") for metric_filter in made_from)
            if not made_from:
                yield from ((metric_filter, "metricName") for metric_filter in self._resources.of_type(LOG_METRIC_FILTER))
            return
        yield from ((metric_filter, "") for metric_filter in self._filters.get(str(metric), ()))
        yield from ((metric_filter, "metricTransformation") for metric_filter in self._filters.get("", ()))

    @cached_property
    def _filters(self) -> Mapping[str, list[Resource]]:
        """Metric filters by namespace and name of their metric; by nothing while these are not known."""
        by_metric: defaultdict[str, list[Resource]] = defaultdict(list)
        for metric_filter in self._resources.of_type(LOG_METRIC_FILTER):
            metric = [metric_filter.read("metricTransformation", name) for name in ("namespace", "name")]
            by_metric["" if any(part is UNKNOWN for part in metric) else str(metric)].append(metric_filter)
        return by_metric


def _told(resources: Resources) -> dict[str, frozenset[str]]:
    """Gives the services that each rule tells, by the rule's URN."""
    told: dict[str, frozenset[str]] = {}
    for target in resources.of_type(EVENT_TARGET):
        arn = target.read("arn")
        if arn is None:
            continue
        services = _services(target, "arn")
        for urn in _rules_of(target, resources):
            told[urn] = told.get(urn, frozenset()) | services
    return told


def _rules_of(target: Resource, resources: Resources) -> Iterable[str]:
    named = target.text("rule")
    rule = resources.called(named.rpartition("/")[2], EVENT_RULE, by=target) if named else None
    return [rule.urn] if rule else [urn for urn in target.made_from("rule") if type_of(urn) == EVENT_RULE]


def _services(resource: Resource, property_name: str) -> frozenset[str]:
    """Gives the services that a property's ARNs are of: `sns` of `arn:aws:sns:...`, and of what it is made from."""
    named = {value.split(":")[2] for value in elements(resource.read(property_name)) if isinstance(value, str) and value.count(":") >= 5}
    made = {type_of(urn).split(":")[1].split("/")[0] for urn in resource.made_from(property_name) if type_of(urn).startswith("aws:")}
    return frozenset(named | made)


def _parsed(pattern: Value) -> Any:
    try:
        return json.loads(pattern) if isinstance(pattern, str) else pattern
    except (ValueError, RecursionError):
        return None
