"""Who hears of failures."""

import json

from tests.policies.cases import ALWAYS, FIRST_PREVIEW, Cases
from tests.policies.program import ACCOUNT, KEY, UNKNOWN

cases = Cases("failures-raise-alarms")

RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
STACK = "shop-dev"
ROTATIONS = {"required": ["rotation-failed"]}
TOPIC = f"arn:aws:sns:eu-central-1:{ACCOUNT}:alerts"
WITH_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


def failed(**detail):
    return {
        "source": ["aws.secretsmanager"],
        "detail-type": ["AWS Service Event via CloudTrail"],
        "detail": {"eventName": ["RotationFailed", "RotationAbandoned"], **detail},
    }


def called(*names, **detail):
    return {"detail-type": ["AWS API Call via CloudTrail"], "detail": {"eventName": list(names), **detail}}


def rule(program, name, pattern, *, target=TOPIC, **inputs):
    text = pattern if pattern is UNKNOWN else json.dumps(pattern)
    urn = program.add(RULE, name, {"name": name, "eventPattern": text, **inputs})
    if target is not None:
        program.add(TARGET, f"{name}-target", {"rule": name, "arn": target}, made_from={"rule": [urn]})


def everything(program):
    rule(program, "failed", failed())
    rule(program, "denied", called("GetSecretValue", errorCode=[{"prefix": "AccessDenied"}]), state=WITH_READS)
    rule(program, "changed", called("PutResourcePolicy", "DeleteSecret"))
    rule(program, "keys", called("DisableKey", "ScheduleKeyDeletion"))


@cases.violated("Nobody hears of anything", at=STACK)
def nothing(program):
    program.secret()


@cases.violated("The rule has no target", at=STACK, settings=ROTATIONS)
def no_target(program):
    program.secret()
    rule(program, "failed", failed(), target=None)


@cases.violated("The rule is switched off", at=STACK, settings=ROTATIONS)
def switched_off(program):
    program.secret()
    rule(program, "failed", failed(), state="DISABLED")


@cases.violated("The rule waits for a detail-type that Secrets Manager does not send", at=STACK, settings=ROTATIONS)
def wrong_detail_type(program):
    program.secret()
    rule(program, "failed", failed() | {"detail-type": ["AWS API Call via CloudTrail"]})


@cases.violated("The rule is on a bus to which AWS reports nothing", at=STACK, settings=ROTATIONS)
def another_bus(program):
    program.secret()
    rule(program, "failed", failed(), eventBusName=f"arn:aws:events:eu-central-1:{ACCOUNT}:event-bus/shop")


@cases.violated("Reads come to no rule that does not ask for them", at=STACK, settings={"required": ["read-denied"]})
def reads_without_state(program):
    program.secret()
    rule(program, "denied", called("GetSecretValue", errorCode=["AccessDenied"]))


@cases.violated("The rule is narrowed to another environment's secrets", at=STACK, settings=ROTATIONS)
def other_environment(program):
    program.secret()
    prefix = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:prod/"
    rule(program, "failed", failed(additionalEventData={"SecretId": [{"prefix": prefix}]}))


@cases.violated("A filter finds it, and the alarm has no action", at=STACK, settings=ROTATIONS)
def alarm_without_action(program):
    program.secret()
    metric = {"name": "failed", "namespace": "secrets"}
    program.add(FILTER, "filter", {"pattern": '{ $.eventName = "RotationFailed" }', "metricTransformation": metric})
    program.add(ALARM, "alarm", {"metricName": "failed", "namespace": "secrets"})


@cases.violated("A queue is told, and this team wants a topic", at=STACK, settings={**ROTATIONS, "actionTypes": ["sns"]})
def wrong_action(program):
    program.secret()
    rule(program, "failed", failed(), target=f"arn:aws:sqs:eu-central-1:{ACCOUNT}:alerts")


@cases.violated("The key may be disabled in silence", at=STACK, settings={"required": ["key-disabled"]})
def silent_key(program):
    program.secret()
    program.add(KEY, "key", {})
    rule(program, "keys", called("DisableKey"))


@cases.holds("Every happening has a rule with a target")
def all_heard(program):
    program.secret()
    program.add(KEY, "key", {})
    everything(program)


@cases.holds("The rule names the default bus", settings=ROTATIONS)
def default_bus(program):
    program.secret()
    rule(program, "failed", failed(), eventBusName="default")


@cases.holds("One rule takes both by $or, narrowed to the environment's names and ARNs", settings={"required": ["secret-deleted"]})
def narrowed(program):
    program.secret()
    names = {"secretId": [{"prefix": "dev/"}, {"prefix": f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:dev/"}]}
    either = [{"eventName": ["DeleteSecret"], "requestParameters": names}, {"eventName": ["DisableKey"]}]
    rule(program, "changed", {"source": ["aws.secretsmanager"], "detail": {"$or": either}})


@cases.holds("A rule lists each secret by name", settings={"required": ["secret-deleted"]})
def listed(program):
    program.secret()
    rule(program, "deleted", called("DeleteSecret", requestParameters={"secretId": ["dev/billing/database"]}))


@cases.holds("A metric filter with an alarm that tells a topic", settings=ROTATIONS)
def filter_and_alarm(program):
    program.secret()
    metric = {"name": "failed", "namespace": "secrets"}
    program.add(FILTER, "filter", {"pattern": '{ $.eventName = "RotationFailed" }', "metricTransformation": metric})
    program.add(ALARM, "alarm", {"metricName": "failed", "namespace": "secrets", "alarmActions": [TOPIC]})


@cases.holds("Another stack hears of it", settings={"required": []})
def elsewhere(program):
    program.secret()


@cases.holds("A stack without secrets")
def no_secrets(program):
    program.role("billing")


@cases.cannot_decide("The pattern is made from an ARN that is not known yet", at=STACK, properties="eventPattern", settings=ROTATIONS)
def unknown_pattern(program):
    program.secret()
    rule(program, "failed", UNKNOWN)


@cases.cannot_decide(
    "The rule is narrowed to a key by its id", at=STACK, properties="eventPattern", when=ALWAYS, settings={"required": ["key-disabled"]}
)
def narrowed_to_a_key(program):
    program.secret()
    program.add(KEY, "key", {})
    pattern = called("DisableKey", "ScheduleKeyDeletion", requestParameters={"keyId": ["1234abcd-12ab-34cd-56ef-1234567890ab"]})
    rule(program, "keys", pattern)


@cases.cannot_decide("On which bus the rule is is not known yet", at=STACK, properties="eventBusName", when=ALWAYS, settings=ROTATIONS)
def unknown_bus(program):
    program.secret()
    rule(program, "failed", failed(), eventBusName=UNKNOWN)


@cases.cannot_decide("Whether the rule is on comes from elsewhere", at=STACK, when=ALWAYS, settings=ROTATIONS)
def unknown_state(program):
    program.secret()
    rule(program, "failed", failed(), state=UNKNOWN)


@cases.cannot_decide("The secret's name is not known yet, and the rule is for some names", at=STACK, when=FIRST_PREVIEW, settings=ROTATIONS)
def unknown_name(program):
    program.add("aws:secretsmanager/secret:Secret", "database", {"name": UNKNOWN})
    rule(program, "failed", failed(additionalEventData={"SecretId": [{"prefix": "dev/"}]}))
