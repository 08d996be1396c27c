"""Whom the stack lets in by text: principals of policies on secrets, and of the roles that read them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.pack.graph.documents import MalformedDocumentError, statements
from policies.pack.graph.edges import origin
from policies.pack.graph.identity import Identity
from policies.pack.graph.patterns import Match
from policies.pack.graph.principals import ROLE_OR_USER, account_of, listed
from policies.pack.graph.references import References
from policies.pack.graph.targets import targets
from policies.pack.graph.tokens import ROLE, SECRET, SECRET_POLICY, USER
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Unknown

if TYPE_CHECKING:
    from policies.pack.stack import Stack


@dataclass(frozen=True, eq=False)
class Trusted:
    """A principal that a document lets in."""

    resource: Resource
    """The resource that carries the document."""
    property_name: str
    thing: Resource
    """What it is let in to: a secret, a role."""
    account: str | None = None
    """Account of the principal, when its text names one."""
    name: str = ""
    """Name of the role or user, when its text names one."""
    identity: Identity | Unknown | None = None
    """Who it is in the stack; UNKNOWN when nobody can tell, as long as the document is not known."""
    is_certain: bool = True

    @property
    def urn(self) -> str:
        """URN of the resource: findings stand there."""
        return self.resource.urn


class TrustedPrincipals:
    """The principals of a stack's secrets, and of the roles that read some."""

    def __init__(self, stack: "Stack") -> None:
        self._stack = stack
        self.all: tuple[Trusted, ...] = tuple(self._found())

    def _found(self) -> Iterator[Trusted]:
        resources, secrets = self._stack.resources, {secret.urn: secret for secret in self._stack.secrets}
        for secret in resources.of_type(SECRET):
            yield from self._in(secret, "policy", secret, is_certain=True)
        for policy in resources.of_type(SECRET_POLICY):
            for secret, certainty in targets(policy, "secretArn", resources, secrets, self._stack.secret_index):
                yield from self._in(policy, "policy", secret.resource, is_certain=certainty is Match.ALWAYS)
        reading = {reference.user.urn for reference in self._stack.part(References).all if reference.reads}
        for role in resources.of_type(ROLE):
            if role.urn in reading:
                yield from self._in(role, "assumeRolePolicy", role, is_certain=True)

    def _in(self, resource: Resource, property_name: str, thing: Resource, *, is_certain: bool) -> Iterator[Trusted]:
        try:
            said = statements(resource.read(property_name))
        except MalformedDocumentError:
            return
        if not isinstance(said, list):
            yield from self._in_unknown(resource, property_name, thing)
            return
        for statement in said:
            if statement.allows is not False:
                for _, value in listed(statement.principals):
                    if value is UNKNOWN:
                        yield Trusted(resource, property_name, thing, identity=UNKNOWN, is_certain=False)
                    elif isinstance(value, str) and (value.startswith("arn:") or account_of(value)):
                        yield self._named(resource, property_name, thing, value, is_certain=is_certain)

    def _in_unknown(self, resource: Resource, property_name: str, thing: Resource) -> Iterator[Trusted]:
        made_from = origin(resource, property_name, self._stack.resources)
        for one in made_from.of_type(ROLE, USER):
            yield Trusted(resource, property_name, thing, identity=self._stack.identities.at(one.urn), is_certain=False)
        if not made_from.is_complete:
            yield Trusted(resource, property_name, thing, identity=UNKNOWN, is_certain=False)

    def _named(self, resource: Resource, property_name: str, thing: Resource, text: str, *, is_certain: bool) -> Trusted:
        account = account_of(text) or (text.split(":")[4] if text.count(":") >= 5 else "")
        role_or_user = ROLE_OR_USER.fullmatch(text)
        identity = self._stack.identities.named(text, role_or_user[1], hidden=True) if role_or_user else None
        name = text.rpartition("/")[2] if role_or_user else ""
        return Trusted(resource, property_name, thing, account or None, name, identity, is_certain)
