"""The role of a service: who may take it, and what it may read. Not proven here: that IAM decides so; the stories ask it."""

import pulumi
import pytest
from pulumi_aws import secretsmanager

from components import ServiceAccess

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd"
OWN = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:prod/billing/database-a1B2c3"
FOREIGN = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:prod/reports/database-d4E5f6"
ISSUER = "oidc.eks.eu-central-1.amazonaws.com/id/AB12"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
POD = {"identity": "kubernetes", "oidc_provider_arn": PROVIDER, "namespace": "billing", "service_account": "api"}


def access(**args):
    whole = {
        "environment": "prod",
        "service": "billing",
        "identity": "lambda",
        "secrets": {"prod/billing/database": OWN},
        "kms_key_arn": KEY,
        **args,
    }
    return lambda: ServiceAccess("billing", whole)


def trust(deployment):
    document = deployment.inputs("Role", "billing")["assumeRolePolicy"]
    assert document["Version"] == "2012-10-17"
    (statement,) = document["Statement"]
    assert (statement.pop("Sid"), statement.pop("Effect")) == ("TheServiceTakesItsRole", "Allow")
    return statement


def test_a_service_has_a_role_and_one_policy(deploy):
    deployment = deploy(access())

    assert deployment.names() == [("Role", "billing"), ("RolePolicy", "billing-reads"), ("ServiceAccess", "billing")]


def test_the_intent_is_an_input_and_an_output(deploy):
    exceptions = {"prod/reports/database": {"reason": "monthly close of books", "until": "2027-06-30"}}

    deployment = deploy(access(secrets={"prod/reports/database": FOREIGN, "prod/billing/database": OWN}, exceptions=exceptions))

    intent = {
        "environment": "prod",
        "service": "billing",
        "identity": "lambda",
        "reads": ["prod/billing/database", "prod/reports/database"],
        "exceptions": exceptions,
    }
    assert deployment.inputs("ServiceAccess", "billing") == intent
    assert deployment.outputs["billing"] == {
        **intent,
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/keyturn_prod_billing",
        "roleName": "keyturn_prod_billing",
    }
    assert deployment.results == {"role_arn": f"arn:aws:iam::{ACCOUNT}:role/keyturn_prod_billing", "role_name": "keyturn_prod_billing"}


def test_at_a_first_preview_the_intent_is_known_and_the_grant_is_not(deploy):
    def program():
        return access(secrets={"prod/billing/database": secretsmanager.Secret("made-here").arn})()

    deployment = deploy(program, preview=True)

    assert deployment.inputs("ServiceAccess", "billing")["reads"] == ["prod/billing/database"]
    assert deployment.unknown("ServiceAccess", "billing") == []
    assert deployment.unknown("RolePolicy", "billing-reads") == ["policy"]


def test_reading_and_decrypting_travel_together_on_exact_names(deploy):
    given = deploy(access(secrets={"prod/reports/database": FOREIGN, "prod/billing/database": OWN})).inputs("RolePolicy", "billing-reads")

    assert given == {
        "name": "read-secrets",
        "role": "keyturn_prod_billing",
        "policy": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "ReadTheSecretsOfTheService",
                    "Effect": "Allow",
                    "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
                    "Resource": [OWN, FOREIGN],
                },
                {
                    "Sid": "DecryptTheSecretsOfTheService",
                    "Effect": "Allow",
                    "Action": ["kms:Decrypt"],
                    "Resource": [KEY],
                    "Condition": {
                        "StringEquals": {
                            "kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com",
                            "kms:EncryptionContext:SecretARN": [OWN, FOREIGN],
                        }
                    },
                },
            ],
        },
    }


def test_the_role_says_whose_it_is(deploy):
    role = deploy(access()).inputs("Role", "billing")

    assert (role["name"], role["description"]) == ("keyturn_prod_billing", "Runs billing in prod")
    assert role["tags"] == {"keyturn:environment": "prod", "keyturn:service": "billing"}


@pytest.mark.parametrize(("identity", "service"), [("lambda", "lambda.amazonaws.com"), ("ec2", "ec2.amazonaws.com")])
def test_a_service_of_aws_takes_the_role(deploy, identity, service):
    assert trust(deploy(access(identity=identity))) == {"Principal": {"Service": service}, "Action": ["sts:AssumeRole"]}


def test_tasks_take_the_role_in_this_account_only(deploy):
    assert trust(deploy(access(identity="ecs"))) == {
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": ["sts:AssumeRole"],
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }


