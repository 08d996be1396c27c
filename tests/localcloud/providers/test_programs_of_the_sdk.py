"""Programs written with pulumi_aws, by the real engine: typed documents, secret values, and offline previews of any stack."""

import json
from importlib import metadata

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
MANY = """
import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pulumi_random as random
import pulumi_tls as tls
import pulumi_vault as vault

password = random.RandomPassword("password", length=32)
tls.PrivateKey("key", algorithm="ED25519")
namespace = kubernetes.core.v1.Namespace("billing", metadata={"name": "billing"})
object = kubernetes.core.v1.Secret("database", metadata={"namespace": namespace.metadata.name}, string_data={"p": password.result})
kubernetes.apiextensions.CustomResource(
    "external", api_version="external-secrets.io/v1", kind="ExternalSecret", metadata={"name": "database"}, spec={"refreshInterval": "1h"}
)
kubernetes.helm.v3.Release("operator", chart="external-secrets", values={"password": password.result})
kubernetes.yaml.ConfigGroup("texts", yaml=["apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: from-yaml}"])
mount = vault.Mount("kv", path="kv", type="kv-v2")
vault.kv.SecretV2("value", mount=mount.path, name="billing", data_json=pulumi.Output.json_dumps({"p": password.result}))
rules = [{"path": "kv/data/billing", "capabilities": ["read"]}]
policy = vault.Policy("policy", policy=vault.get_policy_document(rules=rules).hcl)
database = aws.rds.Instance("database", instance_class="db.t4g.micro", engine="postgres", username="app", password=password.result)
network = aws.ec2.Vpc.get("network", "vpc-0123456789abcdef0")
aws.ec2.Subnet("subnet", vpc_id=network.id, cidr_block="10.0.0.0/24", availability_zone=aws.get_availability_zones().names[0])

pulumi.export("endpoint", database.endpoint)
pulumi.export("password", password.result)
pulumi.export("object", object.metadata.namespace)
pulumi.export("policy", policy.policy)
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


def test_offline_programs_of_other_providers_are_previewed_and_never_deployed(pulumi, provider_plugin):
    for package in ("aws", "kubernetes", "random", "tls", "vault"):
        offer(
            pulumi.home, "resource", package, metadata.version(f"pulumi-{package}"), provider_plugin.with_name(f"pulumi-resource-{package}")
        )
    pulumi.write({"Pulumi.yaml": "name: test\nruntime: python\n", "__main__.py": MANY})
    pulumi.environment |= {"KEYTURN_OFFLINE": "1", "AWS_REGION": "eu-central-1"}
    pulumi.run("stack", "init", "prod")

    preview = pulumi.run("preview", "--stack", "prod")
    deployment = pulumi.run("up", "--stack", "prod", "--yes", "--skip-preview", exits=1)

    for output in ("endpoint: [unknown]", "password: [secret]", 'object  : "billing"', r"path \"kv/data/billing\" {", "+ 14 to create"):
        assert output in preview
    assert "this stand-in serves previews only" in deployment
