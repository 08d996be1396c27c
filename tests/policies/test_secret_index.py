"""Finding the secrets that a pattern covers gives what asking each of them gives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from policies.pack.graph.secret import SecretIndex
from policies.pack.values import UNKNOWN
from tests.policies.program import ACCOUNT, SECRET, Program

NAMES = ("dev/billing/database", "dev/billing/database-replica", "dev/reports/database", "prod/billing/database", "dev")
PLACES = some.sampled_from(["eu-central-1", "*", "us-*"])
WHOLE = some.sampled_from(
    ["*", "arn:*", "arn:aws:secretsmanager:*", "arn:*:secret:prod/*", "arn:aws:secretsmanager:${aws:a}:*:secret:dev*", "arn:aws:s3:::*"]
)
IN_NAMES = some.sampled_from([name[:length] for name in NAMES for length in range(len(name) + 1)])
ENDS = some.sampled_from(["", "*", "?", "-*", "-A*", "-AbCdE?", "-??????", "-AbCdEf", "*database*", "${aws:PrincipalTag/a}*", "/*"])


@some.composite
def patterns(draw):
    return f"arn:aws:secretsmanager:{draw(PLACES)}:{draw(some.sampled_from([ACCOUNT, '*']))}:secret:{draw(IN_NAMES)}{draw(ENDS)}"


@settings(max_examples=400, deadline=None)
@given(WHOLE | patterns(), some.lists(some.sampled_from(NAMES), max_size=4, unique=True), some.booleans(), some.booleans())
def test_the_index_finds_what_asking_each_secret_finds(pattern, names, deployed, has_nameless):
    program = Program(deployed=deployed)
    for name in names:
        program.secret(name, name)
    if has_nameless:
        program.add(SECRET, "nameless", {"name": UNKNOWN})
    secrets = program.stack().secrets

    found = [(secret.urn, match) for secret, match in SecretIndex(secrets).covered_by(pattern)]

    expected = {(secret.urn, match) for secret in secrets if (match := secret.covered_by(pattern))}
    assert set(found) == expected
    assert len(found) == len(expected)


@pytest.mark.parametrize("text", ["dev/billing/database", Program.arn("dev/billing/database"), Program.arn("dev/billing/database")[:-7]])
def test_a_secret_is_named_by_its_name_and_by_its_arn_with_and_without_the_suffix(deployed, text):
    deployed.secret()
    deployed.secret("other", "dev/billing/database-replica")

    named = {secret.name for secret, _ in deployed.stack().secret_index.named(text)}

    assert named == {"dev/billing/database"}
