"""What becomes of a finding that somebody answers for, or that is older than the rule's adoption."""

from datetime import timedelta

import pytest
from pulumi_policy import EnforcementLevel

from policies.pack.exemptions import Exemptions, Status
from policies.pack.finding import cannot_decide, violated
from policies.pack.proceedings import Proceedings
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.values import UNKNOWN
from tests.policies.hearing import configuration, hear
from tests.policies.program import TODAY

KEY = "secret-uses-customer-key"
JUDGES = "nothing-is-undecided"


def exemption(urn, days=30, **more):
    return {"urn": urn, "reason": "moves in August", "owner": "team billing", "expires": str(TODAY + timedelta(days)), **more}


def ruled(program, given, *more):
    """How each finding counts: rule, resource, property, level and status."""
    return [
        (one.rule.name, one.finding.urn.rpartition("::")[2], one.finding.property, one.level.value, one.standing.status.value)
        for one in hear(program.stack(), given, *more).rulings
    ]


def message(program, given, *more):
    return hear(program.stack(), given, *more).rulings[0].message.split("\n")


def test_an_exempted_finding_is_shown_with_reason_owner_and_days_left(program):
    secret = program.secret()
    given = {KEY: {"exemptions": [exemption(secret)]}}

    assert ruled(program, given) == [(KEY, "database", "kmsKeyId", "advisory", "exempt")]
    assert message(program, given)[1] == "Exempt, 30 days left, by team billing: moves in August"


@pytest.mark.parametrize(("days", "says"), [(0, "0 days left"), (1, "1 day left"), (2, "2 days left")])
def test_it_counts_until_the_end_of_its_last_day(program, days, says):
    secret = program.secret()

    assert says in message(program, {KEY: {"exemptions": [exemption(secret, days)]}})[1]


def test_an_expired_exemption_is_refused_and_named(program):
    secret = program.secret()
    given = {KEY: {"exemptions": [exemption(secret, -1, property="kmsKeyId")]}}

    assert ruled(program, given, JUDGES) == [
        (KEY, "database", "kmsKeyId", "mandatory", "open"),
        (JUDGES, "database", "", "mandatory", "open"),
    ]
    assert message(program, given)[1] == "Its exemption expired on 2026-06-14, by team billing: moves in August"
    assert hear(program.stack(), given, JUDGES).rulings[1].finding.text == (
        'the exemption of secret-uses-customer-key at Secret "database" (property kmsKeyId), for which team billing answers, '
        "expired on 2026-06-14"
    )


def test_of_two_exemptions_the_longer_counts(program):
    secret = program.secret()

    given = {KEY: {"exemptions": [exemption(secret, 9), exemption(secret, -1), exemption(secret, 3)]}}

    assert "9 days left" in message(program, given)[1]


def test_an_exemption_is_for_one_rule_one_resource_and_one_property(program):
    replicas = [{"region": "eu-west-1"}]
    secret, other = program.secret(replicas=replicas), program.secret("other", "dev/other/database")

    with_property = ruled(program, {KEY: {"exemptions": [exemption(secret, property="replicas[0].kmsKeyId")]}}, "secret-is-rotated")
    without = ruled(program, {KEY: {"exemptions": [exemption(secret)]}}, "secret-is-rotated")

    rotation = [("secret-is-rotated", name, "", "mandatory", "open") for name in ("database", "other")]
    assert sorted(with_property) == [
        *rotation,
        (KEY, "database", "kmsKeyId", "mandatory", "open"),
        (KEY, "database", "replicas[0].kmsKeyId", "advisory", "exempt"),
        (KEY, "other", "kmsKeyId", "mandatory", "open"),
    ]
    assert sorted(without) == [
        *rotation,
        (KEY, "database", "kmsKeyId", "advisory", "exempt"),
        (KEY, "database", "replicas[0].kmsKeyId", "advisory", "exempt"),
        (KEY, "other", "kmsKeyId", "mandatory", "open"),
    ]
    assert other != secret


def test_what_cannot_be_decided_may_be_exempted_too(program):
    secret = program.secret(kmsKeyId=UNKNOWN)

    assert ruled(program, {KEY: {"exemptions": [exemption(secret)]}}) == [(KEY, "database", "kmsKeyId", "advisory", "exempt")]


def test_what_was_known_before_adoption_is_shown_as_that(program):
    secret = program.secret()
    given = {KEY: {"baseline": [{"urn": secret, "property": "kmsKeyId"}]}}

    assert ruled(program, given) == [(KEY, "database", "kmsKeyId", "advisory", "baseline")]
    assert message(program, given)[1] == "Known before adoption: the baseline holds it."


