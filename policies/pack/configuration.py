"""How the rules are configured: every name, type and date is checked before a rule judges."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any, Final, cast

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, Policy
from pydantic import ValidationError

from policies.pack.rule import Rule
from policies.pack.settings import Settings

PAGE: Final = "docs/configure-policies.md"
LONGEST_EXEMPTION: Final = timedelta(days=366)

# The engine's own name for every rule of a pack. It has written that level to each of them before it sends both.
_ALL = "all"
_LEVELS = {
    analyzer_pb2.ADVISORY: EnforcementLevel.ADVISORY,
    analyzer_pb2.MANDATORY: EnforcementLevel.MANDATORY,
    analyzer_pb2.DISABLED: EnforcementLevel.DISABLED,
    # Rules of ours mend nothing by themselves: what cannot be mended blocks.
    analyzer_pb2.REMEDIATE: EnforcementLevel.MANDATORY,
}


class ConfigurationError(Exception):
    """A configuration that nobody can have meant. The text names rule, setting and what is expected, and never what was given."""


@dataclass(frozen=True)
class Configured:
    """One rule as it is configured."""

    level: EnforcementLevel
    """The most that a finding of the rule counts."""
    settings: Settings


class Configuration:
    """The configuration of all rules; until it is told otherwise, what each says itself."""

    def __init__(self, policies: Iterable[Policy], today: Callable[[], date]) -> None:
        self._policies = {policy.name: policy for policy in policies}
        self._today = today
        self._configured = {policy.name: _by_itself(policy) for policy in self._policies.values()}

    def of(self, policy: Policy) -> Configured:
        """Gives the configuration of a rule."""
        return self._configured[policy.name]

    def take(self, given: Mapping[str, analyzer_pb2.PolicyConfig]) -> None:
        """Takes what the engine was configured with, all of it or nothing.

        Raises:
            ConfigurationError: a rule or a setting does not exist, or is not as it should be.
        """
        problems: list[str] = []
        taken: dict[str, Configured] = {}
        for name, configured in sorted(given.items()):
            try:
                if name != _ALL:
                    taken[name] = self._taken(name, configured)
                elif configured.properties.fields:
                    raise ConfigurationError("'all' takes a level only: give settings rule by rule")
            except ConfigurationError as problem:
                problems.append(str(problem))
        if problems:
            raise ConfigurationError("\n".join([*problems, f"More: {PAGE}"]))
        self._configured |= taken

    def _taken(self, name: str, given: analyzer_pb2.PolicyConfig) -> Configured:
        if name not in self._policies:
            raise ConfigurationError(f"there is no rule {name!r}{_guess(name, self._policies)}")
        policy = self._policies[name]
        if given.enforcementLevel not in _LEVELS:
            raise ConfigurationError(f"rule {name!r}: 'enforcementLevel' should be advisory, mandatory or disabled")
        settings = self._settings(policy, given.properties) if isinstance(policy, Rule) else _nothing(policy, given.properties)
        return Configured(_LEVELS[given.enforcementLevel], settings)

    def _settings(self, rule: Rule, given: Struct) -> Settings:
        try:
            settings = rule.configured(MessageToDict(given))
        except ValidationError as error:
            raise ConfigurationError("\n".join(_problems(rule, error))) from None
        latest = self._today() + LONGEST_EXEMPTION
        for position, exemption in enumerate(settings.exemptions):
            if exemption.expires > latest:
                what = f"a date until {latest}: whoever answers for it looks again within {LONGEST_EXEMPTION.days} days"
                raise ConfigurationError(f"rule {rule.name!r}: setting 'exemptions[{position}].expires' should be {what}")
        return settings


def _by_itself(policy: Policy) -> Configured:
    settings = policy.configured({}) if isinstance(policy, Rule) else Settings()
    return Configured(policy.enforcement_level or EnforcementLevel.MANDATORY, settings)


def _nothing(policy: Policy, given: Struct) -> Settings:
    for setting in given.fields:
        raise ConfigurationError(f"rule {policy.name!r} has no setting {setting!r}: it is none of Keyturn's, and takes a level only")
    return Settings()


def _problems(rule: Rule, error: ValidationError) -> Iterable[str]:
    """Gives what is wrong with a rule's settings. What was given stays out: nobody knows what it is."""
    schema = rule.config_schema.properties if rule.config_schema else {}
    for one in error.errors(include_input=False, include_url=False):
        *above, last = one["loc"] or ("",)
        if one["type"] == "extra_forbidden":
            siblings = _names(schema, above)
            yield f"rule {rule.name!r} has no setting {_path(one['loc'])!r}{_guess(str(last), siblings)}"
        else:
            said = one["msg"].removeprefix("Value error, ")
            yield f"rule {rule.name!r}: setting {_path(one['loc'])!r}: {said[:1].lower()}{said[1:]}"


def _path(location: Iterable[int | str]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).removeprefix(".")


def _names(schema: Mapping[str, Any], above: Iterable[int | str]) -> list[str]:
    """Gives the settings that exist at a place."""
    here: Mapping[str, Any] = {"properties": schema}
    for step in above:
        here = cast(Mapping[str, Any], here.get("items", {}) if isinstance(step, int) else here.get("properties", {}).get(step, {}))
    return list(here.get("properties", {}))


def _guess(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f", did you mean {close[0]!r}?" if close else f"; there are: {', '.join(sorted(known)) or 'none'}"
