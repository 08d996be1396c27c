"""Makes components of the parts of a declaration: what stands in a stack file becomes arguments here, and nowhere else."""

from collections.abc import Mapping

import pulumi

from components._bundle import bundle
from components._targets import RotationTarget, certificates_of, configuration
from components.admin_secret import AdminSecret
from components.database_credential import DatabaseCredential, DatabaseCredentialArgs
from components.rotation_function import RotationFunction, RotationFunctionArgs
from components.secret_environment import SecretEnvironment
from components.service_access import ServiceAccess, ServiceAccessArgs
from keyturn.declaration import Declaration, KubernetesIdentity, RoleIdentity
from keyturn.logins import Login, RedisLogin, SqlLogin
from keyturn.names import SecretName

# A '/' in logical names keeps them apart: with '-', `a-b` and `c` would be named like `a` and `b-c`.


def pack(declared: Declaration) -> None:
    """Makes the code of every function ready before anything is created: what cannot be packed leaves nothing half made."""
    for service, engine, databases in declared.rotations():
        targets = _targets(databases)
        configuration(targets, None, declared.environment, service, engine)
        bundle(engine, certificates_of(targets))


def secret_environment(declared: Declaration) -> SecretEnvironment:
    """Gives what all secrets of the environment share."""
    return SecretEnvironment(declared.environment, {"environment": declared.environment, "alerts": declared.alerts})


def rotation_function(
    declared: Declaration,
    service: str,
    engine: str,
    databases: Mapping[SecretName, Login],
    admins: Mapping[str, AdminSecret],
) -> RotationFunction:
    """Gives the function that rotates a service's secrets of one engine."""
    args: RotationFunctionArgs = {
        "environment": declared.environment,
        "service": service,
        "engine": engine,
        "targets": _targets(databases),
        "admins": {str(name): admins[database.admin].arn for name, database in databases.items() if database.admin},
    }
    if declared.vpc:
        args["subnet_ids"] = declared.vpc.subnet_ids
        args["security_group_ids"] = declared.vpc.security_group_ids
    return RotationFunction(f"{service}/{engine}", args)


def database_credential(
    declared: Declaration,
    name: SecretName,
    database: Login,
    *,
    shared: SecretEnvironment,
    function: RotationFunction,
    admins: Mapping[str, AdminSecret],
) -> DatabaseCredential:
    """Gives the login that a secret of the declaration is."""
    args: DatabaseCredentialArgs = {
        "environment": name.environment,
        "service": name.service,
        "secret": name.secret,
        "kind": database.kind.value,
        "strategy": database.strategy.value,
        "rotation_days": database.rotate_every,
        "readers": [service for service, part in declared.services.items() if any(read.secret == str(name) for read in part.reads)],
        "recovery_days": declared.recovery_days,
        "kms_key_arn": shared.kms_key_arn,
        "function_arn": function.arn,
        "function_role_name": function.role_name,
    }
    if database.admin:
        admin = admins[database.admin]
        args["admin_secret_arn"] = admin.arn
        if admin.kms_key_arn:
            args["admin_kms_key_arn"] = admin.kms_key_arn
    return DatabaseCredential(f"{name.service}/{name.secret}", args)


def service_access(
    declared: Declaration,
    service: str,
    shared: SecretEnvironment,
    arns: Mapping[str, pulumi.Input[str]],
) -> ServiceAccess:
    """Gives the role of a service; `arns` has every secret of the declaration by physical name."""
    part = declared.services[service]
    args: ServiceAccessArgs = {
        "environment": declared.environment,
        "service": service,
        "identity": part.identity.type.value,
        "secrets": {secret: arns[secret] for secret in declared.readable_by(service)},
        "exceptions": {read.secret: {"reason": read.reason, "until": read.until} for read in part.reads},
        "kms_key_arn": shared.kms_key_arn,
    }
    if isinstance(part.identity, RoleIdentity):
        args["principal_arn"] = part.identity.principal
    if isinstance(part.identity, KubernetesIdentity) and declared.kubernetes:
        args["oidc_provider_arn"] = declared.kubernetes.oidc_provider_arn
        args["namespace"] = part.identity.namespace
        args["service_account"] = part.identity.service_account
    return ServiceAccess(service, args)


def _targets(databases: Mapping[SecretName, Login]) -> dict[str, RotationTarget]:
    return {str(name): _target(database) for name, database in databases.items()}


def _target(database: Login) -> RotationTarget:
    target: RotationTarget = {
        "kind": database.kind.value,
        "strategy": database.strategy.value,
        "host": database.host,
        "port": database.port,
        "username": database.username,
        "ca": str(database.ca),
    }
    if isinstance(database, SqlLogin):
        target["database"] = database.database
    if isinstance(database, RedisLogin):
        target["rules"] = database.rules
        target["persistence"] = database.persistence
    return target
