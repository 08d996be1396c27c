"""Stacks judged beside each other: what two previews know and neither of them shows."""

from datetime import UTC, datetime, timedelta

import pytest

from policies.gate.configuration import checked
from policies.gate.errors import GateError
from policies.gate.record import Finding
from policies.gate.together import beside, found_together
from policies.pack.graph.manifest import Manifest
from tests.policies.gate.records import record
from tests.policies.program import Program

RULE = "secret-is-not-shared-across-stacks"


def recorded(stack, environment, *findings, build=None):
    """The record of a deployed stack that makes the secret `shared/billing/database`."""
    program = Program(deployed=True, stack=stack, environment=environment)
    (build or (lambda made: made.secret(physical="shared/billing/database")))(program)
    return record(*findings, stack=stack, environment=environment, manifest=program.stack().part(Manifest).as_json())


def test_two_stacks_that_make_one_secret_share_it():
    (finding,) = found_together([recorded("dev", "dev"), recorded("prod", "prod")], checked({}))

    assert (finding.rule, finding.answer, finding.level, finding.status) == (RULE, "violated", "mandatory", "open")
    assert 'stack "shop/dev"' in finding.text
    assert 'stack "shop/prod"' in finding.text


def test_stacks_that_have_nothing_in_common_share_nothing():
    other = recorded("prod", "prod", build=lambda program: program.secret(physical="prod/billing/database"))

    assert found_together([recorded("dev", "dev"), other], checked({})) == ()


def test_a_state_of_several_stacks_was_compared_by_the_rule_and_cannot_be_with_others():
    several = record(stack="", environment=None)

    assert found_together([several], checked({})) == ()
    with pytest.raises(GateError, match="the record of several stacks cannot be judged beside others"):
        found_together([several, recorded("dev", "dev")], checked({}))


def test_what_a_preview_has_said_already_is_not_said_twice():
    records = [recorded("dev", "dev"), recorded("prod", "prod")]
    (finding,) = found_together(records, checked({}))
    said = Finding.model_validate({**finding.model_dump(by_alias=True), "status": "baseline"})

    assert found_together([recorded("dev", "dev", said), records[1]], checked({})) == ()


def test_what_a_preview_said_about_another_stack_hides_nothing():
    records = [recorded("dev", "dev"), recorded("prod", "prod")]
    (finding,) = found_together(records, checked({}))
    about_another = finding.model_copy(update={"text": finding.text.replace("shop/prod", "shop/staging").replace("shop/dev", "shop/x")})

    assert found_together([recorded("dev", "dev", about_another), records[1]], checked({})) == (finding,)


def test_what_is_shared_on_purpose_stands_in_the_configuration():
    until = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    allowed = {"name": "shared/billing/database", "stacks": ["shop/*"], "reason": "one vendor account", "until": until}

    configuration = checked({RULE: {"sharedAllow": [allowed]}})

    assert found_together([recorded("dev", "dev"), recorded("prod", "prod")], configuration) == ()


@pytest.mark.parametrize(("document", "levels"), [({RULE: "disabled"}, []), ({RULE: "advisory"}, ["advisory"]), ({"all": "disabled"}, [])])
def test_the_rule_counts_as_it_is_configured(document, levels):
    findings = found_together([recorded("dev", "dev"), recorded("prod", "prod")], checked(document))

    assert [finding.level for finding in findings] == levels


def test_a_record_without_a_manifest_cannot_be_judged_beside_others():
    with pytest.raises(GateError, match=r"the record of shop/old cannot be judged beside others"):
        found_together([record(stack="old"), recorded("prod", "prod")], checked({}))


def test_a_stack_is_judged_beside_the_manifests_of_those_before_it():
    earlier = recorded("dev", "dev")

    assert beside({}, []) == {}
    assert beside({}, [earlier]) == {RULE: {"others": [earlier.manifest]}}
    assert beside({RULE: "advisory"}, [earlier]) == {RULE: {"enforcementLevel": "advisory", "others": [earlier.manifest]}}
    assert beside({RULE: {"others": ["x"], "undecided": "advisory"}}, [earlier]) == {
        RULE: {"others": ["x", earlier.manifest], "undecided": "advisory"}
    }
    assert beside({RULE: "disabled"}, [earlier]) == {RULE: "disabled"}


def test_judging_beside_others_leaves_the_configuration_as_it_is():
    document = {RULE: {"others": []}}

    beside(document, [recorded("dev", "dev")])

    assert document == {RULE: {"others": []}}


def test_the_manifest_of_a_record_is_a_configuration_that_the_pack_takes():
    checked(beside({}, [recorded("dev", "dev")]))
