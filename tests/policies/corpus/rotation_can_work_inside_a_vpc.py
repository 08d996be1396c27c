"""Whether rotation functions inside a VPC reach Secrets Manager."""

from policies.pack.values import UNKNOWN
from tests.policies.cases import ALWAYS, Cases
from tests.policies.rotations import working

cases = Cases("rotation-can-work")

SUBNET = "aws:ec2/subnet:Subnet"
VPC = "aws:ec2/vpc:Vpc"


def _in_vpc(program, subnet):
    _, _, by = working(program)
    inside = next(resource for resource in program.resources if resource.urn == by)
    inside.inputs["vpcConfig"] = {"subnetIds": [program.later("subnet-1")], "securityGroupIds": ["sg-1"]}
    inside.property_dependencies["vpcConfig"] = (subnet,)


@cases.violated(
    "Nothing leads out of the VPC, and the team is strict", at="rotate", properties="vpcConfig", settings={"vpcCheck": "mandatory"}
)
def shut_in(program):
    working(program, vpcConfig={"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]})


@cases.holds("An endpoint leads from the VPC to Secrets Manager")
def endpoint(program):
    vpc = program.add(VPC, "vpc", {})
    subnet = program.add(SUBNET, "subnet", {"vpcId": program.later("vpc-1")}, made_from={"vpcId": [vpc]})
    given = {"serviceName": "com.amazonaws.eu-central-1.secretsmanager", "vpcEndpointType": "Interface", "vpcId": program.later("vpc-1")}
    program.add("aws:ec2/vpcEndpoint:VpcEndpoint", "endpoint", given, made_from={"vpcId": [vpc]})
    _in_vpc(program, subnet)


@cases.holds("A NAT gateway leads out of the VPC")
def nat_gateway(program):
    vpc = program.add(VPC, "vpc", {})
    subnets = [program.add(SUBNET, name, {"vpcId": program.later("vpc-1")}, made_from={"vpcId": [vpc]}) for name in ("private", "public")]
    program.add("aws:ec2/natGateway:NatGateway", "nat", {"subnetId": program.later("subnet-2")}, made_from={"subnetId": subnets[1:]})
    _in_vpc(program, subnets[0])


@cases.holds("The team looks after the VPC elsewhere", settings={"vpcCheck": "off"})
def vpc_is_not_checked(program):
    working(program, vpcConfig={"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]})


@cases.cannot_decide("Nothing in the stack leads out of the VPC", at="rotate", properties="vpcConfig", when=ALWAYS)
def perhaps_shut_in(program):
    working(program, vpcConfig={"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]})


@cases.cannot_decide("The endpoint is in another VPC", at="rotate", properties="vpcConfig")
def endpoint_of_another_vpc(program):
    vpcs = [program.add(VPC, name, {}) for name in ("own", "other")]
    subnet = program.add(SUBNET, "subnet", {"vpcId": UNKNOWN}, made_from={"vpcId": vpcs[:1]})
    given = {"serviceName": "com.amazonaws.eu-central-1.secretsmanager", "vpcId": UNKNOWN}
    program.add("aws:ec2/vpcEndpoint:VpcEndpoint", "endpoint", given, made_from={"vpcId": vpcs[1:]})
    _in_vpc(program, subnet)
