"""What a program declares in a cluster: stores, ExternalSecrets, service accounts and workloads."""

from tests.policies.program import ACCOUNT

ESO = "external-secrets.io/v1"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/billing"


def thing(program, kind, name, spec=None, *, version=ESO, namespace="billing", made_from=None, annotations=None, **options):
    """An object of the cluster, under the token that SDKs give it."""
    where = {} if namespace is None else {"namespace": namespace}
    marks = {} if annotations is None else {"annotations": annotations}
    inputs = {"apiVersion": version, "kind": kind, "metadata": {"name": name, **where, **marks}, **({} if spec is None else {"spec": spec})}
    return program.add(f"kubernetes:{version}:{kind}", name, inputs, made_from=made_from, **options)


def aws(service_account="billing", **more):
    """Settings of a store that reads Secrets Manager as a service account."""
    auth = {} if service_account is None else {"auth": {"jwt": {"serviceAccountRef": {"name": service_account}}}}
    return {"provider": {"aws": {"service": "SecretsManager", "region": "eu-central-1", **auth, **more}}}


def vault(auth=None, server="https://vault.internal:8200", **more):
    """Settings of a store that reads Vault with the Kubernetes login."""
    login = auth or {"kubernetes": {"mountPath": "kubernetes", "role": "billing", "serviceAccountRef": {"name": "billing"}}}
    return {"provider": {"vault": {"server": server, "path": "kv/dev/billing", "version": "v2", "auth": login, **more}}}


def store(program, name="billing", spec=None, *, kind="SecretStore", namespace="billing", **more):
    """A store; by default a namespaced one that reads Secrets Manager."""
    return thing(program, kind, name, aws() if spec is None else spec, namespace=namespace, **more)


def cluster_store(program, name="shared", spec=None, *, conditions=({"namespaces": ["billing"]},), **more):
    """A store of the whole cluster, for one namespace of it."""
    settings = {**(aws(role=ROLE_ARN) if spec is None else spec), **({} if conditions is None else {"conditions": list(conditions)})}
    return thing(program, "ClusterSecretStore", name, settings, namespace=None, **more)


def synced(program, name="database", key="dev/billing/database", *, to="billing", part="password", kind=None, namespace="billing", **more):
    """An ExternalSecret that fetches one member of one secret."""
    remote = {"key": key, **({} if part is None else {"property": part})}
    spec = {
        "secretStoreRef": {"name": to, **({} if kind is None else {"kind": kind})},
        "data": [{"secretKey": "password", "remoteRef": remote}],
        **more.pop("spec", {}),
    }
    return thing(program, "ExternalSecret", name, spec, namespace=namespace, **more)


def account(program, name="billing", role=ROLE_ARN, **more):
    """A service account that acts as a role of AWS."""
    return thing(program, "ServiceAccount", name, version="core/v1", annotations={"eks.amazonaws.com/role-arn": role}, **more)
