"""What runs as which role: functions, tasks, machines, pods."""

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.pack.graph.intent import Service, service_of
from policies.pack.graph.tokens import FUNCTION, INSTANCE_PROFILE, POD_IDENTITY, ROLE, TASK_DEFINITION
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Unknown

if TYPE_CHECKING:
    from policies.pack.stack import Stack

RUNS_AS = {
    FUNCTION: ("role",),
    TASK_DEFINITION: ("taskRoleArn", "executionRoleArn"),
    INSTANCE_PROFILE: ("role",),
    POD_IDENTITY: ("roleArn",),
}
"""What runs as a role, with the properties that name it."""


@dataclass(frozen=True)
class Runner:
    """Something that runs as a role."""

    resource: Resource
    service: Service | Unknown | None

    @property
    def account(self) -> tuple[str, str] | Unknown | None:
        """Gives namespace and name of the service account that an EKS Pod Identity is for; None for everything else."""
        if self.resource.type != POD_IDENTITY:
            return None
        namespace, name = self.resource.read("namespace"), self.resource.read("serviceAccount")
        return (namespace, name) if isinstance(namespace, str) and isinstance(name, str) else UNKNOWN


class Runners:
    """The runners of a stack by the key of their role."""

    def __init__(self, stack: "Stack") -> None:
        self._by_role: defaultdict[str, list[Runner]] = defaultdict(list)
        for type_token, properties in RUNS_AS.items():
            for resource in stack.resources.of_type(type_token):
                runner = Runner(resource, service_of(resource, stack.resources))
                roles = {identity.key for name in properties for identity in stack.identities.named_by(resource, name, ROLE)}
                for role in roles:
                    self._by_role[role].append(runner)

    def of(self, role: Resource) -> list[Runner]:
        """Gives what runs as a role of the stack."""
        return self._by_role.get(role.urn, [])
