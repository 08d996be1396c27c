"""How a secret is called: `<environment>/<service>/<secret>`, e.g. `prod/billing/database`."""

import re
from dataclasses import dataclass

_PART = re.compile(r"[a-z][a-z0-9-]{0,63}")

# An engine is a module of Python.
_ENGINE = re.compile(r"[a-z][a-z0-9_]{0,63}")

# Secrets Manager puts `-` and six characters behind a name to make the ARN, and reads a name that ends like this as a complete ARN.
# Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html (Name)
_LIKE_AN_ARN = re.compile(r"-[a-zA-Z0-9]{6}$")

# What IAM allows for a role, Lambda for a function and EventBridge for a rule.
_LONGEST = 64


class InvalidNameError(ValueError):
    """A name that no secret may have. The message says which part is wrong and never repeats the text: it could be a pasted value."""


@dataclass(frozen=True, order=True)
class SecretName:
    """The name of one secret: who owns it is readable in it. `str()` gives the physical name.

    Raises:
        InvalidNameError: a part has other characters than names have, or the whole reads like an ARN.
    """

    environment: str
    """Environment that the secret belongs to, e.g. `prod`."""
    service: str
    """The one service that owns it."""
    secret: str
    """What it is for, e.g. `database`."""

    def __post_init__(self) -> None:
        for part, text in (("environment", self.environment), ("service", self.service), ("secret", self.secret)):
            check_part(part, text)
        if _LIKE_AN_ARN.search(self.secret):
            raise InvalidNameError(
                "secret: must not end in '-' and six characters, AWS reads that as the end of an ARN; lengthen it or drop the '-'"
            )

    def __str__(self) -> str:
        return f"{self.environment}/{self.service}/{self.secret}"


def parse(text: str) -> SecretName:
    """Gives the name that a physical name spells.

    Raises:
        InvalidNameError: the text is not of the form `<environment>/<service>/<secret>`.
    """
    parts = text.split("/")
    if len(parts) != 3:
        raise InvalidNameError("name: must be <environment>/<service>/<secret>, e.g. prod/billing/database")
    return SecretName(*parts)


def physical_name(environment: str, service: str, secret: str) -> str:
    """Gives the name under which Secrets Manager knows the secret.

    Raises:
        InvalidNameError: a part is not a name.
    """
    return str(SecretName(environment, service, secret))


def role_name(environment: str, service: str) -> str:
    """Gives the name of the role that a service runs as.

    Raises:
        InvalidNameError: a part is not a name, or the whole is longer than IAM allows.
    """
    return _joined(environment=environment, service=service)


def function_name(environment: str, service: str, engine: str) -> str:
    """Gives the name of the function that rotates a service's secrets of one engine, and of the role of that function.

    Raises:
        InvalidNameError: a part is not a name, or the whole is longer than Lambda allows.
    """
    if not _ENGINE.fullmatch(engine):
        raise InvalidNameError("engine: must begin with a lower-case letter and have lower-case letters, digits and '_' only")
    return _joined(engine, environment=environment, service=service)


def alert_rule_name(environment: str, happening: str = "rotation_failed") -> str:
    """Gives the name of the rule by which somebody hears of a happening in an environment.

    Args:
        environment: the environment.
        happening: `rotation_failed`, the default, or another of at most as many letters, digits and `_`.

    Raises:
        InvalidNameError: the environment is not a name, or the whole is longer than EventBridge allows.
    """
    check_part("environment", environment)
    name = f"keyturn_{environment}_{happening}"
    if len(name) > _LONGEST:
        raise InvalidNameError(f"environment: what bears its name is longer than the {_LONGEST} characters of a rule; shorten it")
    return name


def check_part(part: str, text: str) -> None:
    """Refuses what is not a name of an environment, a service or a secret; `part` says which in the message.

    Raises:
        InvalidNameError: the text has other characters than names have.
    """
    if not _PART.fullmatch(text):
        raise InvalidNameError(
            f"{part}: must begin with a lower-case letter and have lower-case letters, digits and '-' only, at most 64 characters"
        )


def _joined(*last: str, **parts: str) -> str:
    for part, text in parts.items():
        check_part(part, text)
    # No part but the last has '_': joined with '-', `prod` and `eu-billing` would be named like `prod-eu` and `billing`.
    name = "_".join(("keyturn", *parts.values(), *last))
    if len(name) > _LONGEST:
        raise InvalidNameError(f"service: what bears its name is longer than the {_LONGEST} characters of a role or function; shorten it")
    return name
