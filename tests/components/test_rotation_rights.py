"""The function may do to its secret what its code asks for, to the admin's read, and nothing else to anything (rule 29)."""

import fnmatch
import re

import botocore.session
import pytest

from rotation_lambda import versions
from tests.components.test_database_credential import ADMIN, ADMIN_KEY, KEY, SECRET, credential

OTHERS = [SECRET.replace("billing/database", other) for other in ("billing/database-copy", "reports/database", "billing/databas")]
ASKED = sorted(
    re.sub(r"_?([a-z]+)", lambda part: part[1].title(), call) for call in vars(versions.SecretsManager) if not call.startswith("_")
)
EVERY = sorted(botocore.session.get_session().get_service_model("secretsmanager").operation_names)


@pytest.fixture
def may(deploy):
    """Whether the role's rights allow an action, decided as IAM does; nothing else is granted to it."""
    given = deploy(credential(admin_kms_key_arn=ADMIN_KEY)).inputs("RolePolicy", "billing/database-rights")["policy"]["Statement"]

    def decide(action, resource, **context):
        return any(
            statement["Effect"] == "Allow"
            and any(fnmatch.fnmatchcase(action, pattern) for pattern in statement["Action"])
            and any(fnmatch.fnmatchcase(resource, pattern) for pattern in statement["Resource"])
            and all(context.get(key) in listed(wanted) for key, wanted in statement.get("Condition", {}).get("StringEquals", {}).items())
            for statement in given
        )

    return decide


def listed(wanted):
    return wanted if isinstance(wanted, list) else [wanted]


def through(service, secret):
    return {"kms:ViaService": service, "kms:EncryptionContext:SecretARN": secret}


def test_rule_29_the_function_may_make_each_call_of_its_code_on_its_secret(may):
    assert [call for call in ASKED if may(f"secretsmanager:{call}", SECRET)] == ASKED


def test_rule_29_every_other_call_of_secrets_manager_is_denied(may):
    assert [call for call in EVERY if may(f"secretsmanager:{call}", SECRET)] == ASKED


@pytest.mark.parametrize("secret", OTHERS)
def test_rule_29_another_secret_is_closed(may, secret):
    assert [call for call in EVERY if may(f"secretsmanager:{call}", secret)] == []


def test_rule_29_the_admin_secret_is_read_and_no_more(may):
    assert [call for call in EVERY if may(f"secretsmanager:{call}", ADMIN)] == ["GetSecretValue"]


@pytest.mark.parametrize(("key", "secret", "actions"), [(KEY, SECRET, ["Decrypt", "GenerateDataKey"]), (ADMIN_KEY, ADMIN, ["Decrypt"])])
def test_rule_29_a_key_is_used_through_secrets_manager_for_its_secret_only(may, key, secret, actions):
    service = "secretsmanager.eu-central-1.amazonaws.com"
    every = sorted(botocore.session.get_session().get_service_model("kms").operation_names)

    def allowed(key, **context):
        return [action for action in every if may(f"kms:{action}", key, **context)]

    assert allowed(key, **through(service, secret)) == actions
    assert allowed(key) == []
    assert allowed(key, **through("s3.eu-central-1.amazonaws.com", secret)) == []
    assert allowed(key, **through(service, OTHERS[0])) == []
    assert allowed(key.replace("key/", "key/another"), **through(service, secret)) == []
