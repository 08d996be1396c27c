"""Programs written with pulumi_aws, by the real engine: typed documents, secret values, and offline previews of any stack."""

import json

from localcloud.pulumi.plugins import offer

TYPED = """
import json
import pulumi
import pulumi_aws as aws

caller = aws.get_caller_identity()
provider = aws.Provider("eu", region="eu-west-1", default_tags={"tags": {"team": "us"}}, allowed_account_ids=[caller.account_id])
options = pulumi.ResourceOptions(provider=provider)
secret = aws.secretsmanager.Secret("database", name="test/typed", recovery_window_in_days=0, opts=options)
version = aws.secretsmanager.SecretVersion("value", secret_id=secret.id, secret_string="canary-in-a-program", opts=options)
role = aws.iam.Role(
    "reader",
    assume_role_policy={
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}],
    },
    opts=options,
)
document = aws.iam.get_policy_document_output(
    statements=[{"actions": ["secretsmanager:GetSecretValue"], "resources": [secret.arn]}], opts=pulumi.InvokeOptions(provider=provider)
)
grant = aws.iam.RolePolicy("grant", role=role.name, policy=document.json, opts=options)
again = aws.secretsmanager.get_secret_output(arn=secret.arn, opts=pulumi.InvokeOptions(provider=provider))
pulumi.export("document", grant.policy)
pulumi.export("name", again.name)
"""
ANY = """
import pulumi
import pulumi_aws as aws

admin = aws.secretsmanager.get_secret(name="prod/platform/database-admin")
secret = aws.secretsmanager.Secret("database", name="prod/billing/database")
bucket = aws.s3.Bucket("files", bucket="files")
policy = aws.iam.Policy("read", policy=pulumi.Output.json_dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": [bucket.arn, secret.arn]}]}
))
pulumi.export("account", aws.get_caller_identity().account_id)
pulumi.export("admin", admin.arn)
pulumi.export("known", secret.name)
"""


def test_typed_documents_defaults_of_the_provider_and_secret_values(stack):
    stack.pulumi.write({"__main__.py": TYPED})
    stack.wanted = {"all": "of the program"}  # so that it is destroyed at the end

    output = stack.run("up", "--yes", "--skip-preview")

    assert "canary-in-a-program" not in output
    assert "canary-in-a-program" not in stack.run("stack", "export")
    states = stack.states()
    assert states["database"]["outputs"]["tagsAll"] == {"team": "us"}
    assert states["database"]["id"].startswith("arn:aws:secretsmanager:eu-west-1:")
    trust = json.loads(states["reader"]["outputs"]["assumeRolePolicy"])
    assert trust["Statement"] == [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]
    outputs = json.loads(stack.run("stack", "output", "--json"))
    assert json.loads(outputs["document"])["Statement"][0]["Resource"] == states["database"]["id"]
    assert outputs["name"] == "test/typed"


def test_offline_any_stack_is_previewed_without_credentials(pulumi, provider_plugin):
    offer(pulumi.home, "resource", "aws", "7.51.1", provider_plugin)
    pulumi.write({"Pulumi.yaml": "name: test\nruntime: python\n", "__main__.py": ANY})
    pulumi.environment |= {"KEYTURN_OFFLINE": "1", "AWS_REGION": "eu-central-1"}
    pulumi.run("stack", "init", "prod")

    output = pulumi.run("preview", "--stack", "prod", "--config", 'aws:allowedAccountIds=["123456789012"]')

    assert '"123456789012"' in output
    assert "secret:prod/platform/database-admin-a1B2c3" in output
    assert "+ 4 to create" in output