def test_pods_take_the_role_by_their_exact_service_account(deploy):
    assert trust(deploy(access(**POD))) == {
        "Principal": {"Federated": PROVIDER},
        "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Condition": {"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": "system:serviceaccount:billing:api"}},
    }


def test_a_role_or_user_takes_the_role_by_its_arn(deploy):
    user = f"arn:aws:iam::{ACCOUNT}:user/administrator"

    assert trust(deploy(access(identity="role", principal_arn=user))) == {"Principal": {"AWS": user}, "Action": ["sts:AssumeRole"]}


@pytest.mark.parametrize("missing", ["oidc_provider_arn", "namespace", "service_account"])
def test_pods_need_a_whole_identity(deploy, missing):
    given = {key: value for key, value in POD.items() if key != missing}
    spelt = {"oidc_provider_arn": "oidcProviderArn", "service_account": "serviceAccount"}.get(missing, missing)

    with pytest.raises(pulumi.InputPropertyError, match=rf"^{spelt}: is missing: identity kubernetes needs it"):
        deploy(access(**given))


@pytest.mark.parametrize(
    ("args", "refusal"),
    [
        ({"identity": "fargate"}, "identity: must be one of lambda, ecs, ec2, kubernetes, role"),
        ({"identity": "role"}, "principalArn: is missing: identity role needs it"),
        ({"identity": "role", "principal_arn": "*"}, "principalArn: must be the ARN of one role or user"),
        ({"identity": "role", "principal_arn": f"arn:aws:iam::{ACCOUNT}:root"}, "principalArn: must be the ARN of one role or user"),
        ({"identity": "role", "principal_arn": f"arn:aws:iam::{ACCOUNT}:role/*"}, "principalArn: must be the ARN of one role or user"),
        ({"identity": "lambda", "namespace": "billing"}, "namespace: is for identity kubernetes; remove it"),
        ({"identity": "ecs", "principal_arn": "arn"}, "principalArn: is for identity role; remove it"),
        ({**POD, "namespace": "*"}, "namespace: must be the exact name of a namespace"),
        ({**POD, "service_account": "api-*"}, "serviceAccount: must be the exact name of a service account"),
        ({"environment": "Prod"}, "environment: must begin"),
        ({"service": "a" * 52}, "service: .* is longer than the 64 characters"),
        ({"secrets": {}}, "secrets: must name at least one secret"),
        ({"secrets": {"billing/database": OWN}}, "secrets: has a key that is no name of a secret"),
        ({"secrets": {"dev/billing/database": OWN}}, "secrets: names dev/billing/database, which belongs to another environment"),
        (
            {"exceptions": {"prod/reports/database": {"reason": "r", "until": "2027-06-30"}}},
            "exceptions: names prod/reports/database, which is not among the secrets",
        ),
    ],
)
def test_what_is_wrong_is_refused_by_name_before_anything_is_created(deploy, args, refusal):
    with pytest.raises(pulumi.InputPropertyError, match=f"^{refusal}"):
        deploy(access(**args))


def test_names_that_are_not_known_are_refused(deploy):
    def program():
        return access(secrets=pulumi.Output.from_input({"prod/billing/database": OWN}))()

    with pytest.raises(pulumi.InputPropertyError, match="secrets: must be a mapping whose keys are known at preview"):
        deploy(program)


def test_a_principal_that_is_not_known_is_refused(deploy):
    def program():
        return access(identity="role", principal_arn=pulumi.Output.from_input(f"arn:aws:iam::{ACCOUNT}:role/x"))()

    with pytest.raises(pulumi.InputPropertyError, match="principalArn: must be a text that is known at preview"):
        deploy(program)


def test_a_foreign_read_without_exception_is_left_to_the_rules(deploy):
    """The component says what it does; the rule secret-has-one-reader refuses it, and the stack file never lets it come so far."""
    deployment = deploy(access(secrets={"prod/reports/database": FOREIGN}))

    assert deployment.inputs("ServiceAccess", "billing")["exceptions"] == {}


@pytest.mark.parametrize("args", [{}, {"identity": "ecs"}, POD, {"identity": "role", "principal_arn": f"arn:aws:iam::{ACCOUNT}:role/x"}])
def test_no_identity_gives_a_star(deploy, args):
    deployment = deploy(access(**args))

    statements = [
        *deployment.inputs("Role", "billing")["assumeRolePolicy"]["Statement"],
        *deployment.inputs("RolePolicy", "billing-reads")["policy"]["Statement"],
    ]
    assert "*" not in str(statements)
