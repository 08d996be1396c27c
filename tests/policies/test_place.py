"""Where resources are before their ARNs say it."""

import pytest

from policies.pack.values import UNKNOWN
from tests.policies.program import SECRET

PROVIDER = "pulumi:providers:aws"


def secret_with(program, **provider):
    urn = program.add(PROVIDER, "default", provider)
    program.add(SECRET, "database", {"name": "dev/billing/database"}, outputs={"arn": UNKNOWN}, provider=urn)
    return program.stack().secrets[0]


@pytest.mark.parametrize("allowed", ['["444455556666"]', ["444455556666"]])
def test_one_account_that_the_provider_allows_is_the_resources(program, allowed):
    secret = secret_with(program, region="eu-central-1", allowedAccountIds=allowed)

    assert secret.account == "444455556666"
    assert secret.arn.split(":")[3] == "eu-central-1"


@pytest.mark.parametrize("allowed", ['["444455556666", "111122223333"]', "[", UNKNOWN, None, '["*"]'])
def test_an_account_that_is_not_certain_stays_open(program, allowed):
    secret = secret_with(program, allowedAccountIds=allowed)

    assert secret.account is None


def test_without_a_provider_nothing_is_known(program):
    program.secret()

    assert program.stack().secrets[0].account is None
