"""What is asked of Vault is written down, and the logins that it keeps are renewed.

A stack that manages mounts or login methods of a Vault has two audit devices: with one, Vault stops answering when it cannot write to
it. No device writes values as they are (`log_raw`). OpenBao takes no audit devices over its API: they stand in the server's own
configuration (`audit "file" "main" { options { file_path = "…" } }`), and `auditElsewhere` says so.

Where Vault has a database engine, no login of a database lies in KV as a fixed value. A static role is rotated on a schedule. The
password of a connection, which whoever set it up knows, is rotated: on a schedule (`rotationPeriod`), or by a write to `rotate-root`.
It stands beside the address, not inside: Vault cannot change it there.

The rule is advisory. What it does not see: devices that another stack makes, and what happens to the lines that they write.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from pydantic import Field

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.durations import seconds_of
from policies.pack.graph.place import server_of
from policies.pack.graph.vault_databases import Connection, VaultDatabases
from policies.pack.graph.vault_tokens import (
    AUDIT,
    AUTH_BACKEND,
    DATABASE_MOUNT,
    DATABASE_STATIC_ROLE,
    GENERIC_SECRET,
    KV_SECRET,
    KV_SECRET_V1,
    LDAP_BACKEND,
    MOUNT,
)
from policies.pack.resource import Resource
from policies.pack.rule import Group, Level, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Unknown, Value

_MEND_DATABASE = "Let Vault make the login: a database role (vault.database.SecretBackendRole), or a static role that it rotates."
_MEND_ROOT = "Set rotationPeriod, or write to <mount>/rotate-root/<connection> once, and name the connection in `rotatedElsewhere`."
_DATABASES = ("database", "db", "postgres", "postgresql", "mysql", "mariadb", "mongodb", "mongo", "redis", "mssql", "sqlserver", "oracle")
_ADDRESS = frozenset({"host", "hostname", "dbname", "database", "dsn", "url", "connectionurl", "connection_url", "jdbc_url"})
_USER = frozenset({"user", "username", "login"})


class Audited(Settings):
    """What is done outside of the program."""

    audit_elsewhere: bool = False
    """Whether audit devices are made elsewhere: in the server's configuration, as OpenBao has it, or by another stack."""
    devices: int = Field(default=2, ge=1, le=10)
    """How many audit devices there have to be."""
    rotated_elsewhere: tuple[str, ...] = ()
    """Names of database connections whose password was, or is, rotated outside of the program. Default none."""


@dataclass(frozen=True)
class _Server:
    """One Vault, as far as the stack manages it."""

    first: Resource
    devices: tuple[Resource, ...]

    @property
    def urn(self) -> str:
        """URN at which findings about the whole stand: of the first resource."""
        return self.first.urn


def _subjects(stack: Stack) -> list[_Server | Connection | Resource]:
    managed: dict[str, Resource] = {}
    for one in stack.resources.of_type(AUTH_BACKEND, LDAP_BACKEND, DATABASE_MOUNT, MOUNT):
        managed.setdefault(server_of(one), one)
    devices = stack.resources.of_type(AUDIT)
    servers = [_Server(one, tuple(device for device in devices if server_of(device) == server)) for server, one in managed.items()]
    kept = stack.resources.of_type(AUDIT, DATABASE_STATIC_ROLE, KV_SECRET, KV_SECRET_V1, GENERIC_SECRET)
    return [*servers, *stack.part(VaultDatabases).connections, *kept]


@rule(
    id="vault-is-audited",
    title="Vault writes down what is asked of it, and renews the logins that it keeps",
    severity=Severity.MEDIUM,
    group=Group.VAULT,
    level=Level.ADVISORY,
    undecided="advisory",
    settings=Audited,
    mend="Add two vault.Audit devices of different types, or set `auditElsewhere` where the server's own configuration has them (OpenBao).",
    references=["NIST 800-53 AU-2", "NIST 800-53 AU-12", "NIST 800-53 IA-5", "PCI DSS 10.2.1", "PCI DSS 8.6.3", "ISO 27001 A.8.15"],
    of=_subjects,
)
def policy(subject: _Server | Connection | Resource, stack: Stack, settings: Audited) -> Iterator[Finding]:
    """Looks at each server that the stack manages, and at what it keeps for databases."""
    if isinstance(subject, _Server):
        yield from _devices(subject, settings)
    elif isinstance(subject, Connection):
        yield from _connection(subject, stack, settings)
    elif subject.type == AUDIT:
        yield from _clear_text(subject)
    elif subject.type == DATABASE_STATIC_ROLE:
        yield from _static_role(subject)
    else:
        yield from _kept(subject, stack)


