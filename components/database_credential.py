"""A login of a database that rotation mints and renews: the container is created empty, and Pulumi never sees the password."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import iam, lambda_, secretsmanager

from components._arguments import choice, named, refused, whole_number
from components._iam import Statement, account_of, document, statement, use_of_key
from components._tags import secret_tags
from keyturn.catalogue import AVAILABLE, DATABASES, DEFAULT_ROTATION_DAYS, PROTECTED_ENVIRONMENTS, Kind, Strategy, sensitivity_of
from keyturn.databases import missing_admin, traits_of, unfit_strategy
from keyturn.names import InvalidNameError, SecretName, check_part


class DatabaseCredentialArgs(TypedDict):
    """What a DatabaseCredential needs."""

    environment: str
    """Environment that owns the secret, e.g. `prod`."""
    service: str
    """The one service that reads it."""
    secret: str
    """What it is called within its service, e.g. `database`."""
    kms_key_arn: pulumi.Input[str]
    """ARN of the environment's customer managed key."""
    function_arn: pulumi.Input[str]
    """ARN of the service's rotation function, which has the secret among its targets."""
    function_role_name: pulumi.Input[str]
    """Name of that function's role."""
    kind: NotRequired[str]
    """Database that it logs in to: `postgres`, `mysql`, `mariadb` or `redis`. Default `postgres`."""
    strategy: NotRequired[str]
    """`alternating-users`, two users that take turns; `dual-password`, one user with two passwords (`mysql`, `redis`); or `single-user`.
    Default `alternating-users` for `postgres` and `mariadb`, else `dual-password`."""
    admin_secret_arn: NotRequired[pulumi.Input[str]]
    """ARN of the admin secret that makes the users; needed for alternating users and for `redis`. Made elsewhere: by RDS or a DBA."""
    admin_kms_key_arn: NotRequired[pulumi.Input[str]]
    """ARN of the key that encrypts the admin secret. Default the AWS managed key, which needs no permission."""
    readers: NotRequired[Sequence[str]]
    """Other services that read it, by name; the `ServiceAccess` of each says why and until when. Default none."""
    rotation_days: NotRequired[int]
    """Longest time between two rotations in days, 1 to 365. Default 30."""
    recovery_days: NotRequired[int]
    """Days in which a deleted secret can be restored, 7 to 30; 0 frees its name at once. Default 30."""


class DatabaseCredential(pulumi.ComponentResource):
    """A user and password of a database that the first rotation makes and every further one renews.

    In `prod` and `staging` the engine refuses to delete the secret, until `pulumi state unprotect`.

    Raises:
        InputPropertyError: an argument is wrong; raised before anything is created.
    """

    arn: pulumi.Output[str]
    """ARN of the secret. Grant reading it with `ServiceAccess`, which also grants the key."""
    name: pulumi.Output[str]
    """Name by which the service reads it: `<environment>/<service>/<secret>`."""
    kind: pulumi.Output[str]
    """Database that it logs in to."""
    sensitivity: pulumi.Output[str]
    """How much hurts if it leaks: `critical`."""
    rotation: pulumi.Output[str]
    """Longest time between two rotations, e.g. `30d`."""

    def __init__(self, name: str, args: DatabaseCredentialArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        secret_name = named(lambda: SecretName(args["environment"], args["service"], args["secret"]))
        kind = Kind(choice(args, "kind", [kind for kind in AVAILABLE if kind in DATABASES], Kind.POSTGRES))
        strategy = _strategy(args, kind)
        if args.get("admin_secret_arn") is None and (why := missing_admin(kind, strategy)):
            raise refused("admin_secret_arn", why)
        rotation_days = whole_number(args, "rotation_days", least=1, most=365, default=DEFAULT_ROTATION_DAYS)
        recovery_days = _recovery_days(args)
        readers = _readers(args)
        intent = {
            "environment": secret_name.environment,
            "service": secret_name.service,
            "secret": secret_name.secret,
            "kind": kind.value,
            "sensitivity": sensitivity_of(kind).value,
            "rotation": f"{rotation_days}d",
            "strategy": strategy.value,
        }
        super().__init__("keyturn:index:DatabaseCredential", name, intent, opts)
        child = pulumi.ResourceOptions(parent=self)

        secret = secretsmanager.Secret(
            name,
            name=str(secret_name),
            description=f"Login of {secret_name.service} to its {kind} database, minted and renewed by rotation",
            kms_key_id=args["kms_key_arn"],
            recovery_window_in_days=recovery_days,
            tags=secret_tags(secret_name, kind, intent["rotation"]),
            opts=pulumi.ResourceOptions(parent=self, protect=True if secret_name.environment in PROTECTED_ENVIRONMENTS else None),
        )
        closed = secretsmanager.SecretPolicy(
            f"{name}-readers",
            secret_arn=secret.arn,
            policy=document(*_closed_to_strangers(secret_name, readers)),
            block_public_policy=True,
            opts=child,
        )
        rights = iam.RolePolicy(
            f"{name}-rights",
            name=f"rotate-{secret_name.secret}",
            role=args["function_role_name"],
            policy=document(*_rights(args, secret.arn)),
            opts=child,
        )
        invocation = lambda_.Permission(
            f"{name}-invocation",
            statement_id=f"rotate-{secret_name.secret}",
            action="lambda:InvokeFunction",
            function=args["function_arn"],
            principal="secretsmanager.amazonaws.com",
            source_account=account_of(secret.arn),
            source_arn=secret.arn,
            opts=child,
        )
        # The schedule starts the first rotation at once: before it exists, the function must be allowed to run and to do its work,
        # and nobody else to read what it mints.
        secretsmanager.SecretRotation(
            f"{name}-rotation",
            secret_id=secret.id,
            rotation_lambda_arn=args["function_arn"],
            rotate_immediately=True,
            rotation_rules={"automatically_after_days": rotation_days},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[rights, invocation, closed]),
        )

        self.arn = secret.arn
        self.name = secret.name
        self.kind = pulumi.Output.from_input(intent["kind"])
        self.sensitivity = pulumi.Output.from_input(intent["sensitivity"])
        self.rotation = pulumi.Output.from_input(intent["rotation"])
        self.register_outputs({**intent, "arn": self.arn, "name": self.name})


