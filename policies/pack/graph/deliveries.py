"""Who fetches secrets for a workload and is not of the stack: ECS as an execution role, the External Secrets Operator as a store's."""

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from policies.pack.graph.edges import origin
from policies.pack.graph.external_secrets import ExternalSecrets
from policies.pack.graph.identity import Identity
from policies.pack.graph.intent import service_of
from policies.pack.graph.patterns import Match
from policies.pack.graph.readers import Reader, Unreadable
from policies.pack.graph.secret import Secret
from policies.pack.graph.task_definitions import container_secrets
from policies.pack.graph.tokens import ROLE, SECRET, TASK_DEFINITION
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Unknown

if TYPE_CHECKING:
    from policies.pack.stack import Stack


_MEND = "Let the text be known in a preview, or make the role in this stack: its documents then say what it reads."


class Deliveries:
    """The readers that only a delivery names. A role of the stack is told by its documents, and is none of these."""

    def __init__(self, stack: "Stack") -> None:
        self._stack = stack
        self._secrets = {secret.urn: secret for secret in stack.secrets}
        self._readers: defaultdict[str, list[Reader]] = defaultdict(list)
        self.unreadable: list[Unreadable] = []
        """Deliveries of which nobody can tell yet what they fetch, or as whom."""
        if self._secrets:
            self._add_tasks()
            self._add_synced(stack.part(ExternalSecrets))

    def readers_of(self, secret: Secret) -> list[Reader]:
        """Gives who fetches a secret, or may."""
        return self._readers.get(secret.urn, [])

    def _add_tasks(self) -> None:
        for task in self._stack.resources.of_type(TASK_DEFINITION):
            for role in self._stack.identities.named_by(task, "executionRoleArn", ROLE):
                if role.resource is None:
                    # A role that says of no service whose it is reads for that of the task.
                    service = service_of(task, self._stack.resources) if role.service is None else role.service
                    self._add_task(task, replace(role, service=service))

    def _add_task(self, task: Resource, role: Identity) -> None:
        named = container_secrets(task)
        for text in named:
            if isinstance(text, str):
                for secret, certainty in self._stack.secret_index.named(text):
                    self._readers[secret.urn].append(Reader(role, certainty, task.label))
        if not any(isinstance(text, Unknown) for text in named):
            return
        made_from = origin(task, "containerDefinitions", self._stack.resources)
        for made in made_from.of_type(SECRET):
            if made.urn in self._secrets:
                self._readers[made.urn].append(Reader(role, Match.MAYBE, task.label))
        if not made_from.is_complete:
            why = "what its containers get is not known yet"
            self.unreadable.append(Unreadable(task, "containerDefinitions", role.label, why, _MEND))

    def _add_synced(self, external: ExternalSecrets) -> None:
        for synced in external.synced:
            for reference in synced.references:
                stores = external.stores_of(reference)
                for store, certainty in stores:
                    identity = external.identity_of(store)
                    if isinstance(identity, Identity) and identity.resource is not None:
                        continue
                    is_open = store.backend is UNKNOWN or store.read("role") is UNKNOWN
                    if isinstance(identity, Identity) and not external.is_open(reference):
                        for secret, meant in external.secrets_of(reference):
                            sure = min(certainty, meant, Match.ALWAYS if len(stores) == 1 else Match.MAYBE)
                            self._readers[secret.urn].append(Reader(identity, sure, synced.resource.label))
                    elif isinstance(identity, Identity) or is_open:
                        why = "what it fetches, or as whom, is not known yet"
                        self.unreadable.append(Unreadable(synced.resource, "spec", synced.resource.label, why, _MEND))
