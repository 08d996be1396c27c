"""The function that rotates a service's secrets of one engine, with a role that can do nothing until a secret is given to it."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import cloudwatch, iam, lambda_

from components import _bundle
from components._arguments import choice, named, refused
from components._iam import Statement, document, statement
from components._platform import ARCHITECTURES, RUNTIMES
from components._tags import owner_tags
from components._targets import RotationTarget, certificates_of, configuration
from keyturn.catalogue import ENGINES
from keyturn.names import function_name

# Long enough to look into a quarter's rotations.
_LOG_RETENTION_DAYS = 90


class RotationFunctionArgs(TypedDict):
    """What a RotationFunction needs."""

    environment: str
    """Environment of the secrets, e.g. `prod`."""
    service: str
    """The one service whose secrets it rotates."""
    engine: str
    """What rotates them: `postgres`, `mysql` (for MariaDB, too) or `redis`."""
    targets: Mapping[str, RotationTarget]
    """By physical name of the secret: where its login lives. Known at preview."""
    admins: NotRequired[Mapping[str, pulumi.Input[str]]]
    """By physical name of the secret: ARN of the admin secret that makes its users. Default none."""
    subnet_ids: NotRequired[Sequence[pulumi.Input[str]]]
    """Subnets to run in, for databases without a public address. Default outside of any VPC."""
    security_group_ids: NotRequired[Sequence[pulumi.Input[str]]]
    """Security groups of the function; needed with `subnet_ids`."""
    architecture: NotRequired[str]
    """`arm64` or `x86_64`. Default `arm64`."""
    runtime: NotRequired[str]
    """`python3.13` or `python3.14`. Default `python3.13`."""


class RotationFunction(pulumi.ComponentResource):
    """A function that mints and sets passwords. `DatabaseCredential` allows it to, secret by secret.

    Raises:
        InputPropertyError: an argument is wrong; raised before anything is created.
        BundleError: the function's code could not be packed.
    """

    arn: pulumi.Output[str]
    """ARN of the function."""
    name: pulumi.Output[str]
    """Name of the function."""
    role_arn: pulumi.Output[str]
    """ARN of the role that it runs as."""
    role_name: pulumi.Output[str]
    """Name of that role; each secret adds its own permission there."""
    log_group_name: pulumi.Output[str]
    """Name of its log group: a line for each step of each rotation, none with a value."""

    def __init__(self, name: str, args: RotationFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        environment, service = args["environment"], args["service"]
        engine = choice(args, "engine", ENGINES)
        physical_name = named(lambda: function_name(environment, service, engine))
        architecture = choice(args, "architecture", ARCHITECTURES, ARCHITECTURES[0])
        runtime = choice(args, "runtime", RUNTIMES, RUNTIMES[0])
        network = _network(args)
        targets = configuration(args["targets"], args.get("admins"), environment, service, engine)
        code = _bundle.bundle(engine, certificates_of(args["targets"]), architecture=architecture, runtime=runtime)
        intent = {"environment": environment, "service": service, "engine": engine}
        super().__init__("keyturn:index:RotationFunction", name, intent, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = owner_tags(environment, service)

        role = iam.Role(
            name,
            name=physical_name,
            description=f"Rotates the {engine} secrets of {service} in {environment}",
            assume_role_policy=document(
                statement("LambdaRunsTheFunction", ["sts:AssumeRole"], principal={"Service": "lambda.amazonaws.com"})
            ),
            tags=tags,
            opts=child,
        )
        log_group = cloudwatch.LogGroup(
            f"{name}-log",
            name=f"/aws/lambda/{physical_name}",
            retention_in_days=_LOG_RETENTION_DAYS,
            tags=tags,
            opts=child,
        )
        permission = iam.RolePolicy(
            f"{name}-run",
            name="run",
            role=role.name,
            policy=document(*_to_run(log_group.arn, in_vpc=network is not None)),
            opts=child,
        )
        function = lambda_.Function(
            name,
            name=physical_name,
            description=f"Rotates the {engine} secrets of {service} in {environment}",
            role=role.arn,
            runtime=runtime,
            architectures=[architecture],
            handler="rotation_lambda.handler.handler",
            code=pulumi.FileArchive(str(code)),
            # By this the provider sees whether the code changed: its own upgrades and the place of the zip change nothing.
            source_code_hash=base64.b64encode(hashlib.sha256(code.read_bytes()).digest()).decode(),
            # A rotation waits for connections to time out; more memory is more CPU for the key derivation of a password.
            timeout=60,
            memory_size=256,
            environment={"variables": {"KEYTURN_TARGETS": targets}},
            vpc_config=network,
            tags=tags,
            # A function that runs before it may write its log would rotate in the dark.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission, log_group]),
        )

        self.arn = function.arn
        self.name = function.name
        self.role_arn = role.arn
        self.role_name = role.name
        self.log_group_name = log_group.name
        self.register_outputs(
            {
                **intent,
                "arn": self.arn,
                "name": self.name,
                "roleArn": self.role_arn,
                "roleName": self.role_name,
                "logGroupName": self.log_group_name,
            }
        )


def _to_run(log_group_arn: pulumi.Output[str], *, in_vpc: bool) -> list[Statement]:
    to_log = statement("WriteItsLog", ["logs:CreateLogStream", "logs:PutLogEvents"], [pulumi.Output.concat(log_group_arn, ":*")])
    # Network interfaces have no name before they exist, so AWS takes no narrower resource here.
    to_reach_the_vpc = statement(
        "ReachTheVpc",
        [
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:UnassignPrivateIpAddresses",
        ],
        ["*"],
    )
    return [to_log, to_reach_the_vpc] if in_vpc else [to_log]


def _network(args: RotationFunctionArgs) -> lambda_.FunctionVpcConfigArgsDict | None:
    subnets, groups = args.get("subnet_ids") or (), args.get("security_group_ids") or ()
    if not subnets and not groups:
        return None
    if not subnets or not groups:
        raise refused("subnet_ids" if groups else "security_group_ids", "is missing: subnets and security groups come together")
    return {"subnet_ids": subnets, "security_group_ids": groups}
