"""The function that rotates. Not proven here: that Lambda runs the zip; the bundle and the handler have tests of their own."""

import base64
import hashlib
import json

import pulumi
import pytest

from components import RotationFunction

ROLE = "keyturn_prod_billing_postgres"
TARGET = {
    "kind": "postgres",
    "strategy": "alternating-users",
    "host": "db.example.com",
    "port": 5432,
    "database": "app",
    "username": "billing",
    "ca": "certificates/ca.pem",
}
ADMIN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/platform/database-admin-a1B2c3"


pytestmark = pytest.mark.usefixtures("bundled")


def function(**args):
    whole = {"environment": "prod", "service": "billing", "engine": "postgres", "targets": {"prod/billing/database": TARGET}, **args}
    return lambda: RotationFunction("billing/postgres", whole)


def test_a_function_has_a_role_a_log_and_the_right_to_write_it(deploy):
    deployment = deploy(function())

    assert deployment.names() == [
        ("Function", "billing/postgres"),
        ("LogGroup", "billing/postgres-log"),
        ("Role", "billing/postgres"),
        ("RolePolicy", "billing/postgres-run"),
        ("RotationFunction", "billing/postgres"),
    ]


def test_the_intent_is_an_input_and_an_output(deploy):
    deployment = deploy(function())

    intent = {"environment": "prod", "service": "billing", "engine": "postgres"}
    assert deployment.inputs("RotationFunction", "billing/postgres") == intent
    assert deployment.outputs["billing/postgres"] == {
        **intent,
        "arn": f"arn:aws:lambda:eu-central-1:111122223333:function:{ROLE}",
        "name": ROLE,
        "roleArn": f"arn:aws:iam::111122223333:role/{ROLE}",
        "roleName": ROLE,
        "logGroupName": f"/aws/lambda/{ROLE}",
    }
    assert set(deployment.results) == {"arn", "name", "role_arn", "role_name", "log_group_name"}


def test_the_function_runs_the_bundled_code(deploy, bundled):
    given = deploy(function()).inputs("Function", "billing/postgres")

    assert given == {
        "name": ROLE,
        "description": "Rotates the postgres secrets of billing in prod",
        "role": f"arn:aws:iam::111122223333:role/{ROLE}",
        "runtime": "python3.13",
        "architectures": ["arm64"],
        "handler": "rotation_lambda.handler.handler",
        "code": bundled["path"],
        "sourceCodeHash": base64.b64encode(hashlib.sha256(b"code").digest()).decode(),
        "timeout": 60,
        "memorySize": 256,
        "environment": {"variables": given["environment"]["variables"]},
        "tags": {"keyturn:environment": "prod", "keyturn:service": "billing"},
    }
    assert bundled["asked"] == [("postgres", {"ca.pem": "certificates/ca.pem"}, "arm64", "python3.13")]


def test_the_function_is_told_where_the_login_lives(deploy):
    given = deploy(function(admins={"prod/billing/database": ADMIN})).inputs("Function", "billing/postgres")

    variables = given["environment"]["variables"]
    assert list(variables) == ["KEYTURN_TARGETS"]
    assert json.loads(variables["KEYTURN_TARGETS"]) == {
        "prod/billing/database": {
            "kind": "postgres",
            "strategy": "alternating-users",
            "host": "db.example.com",
            "port": 5432,
            "database": "app",
            "username": "billing",
            "ca": "ca.pem",
            "admin": ADMIN,
        }
    }


def test_kind_strategy_and_port_of_a_target_have_defaults(deploy):
    short = {key: value for key, value in TARGET.items() if key not in ("kind", "strategy", "port")}

    given = deploy(function(targets={"prod/billing/database": short})).inputs("Function", "billing/postgres")

    told = json.loads(given["environment"]["variables"]["KEYTURN_TARGETS"])["prod/billing/database"]
    assert (told["kind"], told["strategy"], told["port"]) == ("postgres", "alternating-users", 5432)


def test_a_single_user_has_no_admin(deploy):
    single = {"prod/billing/database": {**TARGET, "strategy": "single-user"}}

    given = deploy(function(targets=single)).inputs("Function", "billing/postgres")

    assert "admin" not in json.loads(given["environment"]["variables"]["KEYTURN_TARGETS"])["prod/billing/database"]


def test_callers_in_other_languages_send_whole_numbers_as_floats(deploy):
    given = deploy(function(targets={"prod/billing/database": {**TARGET, "port": 5432.0}})).inputs("Function", "billing/postgres")

    assert '"port":5432,' in given["environment"]["variables"]["KEYTURN_TARGETS"]


def test_the_role_is_lambdas_and_writes_the_functions_own_log_only(deploy):
    deployment = deploy(function())

    assert deployment.inputs("Role", "billing/postgres") == {
        "name": ROLE,
        "description": "Rotates the postgres secrets of billing in prod",
        "assumeRolePolicy": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "LambdaRunsTheFunction",
                    "Effect": "Allow",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                    "Action": ["sts:AssumeRole"],
                }
            ],
        },
        "tags": {"keyturn:environment": "prod", "keyturn:service": "billing"},
    }
    assert deployment.inputs("RolePolicy", "billing/postgres-run") == {
        "name": "run",
        "role": ROLE,
        "policy": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "WriteItsLog",
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": [f"arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/{ROLE}:*"],
                }
            ],
        },
    }
    assert deployment.inputs("LogGroup", "billing/postgres-log") == {
        "name": f"/aws/lambda/{ROLE}",
        "retentionInDays": 90,
        "tags": {"keyturn:environment": "prod", "keyturn:service": "billing"},
    }


