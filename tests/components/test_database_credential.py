"""A login that rotation mints. Not proven here: that the first rotation runs; the stories do it for real."""

import pulumi
import pytest

from components import DatabaseCredential

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd"
ADMIN_KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/5678ef00"
ADMIN = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:prod/platform/database-admin-x1Y2z3"
FUNCTION = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:keyturn_prod_billing_postgres"
SECRET = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:prod/billing/database-a1B2c3"
INTENT = {
    "environment": "prod",
    "service": "billing",
    "secret": "database",
    "kind": "postgres",
    "sensitivity": "critical",
    "rotation": "30d",
    "strategy": "alternating-users",
}


def credential(**args):
    whole = {
        "environment": "prod",
        "service": "billing",
        "secret": "database",
        "kms_key_arn": KEY,
        "function_arn": FUNCTION,
        "function_role_name": "keyturn_prod_billing_postgres",
        "admin_secret_arn": ADMIN,
        **args,
    }
    return lambda: DatabaseCredential("billing/database", {key: value for key, value in whole.items() if value is not None})


def test_a_credential_is_an_empty_container_that_rotation_fills(deploy):
    deployment = deploy(credential())

    assert deployment.names() == [
        ("DatabaseCredential", "billing/database"),
        ("Permission", "billing/database-invocation"),
        ("RolePolicy", "billing/database-rights"),
        ("Secret", "billing/database"),
        ("SecretPolicy", "billing/database-readers"),
        ("SecretRotation", "billing/database-rotation"),
    ]


def test_the_intent_is_an_input_and_an_output(deploy):
    deployment = deploy(credential())

    assert deployment.inputs("DatabaseCredential", "billing/database") == INTENT
    assert deployment.outputs["billing/database"] == {**INTENT, "arn": SECRET, "name": "prod/billing/database"}
    assert deployment.results == {
        "arn": SECRET,
        "name": "prod/billing/database",
        "kind": "postgres",
        "sensitivity": "critical",
        "rotation": "30d",
    }


def test_at_a_first_preview_the_intent_is_known_and_documents_are_not(deploy):
    deployment = deploy(credential(), preview=True)

    assert deployment.unknown("DatabaseCredential", "billing/database") == []
    assert deployment.unknown("RolePolicy", "billing/database-rights") == ["policy"]
    assert deployment.inputs("DatabaseCredential", "billing/database") == INTENT


def test_the_secret_has_the_environments_key_and_says_what_it_is(deploy):
    assert deploy(credential()).inputs("Secret", "billing/database") == {
        "name": "prod/billing/database",
        "description": "Login of billing to its postgres database, minted and renewed by rotation",
        "kmsKeyId": KEY,
        "recoveryWindowInDays": 30,
        "tags": {
            "keyturn:environment": "prod",
            "keyturn:service": "billing",
            "keyturn:secret": "database",
            "keyturn:kind": "postgres",
            "keyturn:sensitivity": "critical",
            "keyturn:rotation": "30d",
        },
    }


@pytest.mark.parametrize(("readers", "services"), [(None, ["billing"]), (["reports"], ["billing", "reports"])])
def test_whoever_does_not_carry_the_owners_tags_is_refused_the_value(deploy, readers, services):
    deployment = deploy(credential(readers=readers))

    def refusal(sid, tag, values):
        return {
            "Sid": sid,
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": ["secretsmanager:GetSecretValue"],
            "Resource": ["*"],
            "Condition": {"StringNotEquals": {f"aws:PrincipalTag/{tag}": values}},
        }

    assert deployment.inputs("SecretPolicy", "billing/database-readers") == {
        "secretArn": SECRET,
        "blockPublicPolicy": True,
        "policy": {
            "Version": "2012-10-17",
            "Statement": [
                refusal("OnlyItsServiceReadsIt", "keyturn:service", services),
                refusal("OnlyItsEnvironmentReadsIt", "keyturn:environment", ["prod"]),
            ],
        },
    }


