"""Where a resource is, as its provider says it: the account and region of AWS before an ARN does, the cluster of Kubernetes, the Vault."""

import json

from policies.pack.graph.patterns import ANY_WORD
from policies.pack.resource import Resource
from policies.pack.resources import Resources
from policies.pack.values import Value, elements


def account_of(resource: Resource, resources: Resources) -> str:
    """Gives the account, when the provider allows one only; a gap that any word may fill else."""
    provider = resources.get(resource.provider)
    allowed = _listed(provider.read("allowedAccountIds")) if provider else []
    return allowed[0] if len(allowed) == 1 and isinstance(allowed[0], str) and allowed[0].isdigit() else ANY_WORD


def region_of(resource: Resource, resources: Resources) -> str:
    """Gives the region: of the resource itself, else of its provider; a gap that any word may fill else."""
    provider = resources.get(resource.provider)
    return resource.answer("region") or resource.text("region") or (provider.text("region") if provider else None) or ANY_WORD


def server_of(resource: Resource) -> str:
    """Gives one text for each cluster or Vault: its provider's URN; none for default providers, since versions of an SDK have one each."""
    return "" if resource.provider.rpartition("::")[2].startswith("default") else resource.provider


def _listed(value: Value) -> list[Value]:
    # The engine hands a provider's own inputs on as JSON text.
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    return elements(value)
