"""What sets one kind of database apart for whoever declares its logins: ports, strategies, names of users, and places without a way in."""

import re
from dataclasses import dataclass

from keyturn.catalogue import Kind, Strategy

_ALTERNATING, _DUAL, _SINGLE = Strategy.ALTERNATING_USERS, Strategy.DUAL_PASSWORD, Strategy.SINGLE_USER

# The function derives two more names from a login, with these endings; AWS's own functions use the first.
_DERIVED = ("_clone", "_owner")

_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_REDIS_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@-]*")

# What a user may do. Passwords, `on`, `off` and `nopass` are the rotation's; a password here would be a value in a stack file.
_REDIS_RULE = re.compile(
    r"""[+-]@?[a-z0-9|._:-]+ | (?:~|&|%(?:r|w|rw|wr)~)[^\x00-\x20\x7f'"]+"""
    r""" | (?:all|reset)(?:keys|channels) | allcommands | nocommands | clearselectors | (?:skip-)?sanitize-payload""",
    re.IGNORECASE | re.VERBOSE,
)

PERSISTENCE = ("server", "none")
"""Who keeps a Redis user over a restart: the server, in the way that it is configured for; or nobody, because it is made anew each time."""


@dataclass(frozen=True)
class Traits:
    """What the declaration of a login may say."""

    port: int
    """Port of the server when none is given."""
    strategies: tuple[Strategy, ...]
    """How its credential may change; the first is the default."""
    needs_admin: frozenset[Strategy]
    """Strategies that only work with an admin secret."""
    longest_username: int
    """Characters of the server's longest user name."""
    reserved: frozenset[str]
    """Users that are the server's own, and words that it takes for something else."""
    reserved_beginnings: tuple[str, ...] = ()
    """What such names begin with."""
    has_databases: bool = True
    """Whether a login is for a database of the server."""


_OF_MYSQL = frozenset(
    {"all", "current_role", "current_user", "default", "event_scheduler", "mysql", "none", "public", "root", "session_user"}
)
_OF_RDS = ("rdsadmin", "rdsrepladmin", "rds_superuser")

_TRAITS = {
    Kind.POSTGRES: Traits(
        port=5432,
        strategies=(_ALTERNATING, _SINGLE),
        needs_admin=frozenset({_ALTERNATING}),
        longest_username=63,
        reserved=frozenset({"none", "postgres", "public"}),
        reserved_beginnings=("pg_", *_OF_RDS),
    ),
    Kind.MYSQL: Traits(
        port=3306,
        strategies=(_DUAL, _ALTERNATING, _SINGLE),
        needs_admin=frozenset({_ALTERNATING}),
        longest_username=32,
        reserved=_OF_MYSQL,
        reserved_beginnings=_OF_RDS,
    ),
    Kind.MARIADB: Traits(
        port=3306,
        strategies=(_ALTERNATING, _SINGLE),
        needs_admin=frozenset({_ALTERNATING}),
        longest_username=80,
        reserved=_OF_MYSQL,
        reserved_beginnings=_OF_RDS,
    ),
    Kind.REDIS: Traits(
        port=6379,
        strategies=(_DUAL,),
        needs_admin=frozenset({_DUAL}),
        longest_username=64,
        reserved=frozenset({"default"}),
        has_databases=False,
    ),
}


def traits_of(kind: Kind) -> Traits:
    """Gives what sets a kind of database apart that this version has a component for."""
    return _TRAITS[kind]


def unfit_strategy(kind: Kind, strategy: Strategy) -> str | None:
    """Says why a strategy does not work with a kind, and what does; nothing when it works."""
    strategies = traits_of(kind).strategies
    if strategy in strategies:
        return None
    why = {
        (Kind.POSTGRES, _DUAL): "PostgreSQL keeps one password for a user",
        (Kind.MARIADB, _DUAL): "MariaDB keeps one password for a user",
        (Kind.REDIS, _ALTERNATING): "a Redis user has several passwords, so nobody is locked out with one user",
        (Kind.REDIS, _SINGLE): "a Redis user has several passwords, so nobody need be locked out",
    }[kind, strategy]
    return f"does not fit {kind}: {why}; choose {' or '.join(strategies)}, or leave it out"


def missing_admin(kind: Kind, strategy: Strategy) -> str | None:
    """Says why a strategy does not work without an admin secret, and what does; nothing when it does."""
    traits = traits_of(kind)
    if strategy not in traits.needs_admin:
        return None
    why = "alternating users are made by an admin" if strategy is _ALTERNATING else "the passwords of a Redis user are set by an admin"
    others = [other for other in traits.strategies if other not in traits.needs_admin]
    return f"is missing: {why}; name its secret" + (f", or choose {' or '.join(others)}" if others else "")


def unfit_host(host: str, strategy: Strategy) -> str | None:
    """Says why a rotation cannot work at an endpoint of RDS, and what to name instead; nothing when it can, or when it is none."""
    name = host.lower()
    if ".cluster-ro-" in name:
        return "is the reader endpoint of an Aurora cluster, which changes no password; name the writer's, <cluster>.cluster-<id>…"
    if ".proxy-" in name and strategy is _ALTERNATING:
        return (
            "is an RDS Proxy, which knows one user for a secret and drops the connections of the other; name the database itself, or"
            " choose a strategy with one user"
        )
    return None


def unfit_username(kind: Kind, strategy: Strategy, username: str) -> str | None:
    """Says why a service cannot have this user; nothing when it can."""
    traits = traits_of(kind)
    if kind is Kind.REDIS:
        if not _REDIS_NAME.fullmatch(username):
            return "must begin with a letter, a digit or '_' and have those and '.', ':', '@', '-' only"
    elif not _NAME.fullmatch(username):
        return "must have lower-case letters, digits and '_' only"
    # A role of PostgreSQL leaves room for a second one, whatever the strategy: it may change.
    room = len(_DERIVED[0]) if strategy is _ALTERNATING or kind is Kind.POSTGRES else 0
    if len(username) > traits.longest_username - room:
        why = f": {kind} has {traits.longest_username}, and the second user is called <username>{_DERIVED[0]}" if room else ""
        return f"must not be longer than {traits.longest_username - room} characters{why}"
    if traits.has_databases and username.endswith(_DERIVED):
        return "must not end in _clone or _owner: rotation derives users of these names; give the first user's name"
    if username in traits.reserved or username.startswith(traits.reserved_beginnings):
        return "is a name of the server itself; a service has a user of its own"
    return None


def is_redis_rule(rule: str) -> bool:
    """Says whether an ACL rule of Redis is about commands, keys or channels, or a selector `( … )` of such rules."""
    inner = rule[1:-1].split(" ") if rule.startswith("(") and rule.endswith(")") else [rule]
    return all(_REDIS_RULE.fullmatch(part) for part in inner)
