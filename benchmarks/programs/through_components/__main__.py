"""100 secrets through the components."""

from benchmarks.fleet import ADMIN, AUTHORITY, ENVIRONMENT, SECRETS, SERVICES, physical_name, target
from components import DatabaseCredential, RotationFunction, SecretEnvironment, ServiceAccess

shared = SecretEnvironment(ENVIRONMENT, {"environment": ENVIRONMENT})

for service in SERVICES:
    function = RotationFunction(
        f"{service}/postgres",
        {
            "environment": ENVIRONMENT,
            "service": service,
            "engine": "postgres",
            "targets": {physical_name(service, secret): {**target(service, secret), "ca": str(AUTHORITY)} for secret in SECRETS},
            "admins": {physical_name(service, secret): ADMIN for secret in SECRETS},
        },
    )
    credentials = {
        physical_name(service, secret): DatabaseCredential(
            f"{service}/{secret}",
            {
                "environment": ENVIRONMENT,
                "service": service,
                "secret": secret,
                "kms_key_arn": shared.kms_key_arn,
                "function_arn": function.arn,
                "function_role_name": function.role_name,
                "admin_secret_arn": ADMIN,
                "recovery_days": 0,
            },
        )
        for secret in SECRETS
    }
    ServiceAccess(
        service,
        {
            "environment": ENVIRONMENT,
            "service": service,
            "identity": "lambda",
            "secrets": {name: credential.arn for name, credential in credentials.items()},
            "kms_key_arn": shared.kms_key_arn,
        },
    )
