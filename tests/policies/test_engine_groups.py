"""Each group of rules bites on the real engine, at the first preview of plain programs of five providers' SDKs."""

import pytest

from tests.policies.shop import HEAD

UNALARMED = HEAD.replace("\nalarmed()\n", "\n")
PLAIN_AWS = """
secret = secretsmanager.Secret("database", kms_key_id=key.arn, tags=BILLING, recovery_window_in_days=0, opts=KEPT)
may_read("billing-reads", role("billing"), secret)
may_read("reports-reads", role("reports"), secret)
grant("other-reads", role("other"), allowed("*", "secretsmanager:GetSecretValue"))
"""
LEAKS = """
import pulumi_kubernetes as kubernetes
import pulumi_random as random
from pulumi_aws import ecs, ssm

password = random.RandomPassword("password", length=32).result
lambda_.Function(
    "api",
    role=role("api").arn,
    runtime="python3.13",
    handler="api.handler",
    code=pulumi.AssetArchive({"api.py": pulumi.StringAsset("def handler(event, context): ...")}),
    environment={"variables": {"DB_PASSWORD": password}},
)
containers = pulumi.Output.json_dumps([{"name": "app", "image": "app", "environment": [{"name": "TOKEN", "value": password}]}])
ecs.TaskDefinition("task", family="task", container_definitions=containers)
ssm.Parameter("setting", type="String", value=password)
s3.Bucket("files", tags={"made-with": password})
kubernetes.core.v1.ConfigMap("settings", data={"password": password})
kubernetes.core.v1.Secret("login", string_data={"password": password})
kubernetes.helm.v3.Release("chart", chart="postgresql", values={"auth": {"password": password}})
"""
CLUSTER = """
from pulumi_kubernetes.apiextensions import CustomResource

VERSION = "external-secrets.io/v1"
secret = secretsmanager.Secret("database", name="prod/billing/database", kms_key_id=key.arn, tags=BILLING, opts=KEPT)
rotated(secret)
aws = {"service": "SecretsManager", "region": "eu-central-1", "auth": {"jwt": {"serviceAccountRef": {"name": "billing"}}}}
CustomResource("everywhere", VERSION, "ClusterSecretStore", metadata={"name": "everywhere"}, spec={"provider": {"aws": aws}})
CustomResource("own", VERSION, "SecretStore", metadata={"name": "own", "namespace": "billing"}, spec={"provider": {"aws": aws}})
CustomResource(
    "synced",
    VERSION,
    "ExternalSecret",
    metadata={"name": "database", "namespace": "billing"},
    spec={
        "refreshInterval": "1h",
        "secretStoreRef": {"name": "own", "kind": "SecretStore"},
        "data": [{"secretKey": "password", "remoteRef": {"key": "prod/billing/databse"}}],
    },
)
"""
VAULT = """
import pulumi_vault as vault

everything = vault.get_policy_document(rules=[{"path": "kv/*", "capabilities": ["read", "sudo"]}])
policy = vault.Policy("billing", name="billing", policy=everything.hcl)
backend = vault.AuthBackend("kubernetes", type="kubernetes")
vault.kubernetes.AuthBackendRole(
    "billing",
    backend=backend.path,
    role_name="billing",
    bound_service_account_names=["*"],
    bound_service_account_namespaces=["*"],
    token_policies=[policy.name],
)
"""


STOPPED = {
    "sharing, rotation, privilege, keeping, audit": (
        PLAIN_AWS,
        UNALARMED,
        {
            "secret-has-one-reader": {"database"},
            "secret-is-rotated": {"database"},
            "grant-names-exact-secrets": {"other-reads"},
            "decrypt-is-scoped": {"other"},
            "deletion-is-recoverable": {"database"},
            "failures-raise-alarms": {"shop-dev"},
        },
    ),
    "exposure": (
        LEAKS,
        HEAD,
        {
            "no-plaintext-value": {"setting"},
            "no-secret-in-environment-variables": {"api", "task"},
            "no-secret-in-manifests": {"settings", "login", "chart"},
            "no-secret-in-metadata": {"files"},
        },
    ),
    "External Secrets": (CLUSTER, HEAD, {"store-is-scoped": {"everywhere"}, "synced-secret-exists": {"synced"}}),
    "Vault": (VAULT, HEAD, {"vault-login-is-bound": {"billing"}, "vault-policy-is-exact": {"billing"}}),
}


@pytest.mark.parametrize(("program", "head", "expected"), STOPPED.values(), ids=STOPPED)
def test_a_plain_program_is_stopped_before_anything_exists(shop, program, head, expected):
    preview = shop.preview(program, head=head)

    mandatory = [finding for finding in shop.findings if finding["level"] == "mandatory"]
    found = {rule: {at["urn"].rpartition("::")[2] for at in mandatory if at["rule"] == rule} for rule in {at["rule"] for at in mandatory}}
    assert preview.returncode != 0
    assert found == expected, preview.stdout
    assert all(f"]  {rule}  (" in preview.stdout for rule in expected)
