"""The role that a service runs as: it reads the service's secrets, by exact name, and nothing else."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import iam

from components._arguments import choice, mapping, named, refused
from components._iam import document, statement, use_of_key
from components._tags import owner_tags
from components._trust import trust
from keyturn.catalogue import Identity
from keyturn.names import InvalidNameError, parse, role_name


class AccessException(TypedDict):
    """Why a service reads another service's secret, and until when."""

    reason: str
    """Why, in words that a reviewer understands."""
    until: str
    """ISO date of the last day, e.g. `2027-06-30`."""


class ServiceAccessArgs(TypedDict):
    """What a ServiceAccess needs."""

    environment: str
    """Environment that the service runs in, e.g. `prod`."""
    service: str
    """Name of the service."""
    identity: str
    """What the service runs as: `lambda`, `ecs`, `ec2`, `kubernetes` or `role`."""
    secrets: Mapping[str, pulumi.Input[str]]
    """By physical name: ARN of each secret that it reads. Names are known at preview."""
    kms_key_arn: pulumi.Input[str]
    """ARN of the environment's customer managed key."""
    exceptions: NotRequired[Mapping[str, AccessException]]
    """By physical name: reason and end for each secret of another service. Default none; a rule refuses a read without."""
    oidc_provider_arn: NotRequired[pulumi.Input[str]]
    """ARN of the cluster's OIDC provider in IAM; needed for `kubernetes`."""
    namespace: NotRequired[str]
    """Namespace of the service account; needed for `kubernetes`."""
    service_account: NotRequired[str]
    """Service account that the pods use; needed for `kubernetes`."""
    principal_arn: NotRequired[str]
    """ARN of the one role or user that may take the role; needed for `role`."""


class ServiceAccess(pulumi.ComponentResource):
    """A role for one service, with the right to read exactly its secrets, and to decrypt them through Secrets Manager only.

    Raises:
        InputPropertyError: an argument is wrong; raised before anything is created.
    """

    role_arn: pulumi.Output[str]
    """ARN of the role. For `ec2`, put it into the instance profile of the machines."""
    role_name: pulumi.Output[str]
    """Name of the role."""

    def __init__(self, name: str, args: ServiceAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        environment, service = args["environment"], args["service"]
        physical_name = named(lambda: role_name(environment, service))
        identity = Identity(choice(args, "identity", Identity))
        secrets = _secrets(args, environment)
        exceptions = mapping(args.get("exceptions"), "exceptions")
        if strangers := sorted(set(exceptions) - set(secrets)):
            raise refused("exceptions", f"names {strangers[0]}, which is not among the secrets")
        trusted = trust(identity, args)
        intent = {
            "environment": environment,
            "service": service,
            "identity": identity.value,
            "reads": sorted(secrets),
            "exceptions": {secret: {"reason": given["reason"], "until": given["until"]} for secret, given in exceptions.items()},
        }
        super().__init__("keyturn:index:ServiceAccess", name, intent, opts)
        child = pulumi.ResourceOptions(parent=self)

        role = iam.Role(
            name,
            name=physical_name,
            description=f"Runs {service} in {environment}",
            assume_role_policy=document(trusted),
            tags=owner_tags(environment, service),
            opts=child,
        )
        iam.RolePolicy(
            f"{name}-reads",
            name="read-secrets",
            role=role.name,
            policy=document(
                statement(
                    "ReadTheSecretsOfTheService",
                    ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
                    list(secrets.values()),
                ),
                use_of_key("DecryptTheSecretsOfTheService", ["kms:Decrypt"], args["kms_key_arn"], list(secrets.values())),
            ),
            opts=child,
        )

        self.role_arn = role.arn
        self.role_name = role.name
        self.register_outputs({**intent, "roleArn": self.role_arn, "roleName": self.role_name})


def _secrets(args: ServiceAccessArgs, environment: str) -> Mapping[str, pulumi.Input[str]]:
    secrets = mapping(args["secrets"], "secrets")
    if not secrets:
        raise refused("secrets", "must name at least one secret: a service without any needs no role from here")
    for secret in secrets:
        try:
            name = parse(secret)
        except InvalidNameError as error:
            raise refused("secrets", f"has a key that is no name of a secret: {error}") from None
        if name.environment != environment:
            raise refused("secrets", f"names {secret}, which belongs to another environment; an environment is closed")
    return dict(sorted(secrets.items()))
