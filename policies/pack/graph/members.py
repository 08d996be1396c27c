"""Which members the value of a secret has, by its kind: what the rotation functions write."""

import re

from keyturn.catalogue import Kind
from policies.pack.graph.intent import said_of
from policies.pack.graph.secret import Secret
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN, Unknown

_SERVER = frozenset({"engine", "host", "port", "username", "password", "masterarn"})
_TOKEN = frozenset({"value", "id", "issued", "retired"})

_MEMBERS: dict[str, frozenset[str]] = {
    Kind.POSTGRES: _SERVER | {"dbname"},
    Kind.MYSQL: _SERVER | {"dbname"},
    Kind.MARIADB: _SERVER | {"dbname"},
    Kind.REDIS: _SERVER,
    Kind.SIGNING_KEY: frozenset({"keys"}),
    Kind.ENCRYPTION_KEY: frozenset({"keys"}),
    Kind.OAUTH_CLIENT: _TOKEN,
    Kind.API_KEY: _TOKEN,
    Kind.SERVICE_TOKEN: frozenset({"value"}),
    Kind.AWS_ACCESS_KEY: frozenset({"UserName", "AccessKeyId", "SecretAccessKey"}),
    Kind.TLS_CERTIFICATE: frozenset({"certificate", "privateKey", "chain", "serialNumber", "notAfter"}),
}
"""What a person sets, and what this version has no engine for, may have any."""

# The operator takes a path into the JSON, e.g. `keys.#(kid=="x").k`: the first step is a member of the whole.
_FIRST_STEP = re.compile(r"[\w-]+")


def members_of(secret: Secret, resources: Resources) -> frozenset[str] | Unknown | None:
    """Gives the members of a secret's value. None when its kind does not say, UNKNOWN when the kind is not known yet."""
    kind = said_of(secret.resource, resources, "kind")
    return UNKNOWN if kind is UNKNOWN else _MEMBERS.get(kind) if isinstance(kind, str) else None


def has_member(members: frozenset[str], part: str) -> bool:
    """Tells whether a path into the value begins at one of its members."""
    first = _FIRST_STEP.match(part)
    return part in members or first is None or first[0] in members
