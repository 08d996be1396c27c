"""Which policy documents each identity holds: inline, attached, managed by the customer or by AWS."""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.pack.graph.edges import is_told_in_part, origin
from policies.pack.graph.identity import Identities, Identity
from policies.pack.graph.managed_policies import document_of, managed_by_aws
from policies.pack.graph.tokens import GROUP, GROUP_POLICY, POLICY, ROLE, ROLE_POLICY, USER, USER_POLICY
from policies.pack.resource import Resource
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN, Value, at, elements

INLINE = {ROLE_POLICY: ("role", ROLE), USER_POLICY: ("user", USER), GROUP_POLICY: ("group", GROUP)}
"""Resources that hold a document in `policy`, with the property that names the identity."""

ATTACHING = {
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ((("role", ROLE),), "policyArn"),
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": ((("user", USER),), "policyArn"),
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": ((("group", GROUP),), "policyArn"),
    "aws:iam/policyAttachment:PolicyAttachment": ((("roles", ROLE), ("users", USER), ("groups", GROUP)), "policyArn"),
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": ((("roleName", ROLE),), "policyArns"),
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": ((("userName", USER),), "policyArns"),
    "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive": ((("groupName", GROUP),), "policyArns"),
}
"""Resources that attach documents kept elsewhere: properties that name identities, and the one that names the documents."""


@dataclass(frozen=True)
class Holding:
    """A document that an identity holds."""

    identity: Identity
    holder: Resource
    """The resource that a person has to change."""
    document: Value
    origin: Resource
    """The resource that carries the document's text."""
    property: str
    is_elsewhere: bool = False
    """Whether the text is kept where nobody can see it from this stack."""


def holdings(resources: Resources, identities: Identities) -> Iterator[Holding]:
    """Gives every document that grants something to an identity of the stack, or to one that the stack names."""
    for type_token, (identity_property, identity_type) in INLINE.items():
        for resource in resources.of_type(type_token):
            for identity in identities.named_by(resource, identity_property, identity_type):
                yield Holding(identity, resource, resource.read("policy"), resource, "policy")
    for resource in resources.of_type(ROLE):
        identity = identities.at(resource.urn)
        if identity is not None:
            yield from _inside_role(identity, resource)
            yield from _attached(identity, resource, "managedPolicyArns", resources)
    for type_token, (naming, policy_property) in ATTACHING.items():
        for resource in resources.of_type(type_token):
            for identity_property, identity_type in naming:
                for identity in identities.named_by(resource, identity_property, identity_type):
                    yield from _attached(identity, resource, policy_property, resources)


def _inside_role(identity: Identity, role: Resource) -> Iterator[Holding]:
    for inline in elements(role.read("inlinePolicies")):
        document = UNKNOWN if inline is UNKNOWN else at(inline, "policy")
        yield Holding(identity, role, document, role, "inlinePolicies")


def _attached(identity: Identity, holder: Resource, property_name: str, resources: Resources) -> Iterator[Holding]:
    listed = elements(holder.read(property_name))
    made_from = origin(holder, property_name, resources).of_type(POLICY)
    for arn in listed:
        if not isinstance(arn, str) or not arn:
            continue
        by_aws = managed_by_aws(arn)
        nameless = [policy for policy in made_from if policy.answer("arn") is None]
        kept_here = _policy(arn, resources) or (nameless[0] if len(listed) == len(made_from) == len(nameless) == 1 else None)
        if by_aws:
            yield Holding(identity, holder, document_of(by_aws), holder, property_name)
        elif kept_here is not None:
            yield Holding(identity, holder, kept_here.read("policy"), kept_here, "policy")
        else:
            yield Holding(identity, holder, UNKNOWN, holder, property_name, is_elsewhere=True)
    if any(arn is UNKNOWN for arn in listed):
        for policy in made_from:
            yield Holding(identity, holder, policy.read("policy"), policy, "policy")
        if is_told_in_part(holder, property_name, resources, by=len(made_from)):
            yield Holding(identity, holder, UNKNOWN, holder, property_name, is_elsewhere=True)


def _policy(arn: str, resources: Resources) -> Resource | None:
    """Gives the stack's own policy with this ARN; by name while its ARN is not known yet."""
    by_name = resources.called(arn.rpartition("/")[2], POLICY)
    return resources.called(arn, POLICY) or (by_name if by_name is not None and by_name.answer("arn") is None else None)
