"""What the function may rotate: its configuration, which only the stack can change."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from rotation_lambda.errors import ConfigurationError

# No protocol carries a zero character or half of a letter.
_NO_TEXT = re.compile("[\\0\ud800-\udfff]")
_SECRET_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):secretsmanager:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):secret:(?P<name>.+)-[A-Za-z0-9]{6}"
)


@dataclass(frozen=True, kw_only=True)
class Target:
    """One secret that the function may rotate, and the settings that its engine reads."""

    secret: str
    """Physical name, e.g. `prod/billing/database`."""
    arn: str
    """The secret's ARN; no other secret in any account, region or time has the same."""
    kind: str
    admin: str | None
    """ARN of the secret that may create and repair the users, if there is one."""
    settings: Mapping[str, object]

    def text(self, key: str, default: str | None = None) -> str:
        """Gives a setting that must be a text with something in it."""
        value = self.settings.get(key, default)
        if not isinstance(value, str) or not value or _NO_TEXT.search(value):
            raise ConfigurationError(f"the target {self.secret} needs {key!r}, a text; correct the stack's declaration and deploy it")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Gives a setting that is a list of texts; none when it is left out."""
        value = self.settings.get(key, [])
        if not isinstance(value, list) or not all(isinstance(text, str) and text for text in cast("list[object]", value)):
            raise ConfigurationError(f"the target {self.secret} needs {key!r} to be a list of texts")
        return tuple(cast("list[str]", value))

    def whole_number(self, key: str, *, least: int, most: int, default: int | None = None) -> int:
        """Gives a setting that must be a whole number in a range."""
        value = self.settings.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ConfigurationError(f"the target {self.secret} needs {key!r}, a whole number from {least} to {most}")
        return value

    def one_of(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """Gives a setting that must be one of a few words."""
        value = self.text(key, default)
        if value not in choices:
            raise ConfigurationError(f"the target {self.secret} needs {key!r}, one of: {', '.join(choices)}")
        return value

    def knows_only(self, *keys: str) -> None:
        """Refuses settings that the engine would silently ignore."""
        if strange := sorted(self.settings.keys() - set(keys)):
            raise ConfigurationError(f"the target {self.secret} has {strange[0]!r}, which a {self.kind} secret does not know")


def name_in(secret_arn: str) -> str | None:
    """Gives the physical name in a secret's ARN, or nothing when it is no such ARN."""
    match = _SECRET_ARN.fullmatch(secret_arn)
    return match["name"] if match else None


def target_of(secret_arn: str, function_arn: str | None) -> Target:
    """Gives the target whose secret has this ARN, in the function's own account and region.

    Raises:
        ConfigurationError: the secret is none of this function's, or its target is malformed.
    """
    match = _SECRET_ARN.fullmatch(secret_arn)
    if not match:
        raise ConfigurationError("SecretId is no secret's ARN; Secrets Manager always sends one")
    if function_arn is not None:
        home = function_arn.split(":")[1:5]
        if home != [match["partition"], "lambda", match["region"], match["account"]]:
            raise ConfigurationError(f"the secret {match['name']} is of another account or region than this function")
    declared = _declared().get(match["name"])
    if declared is None:
        raise ConfigurationError(f"the secret {match['name']} is no target of this function; declare it and deploy the stack")
    return _target(match["name"], declared, own_arn=secret_arn)


def _declared() -> Mapping[str, object]:
    try:
        declared: object = json.loads(os.environ.get("KEYTURN_TARGETS", ""))
    except ValueError:
        declared = None
    if not isinstance(declared, dict):
        raise ConfigurationError("KEYTURN_TARGETS is no JSON object of targets by secret name; deploy the stack again")
    return cast("dict[str, Any]", declared)


def _target(secret: str, declared: object, *, own_arn: str) -> Target:
    if not isinstance(declared, dict):
        raise ConfigurationError(f"the target {secret} is no JSON object; deploy the stack again")
    settings = {**cast("dict[str, Any]", declared)}
    kind, admin = settings.pop("kind", None), settings.pop("admin", None)
    if not isinstance(kind, str):
        raise ConfigurationError(f"the target {secret} needs 'kind', a text")
    if admin is not None and (not isinstance(admin, str) or name_in(admin) is None):
        raise ConfigurationError(f"the target {secret} needs an 'admin' that is a secret's ARN")
    if admin == own_arn:
        raise ConfigurationError(f"the target {secret} names itself as its 'admin'; the admin user has a secret of its own")
    return Target(secret=secret, arn=own_arn, kind=kind, admin=admin, settings=settings)