def _strategy(args: DatabaseCredentialArgs, kind: Kind) -> Strategy:
    strategy = Strategy(choice(args, "strategy", Strategy, traits_of(kind).strategies[0]))
    if why := unfit_strategy(kind, strategy):
        raise refused("strategy", why)
    return strategy


def _rights(args: DatabaseCredentialArgs, secret_arn: pulumi.Output[str]) -> list[Statement]:
    """What the function may do for this secret, and nothing for any other."""
    rights = [
        statement(
            "RotateThisSecret",
            [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:ListSecretVersionIds",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            [secret_arn],
        ),
        use_of_key("UseTheKeyForThisSecret", ["kms:Decrypt", "kms:GenerateDataKey"], args["kms_key_arn"], [secret_arn]),
    ]
    admin, admin_key = args.get("admin_secret_arn"), args.get("admin_kms_key_arn")
    if admin is not None:
        rights.append(statement("ReadTheAdminSecret", ["secretsmanager:GetSecretValue"], [admin]))
        if admin_key is not None:
            rights.append(use_of_key("DecryptTheAdminSecret", ["kms:Decrypt"], admin_key, [admin]))
    return rights


def _closed_to_strangers(name: SecretName, readers: Sequence[str]) -> list[Statement]:
    """Whatever IAM grants elsewhere, an administrator's `*` included, the value is for roles that carry the owner's tags.

    Roles of `ServiceAccess` and of `RotationFunction` carry them. In a secret's policy, `*` is this secret.
    """

    def refusal(sid: str, tag: str, values: Sequence[str]) -> Statement:
        return statement(
            sid,
            ["secretsmanager:GetSecretValue"],
            ["*"],
            principal={"AWS": "*"},
            conditions={"StringNotEquals": {f"aws:PrincipalTag/{tag}": list(values)}},
            effect="Deny",
        )

    return [
        refusal("OnlyItsServiceReadsIt", "keyturn:service", [name.service, *readers]),
        refusal("OnlyItsEnvironmentReadsIt", "keyturn:environment", [name.environment]),
    ]


def _readers(args: DatabaseCredentialArgs) -> list[str]:
    readers = list(args.get("readers") or ())
    for reader in readers:
        try:
            check_part("service", reader)
        except InvalidNameError as error:
            raise refused("readers", f"must be names of services, and one {str(error).partition(': ')[2]}") from None
    return readers


def _recovery_days(args: DatabaseCredentialArgs) -> int:
    days = whole_number(args, "recovery_days", least=0, most=30, default=30)
    if 0 < days < 7:
        raise refused("recovery_days", "must be 0 or from 7 to 30")
    return days
