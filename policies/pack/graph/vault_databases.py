"""The database engine of Vault: its connections, and whether somebody rotates the login that Vault itself uses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.pack.graph.durations import seconds_of
from policies.pack.graph.kubernetes import text_of
from policies.pack.graph.vault_tokens import DATABASE_CONNECTION, DATABASE_MOUNT, ENDPOINT, MOUNT
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Unknown, Value, at, elements

if TYPE_CHECKING:
    from policies.pack.stack import Stack

# Source: https://www.pulumi.com/registry/packages/vault/api-docs/database/secretbackendconnection/
_ENGINES = ("cassandra", "couchbase", "elasticsearch", "hana", "influxdb", "mongodb", "mongodbatlas", "mssql", "mysql", "mysqlAurora")
_MORE_ENGINES = ("mysqlLegacy", "mysqlRds", "oracle", "postgresql", "redis", "redisElasticache", "redshift", "snowflake")
_ENGINES_OF_MOUNT = ("cassandras", "couchbases", "elasticsearches", "hanas", "influxdbs", "mongodbatlas", "mongodbs", "mssqls", "mysqls")
_MORE_OF_MOUNT = (
    "mysqlAuroras",
    "mysqlLegacies",
    "mysqlRds",
    "oracles",
    "postgresqls",
    "redis",
    "redisElasticaches",
    "redshifts",
    "snowflakes",
)

# `scheme://user:password@host`, or Go's `user:password@tcp(host)`; a place that Vault fills in is none.
_INLINE = re.compile(r"(?:^|://)[^:/@]{1,128}:(?!//|\{\{)[^@]{1,1024}@")


@dataclass(frozen=True)
class Connection:
    """One database that Vault makes logins in."""

    resource: Resource
    name: str | Unknown | None
    settings: Value
    """What its engine is told; the rest of it may stand in the resource."""
    where: str
    """The property that holds them."""

    @property
    def urn(self) -> str:
        """URN of the resource that holds it: findings stand there."""
        return self.resource.urn

    @property
    def has_password(self) -> bool | Unknown:
        """Whether somebody outside of Vault gave it the password, and so knows it."""
        if self.settings is UNKNOWN:
            return UNKNOWN
        return at(self.settings, "password") is not None or at(self.settings, "passwordWo") is not None

    @property
    def has_password_in_address(self) -> bool | Unknown:
        """Whether the password stands in the address, where Vault cannot change it."""
        address = at(self.settings, "connectionUrl")
        return UNKNOWN if address is UNKNOWN else isinstance(address, str) and _INLINE.search(address) is not None

    @property
    def rotates_by_itself(self) -> bool | Unknown:
        """Whether Vault rotates the password on a schedule."""
        off = self._schedule("disableAutomatedRotation")
        schedule, period = self._schedule("rotationSchedule"), seconds_of(self._schedule("rotationPeriod"))
        if any(one is UNKNOWN for one in (off, schedule, period)):
            return UNKNOWN
        return off is not True and (bool(period) or (isinstance(schedule, str) and schedule != ""))

    def _schedule(self, name: str) -> Value:
        # A connection of its own has the schedule beside the settings of its engine, a mount's has it among them.
        return self.resource.read(name) if self.resource.type == DATABASE_CONNECTION else at(self.settings, name)


class VaultDatabases:
    """The connections of a stack, and what asks Vault to rotate their passwords."""

    def __init__(self, stack: "Stack") -> None:
        made = [stack.resources.of_type(DATABASE_CONNECTION, DATABASE_MOUNT), stack.resources.of_type(MOUNT)]
        types = [one.read("type") for one in made[1]]
        self.has_engine: bool | Unknown = bool(made[0]) or any(one == "database" for one in types if isinstance(one, str))
        if not self.has_engine and any(one is UNKNOWN for one in types):
            self.has_engine = UNKNOWN
        self.connections = tuple(connection for one in made[0] for connection in _connections(one))
        self._rotated = [text_of(one.read("path")) for one in stack.resources.of_type(ENDPOINT)]

    def is_rotated(self, connection: Connection) -> bool | Unknown:
        """Tells whether the program has the password of a connection rotated: on a schedule, or by writing to `rotate-root`."""
        by_itself, name = connection.rotates_by_itself, connection.name
        roots = [path for path in self._rotated if path is UNKNOWN or (isinstance(path, str) and "rotate-root" in path)]
        if by_itself is True or any(isinstance(path, str) and path.endswith(f"/rotate-root/{name!s}") for path in roots):
            return True
        is_open = any(path is UNKNOWN for path in roots) or (name is UNKNOWN and bool(roots))
        return UNKNOWN if by_itself is UNKNOWN or is_open else False


def _connections(resource: Resource) -> Iterator[Connection]:
    if resource.type == DATABASE_CONNECTION:
        name = text_of(resource.read("name"))
        for engine in (*_ENGINES, *_MORE_ENGINES):
            if (settings := resource.read(engine)) is not None:
                yield Connection(resource, name, settings, engine)
        return
    for engine in (*_ENGINES_OF_MOUNT, *_MORE_OF_MOUNT):
        for position, settings in enumerate(elements(resource.read(engine))):
            yield Connection(resource, text_of(at(settings, "name")), settings, f"{engine}[{position}]")
