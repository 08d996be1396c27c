"""What an IAM policy document says, whoever wrote it: lists or scalars, text or objects, any case."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from policies.pack.graph.patterns import Match, match
from policies.pack.values import UNKNOWN, Unknown, Value, elements, plain

# BatchGetSecretValue asks for this action on each secret, too.
# Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples.html
READ = "secretsmanager:getsecretvalue"


class MalformedDocumentError(ValueError):
    """The text is no policy document: AWS would refuse it, and nobody can say what it grants."""


@dataclass(frozen=True)
class Statement:
    """One statement of a document; what it does not say is None."""

    allows: bool | Unknown
    actions: Value
    not_actions: Value
    resources: Value
    not_resources: Value
    principals: Value
    not_principals: Value
    condition: Value

    def does(self, action: str) -> Match:
        """Tells whether its actions contain this one, in whichever case."""
        return self.done((action,)).get(action, Match.NEVER)

    def done(self, actions: tuple[str, ...]) -> Mapping[str, Match]:
        """Gives which of these its actions contain, or may, in the order given."""
        if self._patterns is not None:
            return _done(self._patterns, actions, self.actions is not None)
        found = {
            action: selected(self.actions, self.not_actions, lambda pattern, action=action: match(pattern.lower(), action.lower()))
            for action in actions
        }
        return {action: does for action, does in found.items() if does}

    def is_about(self, covered_by: Callable[[str], Match]) -> Match:
        """Tells whether its resources contain a thing; the policy of a thing itself need not name it."""
        if self.resources is None and self.not_resources is None:
            return Match.ALWAYS
        return selected(self.resources, self.not_resources, covered_by)

    @cached_property
    def _patterns(self) -> tuple[str, ...] | None:
        """Gives what it says of actions when all of it is known."""
        listed = elements(self.not_actions if self.actions is None else self.actions)
        known = tuple(pattern for pattern in listed if isinstance(pattern, str))
        return known if known and len(known) == len(listed) else None

    @property
    def conditions(self) -> Iterator[tuple[str, str, list[Value]]]:
        """Gives operator, key and values of each condition, the operator in lower case; what is not known yet has no key."""
        operators = self.condition if isinstance(self.condition, dict) else {"": self.condition}
        for operator, marked in operators.items():
            tests = plain(marked)
            for key, values in tests.items() if isinstance(tests, dict) else [("", UNKNOWN)]:
                yield operator.lower(), key, elements(values)


def selected(these: Value, all_but: Value, covers: Callable[[str], Match]) -> Match:
    """Gives whether a list of patterns, or everything but such a list, covers what `covers` asks for."""
    if these is None and all_but is not None:
        return _widest(all_but, covers).opposite
    return _widest(these, covers)


@cache  # estates say the same few things thousands of times
def _done(patterns: tuple[str, ...], actions: tuple[str, ...], these: bool) -> Mapping[str, Match]:
    contained = {action for action in actions if any(match(pattern.lower(), action.lower()) for pattern in patterns)}
    return {action: Match.ALWAYS for action in actions if (action in contained) is these}


def _widest(patterns: Value, covers: Callable[[str], Match]) -> Match:
    widest = Match.NEVER
    for pattern in elements(patterns):
        if pattern is UNKNOWN:
            widest = max(widest, Match.MAYBE)
        elif isinstance(pattern, str):
            widest = max(widest, covers(pattern))
    return widest


def statements(document: Value) -> list[Statement] | Unknown:
    """Gives the statements of a document; UNKNOWN when any part that carries them is not known yet.

    Raises:
        MalformedDocumentError: it is no policy document.
    """
    document = plain(document)
    if document is UNKNOWN:
        return UNKNOWN
    if document is None or document == "":
        return []
    if isinstance(document, str):
        return _statements_of_text(document)
    return _statements_of(document)


@cache  # one document is asked about many actions
def _statements_of_text(text: str) -> list[Statement] | Unknown:
    return _statements_of(_parsed(text))


def _statements_of(document: Value) -> list[Statement] | Unknown:
    if not isinstance(document, dict):
        raise MalformedDocumentError
    listed = elements(_lower(document).get("statement"))
    if any(statement is UNKNOWN for statement in listed):
        return UNKNOWN
    return [_statement(statement) for statement in listed]


def _parsed(text: str) -> Value:
    try:
        parsed: Any = json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        raise MalformedDocumentError from None
    return parsed


def _object(members: list[tuple[str, Value]]) -> dict[str, Value]:
    said = dict(members)
    if len(said) != len(members):
        raise MalformedDocumentError  # of two of one name nobody can say which one counts
    return said


def _statement(value: Value) -> Statement:
    if not isinstance(value, dict):
        raise MalformedDocumentError
    said = _lower(value)
    if any(said.get(name) is not None and said.get(f"not{name}") is not None for name in ("action", "resource", "principal")):
        raise MalformedDocumentError
    effect = plain(said.get("effect"))
    if effect is not UNKNOWN and not (isinstance(effect, str) and effect.lower() in ("allow", "deny")):
        raise MalformedDocumentError
    return Statement(
        allows=effect.lower() == "allow" if isinstance(effect, str) else UNKNOWN,
        actions=plain(said.get("action")),
        not_actions=plain(said.get("notaction")),
        resources=plain(said.get("resource")),
        not_resources=plain(said.get("notresource")),
        principals=plain(said.get("principal")),
        not_principals=plain(said.get("notprincipal")),
        condition=plain(said.get("condition")),
    )


def _lower(value: dict[str, Value]) -> dict[str, Value]:
    # AWS wants its own case and refuses others; a wrong case hides nothing here.
    return _object([(key.lower(), element) for key, element in value.items()])
