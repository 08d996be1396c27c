"""The components: each gives a stack one part of secrets management, usable alone."""

from components.database_credential import DatabaseCredential, DatabaseCredentialArgs
from components.rotation_function import RotationFunction, RotationFunctionArgs, RotationTarget
from components.secret_environment import SecretEnvironment, SecretEnvironmentArgs
from components.service_access import AccessException, ServiceAccess, ServiceAccessArgs

__all__ = [
    "AccessException",
    "DatabaseCredential",
    "DatabaseCredentialArgs",
    "RotationFunction",
    "RotationFunctionArgs",
    "RotationTarget",
    "SecretEnvironment",
    "SecretEnvironmentArgs",
    "ServiceAccess",
    "ServiceAccessArgs",
]
