"""A real MariaDB with TLS and an authority of its own, an admin like the one that RDS gives, and logs that keep every statement."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from localcloud.debian import command, unpacked
from tests.rotation_lambda.mysql_server import ADMIN_PASSWORD, DATABASE, RIGHTS_OF_BOTH, ROOT_PASSWORD, Server, prepared, started

_SETTINGS = """
[mysqld]
datadir = {home}/data
tmpdir = {home}
socket = {home}/socket
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
performance-schema = 1
innodb-buffer-pool-size = 24M
innodb-flush-log-at-trx-commit = 0
innodb-doublewrite = 0
max-connections = 60
"""
# What mariadb-install-db feeds to the server, less help texts and schemas for people.
_SYSTEM_TABLES = ("mysql_system_tables.sql", "mysql_performance_tables.sql")
_RIGHTS_OF_THE_ADMIN = (*RIGHTS_OF_BOTH, "DELETE HISTORY")


@contextlib.contextmanager
def running() -> Iterator[Server]:
    root = unpacked("mariadb-server")
    with tempfile.TemporaryDirectory(prefix="keyturn-mariadb-") as folder:
        server = prepared("mariadb", Path(folder), _SETTINGS)
        program = [
            *command(root, "usr/sbin/mariadbd"),
            f"--defaults-file={server.home / 'settings'}",
            "--user=root",
            f"--basedir={root / 'usr'}",
            f"--plugin-dir={root / 'usr/lib/mysql/plugin'}",
            f"--lc-messages-dir={root / 'usr/share/mysql'}",
        ]
        (server.home / "data" / "mysql").mkdir(parents=True)
        tables = "".join((root / "usr/share/mysql" / name).read_text() for name in _SYSTEM_TABLES)
        # The bootstrap takes one statement a line.
        statements = [
            "CREATE DATABASE IF NOT EXISTS mysql;",
            "USE mysql;",
            tables,
            "FLUSH PRIVILEGES;",
            f"CREATE USER root@'%' IDENTIFIED BY '{ROOT_PASSWORD}';",
            "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;",
            f"CREATE USER admin@'%' IDENTIFIED BY '{ADMIN_PASSWORD}';",
        ]
        subprocess.run(
            [*program, "--bootstrap", "--skip-log-bin"],
            check=True,
            cwd="/",
            input="\n".join(statements) + "\n",
            text=True,
            stdout=subprocess.DEVNULL,
        )
        with started(server, program):
            server.run(
                f"CREATE DATABASE {DATABASE}",
                f"GRANT {', '.join(_RIGHTS_OF_THE_ADMIN)} ON *.* TO admin@'%' WITH GRANT OPTION",
            )
            yield server
