"""Which namespaces a store of the cluster serves."""

import pytest

from policies.pack.graph.store_conditions import Conditions
from policies.pack.values import UNKNOWN


def flaws(**condition):
    return [flaw.property for flaw in Conditions([condition]).flaws]


@pytest.mark.parametrize(
    "pattern", ["^team-a$", "^(?:team-a|team-b)$", "^(team-a|team-b)-[a-z]+$", r"^team\|a$", "^team-[|]$", "^team-(a|b)(c|d)$"]
)
def test_a_pattern_that_is_anchored_names_what_it_lets_in(pattern):
    assert flaws(namespaceRegexes=[pattern]) == []


@pytest.mark.parametrize(
    "pattern",
    ["team-a", "^team-a", "team-a$", r"^team-a\$", "^team-a|team-b$", "^(a)|(b)$", "", "^.*$", "^kube-.*$", "^(?:a|kube-system)$"],
)
def test_a_pattern_that_lets_in_more_is_seen(pattern):
    assert flaws(namespaceRegexes=[pattern]) == ["spec.conditions[0].namespaceRegexes"]


@pytest.mark.parametrize(
    "selector",
    [
        {"matchLabels": {"team": "billing"}},
        {"matchExpressions": [{"key": "team", "operator": "In", "values": ["billing"]}]},
        {"matchLabels": {"kubernetes.io/metadata.name": "billing"}},
    ],
)
def test_a_selector_that_names_something_is_sound(selector):
    assert flaws(namespaceSelector=selector) == []


@pytest.mark.parametrize(
    "selector",
    [
        {},
        {"matchLabels": {}},
        {"matchExpressions": []},
        {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]},
        {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["billing", "kube-system"]}]},
    ],
)
def test_a_selector_that_lets_in_more_is_seen(selector):
    assert flaws(namespaceSelector=selector) == ["spec.conditions[0].namespaceSelector"]


@pytest.mark.parametrize("unknown", ["key", "operator", "values"])
def test_a_selector_of_which_a_part_is_not_known_yet_is_no_certain_flaw_and_serves_nobody_for_certain(unknown):
    expression = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["billing"], unknown: UNKNOWN}
    conditions = Conditions([{"namespaceSelector": {"matchExpressions": [expression]}}])

    assert [flaw.is_certain for flaw in conditions.flaws] == [False]
    assert not conditions.serve_many


@pytest.mark.parametrize("given", [UNKNOWN, [UNKNOWN], [{"namespaces": [UNKNOWN]}], [{"namespaceRegexes": [UNKNOWN]}]])
def test_what_is_not_known_yet_is_no_certain_flaw(given):
    assert [flaw.is_certain for flaw in Conditions(given).flaws] == [False]
