"""What the conditions of a statement mean for one caller and one secret or key. Shapes that are not known here do not narrow a grant."""

import re
from typing import Protocol

from policies.pack.graph.documents import Statement
from policies.pack.graph.identity import Identity
from policies.pack.graph.intent import tag
from policies.pack.graph.patterns import Match, match
from policies.pack.graph.tokens import SECRET
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Value

_TAG_OF_THING = re.compile(r"(aws|secretsmanager):resourcetag/(.+)", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_TAG_OF_READER = re.compile(r"\$\{aws:PrincipalTag/([^}]+)\}", re.IGNORECASE)
_SAME = ("stringequals", "stringequalsignorecase", "stringlike")
_ARN_IS = ("stringequals", "stringlike", "arnequals", "arnlike")
_ARN_IS_NOT = ("stringnotequals", "stringnotlike", "arnnotequals", "arnnotlike")
# Others take `*` and `?` for what they are.
_WITH_WILDCARDS = ("stringlike", "stringnotlike", "arnequals", "arnnotequals", "arnlike", "arnnotlike")


class Tagged(Protocol):
    """What conditions compare tags of."""

    @property
    def resource(self) -> Resource:
        """The resource with the tags."""
        ...

    @property
    def has_tags_beside(self) -> bool:
        """Whether resources of their own may give it more tags than it names."""
        ...


def holds_for(statement: Statement, identity: Identity, thing: Tagged) -> Match:
    """Tells whether the conditions hold when this identity does something to this secret or key."""
    if statement.condition is None:
        return Match.ALWAYS
    holds = Match.ALWAYS
    for operator, key, values in statement.conditions:
        tested = _tested(operator, key, values, identity, thing)
        if tested is not None:
            holds = min(holds, tested)
        elif statement.allows is False:
            # A denial under a condition that nobody can judge here protects from nothing.
            return Match.NEVER
        elif not key:
            holds = min(holds, Match.MAYBE)
    return holds


def _tested(operator: str, key: str, values: list[Value], identity: Identity, thing: Tagged) -> Match | None:
    if key.lower() == "aws:principalarn":
        operator = operator.removesuffix("ifexists")  # every caller has an ARN
        named = max((_is(value, identity, operator) for value in values), default=Match.NEVER)
        return named if operator in _ARN_IS else named.opposite if operator in _ARN_IS_NOT else None
    tag_of_thing = _TAG_OF_THING.fullmatch(key)
    operator = operator.removeprefix("foranyvalue:")
    if tag_of_thing and operator in _SAME:
        if tag_of_thing[1].lower() == "secretsmanager" and thing.resource.type != SECRET:
            return Match.NEVER  # no call on a key has such a tag
        present = _tag(thing.resource, tag_of_thing[2])
        if present is None and thing.has_tags_beside:
            return Match.MAYBE
        return max((_tags_agree(value, present, identity, operator) for value in values), default=Match.NEVER)
    return None


def _is(pattern: Value, identity: Identity, operator: str) -> Match:
    # Who calls is somebody in the group, never the group.
    if pattern is UNKNOWN or identity.is_group:
        return Match.MAYBE
    return _compared(operator, pattern, identity.arn) if isinstance(pattern, str) else Match.NEVER


def _tags_agree(wanted: Value, present: Value, identity: Identity, operator: str) -> Match:
    if wanted is UNKNOWN or present is UNKNOWN:
        return Match.MAYBE
    if not isinstance(wanted, str) or not isinstance(present, str):
        return Match.NEVER
    own = _TAG_OF_READER.fullmatch(wanted)
    if own and identity.resource is not None and not identity.is_group:
        wanted = _tag(identity.resource, own[1])
        if wanted is UNKNOWN:
            return Match.MAYBE
        if not isinstance(wanted, str):
            return Match.NEVER
    return _compared(operator, wanted, present)


def _compared(operator: str, wanted: str, present: str) -> Match:
    if operator == "stringequalsignorecase":
        wanted, present = wanted.lower(), present.lower()
    elif operator not in _WITH_WILDCARDS and any(mark in _VARIABLE.sub("", wanted) for mark in "*?"):
        return Match.NEVER  # neither a tag nor an ARN has them
    return match(wanted, present)


def _tag(resource: Resource, key: str) -> Value:
    """Gives a tag; condition keys name it without case."""
    tags = resource.read("tags")
    same = [name for name in tags if name.lower() == key.lower()] if isinstance(tags, dict) else []
    return tag(resource, same[0] if same else key)
