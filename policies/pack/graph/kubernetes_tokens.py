"""Type tokens of Kubernetes objects, and where a workload keeps its pods."""

SERVICE_ACCOUNTS = ("kubernetes:core/v1:ServiceAccount", "kubernetes:core/v1:ServiceAccountPatch")
SECRETS = ("kubernetes:core/v1:Secret", "kubernetes:core/v1:SecretPatch")
CONFIG_MAPS = ("kubernetes:core/v1:ConfigMap", "kubernetes:core/v1:ConfigMapPatch")
HELM_RELEASE = "kubernetes:helm.sh/v3:Release"

CUSTOM_RESOURCE = "kubernetes:apiextensions.k8s.io:CustomResource"
"""What programs in YAML call an object of any definition; SDKs put its version and kind into the token."""

EXTERNAL_SECRET = "ExternalSecret"  # noqa: S105 - a kind of object
CLUSTER_EXTERNAL_SECRET = "ClusterExternalSecret"  # noqa: S105 - a kind of object
SECRET_STORE = "SecretStore"  # noqa: S105 - a kind of object
CLUSTER_SECRET_STORE = "ClusterSecretStore"  # noqa: S105 - a kind of object
PUSH_SECRET = "PushSecret"  # noqa: S105 - a kind of object
CLUSTER_PUSH_SECRET = "ClusterPushSecret"  # noqa: S105 - a kind of object

_TEMPLATE = ("spec", "template")
_WORKLOADS = {
    "core/v1:Pod": (),
    "core/v1:PodTemplate": ("template",),
    "core/v1:ReplicationController": _TEMPLATE,
    "apps/v1:DaemonSet": _TEMPLATE,
    "apps/v1:Deployment": _TEMPLATE,
    "apps/v1:ReplicaSet": _TEMPLATE,
    "apps/v1:StatefulSet": _TEMPLATE,
    "apps/v1beta1:Deployment": _TEMPLATE,
    "apps/v1beta1:StatefulSet": _TEMPLATE,
    "apps/v1beta2:DaemonSet": _TEMPLATE,
    "apps/v1beta2:Deployment": _TEMPLATE,
    "apps/v1beta2:ReplicaSet": _TEMPLATE,
    "apps/v1beta2:StatefulSet": _TEMPLATE,
    "batch/v1:CronJob": ("spec", "jobTemplate", "spec", "template"),
    "batch/v1:Job": _TEMPLATE,
    "batch/v1beta1:CronJob": ("spec", "jobTemplate", "spec", "template"),
    "batch/v2alpha1:CronJob": ("spec", "jobTemplate", "spec", "template"),
    "extensions/v1beta1:DaemonSet": _TEMPLATE,
    "extensions/v1beta1:Deployment": _TEMPLATE,
    "extensions/v1beta1:ReplicaSet": _TEMPLATE,
}

WORKLOADS = {f"kubernetes:{kind}{patch}": path for kind, path in _WORKLOADS.items() for patch in ("", "Patch")}
"""Where each kind of workload keeps the template of its pods: what has `metadata` and `spec`."""
CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
"""Where a pod's `spec` lists its containers."""


def external_secrets_tokens(kind: str) -> tuple[str, ...]:
    """Gives the tokens that SDKs make for a kind of the External Secrets Operator, in each of its versions."""
    versions = ("v1", "v1beta1", "v1alpha1")
    return tuple(f"kubernetes:external-secrets.io/{version}:{kind}{patch}" for version in versions for patch in ("", "Patch"))
