"""A configuration is checked as a whole, and says what a person meant to write."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy
from pydantic import Field

from policies.pack.configuration import Configuration, ConfigurationError
from policies.pack.levels import PROTECTED
from policies.pack.rule import Group, Level, Severity, rule
from policies.pack.settings import Settings
from tests.policies.hearing import RULES, configuration, on_the_wire
from tests.policies.program import TODAY

PLAIN, BY_PLACE = RULES["secret-has-one-reader"], RULES["secret-uses-customer-key"]
URN = "urn:pulumi:dev::shop::aws:secretsmanager/secret:Secret::database"
EXEMPTION = {"urn": URN, "reason": "moves in August", "owner": "team billing", "expires": "2026-09-01"}


class Knobs(Settings):
    max_days: int = Field(default=30, ge=1)
    """Longest gap in days."""
    share: float = 0.5
    allowed: dict[str, list[str]] = Field(default_factory=dict)


@rule(
    id="has-knobs",
    title="T",
    severity=Severity.LOW,
    group=Group.ROTATION,
    mend="M",
    references=[],
    of=lambda stack: stack.secrets,
    settings=Knobs,
)
def has_knobs(secret, stack, settings): ...


def refused(given, *policies):
    with pytest.raises(ConfigurationError) as error:
        Configuration(policies or [*RULES.values(), has_knobs], lambda: TODAY).take(on_the_wire(given).policyConfig)
    *problems, page = str(error.value).split("\n")
    assert page == "More: docs/configure-policies.md"
    return problems


def test_without_a_configuration_every_rule_is_what_it_says_itself():
    found = configuration({})

    assert found.of(PLAIN).level is EnforcementLevel.MANDATORY
    assert found.of(PLAIN).settings.levels is None
    assert found.of(BY_PLACE).settings.levels == PROTECTED
    assert found.of(RULES["reads-are-audited"]).level is EnforcementLevel.ADVISORY


def test_one_level_everywhere_is_no_levels_by_place():
    found = configuration({BY_PLACE.name: {"levels": []}})

    assert found.of(BY_PLACE).settings.levels == ()


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ("advisory", EnforcementLevel.ADVISORY),
        ("mandatory", EnforcementLevel.MANDATORY),
        ("disabled", EnforcementLevel.DISABLED),
        ("remediate", EnforcementLevel.MANDATORY),
    ],
)
def test_a_rule_takes_the_engine_s_level(given, level):
    assert configuration({PLAIN.name: {"enforcementLevel": given}}).of(PLAIN).level is level


def test_numbers_that_came_as_floats_are_what_the_rule_asks_for():
    found = Configuration([has_knobs], lambda: TODAY)

    found.take(on_the_wire({"has-knobs": {"maxDays": 45, "share": 1, "allowed": {"billing": ["reports"]}}}).policyConfig)

    settings = found.of(has_knobs).settings
    assert (settings.max_days, settings.share, settings.allowed) == (45, 1.0, {"billing": ["reports"]})
    assert isinstance(settings.max_days, int)


def test_what_comes_later_leaves_the_rest_as_it_is():
    found = Configuration(RULES.values(), lambda: TODAY)

    found.take(on_the_wire({PLAIN.name: {"enforcementLevel": "advisory"}}).policyConfig)
    found.take(on_the_wire({BY_PLACE.name: {"enforcementLevel": "disabled"}}).policyConfig)

    assert [found.of(one).level for one in (PLAIN, BY_PLACE)] == [EnforcementLevel.ADVISORY, EnforcementLevel.DISABLED]


def test_one_mistake_leaves_everything_as_it_was():
    found = Configuration(RULES.values(), lambda: TODAY)

    with pytest.raises(ConfigurationError):
        found.take(on_the_wire({PLAIN.name: {"enforcementLevel": "disabled"}, BY_PLACE.name: {"undecidd": "advisory"}}).policyConfig)

    assert found.of(PLAIN).level is EnforcementLevel.MANDATORY


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"undecidd": "advisory"}, "rule 'has-knobs' has no setting 'undecidd', did you mean 'undecided'?"),
        ({"max_days": 3}, "rule 'has-knobs' has no setting 'max_days', did you mean 'maxDays'?"),
        (
            {"colour": "blue"},
            "rule 'has-knobs' has no setting 'colour'; there are: allowed, baseline, exemptions, levels, maxDays, share, undecided",
        ),
        (
            {"exemptions": [{**EXEMPTION, "resaon": "x"}]},
            "rule 'has-knobs' has no setting 'exemptions[0].resaon', did you mean 'reason'?",
        ),
        ({"undecided": "advisry"}, "rule 'has-knobs': setting 'undecided': input should be 'mandatory' or 'advisory'"),
        ({"undecided": True}, "rule 'has-knobs': setting 'undecided': input should be 'mandatory' or 'advisory'"),
        ({"maxDays": "30"}, "rule 'has-knobs': setting 'maxDays': input should be a valid integer"),
        ({"maxDays": 30.5}, "rule 'has-knobs': setting 'maxDays': input should be a valid integer"),
        ({"maxDays": True}, "rule 'has-knobs': setting 'maxDays': input should be a valid integer"),
        ({"maxDays": 0}, "rule 'has-knobs': setting 'maxDays': input should be greater than or equal to 1"),
        ({"maxDays": None}, "rule 'has-knobs': setting 'maxDays': input should be a valid integer"),
        ({"allowed": {"billing": "reports"}}, "rule 'has-knobs': setting 'allowed.billing': input should be a valid array"),
        ({"exemptions": EXEMPTION}, "rule 'has-knobs': setting 'exemptions': input should be a valid array"),
        (
            {"exemptions": [{**EXEMPTION, "expires": "31.12.2026"}]},
            "rule 'has-knobs': setting 'exemptions[0].expires': input should be a valid date in the format YYYY-MM-DD, "
            "invalid character in year",
        ),
        (
            {"exemptions": [{**EXEMPTION, "expires": "2026-02-30"}]},
            "rule 'has-knobs': setting 'exemptions[0].expires': input should be a valid date in the format YYYY-MM-DD, "
            "day value is outside expected range",
        ),
        (
            {"exemptions": [{**EXEMPTION, "reason": " \t"}]},
            "rule 'has-knobs': setting 'exemptions[0].reason': string should have at least 1 character",
        ),
        (
            {"exemptions": [{**EXEMPTION, "owner": ""}]},
            "rule 'has-knobs': setting 'exemptions[0].owner': string should have at least 1 character",
        ),
        (
            {"exemptions": [{**EXEMPTION, "urn": "database"}]},
            "rule 'has-knobs': setting 'exemptions[0].urn': should be a URN, as `pulumi stack --show-urns` prints it",
        ),
        ({"baseline": [{}]}, "rule 'has-knobs': setting 'baseline[0].urn': field required"),
        (
            {"levels": [{"environments": ["dev"], "level": "off"}]},
            "rule 'has-knobs': setting 'levels[0].level': input should be 'mandatory' or 'advisory'",
        ),
        (
            {"levels": [{"environment": "dev", "level": "advisory"}]},
            "rule 'has-knobs' has no setting 'levels[0].environment', did you mean 'environments'?",
        ),
        (
            {"levels": [{"sensitivities": ["low"], "level": "advisory"}]},
            "rule 'has-knobs': setting 'levels[0].sensitivities[0]': input should be 'critical', 'high' or 'medium'",
        ),
        (
            {"levels": [{"environments": [], "sensitivities": ["high"], "level": "advisory"}]},
            "rule 'has-knobs': setting 'levels[0]': should name at least one environment or sensitivity; a level for all places is "
            "`enforcementLevel`",
        ),
        (
            {"levels": [{"level": "advisory"}]},
            "rule 'has-knobs': setting 'levels[0]': should name at least one environment or sensitivity; a level for all places is "
            "`enforcementLevel`",
        ),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_with_what_is_expected(settings, says):
    assert refused({"has-knobs": settings}) == [says]


def test_every_mistake_is_named_at_once():
    assert refused({"secret-is-rotatd": {}, "has-knobs": {"maxDays": 0, "undecidd": "x"}, "all": {"undecided": "advisory"}}) == [
        "'all' takes a level only: give settings rule by rule",
        "rule 'has-knobs': setting 'maxDays': input should be greater than or equal to 1",
        "rule 'has-knobs' has no setting 'undecidd', did you mean 'undecided'?",
        "there is no rule 'secret-is-rotatd', did you mean 'secret-is-rotated'?",
    ]


def test_what_was_given_is_never_repeated():
    canary = "canary-7f3a"
    everywhere = {
        "maxDays": canary,
        "undecided": canary,
        "share": canary,
        "allowed": {"billing": canary},
        "levels": [{"environments": canary, "sensitivities": [canary], "level": canary}, canary],
        "exemptions": [{"urn": canary, "property": [canary], "reason": [canary], "owner": {"x": canary}, "expires": canary}],
        "baseline": [{"urn": canary, "property": ""}],
    }

    assert canary not in "\n".join(refused({"has-knobs": everywhere}))


SETTINGS = some.sampled_from(["undecided", "levels", "exemptions", "baseline", "maxDays", "share", "allowed", "urn", "expires"])
MARKS = ["4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270", "04da6b54-80e4-46f7-96ec-b56ff0331ba9"]
ANYTHING = some.recursive(
    some.none() | some.booleans() | some.floats(allow_nan=False, allow_infinity=False) | some.sampled_from([*MARKS, URN, "2026-09-01", ""]),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(SETTINGS | some.sampled_from(MARKS), inner, max_size=3),
    max_leaves=8,
)


def outcome(given_settings):
    found = Configuration([has_knobs], lambda: TODAY)
    try:
        found.take(on_the_wire({"has-knobs": given_settings}).policyConfig)
    except ConfigurationError as refusal:
        return str(refusal)
    return found.of(has_knobs).settings


@given(some.dictionaries(SETTINGS, ANYTHING, max_size=3))
@settings(max_examples=150, deadline=None)
def test_whatever_it_is_it_is_taken_or_refused(anything):
    answer = outcome(anything)

    assert isinstance(answer, Knobs) or "'has-knobs'" in answer


def test_an_exemption_is_a_promise_for_a_year_at_most():
    longest = {**EXEMPTION, "expires": "2027-06-16"}
    longer = {**EXEMPTION, "expires": "2027-06-17"}

    assert configuration({PLAIN.name: {"exemptions": [longest]}}).of(PLAIN).settings.exemptions
    assert refused({PLAIN.name: {"exemptions": [EXEMPTION, longer]}}) == [
        "rule 'secret-has-one-reader': setting 'exemptions[1].expires' should be a date until 2027-06-16: whoever answers for it looks "
        "again within 366 days"
    ]


def test_a_level_that_no_engine_has_is_refused():
    request = on_the_wire({PLAIN.name: {}})
    request.policyConfig[PLAIN.name].enforcementLevel = 17

    with pytest.raises(ConfigurationError, match="'enforcementLevel' should be advisory, mandatory or disabled"):
        configuration({}).take(request.policyConfig)


def test_an_ordinary_policy_of_the_sdk_takes_a_level_and_no_setting():
    ordinary = ResourceValidationPolicy("ordinary", "T", print, EnforcementLevel.ADVISORY)
    found = Configuration([ordinary], lambda: TODAY)
    found.take(on_the_wire({"ordinary": {"enforcementLevel": "disabled"}}).policyConfig)

    assert found.of(ordinary).level is EnforcementLevel.DISABLED
    assert refused({"ordinary": {"undecided": "advisory"}}, ordinary) == [
        "rule 'ordinary' has no setting 'undecided': it is none of Keyturn's, and takes a level only"
    ]


@pytest.mark.parametrize("found", RULES.values(), ids=RULES)
def test_the_engine_learns_every_setting_without_references(found):
    properties = found.config_schema.properties

    assert set(properties) == {field.alias for field in found.settings.model_fields.values()}
    assert not re.search(r"\$ref|\$defs|'(default|const)': None|'type': 'null'", repr(properties))
    # What a nested setting lacks or has too much is said by the pack, which knows what was meant.
    assert not re.search(r"'(required|additionalProperties)': (\[|False)", repr(properties))
    assert properties["undecided"]["default"] == found.undecided
    assert ("default" in properties["levels"]) == (found.level is Level.PROTECTED)


def test_the_engine_s_defaults_are_the_rule_s_own():
    properties = BY_PLACE.config_schema.properties
    defaults = {name: schema["default"] for name, schema in properties.items() if "default" in schema}

    from_the_engine = configuration({BY_PLACE.name: defaults}).of(BY_PLACE).settings

    assert from_the_engine.levels == configuration({}).of(BY_PLACE).settings.levels
    assert from_the_engine.model_copy(update={"undecided": None}) == configuration({}).of(BY_PLACE).settings


def test_the_page_shows_a_configuration_that_is_taken():
    page = (Path(__file__).parents[2] / "docs" / "configure-policies.md").read_text()
    whole, levels = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL))

    # A rule's name with just a level is the engine's own short form.
    given = {name: {"enforcementLevel": one} if isinstance(one, str) else one for name, one in whole.items()}

    found = configuration(given)
    assert found.of(RULES["reads-are-audited"]).level is EnforcementLevel.DISABLED
    assert found.of(RULES["key-is-rotated"]).settings.max_days == 180
    assert [exemption.owner for exemption in found.of(RULES["secret-is-rotated"]).settings.exemptions] == ["team billing"]
    assert configuration({BY_PLACE.name: {"levels": levels}}).of(BY_PLACE).settings.levels == PROTECTED
