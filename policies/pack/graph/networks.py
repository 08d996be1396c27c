"""Whether a function inside a VPC has a way to Secrets Manager that the stack shows."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from policies.pack.graph.edges import origin
from policies.pack.graph.patterns import Match
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Value, at, elements

if TYPE_CHECKING:
    from policies.pack.stack import Stack

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
VPC_ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"

_SECRETS_MANAGER = re.compile(r"(cn\.)?com\.amazonaws\.[a-z0-9-]+\.secretsmanager(-fips)?")


class Networks:
    """The ways out of the VPCs of a stack."""

    def __init__(self, stack: "Stack") -> None:
        self._resources = stack.resources
        self._ways = [(self._vpcs(way), certainty) for way, certainty in self._leading_out()]

    def leads_out(self, function: Resource) -> Match:
        """Tells whether an interface endpoint for Secrets Manager or a NAT gateway is in the VPC of a function."""
        answered = at(function.outputs, "vpcConfig", "vpcId")
        vpcs = self._vpcs_of_subnets(function, "vpcConfig", at(function.read("vpcConfig"), "subnetIds"))
        if isinstance(answered, str):
            vpcs |= self._one(answered)
        return max((min(certainty, _same(vpcs, found)) for found, certainty in self._ways), default=Match.NEVER)

    def _leading_out(self) -> Iterator[tuple[Resource, Match]]:
        for endpoint in self._resources.of_type(VPC_ENDPOINT):
            service = endpoint.read("serviceName")
            if service is UNKNOWN:
                yield endpoint, Match.MAYBE
            elif isinstance(service, str) and _SECRETS_MANAGER.fullmatch(service):
                yield endpoint, Match.ALWAYS
        for gateway in self._resources.of_type(NAT_GATEWAY):
            kind = gateway.read("connectivityType")
            if kind is UNKNOWN:
                yield gateway, Match.MAYBE
            elif kind != "private":
                yield gateway, Match.ALWAYS

    def _vpcs(self, way: Resource) -> frozenset[str]:
        return self._named(way, "vpcId") or self._vpcs_of_subnets(way, "subnetId", way.read("subnetId"))

    def _vpcs_of_subnets(self, resource: Resource, property_name: str, subnets: Value) -> frozenset[str]:
        """Gives the VPCs of subnets; none when a subnet is of another stack."""
        named = [self._resources.called(subnet, SUBNET) for subnet in elements(subnets) if isinstance(subnet, str)]
        known = [subnet for subnet in named if subnet is not None] or origin(resource, property_name, self._resources).of_type(SUBNET)
        return frozenset(vpc for subnet in known for vpc in self._named(subnet, "vpcId"))

    def _named(self, resource: Resource, property_name: str) -> frozenset[str]:
        value = resource.read(property_name)
        if isinstance(value, str):
            return self._one(value)
        return frozenset(vpc.urn for vpc in origin(resource, property_name, self._resources).of_type(VPC))

    def _one(self, vpc_id: str) -> frozenset[str]:
        """Gives a VPC by its URN where it is of this stack, else by its id."""
        own = self._resources.called(vpc_id, VPC)
        return frozenset({own.urn if own else vpc_id})


def _same(some: frozenset[str], others: frozenset[str]) -> Match:
    # A VPC that another stack has may be any.
    if not some or not others:
        return Match.MAYBE
    return Match.ALWAYS if some & others else Match.NEVER
