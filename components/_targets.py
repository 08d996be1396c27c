"""What a rotation function is told about the logins that it changes: no value, and nothing that a secret's writer could redirect."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NotRequired, TypedDict

import pulumi

from components._arguments import choice, mapping, refused, whole_number
from components._json_text import dumps
from keyturn.catalogue import AVAILABLE, Kind, Strategy
from keyturn.names import InvalidNameError, parse

# IAM takes 10,240 characters of inline policies for a role, and a secret whose admin is on a customer managed key needs some 1,350.
_MOST_TARGETS = 7

# Lambda's limit for all variables together.
_LONGEST_ENVIRONMENT = 4096

# An ARN of an admin secret that is not known yet is taken for this long.
_AN_ARN = "a" * 160


class RotationTarget(TypedDict):
    """Where a secret's login lives. It stands here and not in the secret: who can write a secret must not redirect the admin's password."""

    host: str
    """Host of the server, as its certificate names it."""
    database: str
    """Database to log in to."""
    username: str
    """The service's user; a second one, its clone, is derived from it."""
    ca: str
    """Path of the PEM file with the authorities that sign the server's certificate."""
    kind: NotRequired[str]
    """Kind of the secret: `postgres`. Default `postgres`."""
    strategy: NotRequired[str]
    """`alternating-users` or `single-user`. Default `alternating-users`."""
    port: NotRequired[int]
    """Port of the server, 1 to 65535. Default 5432."""


def configuration(
    targets: Mapping[str, RotationTarget],
    admins: Mapping[str, pulumi.Input[str]] | None,
    environment: str,
    service: str,
) -> pulumi.Output[str]:
    """Gives the variable KEYTURN_TARGETS; only the ARNs of admin secrets may still be unknown at a preview."""
    targets, admins = mapping(targets, "targets"), mapping(admins, "admins")
    if not targets:
        raise refused("targets", "must name at least one secret")
    if len(targets) > _MOST_TARGETS:
        raise refused(
            "targets", f"are {len(targets)}, and the rights of more than {_MOST_TARGETS} do not fit into a role; split the service"
        )
    for secret in targets:
        _check_owner(secret, environment, service)
    if strangers := sorted(set(admins) - set(targets)):
        raise refused("admins", f"names {strangers[0]}, which is not among the targets")
    known = {secret: _whole(target) for secret, target in targets.items()}
    expected = {secret: {**target, "admin": _AN_ARN} for secret, target in known.items()}
    if len("KEYTURN_TARGETS" + json.dumps(expected)) > _LONGEST_ENVIRONMENT:
        raise refused("targets", f"are {len(known)}, more than fit into a function's configuration; split the service")
    whole = {secret: {**target, "admin": admins[secret]} if secret in admins else target for secret, target in known.items()}
    return dumps(whole, sort_keys=True)


def _whole(target: RotationTarget) -> dict[str, object]:
    return {
        **target,
        "kind": choice(target, "kind", AVAILABLE, Kind.POSTGRES),
        "strategy": choice(target, "strategy", Strategy, Strategy.ALTERNATING_USERS),
        "port": whole_number(target, "port", least=1, most=65535, default=5432),
        "ca": Path(target["ca"]).name,
    }


def certificates_of(targets: Mapping[str, RotationTarget]) -> dict[str, Path]:
    """Gives the files with certificate authorities by the name that they have inside of the function."""
    certificates: dict[str, Path] = {}
    for target in targets.values():
        path = Path(target["ca"])
        if certificates.setdefault(path.name, path) != path:
            raise refused("targets", f"two certificate files are called {path.name}; rename one, they share a folder in the function")
    return certificates


def _check_owner(secret: str, environment: str, service: str) -> None:
    try:
        name = parse(secret)
    except InvalidNameError as error:
        raise refused("targets", f"has a key that is no name of a secret: {error}") from None
    if (name.environment, name.service) != (environment, service):
        raise refused("targets", f"names {secret}, which is not a secret of this service in this environment")
