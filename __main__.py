"""The door: configuration, declaration, components, outputs. Everything that decides something is behind it."""

from pathlib import Path

import pulumi
from pulumi.runtime import get_config_env, get_config_secret_keys_env

from components._bundle import BundleError
from components.admin_secret import AdminSecretError, find_all
from components.database_credential import DatabaseCredential
from components.declared import database_credential, pack, rotation_function, secret_environment, service_access
from keyturn.declaration import Declaration
from keyturn.names import SecretName
from keyturn.problems import DeclarationError


def main() -> None:
    declared = Declaration.from_config(get_config_env(), secret_keys=get_config_secret_keys_env(), directory=Path(__file__).parent)
    # Before anything is created: what is missing stops here, and leaves nothing half made.
    admins = find_all(declared.admins())
    pack(declared)

    shared = secret_environment(declared)

    credentials: dict[SecretName, DatabaseCredential] = {}
    for service, engine, databases in declared.rotations():
        function = rotation_function(declared, service, engine, databases, admins)
        for name, database in databases.items():
            credentials[name] = database_credential(declared, name, database, shared=shared, function=function, admins=admins)
    arns = {str(name): credential.arn for name, credential in credentials.items()}
    roles = {service: service_access(declared, service, shared, arns) for service in declared.services}

    pulumi.export("environment", declared.environment)
    pulumi.export("kmsKeyArn", shared.kms_key_arn)
    pulumi.export("alertTopicArn", shared.alert_topic_arn)
    pulumi.export(
        "services",
        {
            service: {
                "roleArn": role.role_arn,
                "secrets": {name.secret: _described(credentials[name]) for name in credentials if name.service == service},
            }
            for service, role in roles.items()
        },
    )
    pulumi.export("accessMatrix", declared.access_matrix())


def _described(credential: DatabaseCredential) -> dict[str, pulumi.Output[str]]:
    return {key: getattr(credential, key) for key in ("arn", "name", "kind", "sensitivity", "rotation")}


try:
    main()
except (DeclarationError, AdminSecretError, BundleError, pulumi.InputPropertyError) as error:
    raise pulumi.RunError(str(error)) from None