def _devices(server: _Server, settings: Audited) -> Iterator[Finding]:
    if settings.audit_elsewhere or len(server.devices) >= settings.devices:
        return
    if server.devices:
        text = f"the Vault of {server.first.label} has fewer audit devices than {settings.devices}: it stops when it cannot write"
    else:
        text = f"the Vault of {server.first.label} has no audit device, so nobody can say who read what"
    yield violated(server.urn, text)


def _clear_text(device: Resource) -> Iterator[Finding]:
    raw = device.read("options", "log_raw")
    if raw is UNKNOWN:
        yield cannot_decide(device.urn, f"whether {device.label} writes values as they are is not known yet", property="options.log_raw")
    elif str(raw).lower() in ("true", "1"):
        mend = "Leave log_raw away: Vault then writes a keyed hash of each value."
        yield violated(device.urn, f"{device.label} writes values as they are", property="options.log_raw", mend=mend)


def _connection(connection: Connection, stack: Stack, settings: Audited) -> Iterator[Finding]:
    resource, where = connection.resource, connection.where
    inline, given = connection.has_password_in_address, connection.has_password
    if inline is True:
        text = f"the address of {resource.label} holds the password, so Vault cannot rotate it"
        yield violated(resource.urn, text, property=f"{where}.connectionUrl", mend="Write {{username}}:{{password}} in its place.")
        return
    if isinstance(inline, Unknown):
        text = f"whether the address of {resource.label} holds the password is not known yet"
        yield cannot_decide(resource.urn, text, property=f"{where}.connectionUrl")
    name, elsewhere = connection.name, settings.rotated_elsewhere
    if given is False or (isinstance(name, str) and name in elsewhere):
        return
    rotated = stack.part(VaultDatabases).is_rotated(connection)
    if isinstance(rotated, Unknown) or isinstance(given, Unknown) or (isinstance(name, Unknown) and elsewhere and not rotated):
        yield cannot_decide(resource.urn, f"whether the password of {resource.label} is rotated is not known yet", property=where)
    elif not rotated:
        yield violated(resource.urn, f"nothing rotates the password of {resource.label}", property=where, mend=_MEND_ROOT)


def _static_role(role: Resource) -> Iterator[Finding]:
    period, schedule = seconds_of(role.read("rotationPeriod")), role.read("rotationSchedule")
    if isinstance(period, Unknown) or schedule is UNKNOWN:
        yield cannot_decide(role.urn, f"how often {role.label} is rotated is not known yet", property="rotationPeriod")
    elif not period and not (isinstance(schedule, str) and schedule.strip()):
        text, mend = f"{role.label} is not rotated on a schedule", "Set rotationPeriod, in seconds, or rotationSchedule."
        yield violated(role.urn, text, property="rotationPeriod", mend=mend)


def _kept(secret: Resource, stack: Stack) -> Iterator[Finding]:
    has_engine = stack.part(VaultDatabases).has_engine
    where = next((name for name in ("dataJson", "dataJsonWo") if secret.read(name) is not None), None)
    if where is None or has_engine is False:
        return
    named, held = _is_named_like_one(secret), _holds_one(secret.read(where))
    text = f"{secret.label} keeps a database's login as a fixed value, where Vault has a database engine"
    if (named is True or held is True) and has_engine is True:
        yield violated(secret.urn, text, property=where, mend=_MEND_DATABASE)
    elif named is not False or held is not False:
        yield cannot_decide(secret.urn, f"{text}, or does not: part of it is not known yet", property=where, mend=_MEND_DATABASE)


def _is_named_like_one(secret: Resource) -> bool | Unknown:
    name = secret.read("name") if secret.type == KV_SECRET else secret.read("path")
    if isinstance(name, Unknown):
        return UNKNOWN
    return isinstance(name, str) and any(word in _DATABASES for word in name.lower().replace("-", "/").replace("_", "/").split("/")[-2:])


def _holds_one(data: Value) -> bool | Unknown:
    """Tells whether a value has the members of a database's login; what they hold is not looked at."""
    if isinstance(data, Unknown):
        return UNKNOWN
    try:
        value: object = json.loads(data) if isinstance(data, str) else None
    except (ValueError, RecursionError):
        return False
    names = {name.lower() for name in cast("dict[str, object]", value)} if isinstance(value, dict) else set[str]()
    return bool(names & _USER) and bool(names & _ADDRESS) and "password" in names