def test_the_function_exists_after_it_may_write_its_log(deploy):
    deployment = deploy(function())

    assert {"billing/postgres-run", "billing/postgres-log"} <= deployment.depends_on("Function", "billing/postgres")


def test_in_a_vpc_the_role_makes_network_interfaces_and_star_stands_there_alone(deploy):
    deployment = deploy(function(subnet_ids=["subnet-1"], security_group_ids=["sg-1"]))

    assert deployment.inputs("Function", "billing/postgres")["vpcConfig"] == {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]}
    to_log, to_reach = deployment.inputs("RolePolicy", "billing/postgres-run")["policy"]["Statement"]
    assert to_log["Sid"] == "WriteItsLog"
    assert to_reach == {
        "Sid": "ReachTheVpc",
        "Effect": "Allow",
        "Action": [
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:UnassignPrivateIpAddresses",
        ],
        "Resource": ["*"],
    }


@pytest.mark.parametrize(("given", "missing"), [("subnet_ids", "securityGroupIds"), ("security_group_ids", "subnetIds")])
def test_subnets_and_groups_come_together(deploy, given, missing):
    with pytest.raises(pulumi.InputPropertyError, match=rf"^{missing}: is missing"):
        deploy(function(**{given: ["x-1"]}))


def test_architecture_and_runtime_are_chosen_and_the_code_is_built_for_them(deploy, bundled):
    given = deploy(function(architecture="x86_64", runtime="python3.14")).inputs("Function", "billing/postgres")

    assert (given["architectures"], given["runtime"]) == (["x86_64"], "python3.14")
    assert bundled["asked"] == [("postgres", {"ca.pem": "certificates/ca.pem"}, "x86_64", "python3.14")]


@pytest.mark.parametrize(
    ("argument", "value", "refusal"),
    [
        ("architecture", "arm", "architecture: must be one of arm64, x86_64"),
        ("runtime", "python3.12", "runtime: must be one of python3.13, python3.14"),
        ("engine", "cobol", "engine: must be one of encryption_key, http_token, iam_access_key, mysql, postgres, random_value, redis"),
        ("engine", None, "engine: must be one of encryption_key, http_token"),
        ("environment", "Prod", "environment: must begin"),
        ("service", "a" * 43, "service: .* is longer than the 64 characters"),
        ("targets", {}, "targets: must name at least one secret"),
        ("targets", {"billing/database": TARGET}, "targets: has a key that is no name of a secret"),
        ("targets", {"prod/reports/database": TARGET}, "targets: names prod/reports/database, which is not a secret of this service"),
        ("targets", {"dev/billing/database": TARGET}, "targets: names dev/billing/database, which is not a secret of this service"),
        (
            "targets",
            {"prod/billing/database": {**TARGET, "strategy": "both"}},
            "strategy: must be one of alternating-users, dual-password, single-user",
        ),
        ("targets", {"prod/billing/database": {**TARGET, "kind": "mysql"}}, "kind: must be one of postgres"),
        ("targets", {"prod/billing/database": {**TARGET, "port": 0}}, "port: must be a whole number from 1 to 65535"),
        ("admins", {"prod/billing/other": ADMIN}, "admins: names prod/billing/other, which is not among the targets"),
    ],
)
def test_what_is_wrong_is_refused_by_name_before_anything_is_created(deploy, argument, value, refusal):
    with pytest.raises(pulumi.InputPropertyError, match=f"^{refusal}"):
        deploy(function(**{argument: value}))


def test_targets_whose_names_are_not_known_are_refused(deploy):
    def program():
        return function(targets=pulumi.Output.from_input({"prod/billing/database": TARGET}))()

    with pytest.raises(pulumi.InputPropertyError, match="targets: must be a mapping whose keys are known at preview"):
        deploy(program)


def test_two_certificates_of_one_name_are_refused(deploy):
    targets = {"prod/billing/one": TARGET, "prod/billing/two": {**TARGET, "ca": "other/ca.pem"}}

    with pytest.raises(pulumi.InputPropertyError, match=r"two certificate files are called ca\.pem; rename one"):
        deploy(function(targets=targets))


def test_targets_too_long_for_a_functions_configuration_are_refused(deploy):
    targets = {f"prod/billing/database{number}": {**TARGET, "host": f"{'a' * 600}{number}.example.com"} for number in range(6)}

    with pytest.raises(pulumi.InputPropertyError, match="are 6, more than fit into a function's configuration; split the service"):
        deploy(function(targets=targets))


def test_more_secrets_than_one_role_can_have_rights_for_are_refused(deploy):
    seven = {f"prod/billing/database{number}": TARGET for number in range(7)}
    eight = {**seven, "prod/billing/database7": TARGET}

    assert deploy(function(targets=seven)).inputs("Function", "billing/postgres")
    with pytest.raises(pulumi.InputPropertyError, match="are 8, and the rights of more than 7 do not fit into a role; split the service"):
        deploy(function(targets=eight))


def test_at_a_preview_only_an_unknown_admin_makes_the_configuration_unknown(deploy):
    assert deploy(function(), preview=True).unknown("Function", "billing/postgres") == ["role"]
