"""What Vault writes down, and which logins of databases it keeps."""

import json

from policies.pack.values import UNKNOWN, Marked
from tests.policies.cases import ALWAYS, Cases

cases = Cases("vault-is-audited")

ELSEWHERE = {"auditElsewhere": True}
LOGIN = json.dumps({"host": "db.internal", "username": "billing", "password": "hunter2"})


def mount(program, **more):
    program.add("vault:index/mount:Mount", "kv", {"path": "kv/dev/billing", "type": "kv", **more})


def audit(program, name, kind="file", **options):
    program.add("vault:index/audit:Audit", name, {"type": kind, "options": {"file_path": "/var/log/vault", **options}})


def connection(program, settings=None, **more):
    engine = {
        "connectionUrl": "postgresql://{{username}}:{{password}}@db.internal/shop",
        "username": "vault",
        "password": Marked("hunter2"),
    }
    inputs = {"name": "shop", "backend": "database", "postgresql": {**engine, **(settings or {})}, **more}
    program.add("vault:database/secretBackendConnection:SecretBackendConnection", "shop", inputs)


def static_role(program, **inputs):
    role = {"name": "billing", "dbName": "shop", "username": "billing", **inputs}
    program.add("vault:database/secretBackendStaticRole:SecretBackendStaticRole", "static", role)


def kept(program, name="stripe", data=LOGIN):
    program.add("vault:kv/secretV2:SecretV2", "kept", {"mount": "kv/dev/billing", "name": name, "dataJson": Marked(data)})


@cases.violated("It has no audit device", at="kv")
def no_device(program):
    mount(program)


@cases.violated("It has one audit device, and stops when that cannot write", at="kv")
def one_device(program):
    mount(program)
    audit(program, "one")


@cases.violated("An audit device writes values as they are", at="one", properties="options.log_raw")
def raw(program):
    audit(program, "one", log_raw="true")


@cases.violated("A static role is never rotated", at="static", properties="rotationPeriod", settings=ELSEWHERE)
def never_rotated(program):
    static_role(program)


@cases.violated("Whoever set a connection up knows its password for ever", at="shop", properties="postgresql", settings=ELSEWHERE)
def root_is_kept(program):
    connection(program)


@cases.violated("The rotation of a connection's password is switched off", at="shop", properties="postgresql", settings=ELSEWHERE)
def rotation_is_off(program):
    connection(program, rotationPeriod=86400, disableAutomatedRotation=True)


@cases.violated("The password stands in the address", at="shop", properties="postgresql.connectionUrl", settings=ELSEWHERE)
def password_in_the_address(program):
    connection(program, {"connectionUrl": "postgresql://vault:hunter2@db.internal/shop"}, rotationPeriod=86400)


@cases.violated("A mount's own list of connections is looked at, too", at="database", properties="mysqls[0]", settings=ELSEWHERE)
def connection_of_a_mount(program):
    engine = {
        "name": "shop",
        "username": "vault",
        "password": Marked("hunter2"),
        "connectionUrl": "{{username}}:{{password}}@tcp(db:3306)/",
    }
    program.add("vault:database/secretsMount:SecretsMount", "database", {"path": "database", "mysqls": [engine]})


@cases.violated("A database's login lies in KV beside a database engine", at="kept", properties="dataJson", settings=ELSEWHERE)
def fixed_login(program):
    connection(program, rotationPeriod=86400)
    kept(program)


@cases.violated("A secret in KV is called like a database's login", at="kept", settings=ELSEWHERE)
def fixed_login_by_name(program):
    connection(program, rotationPeriod=86400)
    kept(program, "reports/postgres", json.dumps({"value": "hunter2"}))


@cases.holds("It has two audit devices")
def two_devices(program):
    mount(program)
    audit(program, "one")
    audit(program, "two", "socket")


@cases.holds("OpenBao takes its audit devices from its own configuration", settings=ELSEWHERE)
def openbao(program):
    mount(program)


@cases.holds("The stack only writes policies, and another one manages the server")
def only_policies(program):
    program.add("vault:index/policy:Policy", "billing", {"name": "billing", "policy": 'path "kv/dev/billing/data/*" {}'})


@cases.holds("A connection is rotated on a schedule", settings=ELSEWHERE)
def rotated_on_a_schedule(program):
    connection(program, rotationSchedule="0 4 * * SAT")


@cases.holds("The program rotates a connection's password once", settings=ELSEWHERE)
def rotated_at_once(program):
    connection(program)
    program.add("vault:generic/endpoint:Endpoint", "rotate", {"path": "database/rotate-root/shop", "dataJson": "{}"})


@cases.holds("A person rotated a connection's password", settings={**ELSEWHERE, "rotatedElsewhere": ["shop"]})
def rotated_by_a_person(program):
    connection(program)


@cases.holds("A static role is rotated every day", settings=ELSEWHERE)
def rotated_static_role(program):
    static_role(program, rotationPeriod=86400)


@cases.holds("A vendor's key lies in KV beside a database engine", settings=ELSEWHERE)
def vendor_key(program):
    connection(program, rotationPeriod=86400)
    kept(program, "stripe", json.dumps({"value": "hunter2"}))


@cases.holds("A database's login lies in KV where Vault has no database engine", settings=ELSEWHERE)
def no_engine(program):
    mount(program)
    kept(program)


@cases.cannot_decide("How often a static role is rotated is not known yet", at="static", when=ALWAYS, settings=ELSEWHERE)
def period_unknown(program):
    static_role(program, rotationPeriod=UNKNOWN)


@cases.cannot_decide("A connection's address is not known before the database is there", at="shop", settings=ELSEWHERE)
def address_unknown(program):
    connection(program, {"connectionUrl": program.later("postgresql://{{username}}:{{password}}@db.internal/shop")}, rotationPeriod=86400)


@cases.cannot_decide("Which engine a mount is is not known yet", at="kept", properties="dataJson", when=ALWAYS, settings=ELSEWHERE)
def engine_unknown(program):
    program.add("vault:index/mount:Mount", "engine", {"path": "database", "type": UNKNOWN})
    kept(program)
