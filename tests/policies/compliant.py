"""Our own stack as the engine shows it, and beside it the same services on Kubernetes and Vault: an estate in which every rule holds."""

import functools
import os
import tempfile
from pathlib import Path
from unittest.mock import patch

from pulumi.runtime.proto import analyzer_pb2

from benchmarks._engine import PROGRAMS
from localcloud import offline
from localcloud.directory import Directory
from policies.pack.shown import answered
from tests.policies.program import Program

ACCOUNT = "444455556666"
"""The account of Pulumi.prod.yaml."""

TRAIL = "aws:cloudtrail/trail:Trail"
SERVICE_ACCOUNT = "kubernetes:core/v1:ServiceAccount"
CUSTOM = "kubernetes:apiextensions.k8s.io:CustomResource"
STORE = "kubernetes:external-secrets.io/v1:SecretStore"
EXTERNAL_SECRET = "kubernetes:external-secrets.io/v1:ExternalSecret"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
VAULT_MOUNT = "vault:index/mount:Mount"
VAULT_POLICY = "vault:index/policy:Policy"
VAULT_LOGIN = "vault:kubernetes/authBackendRole:AuthBackendRole"
VAULT_AUDIT = "vault:index/audit:Audit"


@functools.cache
def recorded(stack):
    """What the engine shows of our own stack at its first preview: resources with inputs, outputs and edges."""
    with tempfile.TemporaryDirectory(prefix="keyturn-recording-") as folder, patch.dict(os.environ, KEYTURN_BENCH_RECORDING=folder):
        directory = Directory(Path(folder) / "cloud")
        status = offline.preview(directory, stack, policies=PROGRAMS / "recording_pack")
        if status != 0:
            raise AssertionError(f"the preview of {stack} failed; what it printed stands above")
        asked = [analyzer_pb2.AnalyzeRequest.FromString(file.read_bytes()) for file in Path(folder).glob("*.analyze")]
        whole = analyzer_pb2.AnalyzeStackRequest.FromString((Path(folder) / "stack").read_bytes())
        by_urn = {request.urn: request for request in asked}
        return tuple(answered(resource, by_urn.get(resource.urn)) for resource in whole.resources)


def estate():
    """The estate, as a program to be changed."""
    program = Program(stack="prod", project="keyturn", environment="prod")
    program.resources = list(recorded("prod"))
    program.add(TRAIL, "trail", {"isMultiRegionTrail": True})
    _network(program)
    _on_kubernetes(program)
    _in_vault(program)
    return program


def _network(program):
    """The VPC of Pulumi.prod.yaml, with its way to Secrets Manager."""
    for subnet in ("subnet-0d4e5f60718293a4b", "subnet-0e5f60718293a4b5c"):
        program.add("aws:ec2/subnet:Subnet", subnet, {"vpcId": "vpc-0a1b2c3d"}, outputs={"vpcId": "vpc-0a1b2c3d", "id": subnet})
    service = "com.amazonaws.eu-central-1.secretsmanager"
    endpoint = {"vpcId": "vpc-0a1b2c3d", "serviceName": service, "vpcEndpointType": "Interface", "privateDnsEnabled": True}
    program.add("aws:ec2/vpcEndpoint:VpcEndpoint", "secrets", endpoint)


def _on_kubernetes(program):
    role = f"arn:aws:iam::{ACCOUNT}:role/keyturn_prod_billing"
    metadata = {"name": "billing", "namespace": "billing"}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {**metadata, "annotations": {"eks.amazonaws.com/role-arn": role}}}
    program.add(SERVICE_ACCOUNT, "billing", account)
    auth = {"jwt": {"serviceAccountRef": {"name": "billing"}}}
    provider = {"aws": {"service": "SecretsManager", "region": "eu-central-1", "auth": auth}}
    program.add(
        STORE,
        "billing",
        {"apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": metadata, "spec": {"provider": provider}},
    )
    program.add(
        EXTERNAL_SECRET,
        "database",
        {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": {"name": "database", "namespace": "billing"},
            "spec": {
                "refreshInterval": "1h",
                "secretStoreRef": {"name": "billing", "kind": "SecretStore"},
                "target": {"name": "database"},
                "data": [{"secretKey": "password", "remoteRef": {"key": "prod/billing/database", "property": "password"}}],
            },
        },
    )
    container = {"name": "billing", "image": "billing", "volumeMounts": [{"name": "database", "mountPath": "/secrets"}]}
    pod = {
        "containers": [container],
        "volumes": [{"name": "database", "secret": {"secretName": "database"}}],
        "serviceAccountName": "billing",
    }
    program.add(
        DEPLOYMENT,
        "billing",
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": {"metadata": {}, "spec": pod}}},
    )


def _in_vault(program):
    mount = program.add(VAULT_MOUNT, "billing", {"path": "kv/prod/billing", "type": "kv", "options": {"version": "2"}})
    text = 'path "kv/prod/billing/data/*" {\n  capabilities = ["read"]\n}\n'
    program.add(VAULT_POLICY, "billing", {"name": "prod-billing", "policy": text}, made_from={"policy": [mount]})
    program.add(
        VAULT_LOGIN,
        "billing",
        {
            "backend": "kubernetes",
            "roleName": "prod-billing",
            "boundServiceAccountNames": ["billing"],
            "boundServiceAccountNamespaces": ["billing"],
            "audience": "vault",
            "tokenTtl": 1200,
            "tokenMaxTtl": 3600,
            "tokenPolicies": ["prod-billing"],
        },
    )
    for name in ("first", "second"):
        program.add(VAULT_AUDIT, name, {"type": "file", "path": name, "options": {"file_path": f"/var/log/{name}.log"}})
