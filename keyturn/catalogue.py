"""The vocabulary of secrets: which kinds there are, how much hurts if one leaks, what rotates it. This is its one home."""

import re
from enum import StrEnum

PROTECTED_ENVIRONMENTS = ("prod", "staging")
"""Environments whose secrets somebody misses: the engine refuses to delete them."""

PRACTICE_ENVIRONMENTS = ("dev", "local")
"""Environments in which a team tries things: some rules only advise there, and are mandatory everywhere else."""


class Kind(StrEnum):
    """What a secret is. The kind decides component, engine, sensitivity and default rotation."""

    POSTGRES = "postgres"
    MYSQL = "mysql"
    MARIADB = "mariadb"
    REDIS = "redis"
    MONGODB = "mongodb"
    SQLSERVER = "sqlserver"
    ORACLE = "oracle"
    SIGNING_KEY = "signing-key"
    OAUTH_CLIENT = "oauth-client"
    AWS_ACCESS_KEY = "aws-access-key"
    ENCRYPTION_KEY = "encryption-key"
    TLS_CERTIFICATE = "tls-certificate"
    API_KEY = "api-key"
    STATIC = "static"
    SERVICE_TOKEN = "service-token"  # noqa: S105 - the name of a kind


class Sensitivity(StrEnum):
    """How much hurts if the secret leaks."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"


class Strategy(StrEnum):
    """How the credential of a database changes without locking its service out."""

    ALTERNATING_USERS = "alternating-users"
    """Two users take turns: the one in use is never touched. Needs an admin secret."""
    DUAL_PASSWORD = "dual-password"  # noqa: S105 - the name of a strategy
    """One user has two passwords: the one before stays valid until the next rotation."""
    SINGLE_USER = "single-user"
    """One user gets a new password: open connections live on, a login in that moment is retried."""


class Identity(StrEnum):
    """What a service runs as, and so what may assume its role."""

    LAMBDA = "lambda"
    ECS = "ecs"
    EC2 = "ec2"
    KUBERNETES = "kubernetes"
    ROLE = "role"


DATABASES = frozenset({Kind.POSTGRES, Kind.MYSQL, Kind.MARIADB, Kind.REDIS, Kind.MONGODB, Kind.SQLSERVER, Kind.ORACLE})
"""Kinds that are a login of a database."""

AVAILABLE = (Kind.POSTGRES, Kind.MYSQL, Kind.MARIADB, Kind.REDIS)
"""Kinds that this version has a component for."""

DEFAULT_ROTATION_DAYS = 30
"""Days between two rotations when a declaration says nothing."""

_ALERTS = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "https": re.compile(r"https://\S+"),
    "sqs": re.compile(r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+"),
}

_ENGINES = {
    Kind.POSTGRES: "postgres",
    Kind.MYSQL: "mysql",
    Kind.MARIADB: "mysql",  # one protocol and one driver
    Kind.REDIS: "redis",
    Kind.SIGNING_KEY: "signing_key",
    Kind.OAUTH_CLIENT: "http_token",
    Kind.AWS_ACCESS_KEY: "iam_access_key",
    Kind.ENCRYPTION_KEY: "encryption_key",
    Kind.TLS_CERTIFICATE: "tls_certificate",
    Kind.API_KEY: "http_token",
    Kind.SERVICE_TOKEN: "random_value",
}

ENGINES = tuple(sorted(set(_ENGINES.values())))
"""Every rotation engine."""

_SENSITIVITY = {
    Kind.TLS_CERTIFICATE: Sensitivity.HIGH,
    Kind.API_KEY: Sensitivity.HIGH,
    Kind.STATIC: Sensitivity.MEDIUM,
    Kind.SERVICE_TOKEN: Sensitivity.MEDIUM,
}


def sensitivity_of(kind: Kind) -> Sensitivity:
    """Gives how much hurts if a secret of this kind leaks. A kind that says nothing is critical: doubt closes."""
    return _SENSITIVITY.get(kind, Sensitivity.CRITICAL)


def engine_of(kind: Kind) -> str | None:
    """Gives the rotation engine of a kind, a module of `rotation_lambda/engines`; None when nothing rotates it yet, or a person does."""
    return _ENGINES.get(kind)


def protocol_of(alert: str) -> str | None:
    """Gives how an address of `alerts` is subscribed to the alert topic; None when it is none of the ways that exist."""
    for protocol, pattern in _ALERTS.items():
        if pattern.fullmatch(alert):
            return protocol
    return None
