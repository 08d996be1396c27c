"""Trails."""

from tests.policies.cases import ALWAYS, Cases
from tests.policies.program import UNKNOWN

cases = Cases("reads-are-audited")

TRAIL = "aws:cloudtrail/trail:Trail"
STORE = "aws:cloudtrail/eventDataStore:EventDataStore"
STACK = "shop-dev"


def trail(program, name="trail", **inputs):
    program.secret()
    program.add(TRAIL, name, {"isMultiRegionTrail": True, **inputs})


def advanced(*fields):
    return [{"fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}, *fields]}]


@cases.violated("No trail at all", at=STACK)
def no_trail(program):
    program.secret()


@cases.violated("The trail records writes only", at="trail", properties="eventSelectors")
def writes_only(program):
    trail(program, eventSelectors=[{"readWriteType": "WriteOnly"}])


@cases.violated("The trail leaves the events of KMS out", at="trail", properties="eventSelectors")
def without_kms(program):
    trail(program, eventSelectors=[{"readWriteType": "All", "excludeManagementEventSources": ["kms.amazonaws.com"]}])


@cases.violated("The trail records data events only", at="trail", properties="eventSelectors")
def without_management_events(program):
    trail(program, eventSelectors=[{"includeManagementEvents": False}])


@cases.violated("The trail records one region", at="trail", properties="isMultiRegionTrail")
def one_region(program):
    trail(program, isMultiRegionTrail=False)


@cases.violated("The trail is switched off", at="trail", properties="enableLogging")
def switched_off(program):
    trail(program, enableLogging=False)


@cases.violated("The event data store takes in nothing", at="store", properties="suspend")
def suspended(program):
    program.secret()
    program.add(STORE, "store", {"suspend": True})


@cases.violated("Advanced selectors want writes", at="trail", properties="advancedEventSelectors")
def advanced_writes(program):
    trail(program, advancedEventSelectors=advanced({"field": "readOnly", "equals": ["false"]}))


@cases.violated("Advanced selectors leave KMS out", at="trail", properties="advancedEventSelectors")
def advanced_without_kms(program):
    trail(program, advancedEventSelectors=advanced({"field": "eventSource", "notEquals": ["kms.amazonaws.com"]}))


@cases.holds("A trail of all regions records management events by itself")
def plain_trail(program):
    trail(program)


@cases.holds("One trail sees everything, another one writes only")
def one_of_two(program):
    trail(program)
    program.add(TRAIL, "writes", {"isMultiRegionTrail": True, "eventSelectors": [{"readWriteType": "WriteOnly"}]})


@cases.holds("An event data store takes management events by itself")
def event_data_store(program):
    program.secret()
    program.add(STORE, "store", {})


@cases.holds("Advanced selectors leave out what has nothing to do with secrets")
def advanced_without_rds_data(program):
    trail(program, advancedEventSelectors=advanced({"field": "eventSource", "notEquals": ["rdsdata.amazonaws.com"]}))


@cases.holds("The trail is the organization's", settings={"trailStack": "acme/organization/prod"})
def trail_elsewhere(program):
    program.secret()


@cases.holds("A stack without secrets needs no trail")
def no_secrets(program):
    program.role("billing")


@cases.cannot_decide("Which events the trail records comes from elsewhere", at="trail", properties="eventSelectors", when=ALWAYS)
def unknown_selectors(program):
    trail(program, eventSelectors=[{"readWriteType": UNKNOWN}])


@cases.cannot_decide("Whether the trail is switched on comes from elsewhere", at="trail", properties="enableLogging", when=ALWAYS)
def unknown_switch(program):
    trail(program, enableLogging=UNKNOWN)
