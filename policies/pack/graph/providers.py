"""Where a resource is: one text for each cluster or server that a program speaks to."""

from policies.pack.resource import Resource


def place_of(resource: Resource) -> str:
    """Gives the URN of the provider; nothing for the default ones, of which SDKs of different versions have one each."""
    return "" if resource.provider.rpartition("::")[2].startswith("default") else resource.provider
