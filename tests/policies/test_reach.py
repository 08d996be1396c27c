"""How far a pattern of ARNs reaches."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from policies.pack.graph.documents import statements
from policies.pack.graph.patterns import Match
from policies.pack.graph.reach import KEYS, SECRETS, reach, wide
from tests.policies.program import ACCOUNT, document, statement

BEGIN = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
READ = ("secretsmanager:GetSecretValue",)


@pytest.mark.parametrize(
    ("pattern", "words", "prefix"),
    [
        ("*", "every secret", None),
        ("arn:aws:secretsmanager:*", "every secret", None),
        (f"{BEGIN}*", "every secret", ""),
        (f"{BEGIN}dev/billing/*", "every secret whose name begins alike", "dev/billing/"),
        (f"{BEGIN}database-*", "every secret whose name begins alike", "database-"),
        (f"{BEGIN}database-?????", "every secret whose name begins alike", "database-"),
        (f"{BEGIN}database-???????", "every secret whose name begins alike", "database-"),
        (f"{BEGIN}database*-??????", "every secret whose name begins alike", "database"),
        (BEGIN.replace("eu-central-1", "eu-*") + "database-??????", "secrets of more than one region", None),
        (BEGIN.replace(ACCOUNT, "*") + "database-AbCdEf", "secrets of more than one account", None),
    ],
)
def test_a_pattern_that_reaches_more_than_one_secret_says_what(pattern, words, prefix):
    assert reach(pattern, SECRETS) == (words, prefix)


@pytest.mark.parametrize(
    "pattern",
    [
        f"{BEGIN}database-AbCdEf",
        f"{BEGIN}database-??????",
        f"{BEGIN}database",
        f"{BEGIN}${{aws:PrincipalTag/service}}/database-??????",
        BEGIN.replace("arn:aws:", "arn:*:") + "database-??????",
        "arn:aws:s3:::logs/*",
        KEY,
        "logs",
    ],
)
def test_a_pattern_that_names_one_secret_or_none_reaches_no_further(pattern):
    assert reach(pattern, SECRETS) is None


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("*", "every key"),
        (KEY.replace("1234abcd-12ab-34cd-56ef-1234567890ab", "*"), "every key"),
        (KEY.replace("1234abcd-12ab-34cd-56ef-1234567890ab", "mrk-*"), "every key whose name begins alike"),
        (KEY.replace("eu-central-1", "*"), None),
        (f"arn:aws:kms:eu-central-1:{ACCOUNT}:alias/*", None),
    ],
)
def test_a_key_is_named_by_its_id_alone(pattern, words):
    found = reach(pattern, KEYS)

    assert (found and found[0]) == words


@settings(max_examples=300, deadline=None)
@given(some.text("ab-?*", max_size=6).map(lambda name: f"{BEGIN}{name}"), some.booleans())
def test_what_reaches_no_further_covers_one_name_at_most(pattern, by_name):
    pattern += "-??????" if by_name else ""
    names = [first + second for first in ("a", "b", "ab", "a-b", "aa") for second in ("", "a", "-b")]

    covered = {name for name in names if fnmatchcase(f"{BEGIN}{name}-AbCdEf", pattern)}

    assert len(covered) <= 1 or reach(pattern, SECRETS) is not None


def found(*said):
    return [(each.what, each.certainty) for each in wide(statements(document(*said)), SECRETS, READ)]


def test_each_statement_is_told_by_what_reaches_furthest_for_certain():
    one = statement([f"{BEGIN}database-??????", f"{BEGIN}dev/*"])

    assert found(one, statement("*")) == [("every secret whose name begins alike", Match.ALWAYS), ("every secret", Match.ALWAYS)]


@pytest.mark.parametrize(
    "denial",
    [
        {"Effect": "Deny", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "secretsmanager:Get*", "Resource": ["arn:aws:s3:::logs", "arn:aws:secretsmanager:*:*:secret:*"]},
        {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "NotResource": f"{BEGIN}database-??????"},
    ],
)
def test_a_denial_of_all_secrets_but_named_ones_takes_a_grant_off(denial):
    assert found(statement("*"), denial) == []


@pytest.mark.parametrize(
    "denial",
    [
        {"Effect": "Deny", "Action": "*", "Resource": f"{BEGIN}*"},
        {"Effect": "Deny", "Action": "secretsmanager:Put*", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "NotResource": f"{BEGIN}dev/*"},
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    ],
)
def test_any_other_denial_leaves_a_grant_what_it_is(denial):
    assert found(statement("*"), denial) == [("every secret", Match.ALWAYS)]
