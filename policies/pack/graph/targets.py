"""Which secret a resource is about: by its name or ARN, or by what the property was made from."""

from collections.abc import Iterator, Mapping

from policies.pack.graph.edges import origin
from policies.pack.graph.patterns import Match
from policies.pack.graph.secret import Secret, SecretIndex
from policies.pack.graph.tokens import SECRET
from policies.pack.resource import Resource
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN


def targets(
    resource: Resource, property_name: str, resources: Resources, secrets: Mapping[str, Secret], index: SecretIndex
) -> Iterator[tuple[Secret, Match]]:
    """Gives the secrets that a property means. One whose text is not known and says nothing about its origin may mean any."""
    value = resource.read(property_name)
    if isinstance(value, str):
        yield from index.named(value)
    elif value is UNKNOWN:
        made_from = origin(resource, property_name, resources)
        found = [secrets[secret.urn] for secret in made_from.of_type(SECRET) if secret.urn in secrets]
        if found:
            yield from ((secret, Match.ALWAYS if len(found) == 1 else Match.MAYBE) for secret in found)
        elif not made_from.is_complete:
            yield from ((secret, Match.MAYBE) for secret in secrets.values())
