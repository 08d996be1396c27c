"""What a rotation function is told about the logins that it changes: no value, and nothing that a secret's writer could redirect."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NotRequired, TypedDict, cast

import pulumi

from components._arguments import choice, mapping, refused, text, whole_number
from components._json_text import dumps
from keyturn.catalogue import DATABASES, Kind, Strategy, engine_of
from keyturn.databases import PERSISTENCE, is_redis_rule, traits_of, unfit_host, unfit_strategy, unfit_username
from keyturn.names import InvalidNameError, parse

# IAM takes 10,240 characters of inline policies for a role, and a secret whose admin is on a customer managed key needs some 1,350.
_MOST_TARGETS = 7

# Lambda's limit for all variables together.
_LONGEST_ENVIRONMENT = 4096

_OF_EVERY_LOGIN = ("host", "username", "ca", "kind", "strategy", "port")

# An ARN of an admin secret that is not known yet is taken for this long.
_AN_ARN = "a" * 160


class RotationTarget(TypedDict):
    """Where a secret's login lives. It stands here and not in the secret: who can write a secret must not redirect the admin's password."""

    host: str
    """Host of the server, as its certificate names it."""
    username: str
    """The service's user; with alternating users a second one, its clone, is derived from it."""
    ca: str
    """Path of the PEM file with the authorities that sign the server's certificate."""
    database: NotRequired[str]
    """Database to log in to; needed but for `redis`, which has none."""
    kind: NotRequired[str]
    """Kind of the login: `postgres`, `mysql`, `mariadb` or `redis`. Default the first one that the function's engine rotates."""
    strategy: NotRequired[str]
    """`alternating-users`, `dual-password` or `single-user`. Default the first that fits the kind, as `DatabaseCredential` has it."""
    port: NotRequired[int]
    """Port of the server, 1 to 65535. Default 5432 for `postgres`, 3306 for `mysql` and `mariadb`, 6379 for `redis`."""
    rules: NotRequired[Sequence[str]]
    """What a user of `redis` may do, as ACL rules, e.g. `+@read` and `~billing:*`; needed when there is no such user yet."""
    persistence: NotRequired[str]
    """Who keeps a user of `redis` over a restart: `server`, or `none`. Default `server`."""


def configuration(
    targets: Mapping[str, RotationTarget],
    admins: Mapping[str, pulumi.Input[str]] | None,
    environment: str,
    service: str,
    engine: str,
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
    known = {secret: _whole(target, engine) for secret, target in targets.items()}
    expected = {secret: {**target, "admin": _AN_ARN} for secret, target in known.items()}
    if len("KEYTURN_TARGETS" + json.dumps(expected)) > _LONGEST_ENVIRONMENT:
        raise refused("targets", f"are {len(known)}, more than fit into a function's configuration; split the service")
    whole = {secret: {**target, "admin": admins[secret]} if secret in admins else target for secret, target in known.items()}
    return dumps(whole, sort_keys=True)


def _whole(target: RotationTarget, engine: str) -> dict[str, object]:
    kinds = [kind for kind in Kind if engine_of(kind) == engine]
    kind = Kind(choice(target, "kind", kinds, kinds[0]))
    ca = {"ca": Path(target["ca"]).name} if "ca" in target else {}
    if kind not in DATABASES:  # whose component has read the rest
        return {**target, **ca, "kind": kind}
    return {**_login(target, kind), **ca}


def _login(target: RotationTarget, kind: Kind) -> dict[str, object]:
    traits = traits_of(kind)
    keys = (*_OF_EVERY_LOGIN, *(("database",) if traits.has_databases else ("rules", "persistence")))
    if strangers := sorted(set(target) - set(keys)):
        raise refused(strangers[0], f"is nothing that a login of {kind} has; it has {', '.join(keys)}")
    host, username, _ = (_needed(target, key) for key in ("host", "username", "ca"))
    strategy = Strategy(choice(target, "strategy", Strategy, traits.strategies[0]))
    for key, why in (
        ("strategy", unfit_strategy(kind, strategy)),
        ("host", unfit_host(host, strategy)),
        ("username", unfit_username(kind, strategy, username)),
    ):
        if why:
            raise refused(key, why)
    return {
        "kind": kind,
        "strategy": strategy,
        "host": host,
        "port": whole_number(target, "port", least=1, most=65535, default=traits.port),
        "username": username,
        **({"database": _needed(target, "database")} if traits.has_databases else _of_redis(target)),
    }


def _of_redis(target: RotationTarget) -> dict[str, object]:
    rules = cast("Sequence[object]", target.get("rules") or ())
    if isinstance(rules, str) or not all(isinstance(rule, str) and is_redis_rule(rule) for rule in rules):
        raise refused(
            "rules", "must be ACL rules about commands, keys or channels, e.g. +@read or ~billing:*; passwords are the rotation's"
        )
    return {"rules": list(rules), "persistence": choice(target, "persistence", PERSISTENCE, PERSISTENCE[0])}


def _needed(target: RotationTarget, key: str) -> str:
    value = text(target, key)
    if not value:
        raise refused(key, "is missing")
    return value


def certificates_of(targets: Mapping[str, RotationTarget]) -> dict[str, Path]:
    """Gives the files with certificate authorities by the name that they have inside of the function."""
    certificates: dict[str, Path] = {}
    for path in (Path(target["ca"]) for target in targets.values() if "ca" in target):
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
