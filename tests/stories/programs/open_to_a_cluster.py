"""Every namespace reads billing's secret through one store of the cluster, and any service account logs in to Vault as billing."""

from plain import database_secret, may_read, owned_key, rotated
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_vault import kubernetes as vault

key = owned_key()
secret = database_secret(key.arn)
rotated(secret, key)
may_read("billing", secret, key)

login = {"jwt": {"serviceAccountRef": {"name": "billing", "namespace": "billing"}}}
CustomResource(
    "billing-database",
    api_version="external-secrets.io/v1",
    kind="ClusterSecretStore",
    metadata={"name": "billing-database"},
    spec={"provider": {"aws": {"service": "SecretsManager", "region": "eu-central-1", "auth": login}}},
)
vault.AuthBackendRole(
    "billing",
    role_name="billing",
    audience="vault",
    bound_service_account_names=["*"],
    bound_service_account_namespaces=["billing"],
    token_max_ttl=3600,
)
