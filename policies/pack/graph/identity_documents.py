"""Every document of the stack that grants something to roles, users and groups, once: also those that nobody holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.pack.graph.documents import MalformedDocumentError, Statement, statements
from policies.pack.graph.edges import is_told_in_part, origin
from policies.pack.graph.holdings import ATTACHING, INLINE
from policies.pack.graph.managed_policies import document_of, managed_by_aws
from policies.pack.graph.own_documents import own_document
from policies.pack.graph.readers import MEND_NOT_YET, MEND_UNKNOWN
from policies.pack.graph.tokens import POLICY, ROLE
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Unknown, Value, at, elements

if TYPE_CHECKING:
    from policies.pack.stack import Stack


@dataclass(frozen=True, eq=False)
class IdentityDocument:
    """A document, or a policy of AWS that a resource attaches."""

    resource: Resource
    """The resource that a person has to change."""
    property_name: str
    document: Value
    managed: str = ""
    """Name of the policy when AWS keeps the text."""
    is_any: bool = False
    """Whether it is not known yet which policy it is: one of the stack, or one of AWS."""

    @property
    def urn(self) -> str:
        """URN of the resource: findings stand there."""
        return self.resource.urn

    @property
    def label(self) -> str:
        """How a message names it."""
        return f"{self.resource.label}, through {self.managed} of AWS," if self.managed else self.resource.label

    @property
    def statements(self) -> list[Statement] | Unknown | None:
        """Gives what it says; UNKNOWN while that is not known, None when it is no policy document."""
        try:
            return statements(self.document)
        except MalformedDocumentError:
            return None

    def doubt(self, stack: "Stack", *services: str) -> str | None:
        """Gives the way out when it is not known yet and may be about these services: by what it is made from, as far as that is known."""
        if own_document(self.resource, stack.resources) is not None:
            return None
        made_from = origin(self.resource, self.property_name, stack.resources)
        if self.is_any or not made_from.is_complete:
            return MEND_UNKNOWN
        return MEND_NOT_YET if any(made.type.startswith(services) for made in made_from.resources) else None


class IdentityDocuments:
    """The documents of a stack, in the order of their types and URNs."""

    def __init__(self, stack: "Stack") -> None:
        self.all: tuple[IdentityDocument, ...] = tuple(_documents(stack))


def _documents(stack: "Stack") -> Iterator[IdentityDocument]:
    for resource in stack.resources.of_type(POLICY, *INLINE):
        yield IdentityDocument(resource, "policy", resource.read("policy"))
    for resource in stack.resources.of_type(ROLE):
        for inline in elements(resource.read("inlinePolicies")):
            yield IdentityDocument(resource, "inlinePolicies", UNKNOWN if inline is UNKNOWN else at(inline, "policy"))
        yield from _attached(resource, "managedPolicyArns", stack)
    for type_token, (_, property_name) in ATTACHING.items():
        for resource in stack.resources.of_type(type_token):
            yield from _attached(resource, property_name, stack)


def _attached(resource: Resource, property_name: str, stack: "Stack") -> Iterator[IdentityDocument]:
    """Gives what is attached and is no document of the stack, which is one by itself."""
    listed = elements(resource.read(property_name))
    for arn in listed:
        name = managed_by_aws(arn) if isinstance(arn, str) else None
        if name and (document := document_of(name)) is not None:
            yield IdentityDocument(resource, property_name, document, name)
    if any(arn is UNKNOWN for arn in listed):
        own = origin(resource, property_name, stack.resources).of_type(POLICY)
        if is_told_in_part(resource, property_name, stack.resources, by=len(own)):
            yield IdentityDocument(resource, property_name, UNKNOWN, is_any=True)
