"""Which Secrets of the cluster a workload uses, and how they come to it."""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.pack.graph.kubernetes import shown
from policies.pack.graph.kubernetes_tokens import CONTAINERS, WORKLOADS
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Value, at, elements


@dataclass(frozen=True)
class SecretUse:
    """A Secret that a workload gets in a way that does not follow the Secret while the workload runs."""

    name: Value
    property: str


def copies(workload: Resource) -> Iterator[SecretUse]:
    """Gives the Secrets that a workload gets as environment variables, or as files that are mounted one by one (`subPath`)."""
    root = WORKLOADS[workload.type]
    pod = workload.read(*root, "spec")
    if pod is UNKNOWN:
        yield SecretUse(UNKNOWN, shown(*root, "spec"))
        return
    volumes = elements(at(pod, "volumes"))
    for kind in CONTAINERS:
        for position, container in enumerate(elements(at(pod, kind))):
            where = shown(*root, "spec", kind, position)
            if container is UNKNOWN:
                yield SecretUse(UNKNOWN, where)
                continue
            yield from _variables(container, where)
            yield from _mounted_one_by_one(container, volumes, where)


def _variables(container: Value, where: str) -> Iterator[SecretUse]:
    for position, one in enumerate(elements(at(container, "envFrom"))):
        name = at(one, "secretRef", "name")
        if name is not None:
            yield SecretUse(name, f"{where}.envFrom[{position}]")
    for position, one in enumerate(elements(at(container, "env"))):
        name = at(one, "valueFrom", "secretKeyRef", "name")
        if name is not None:
            yield SecretUse(name, f"{where}.env[{position}]")


def _mounted_one_by_one(container: Value, volumes: list[Value], where: str) -> Iterator[SecretUse]:
    for position, mount in enumerate(elements(at(container, "volumeMounts"))):
        volume, part = at(mount, "name"), at(mount, "subPath")
        if part is None or (isinstance(part, str) and not part):
            continue
        for one in volumes:
            name = at(one, "name")
            if any(unknown is UNKNOWN for unknown in (volume, part, name)):
                yield SecretUse(UNKNOWN, f"{where}.volumeMounts[{position}]")
            elif name == volume and (secret := at(one, "secret", "secretName")) is not None:
                yield SecretUse(secret, f"{where}.volumeMounts[{position}]")
