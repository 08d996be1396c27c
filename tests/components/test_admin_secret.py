"""Admin secrets that are made elsewhere: found by name or ARN, never read."""

import pytest

from components.admin_secret import AdminSecret, AdminSecretError, find_all

ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/platform/database-admin-a1B2c3"
KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"
GET_SECRET = "aws:secretsmanager/getSecret:getSecret"
NAME = "prod/platform/database-admin"


@pytest.fixture
def find(deploy):
    """Looks secrets up as the door does; `secret` is what AWS says about any of them."""

    def find(references, secret, **answers):
        found = {}
        deployment = deploy(lambda: found.update(find_all(references)), answers={GET_SECRET: secret, **answers})
        return found, deployment

    return find


def test_a_secret_is_found_by_name(find):
    found, deployment = find({"billing": NAME}, {"arn": ARN, "kmsKeyId": KEY})

    assert found == {NAME: AdminSecret(arn=ARN, kms_key_arn=KEY)}
    assert deployment.calls == [(GET_SECRET, {"name": NAME})]


def test_a_secret_is_found_by_arn(find):
    found, deployment = find({"billing": ARN}, {"arn": ARN, "kmsKeyId": KEY})

    assert found == {ARN: AdminSecret(arn=ARN, kms_key_arn=KEY)}
    assert deployment.calls == [(GET_SECRET, {"arn": ARN})]


def test_two_services_with_one_admin_ask_once(find):
    found, deployment = find({"billing": NAME, "reports": NAME}, {"arn": ARN, "kmsKeyId": KEY})

    assert list(found) == [NAME]
    assert len(deployment.calls) == 1


@pytest.mark.parametrize("key", ["", None, "alias/aws/secretsmanager", "arn:aws:kms:eu-central-1:111122223333:alias/aws/secretsmanager"])
def test_the_aws_managed_key_needs_no_permission(find, key):
    found, _ = find({"billing": NAME}, {"arn": ARN, "kmsKeyId": key})

    assert found[NAME].kms_key_arn is None


@pytest.mark.parametrize("key", ["1234abcd", "alias/rds", "arn:aws:kms:eu-central-1:111122223333:alias/rds"])
def test_a_key_that_is_named_otherwise_is_found_by_its_arn(find, key):
    found, deployment = find({"billing": NAME}, {"arn": ARN, "kmsKeyId": key}, **{"aws:kms/getKey:getKey": {"arn": KEY}})

    assert found[NAME].kms_key_arn == KEY
    assert deployment.calls[1] == ("aws:kms/getKey:getKey", {"keyId": key})


def test_missing_secrets_are_named_by_the_keys_that_refer_to_them(find):
    def only_the_first(args):
        if args["name"] == NAME:
            return {"arn": ARN, "kmsKeyId": KEY}
        return {}, [("name", "DescribeSecret: there is no such secret\nmore of it")]

    references = {
        "services.billing.admin": NAME,
        "services.reports.admin": "prod/platform/other",
        "services.audit.admin": "prod/platform/other",
    }

    with pytest.raises(AdminSecretError) as refused:
        find(references, only_the_first)

    headline, *lines = str(refused.value).splitlines()
    assert headline.startswith("an admin secret is missing; nothing was created. It is made elsewhere")
    assert [line.split(": ")[0] for line in lines] == ["  services.reports.admin", "  services.audit.admin"]
    assert {line.split(": ", 1)[1] for line in lines} == {"prod/platform/other cannot be found: DescribeSecret: there is no such secret"}
