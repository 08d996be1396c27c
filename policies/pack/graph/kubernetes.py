"""An object of a cluster: how it is called there, while parts of that are not known yet."""

from dataclasses import dataclass

from policies.pack.graph.kubernetes_tokens import CUSTOM_RESOURCE
from policies.pack.resource import Resource
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN, Unknown, Value

_PATCH = "Patch"


@dataclass(frozen=True, eq=False)
class KubernetesObject:
    """An object that rules follow by its name."""

    resource: Resource
    kind: str
    api_version: str
    name: str | Unknown
    namespace: str | Unknown | None
    """Namespace that it serves or writes to; None for an object of the whole cluster."""

    @property
    def urn(self) -> str:
        """URN of the resource: findings stand there."""
        return self.resource.urn

    @property
    def is_of_cluster(self) -> bool:
        """Whether it may be for more than one namespace."""
        return self.kind.startswith("Cluster")


def kind_of(resource: Resource) -> str | Unknown | None:
    """Gives the kind of an object, e.g. `ExternalSecret`, also of one that only patches it."""
    if resource.type == CUSTOM_RESOURCE:
        return text_of(resource.read("kind"))
    return resource.type.rpartition(":")[2].removesuffix(_PATCH)


def api_version_of(resource: Resource) -> str | Unknown | None:
    """Gives group and version of an object, e.g. `external-secrets.io/v1`."""
    if resource.type == CUSTOM_RESOURCE:
        return text_of(resource.read("apiVersion"))
    return resource.type.split(":")[1]


def name_of(resource: Resource) -> str | Unknown:
    """Gives the name of an object in its cluster; one that Pulumi or the cluster still has to name is not known yet."""
    name = resource.read("metadata", "name")
    return name if isinstance(name, str) and name else resource.answer("metadata", "name") or UNKNOWN


def namespace_of(resource: Resource, resources: Resources) -> str | Unknown:
    """Gives the namespace that an object is in: its own, else its provider's, else `default`."""
    provider = resources.get(resource.provider)
    said = [resource.read("metadata", "namespace"), *([] if provider is None else [provider.read("namespace")])]
    for namespace in said:
        if namespace is UNKNOWN:
            return resource.answer("metadata", "namespace") or UNKNOWN
        if isinstance(namespace, str) and namespace:
            return namespace
    return "default"


def shown(*path: str | int) -> str:
    """Gives how a message names a property, e.g. `spec.data[0].remoteRef.key`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def text_of(value: Value) -> str | Unknown | None:
    """Gives a text that says something, UNKNOWN when it is not known yet, and None for everything else."""
    if isinstance(value, str):
        return value or None
    return UNKNOWN if value is UNKNOWN else None