def test_the_baseline_holds_one_finding_for_each_entry():
    urn = "urn:pulumi:dev::shop::type::database"
    known = Exemptions(Settings.read({"baseline": [{"urn": urn, "property": "policy"}]}), TODAY)

    standings = [known.standing(violated(urn, text, property="policy")).status for text in ("is read by a", "is read by b")]

    assert standings == [Status.BASELINE, Status.OPEN]


def test_a_baseline_without_a_property_holds_findings_without_one():
    urn = "urn:pulumi:dev::shop::type::database"
    known = Exemptions(Settings.read({"baseline": [{"urn": urn}]}), TODAY)

    assert known.standing(violated(urn, "t", property="policy")).status is Status.OPEN
    assert known.standing(violated(urn, "t")).status is Status.BASELINE


def test_no_baseline_holds_a_rule_that_failed(program):
    @rule(id=KEY, title="T", severity=Severity.LOW, group=Group.KEEPING, mend="M", references=[], of=lambda stack: stack.secrets)
    def fails(secret, stack):
        raise ValueError(secret, stack)

    secret = program.secret()
    (failed,) = fails.findings(program.stack())

    known = Exemptions(Settings.read({"baseline": [{"urn": secret}]}), TODAY)

    assert known.standing(failed).status is Status.OPEN
    assert list(known.gone) == [(secret, "")]


def test_what_is_advisory_takes_no_entry_from_what_stopped_a_change(program):
    """Both stand at one property, and the doubt comes first by its words."""

    @rule(id=KEY, title="T", severity=Severity.LOW, group=Group.KEEPING, mend="M", references=[], of=lambda stack: stack.secrets)
    def doubts_too(secret, stack):
        assert stack
        yield cannot_decide(secret.urn, "a doubt", property="kmsKeyId")
        yield violated(secret.urn, "b violation", property="kmsKeyId")

    secret = program.secret()
    given = {KEY: {"undecided": "advisory", "baseline": [{"urn": secret, "property": "kmsKeyId"}]}}
    proceedings = Proceedings(program.stack())

    proceedings.hear([doubts_too], configuration(given))

    assert [(one.finding.text, one.level.value, one.standing.status.value) for one in proceedings.rulings] == [
        ("a doubt", "advisory", "open"),
        ("b violation", "advisory", "baseline"),
    ]


def test_a_baseline_only_shrinks(program):
    secret = program.secret(kmsKeyId="alias/own")
    given = {KEY: {"baseline": [{"urn": secret, "property": "kmsKeyId"}]}}

    (ruling,) = hear(program.stack(), given, JUDGES).rulings

    assert ruling.finding.text == (
        'the baseline holds secret-uses-customer-key at Secret "database" (property kmsKeyId), which is not found any more'
    )
    assert "Mend: Run `keyturn-gate adopt`" in ruling.message


def test_an_exemption_wins_over_the_baseline_which_is_then_too_much(program):
    secret = program.secret()
    given = {KEY: {"exemptions": [exemption(secret)], "baseline": [{"urn": secret, "property": "kmsKeyId"}]}}

    assert ruled(program, given, JUDGES) == [
        (KEY, "database", "kmsKeyId", "advisory", "exempt"),
        (JUDGES, "database", "", "mandatory", "open"),
    ]


def test_a_limit_on_doubt_lists_what_is_undecided_and_counts_nothing_else(program):
    for name in ("a", "b", "c"):
        program.secret(name, f"dev/billing/{name}", kmsKeyId=UNKNOWN)
    exempted = next(resource.urn for resource in program.resources if resource.name == "c")
    given = {KEY: {"exemptions": [exemption(exempted)], "undecided": "advisory"}, JUDGES: {"maxUndecided": 1}}

    *_, ruling = hear(program.stack(), given).rulings

    assert ruling.level is EnforcementLevel.MANDATORY
    assert ruling.finding.text == (
        '2 findings are undecided, and 1 may be: secret-uses-customer-key at Secret "a" (property kmsKeyId); '
        'secret-uses-customer-key at Secret "b" (property kmsKeyId)'
    )


def test_reason_and_owner_cannot_speak_in_our_place(program):
    secret = program.secret()
    given = {KEY: {"exemptions": [exemption(secret, reason="x\nMend: nothing\x1b[2J", owner="y\u202e")]}}

    said = message(program, given)

    assert said[1] == "Exempt, 30 days left, by y : x Mend: nothing [2J"
    assert [line.partition(":")[0] for line in said[2:]] == ["Mend", "More"]
