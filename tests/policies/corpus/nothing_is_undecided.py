"""Exemptions, baselines and what stays undecided."""

from functools import partial

from policies.pack.values import UNKNOWN
from tests.policies.cases import ALWAYS, Cases
from tests.policies.hearing import hear
from tests.policies.program import SECRET

cases = Cases("nothing-is-undecided")

KEY = "secret-uses-customer-key"


def urn(name="database", stack="dev"):
    return f"urn:pulumi:{stack}::shop::{SECRET}::{name}"


def exemption(expires="2026-09-01", **more):
    return {"urn": urn(), "reason": "the key moves in August", "owner": "team billing", "expires": expires, **more}


def judged(program, **settings):
    """Lets the rule about keys judge the program first."""
    program.before.append(partial(hear, given={KEY: settings}))


@cases.violated("An exemption has expired, and what it exempted is still there", at="database", when=ALWAYS)
def expired_exemption(program):
    program.secret()
    judged(program, exemptions=[exemption("2026-06-14")])


@cases.violated("An exemption is for a secret that is mended", at="database", when=ALWAYS)
def unused_exemption(program):
    program.secret(kmsKeyId="alias/own")
    judged(program, exemptions=[exemption()])


@cases.violated("An exemption names another property than the finding", at="database", when=ALWAYS)
def exemption_of_another_property(program):
    program.secret()
    judged(program, exemptions=[exemption(property="replicas[0].kmsKeyId")])


@cases.violated("An exemption is for a secret that the stack does not have", at="", when=ALWAYS)
def exemption_of_no_resource(program):
    program.secret("other", kmsKeyId="alias/own")
    judged(program, exemptions=[exemption()])


@cases.violated("The baseline holds a finding that is mended", at="database", when=ALWAYS)
def shrinking_baseline(program):
    program.secret(kmsKeyId="alias/own")
    judged(program, baseline=[{"urn": urn(), "property": "kmsKeyId"}])


@cases.violated("The baseline holds a finding more often than it is found", at="database", when=ALWAYS)
def baseline_that_counts_twice(program):
    program.secret()
    judged(program, baseline=[{"urn": urn(), "property": "kmsKeyId"}] * 2)


@cases.violated("More is undecided than the limit allows", at="", when=ALWAYS, settings={"maxUndecided": 1})
def too_much_undecided(program):
    for name in ("database", "stripe"):
        program.secret(name, f"dev/billing/{name}", kmsKeyId=UNKNOWN)
    judged(program)


@cases.violated("One finding is undecided, and none may be", at="", when=ALWAYS, settings={"maxUndecided": 0})
def no_limit_for_doubt(program):
    program.secret(kmsKeyId=UNKNOWN)
    judged(program)


@cases.holds("An exemption is needed, and its last day is today")
def exemption_on_its_last_day(program):
    program.secret()
    judged(program, exemptions=[exemption("2026-06-15")])


@cases.holds("An exemption names no property, and the resource has a finding")
def exemption_without_property(program):
    program.secret()
    judged(program, exemptions=[exemption()])


@cases.holds("Exemptions and baseline are for another stack, which has the same configuration")
def of_another_stack(program):
    program.secret(kmsKeyId="alias/own")
    judged(program, exemptions=[exemption(urn=urn(stack="prod"))], baseline=[{"urn": urn(stack="prod")}])


@cases.holds("An exemption is for a rule that is switched off, so that nobody knows")
def of_a_rule_that_is_off(program):
    program.secret(kmsKeyId="alias/own")
    judged(program, enforcementLevel="disabled", exemptions=[exemption()])


@cases.holds("The baseline holds what is found")
def full_baseline(program):
    program.secret()
    judged(program, baseline=[{"urn": urn(), "property": "kmsKeyId"}])


@cases.holds("As much is undecided as the limit allows", settings={"maxUndecided": 1})
def within_the_limit(program):
    program.secret(kmsKeyId=UNKNOWN)
    judged(program)


@cases.holds("Something is undecided and no limit is set: it counts as its own rule says")
def without_a_limit(program):
    program.secret(kmsKeyId=UNKNOWN)
    judged(program)


@cases.holds("What is undecided is exempted, which takes it off the limit", settings={"maxUndecided": 0})
def undecided_and_exempted(program):
    program.secret(kmsKeyId=UNKNOWN)
    judged(program, exemptions=[exemption()])


@cases.holds("A violation is nothing undecided", settings={"maxUndecided": 0})
def violated_and_decided(program):
    program.secret()
    judged(program)
