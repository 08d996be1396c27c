"""Whether an IAM pattern covers a name, tried against every text that the name could become."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from policies.pack.graph.patterns import ANY_CHARACTER, ANY_TEXT, ANY_WORD, Match, match

LETTERS = "ab:"
TEXTS = ["".join(letters) for length in range(4) for letters in itertools.product(LETTERS, repeat=length)]
PATTERNS = some.text(alphabet="ab:*?", max_size=6)
NAMES = (
    some.lists(some.sampled_from([*LETTERS, ANY_TEXT, ANY_WORD, ANY_CHARACTER]), max_size=4)
    .map("".join)
    .filter(lambda name: sum(gap in name for gap in (ANY_TEXT, ANY_WORD)) <= 1 and name.count(ANY_TEXT) + name.count(ANY_WORD) <= 1)
)


def completions(name):
    """Every text, short enough, that a name with gaps could become."""
    fills = {ANY_TEXT: TEXTS, ANY_WORD: [text for text in TEXTS if ":" not in text], ANY_CHARACTER: ["a", "b"]}
    return ["".join(parts) for parts in itertools.product(*(fills.get(character, [character]) for character in name))]


def covers(pattern, text):
    return re.fullmatch("".join({"*": ".*", "?": "."}.get(mark, re.escape(mark)) for mark in pattern), text) is not None


@settings(deadline=None)
@given(PATTERNS, NAMES)
def test_it_agrees_with_trying_everything(pattern, name):
    answers = {covers(pattern, text) for text in completions(name)}

    found = match(pattern, name)

    if answers == {True, False}:
        assert found is Match.MAYBE
    if found is Match.ALWAYS:
        assert answers == {True}
    if found is Match.NEVER:
        assert answers == {False}


@settings(deadline=None)
@given(PATTERNS, some.text(alphabet="ab:", max_size=6))
def test_a_whole_name_is_decided(pattern, name):
    assert match(pattern, name) is (Match.ALWAYS if covers(pattern, name) else Match.NEVER)


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        ("arn:aws:secretsmanager:eu-central-1:111122223333:secret:dev/*", Match.ALWAYS),
        ("arn:aws:secretsmanager:eu-central-1:111122223333:secret:${aws:PrincipalTag/environment}/*", Match.MAYBE),
        ("arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/${aws:username}", Match.NEVER),
    ],
)
def test_what_the_caller_fills_in_is_not_known(pattern, answer):
    assert match(pattern, "arn:aws:secretsmanager:eu-central-1:111122223333:secret:dev/billing/database-AbCdEf") is answer


@pytest.mark.parametrize("pattern", ["*" * 200 + "x", "*a" * 100 + "x", "*?" * 50 + "x"])
def test_a_pattern_of_many_wildcards_is_answered(pattern):
    # Tried one after the other, the ways to spread these over a name would outlast the preview.
    assert match(pattern, "arn:aws:secretsmanager:eu-central-1:111122223333:secret:" + "a" * 400) is Match.NEVER
