"""A real MySQL with TLS and an authority of its own, an admin like the one that RDS gives, and logs that keep every statement."""

import contextlib
import hashlib
import shutil
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymysql

from localcloud.cache import made_once
from localcloud.debian import command, unpacked
from tests.rotation_lambda.postgres_server import _free_port, make_certificates

ROOT_PASSWORD = "root-of-the-tests"
ADMIN_PASSWORD = "admin-of-the-tests-9f3"
DATABASE = "app"

# Run as root it must be said; nothing listens beyond loopback, and the data is gone afterwards.
_SETTINGS = """
[mysqld]
datadir = {home}/data
tmpdir = {home}
socket = {home}/socket
secure-file-priv =
pid-file = {home}/pid
port = {port}
bind-address = 127.0.0.1,127.0.0.2
skip-name-resolve
ssl-ca = {home}/ca.pem
ssl-cert = {home}/server.pem
ssl-key = {home}/server.key
log-error = {home}/errors.log
general-log = 1
general-log-file = {home}/statements
slow-query-log = 1
slow-query-log-file = {home}/slow
long-query-time = 0
log-bin = {home}/data/binlog
server-id = 1
innodb-buffer-pool-size = 24M
innodb-flush-log-at-trx-commit = 0
innodb-doublewrite = 0
innodb-redo-log-capacity = 8M
sync-binlog = 0
performance-schema-max-digest-length = 4096
max-connections = 60
"""

# What RDS gives to its master user, as far as a service's users can use it.
RIGHTS_OF_BOTH = (
    *("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "REFERENCES", "INDEX", "ALTER", "CREATE TEMPORARY TABLES", "LOCK TABLES"),
    *("EXECUTE", "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "EVENT", "TRIGGER", "CREATE USER"),
)
_RIGHTS_OF_THE_ADMIN = (*RIGHTS_OF_BOTH, "CREATE ROLE", "ROLE_ADMIN", "APPLICATION_PASSWORD_ADMIN")

_FIRST = f"""
ALTER USER root@localhost IDENTIFIED BY '{ROOT_PASSWORD}';
RENAME USER root@localhost TO root@'%';
CREATE DATABASE {DATABASE};
CREATE USER admin@'%' IDENTIFIED BY '{ADMIN_PASSWORD}';
GRANT {", ".join(_RIGHTS_OF_THE_ADMIN)} ON *.* TO admin@'%' WITH GRANT OPTION;
"""


@dataclass
class Server:
    """Where it is, and what a person with all rights does to it."""

    kind: str
    home: Path
    port: int
    host: str = "localhost"
    left_behind: dict[str, list[str]] = field(default_factory=dict)
    """Users and roles that nobody needs any more."""

    @contextlib.contextmanager
    def session(
        self, username: str, password: str, database: str | None = DATABASE, *, source: str = "127.0.0.1"
    ) -> Iterator[pymysql.Connection]:
        """A login like an application's: TLS against the authority, and no other help of ours."""
        context = ssl.create_default_context(cafile=self.home / "ca.pem")
        connection = pymysql.connect(
            host=self.host,
            port=self.port,
            user=username,
            password=password.encode(),
            database=database,
            ssl=context,
            autocommit=True,
            read_timeout=20,
            bind_address=source,
        )
        with connection:
            yield connection

    def root(self) -> contextlib.AbstractContextManager[pymysql.Connection]:
        return self.session("root", ROOT_PASSWORD, None)

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Does them as root; gives the rows of the last one."""
        with self.root() as connection:
            return [rows_of(connection, statement) for statement in ("DO 0", *statements)][-1]

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Gives what root sees; each `%s` stands for a value."""
        with self.root() as connection:
            return rows_of(connection, statement, *values)

    def changes(self) -> int:
        """Counts the statements that have changed something since the server's logs were last begun anew."""
        *_, last = (name for name, *_ in self.run("SHOW BINARY LOGS"))
        # The server's own notes stand between them, and come when they like.
        return len([kind for _, _, kind, *_ in self.rows("SHOW BINLOG EVENTS IN %s", last) if kind == "Query"])

    def written(self) -> bytes:
        """All that the server has written about statements: general log, slow log and binary log."""
        self.run("FLUSH LOGS")
        return b"".join(
            path.read_bytes() for path in sorted((*self.home.glob("s[tl]*"), *self.home.glob("data/binlog*"))) if path.is_file()
        )


def rows_of(connection: pymysql.Connection, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall())


def logs_in(server: Server, value: dict[str, Any]) -> bool:
    """Asks the server with the secret's value, past the engine."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(server.session(value["username"], value["password"], value.get("dbname", DATABASE)))
        except pymysql.OperationalError as error:
            if error.args[0] not in {1044, 1045}:  # wrong password, or no right in the database
                raise
            return False
    return True


@contextlib.contextmanager
def running() -> Iterator[Server]:
    root = unpacked("mysql-server-core", suite="sid")
    with tempfile.TemporaryDirectory(prefix="keyturn-mysql-") as folder:
        server = prepared("mysql", Path(folder), _SETTINGS)
        shutil.copytree(_first_data(root), server.home / "data")
        with started(server, _program(root, server.home / "settings")):
            yield server


def _first_data(root: Path) -> Path:
    """The data that a server begins with: made once on a machine for these packages and statements, since it takes seconds."""
    made_of = hashlib.sha256(((root / "versions").read_text() + _SETTINGS + _FIRST).encode()).hexdigest()[:16]
    data = root.with_name(f"{root.name}-data-{made_of}")

    def make(draft: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="keyturn-mysql-") as folder:
            server = prepared("mysql", Path(folder), _SETTINGS)
            (server.home / "first.sql").write_text(_FIRST)
            initialize = ["--initialize-insecure", f"--datadir={draft}", f"--init-file={server.home / 'first.sql'}", "--skip-log-bin"]
            said = subprocess.run([*_program(root, server.home / "settings"), *initialize], check=False, cwd="/")
            assert said.returncode == 0, (server.home / "errors.log").read_text(errors="replace")

    made_once(data, make, waiting_for="the first data of MySQL")
    return data


def _program(root: Path, settings: Path) -> list[str]:
    return [
        *command(root, "usr/sbin/mysqld"),
        f"--defaults-file={settings}",
        "--user=root",
        f"--basedir={root / 'usr'}",
        f"--plugin-dir={root / 'usr/lib/mysql/plugin'}",
        f"--lc-messages-dir={root / 'usr/share/mysql'}",
        "--mysqlx=0",
    ]


def prepared(kind: str, home: Path, settings: str) -> Server:
    server = Server(kind, home, _free_port())
    make_certificates(home)
    (home / "settings").write_text(settings.format(home=home, port=server.port))
    return server


@contextlib.contextmanager
def started(server: Server, program: list[str]) -> Iterator[None]:
    """Runs the server until the block ends; waits until it answers."""
    with subprocess.Popen(program, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(600):
                with contextlib.suppress(pymysql.OperationalError):
                    server.run("SELECT 1")
                    break
                assert process.poll() is None, (server.home / "errors.log").read_text(errors="replace")
                threading.Event().wait(0.05)  # tests let nobody sleep
            else:
                raise AssertionError((server.home / "errors.log").read_text(errors="replace"))
            yield
        finally:
            process.kill()
