"""Who fetches secrets for a workload: ECS as a task's execution role, the External Secrets Operator as the role of a store."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from policies.pack.graph.edges import origin
from policies.pack.graph.external_secrets import ExternalSecrets
from policies.pack.graph.identity import Identity
from policies.pack.graph.intent import service_of
from policies.pack.graph.patterns import Match
from policies.pack.graph.readers import Reader
from policies.pack.graph.secret import Secret
from policies.pack.graph.task_definitions import container_secrets
from policies.pack.graph.tokens import ROLE, SECRET, TASK_DEFINITION
from policies.pack.resource import Resource
from policies.pack.values import Unknown

if TYPE_CHECKING:
    from policies.pack.stack import Stack


class Deliveries:
    """The readers that a stack names by what they deliver: also those whose documents it does not show."""

    def __init__(self, stack: "Stack") -> None:
        self._stack = stack
        self._secrets = {secret.urn: secret for secret in stack.secrets}
        self._readers: defaultdict[str, list[Reader]] = defaultdict(list)
        for task in stack.resources.of_type(TASK_DEFINITION) if self._secrets else ():
            for role in stack.identities.named_by(task, "executionRoleArn", ROLE):
                for secret, certainty in self._put_into(task):
                    self._readers[secret.urn].append(Reader(_of_service(role, task, stack), certainty, task.label))
        for urn, uses in stack.part(ExternalSecrets).uses.items():
            for use in uses:
                for identity in use.identities:
                    # Without a role nobody can tell whether it is one more reader: static keys are somebody's, too.
                    if isinstance(identity, Identity):
                        certainty = use.certainty if len(use.identities) == 1 else Match.MAYBE
                        self._readers[urn].append(Reader(identity, certainty, use.reference.synced.resource.label))

    def readers_of(self, secret: Secret) -> list[Reader]:
        """Gives who fetches a secret, or may."""
        return self._readers.get(secret.urn, [])

    def _put_into(self, task: Resource) -> Iterator[tuple[Secret, Match]]:
        """Gives the secrets that ECS puts into the containers of a task."""
        named = container_secrets(task)
        for text in named:
            # A bare name is that of a parameter.
            if isinstance(text, str):
                yield from self._stack.secret_index.named(text)
        if any(isinstance(text, Unknown) for text in named):
            for made in origin(task, "containerDefinitions", self._stack.resources).of_type(SECRET):
                if made.urn in self._secrets:
                    yield self._secrets[made.urn], Match.MAYBE


def _of_service(role: Identity, task: Resource, stack: "Stack") -> Identity:
    """A role that says of no service whose it is reads for that of the task."""
    return replace(role, service=service_of(task, stack.resources)) if role.service is None else role
