"""Reports reads billing's secret by our own components, and names neither reason nor end."""

from components import DatabaseCredential, RotationFunction, SecretEnvironment, ServiceAccess

NAME = "dev/billing/database"
ADMIN = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:dev/platform/database-admin-AbCdEf"

environment = SecretEnvironment("dev", {"environment": "dev"})
function = RotationFunction(
    "billing-postgres",
    {
        "environment": "dev",
        "service": "billing",
        "engine": "postgres",
        "targets": {NAME: {"host": "db.example.com", "database": "app", "username": "billing", "ca": "ca.pem"}},
        "admins": {NAME: ADMIN},
    },
)
credential = DatabaseCredential(
    "billing-database",
    {
        "environment": "dev",
        "service": "billing",
        "secret": "database",
        "kms_key_arn": environment.kms_key_arn,
        "function_arn": function.arn,
        "function_role_name": function.role_name,
        "admin_secret_arn": ADMIN,
    },
)
for service in ("billing", "reports"):
    ServiceAccess(
        service,
        {
            "environment": "dev",
            "service": service,
            "identity": "lambda",
            "kms_key_arn": environment.kms_key_arn,
            "secrets": {NAME: credential.arn},
        },
    )
