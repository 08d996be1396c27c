"""The baseline of an old estate: written once, later only shorter."""

import pytest

from policies.gate.adoption import adopted
from tests.policies.gate.records import exempt, finding, judgement, record, urn

KNOWN = {"urn": urn()}


def known(name="database", **more):
    """A finding that the baseline holds."""
    return finding(name, status="baseline", level="advisory", **more)


def baseline(adoption, rule="secret-is-rotated"):
    return adoption.document[rule]["baseline"]


def test_the_first_run_takes_what_stops_the_change_today():
    today = record(finding(), finding("other", property="rotationRules"), finding("minor", level="advisory"), exempt())

    adoption = adopted({}, judgement(today))

    assert adoption.document == {
        "secret-is-rotated": {"baseline": [KNOWN, {"urn": urn("other"), "property": "rotationRules"}]},
    }
    assert (dict(adoption.added), adoption.refused) == ({"secret-is-rotated": 2}, [])


def test_two_findings_at_one_place_are_two_entries():
    adoption = adopted({}, judgement(record(finding(), finding(text="and by another one"))))

    assert baseline(adoption) == [KNOWN, KNOWN]


def test_everything_else_stays_in_its_order():
    document = {
        "all": "mandatory",
        "secret-is-rotated": {"levels": [], "exemptions": []},
        "key-is-rotated": {"maxDays": 30},
        "x": "advisory",
    }

    adoption = adopted(document, judgement(record(finding(), finding(rule="reader-cannot-write"))))

    assert list(adoption.document) == [*document, "reader-cannot-write"]
    assert list(adoption.document["secret-is-rotated"]) == ["levels", "exemptions", "baseline"]
    assert {name: adoption.document[name] for name in ("all", "key-is-rotated", "x")} == {
        name: document[name] for name in ("all", "key-is-rotated", "x")
    }


def test_a_rule_that_had_only_a_level_keeps_it():
    adoption = adopted({"secret-is-rotated": "mandatory"}, judgement(record(finding())))

    assert adoption.document == {"secret-is-rotated": {"enforcementLevel": "mandatory", "baseline": [KNOWN]}}


def test_the_configuration_that_was_given_is_not_touched():
    document = {"secret-is-rotated": {"baseline": [KNOWN]}}

    adopted(document, judgement(record()))

    assert document == {"secret-is-rotated": {"baseline": [KNOWN]}}


def test_a_later_run_takes_out_what_is_gone_and_leaves_the_empty_list():
    document = {"secret-is-rotated": {"baseline": [KNOWN, {"urn": urn("mended")}]}, "key-is-rotated": {"baseline": [{"urn": urn("key")}]}}

    adoption = adopted(document, judgement(record(known())))

    assert adoption.document == {"secret-is-rotated": {"baseline": [KNOWN]}, "key-is-rotated": {"baseline": []}}
    assert (dict(adoption.kept), dict(adoption.removed)) == ({"secret-is-rotated": 1}, {"secret-is-rotated": 1, "key-is-rotated": 1})


def test_a_later_run_adds_nothing_and_names_what_is_new():
    document = {"secret-is-rotated": {"baseline": [KNOWN]}}
    new = finding("new")

    adoption = adopted(document, judgement(record(known(), new)))

    assert adoption.document == document
    assert adoption.refused == [new]


def test_an_empty_baseline_is_an_adoption_too():
    adoption = adopted({"secret-is-rotated": {"baseline": []}}, judgement(record(finding())))

    assert adoption.document == {"secret-is-rotated": {"baseline": []}}
    assert len(adoption.refused) == 1


def test_of_two_equal_entries_one_goes_when_one_finding_is_gone():
    adoption = adopted({"secret-is-rotated": {"baseline": [KNOWN, KNOWN]}}, judgement(record(known())))

    assert baseline(adoption) == [KNOWN]


def test_an_entry_for_one_property_is_not_one_for_another():
    document = {"secret-is-rotated": {"baseline": [{"urn": urn(), "property": "tags"}, KNOWN]}}

    adoption = adopted(document, judgement(record(known(property="tags"))))

    assert baseline(adoption) == [{"urn": urn(), "property": "tags"}]


@pytest.mark.parametrize("elsewhere", [urn(stack="staging"), urn().replace("::shop::", "::other::")])
def test_entries_of_stacks_that_were_not_judged_stay(elsewhere):
    document = {"secret-is-rotated": {"baseline": [{"urn": elsewhere}]}}

    adoption = adopted(document, judgement(record()))

    assert adoption.document == document


def test_entries_of_a_rule_that_is_switched_off_stay():
    document = {"secret-is-rotated": {"enforcementLevel": "disabled", "baseline": [KNOWN]}}

    assert adopted(document, judgement(record())).document == document


def test_starting_over_takes_what_is_new_for_the_judged_stacks_and_loses_what_is_gone():
    document = {"secret-is-rotated": {"baseline": [KNOWN, {"urn": urn("mended")}, {"urn": urn(stack="staging")}]}}

    adoption = adopted(document, judgement(record(known(), finding("new"))), start_over=True)

    assert baseline(adoption) == [KNOWN, {"urn": urn(stack="staging")}, {"urn": urn("new")}]
    assert adoption.refused == []


def test_what_is_about_no_resource_cannot_be_adopted():
    crash = finding(urn="", resource="", text="the rule itself failed and judged nothing here: KeyError")

    adoption = adopted({}, judgement(record(crash)))

    assert (adoption.document, adoption.refused) == ({}, [crash])


def test_a_rule_that_failed_at_a_resource_cannot_be_adopted():
    crash = finding(text="the rule itself failed and judged nothing here: KeyError", is_failure=True)

    adoption = adopted({}, judgement(record(crash)), start_over=True)

    assert (adoption.document, adoption.refused) == ({}, [crash])


def test_what_is_about_the_configuration_cannot_be_adopted():
    expired = finding(rule="nothing-is-undecided", group="Hygiene", text="the exemption of x expired")

    assert adopted({}, judgement(record(expired))).refused == [expired]


def test_a_baseline_that_is_too_long_is_mended_by_the_adoption_itself():
    too_long = finding(rule="nothing-is-undecided", group="Hygiene", mend="Run `keyturn-gate adopt`, which removes it.")

    assert adopted({"secret-is-rotated": {"baseline": [KNOWN]}}, judgement(record(too_long))).refused == []


def test_what_only_shows_together_cannot_be_adopted():
    shared = finding(rule="secret-is-not-shared-across-stacks")

    adoption = adopted({}, judgement(record(), together=[shared]))

    assert (adoption.document, adoption.refused) == ({}, [shared])
