"""All the way from a configuration to how each finding counts, in one process."""

from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel

from policies.pack.configuration import Configuration
from policies.pack.proceedings import Proceedings
from policies.rules import rules
from tests.policies.program import TODAY

RULES = {rule.name: rule for rule in rules()}
LEVELS = {
    "mandatory": analyzer_pb2.MANDATORY,
    "advisory": analyzer_pb2.ADVISORY,
    "disabled": analyzer_pb2.DISABLED,
    "remediate": analyzer_pb2.REMEDIATE,
}


def on_the_wire(given):
    """A configuration file as the engine sends it: every number is a float."""
    request = analyzer_pb2.ConfigureAnalyzerRequest()
    for name, settings in given.items():
        knobs = {key: value for key, value in settings.items() if key != "enforcementLevel"}
        of_itself = "advisory" if name in RULES and RULES[name].enforcement_level is EnforcementLevel.ADVISORY else "mandatory"
        request.policyConfig[name].enforcementLevel = LEVELS[settings.get("enforcementLevel", of_itself)]
        request.policyConfig[name].properties.update(knobs)
    return request


def configuration(given):
    """The configuration of all rules."""
    found = Configuration(RULES.values(), lambda: TODAY)
    found.take(on_the_wire(given).policyConfig)
    return found


def hear(stack, given, *more):
    """What the configured rules, and more, say about a stack."""
    proceedings = stack.part(Proceedings)
    proceedings.hear([rule for rule in RULES.values() if rule.name in (*given, *more)], configuration(given))
    return proceedings