def test_rotation_starts_at_once_and_only_when_the_function_may_work(deploy):
    deployment = deploy(credential())

    assert deployment.inputs("SecretRotation", "billing/database-rotation") == {
        "secretId": SECRET,
        "rotationLambdaArn": FUNCTION,
        "rotateImmediately": True,
        "rotationRules": {"automaticallyAfterDays": 30},
    }
    assert {"billing/database-rights", "billing/database-invocation"} <= deployment.depends_on(
        "SecretRotation", "billing/database-rotation"
    )


def test_there_is_no_value_before_it_is_closed_to_strangers(deploy):
    assert "billing/database-readers" in deploy(credential()).depends_on("SecretRotation", "billing/database-rotation")


def test_secrets_manager_invokes_the_function_for_this_secret_of_this_account_only(deploy):
    assert deploy(credential()).inputs("Permission", "billing/database-invocation") == {
        "statementId": "rotate-database",
        "action": "lambda:InvokeFunction",
        "function": FUNCTION,
        "principal": "secretsmanager.amazonaws.com",
        "sourceAccount": ACCOUNT,
        "sourceArn": SECRET,
    }


def test_the_function_gets_exactly_this_secret_and_reads_its_admin(deploy):
    given = deploy(credential(admin_kms_key_arn=ADMIN_KEY)).inputs("RolePolicy", "billing/database-rights")

    assert (given["name"], given["role"]) == ("rotate-database", "keyturn_prod_billing_postgres")
    assert given["policy"]["Statement"] == [
        {
            "Sid": "RotateThisSecret",
            "Effect": "Allow",
            "Action": [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:ListSecretVersionIds",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            "Resource": [SECRET],
        },
        {
            "Sid": "UseTheKeyForThisSecret",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": [KEY],
            "Condition": through_secrets_manager(SECRET),
        },
        {"Sid": "ReadTheAdminSecret", "Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": [ADMIN]},
        {
            "Sid": "DecryptTheAdminSecret",
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": [ADMIN_KEY],
            "Condition": through_secrets_manager(ADMIN),
        },
    ]


def through_secrets_manager(secret_arn):
    return {
        "StringEquals": {
            "kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com",
            "kms:EncryptionContext:SecretARN": [secret_arn],
        }
    }


def test_an_admin_on_the_aws_managed_key_needs_no_permission_for_it(deploy):
    statements = deploy(credential()).inputs("RolePolicy", "billing/database-rights")["policy"]["Statement"]

    assert [given["Sid"] for given in statements] == ["RotateThisSecret", "UseTheKeyForThisSecret", "ReadTheAdminSecret"]


def test_a_single_user_reads_no_admin(deploy):
    deployment = deploy(credential(strategy="single-user", admin_secret_arn=None))

    statements = deployment.inputs("RolePolicy", "billing/database-rights")["policy"]["Statement"]
    assert [given["Sid"] for given in statements] == ["RotateThisSecret", "UseTheKeyForThisSecret"]
    assert deployment.inputs("DatabaseCredential", "billing/database")["strategy"] == "single-user"


def test_the_days_between_rotations_are_chosen_once_and_said_everywhere(deploy):
    deployment = deploy(credential(rotation_days=7))

    assert deployment.inputs("SecretRotation", "billing/database-rotation")["rotationRules"] == {"automaticallyAfterDays": 7}
    assert deployment.inputs("Secret", "billing/database")["tags"]["keyturn:rotation"] == "7d"
    assert deployment.outputs["billing/database"]["rotation"] == "7d"


@pytest.mark.parametrize("days", [0, 7, 30, 7.0])
def test_the_days_to_restore_are_chosen(deploy, days):
    assert deploy(credential(recovery_days=days)).inputs("Secret", "billing/database")["recoveryWindowInDays"] == int(days)


@pytest.mark.parametrize(
    ("kind", "strategy"),
    [("postgres", "alternating-users"), ("mysql", "dual-password"), ("mariadb", "alternating-users"), ("redis", "dual-password")],
)
def test_the_kind_is_chosen_and_brings_its_strategy(deploy, kind, strategy):
    deployment = deploy(credential(kind=kind))

    outputs = deployment.outputs["billing/database"]
    assert (outputs["kind"], outputs["strategy"], outputs["sensitivity"]) == (kind, strategy, "critical")
    assert deployment.inputs("Secret", "billing/database")["tags"]["keyturn:kind"] == kind


@pytest.mark.parametrize(("kind", "strategy"), [("mysql", "dual-password"), ("mysql", "single-user"), ("mariadb", "single-user")])
def test_a_user_that_changes_its_own_password_needs_no_admin(deploy, kind, strategy):
    deployment = deploy(credential(kind=kind, strategy=strategy, admin_secret_arn=None))

    assert len(deployment.inputs("RolePolicy", "billing/database-rights")["policy"]["Statement"]) == 2


@pytest.mark.parametrize(
    ("argument", "value", "refusal"),
    [
        ("environment", "Prod", "environment: must begin"),
        ("service", "bil ling", "service: must begin"),
        ("secret", "database-abcdef", "secret: must not end in '-' and six characters"),
        ("kind", "oracle", "kind: must be one of postgres, mysql, mariadb, redis"),
        ("kind", "static", "kind: must be one of postgres, mysql, mariadb, redis"),
        ("strategy", "both", "strategy: must be one of alternating-users, dual-password, single-user"),
        (
            "strategy",
            "dual-password",
            "strategy: does not fit postgres: PostgreSQL keeps one password for a user; choose alternating-users",
        ),
        ("admin_secret_arn", None, "adminSecretArn: is missing: alternating users are made by an admin"),
        ("rotation_days", 0, "rotationDays: must be a whole number from 1 to 365"),
        ("rotation_days", 366, "rotationDays: must be a whole number from 1 to 365"),
        ("rotation_days", 7.5, "rotationDays: must be a whole number from 1 to 365"),
        ("rotation_days", True, "rotationDays: must be a whole number from 1 to 365"),
        ("rotation_days", "30", "rotationDays: must be a whole number from 1 to 365"),
        ("recovery_days", 6, "recoveryDays: must be 0 or from 7 to 30"),
        ("recovery_days", 31, "recoveryDays: must be a whole number from 0 to 30"),
    ],
)
def test_what_is_wrong_is_refused_by_name_before_anything_is_created(deploy, argument, value, refusal):
    with pytest.raises(pulumi.InputPropertyError, match=f"^{refusal}"):
        deploy(credential(**{argument: value}))


@pytest.mark.parametrize(
    ("kind", "strategy", "refusal"),
    [
        ("mariadb", "dual-password", "strategy: does not fit mariadb: MariaDB keeps one password for a user; choose alternating-users or"),
        ("redis", "alternating-users", "strategy: does not fit redis: a Redis user has several passwords"),
    ],
)
def test_a_strategy_that_the_server_cannot_do_is_refused_with_the_way_out(deploy, kind, strategy, refusal):
    with pytest.raises(pulumi.InputPropertyError, match=f"^{refusal}"):
        deploy(credential(kind=kind, strategy=strategy))


def test_redis_needs_an_admin(deploy):
    with pytest.raises(pulumi.InputPropertyError, match=r"^adminSecretArn: is missing: the passwords of a Redis user are set by an admin"):
        deploy(credential(kind="redis", admin_secret_arn=None))


def test_the_id_of_a_key_is_not_its_arn(deploy):
    with pytest.raises(ValueError, match=r"an ARN is needed where an id, a name or an alias is given; pass `\.arn` of the resource"):
        deploy(credential(kms_key_arn="1234abcd"))


def test_a_refusal_never_repeats_the_value(deploy):
    with pytest.raises(pulumi.InputPropertyError) as refused:
        deploy(credential(kind="Hunter2-Planted!"))

    assert "Hunter2" not in str(refused.value)


def test_no_value_is_anywhere(deploy):
    deployment = deploy(credential(admin_kms_key_arn=ADMIN_KEY))

    assert not [kind for kind, _ in deployment.names() if kind in {"SecretVersion", "RandomPassword"}]
    assert not {"secretString", "secretBinary", "secretStringWo"} & set(deployment.inputs("Secret", "billing/database"))
