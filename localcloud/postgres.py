"""PostgreSQL with TLS and an authority of its own: the local cloud's stand-in for an RDS instance.

Its superuser has no password at all: it comes with a client certificate, from this directory only. The master user,
`administrator`, is like that of RDS: it makes roles and databases and is no superuser.
"""

import contextlib
import secrets
import signal
import ssl
import time
from collections.abc import Iterator

import pg8000.native

from localcloud import processes
from localcloud.certificates import Authority
from localcloud.directory import Directory
from localcloud.errors import LocalCloudError
from localcloud.postgres_data import SUPERUSER, Data
from localcloud.scram import verifier

HOST = "localhost"
DATABASE = "app"
ADMINISTRATOR = "administrator"


class PostgreSQL:
    """The server of one local cloud."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self.log = directory.logs / "postgresql.log"
        self.data = Data(directory)
        self.authority = Authority(directory.path / "certificates")

    def start(self, port: int) -> processes.Process:
        """Starts the server on its data, which it makes if there are none, and waits until it answers.

        Raises:
            LocalCloudError: with the end of the server's log, when it does not come up.
        """
        self.data.prepare(self.authority, port)
        for _ in range(20):
            read_from = self.log.stat().st_size if self.log.exists() else 0
            process = self._launch(port)
            if self._answers(process):
                self._make_administrator(port)
                return process
            problem = self.log.read_text(errors="replace")[read_from:]
            if "shared memory block" not in problem:
                break
            time.sleep(0.5)  # children of a killed server leave within seconds
        processes.stop(process)
        processes.forget(self._directory, "postgres")
        last = "\n".join(f"    {line}" for line in problem.strip().splitlines()[-8:])
        raise LocalCloudError(f"PostgreSQL did not come up:\n{last}\nIts log: {self.log}")

    def running(self) -> processes.Process | None:
        """Gives the server if it runs, also one whose start was not noted because the command was killed."""
        noted = processes.recorded(self._directory, "postgres")
        if noted and noted.alive:
            return noted
        server = self.data.server
        return None if server is None else processes.record(self._directory, "postgres", server, self.data.port)

    def stop(self) -> None:
        """Stops the server at once but orderly: open transactions end, data are written (its own fast shutdown)."""
        server = self.running()
        if server:
            processes.stop(server, by=signal.SIGINT)
        processes.forget(self._directory, "postgres")

    def set_password(self, port: int, password: str) -> None:
        """Sets the master user's password. The server and its log see the verifier only."""
        with self._superuser(port) as connection:
            connection.run(f"ALTER ROLE {ADMINISTRATOR} PASSWORD '{verifier(password)}'")

    def accepts(self, port: int, password: str) -> bool:
        """Whether the master user logs in with this password."""
        try:
            pg8000.native.Connection(
                ADMINISTRATOR, HOST, DATABASE, port, password, ssl_context=ssl.create_default_context(cafile=self.authority.certificate)
            ).close()
        except pg8000.exceptions.DatabaseError as refusal:
            if refusal.args and isinstance(refusal.args[0], dict) and refusal.args[0].get("C") == "28P01":  # invalid_password
                return False
            raise
        return True

    def _launch(self, port: int) -> processes.Process:
        command = [str(self.data.program("postgres")), "-D", str(self.data.path)]
        pid = processes.start(command, log=self.log, environment=self.data.environment(), account=self.data.account)
        return processes.record(self._directory, "postgres", pid, port)

    def _answers(self, process: processes.Process) -> bool:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.alive and process.port:
            with (
                contextlib.suppress(pg8000.exceptions.InterfaceError, pg8000.exceptions.DatabaseError, OSError),
                self._superuser(process.port),
            ):
                return True
            time.sleep(0.1)
        return False

    def _make_administrator(self, port: int) -> None:
        with self._superuser(port) as connection:
            if not connection.run("SELECT 1 FROM pg_roles WHERE rolname = :name", name=ADMINISTRATOR):
                # Nobody knows this password: the first one that is used is set when its secret is written.
                nobody_knows = verifier(secrets.token_urlsafe(32))
                connection.run(f"CREATE ROLE {ADMINISTRATOR} LOGIN CREATEROLE CREATEDB PASSWORD '{nobody_knows}'")
            if not connection.run("SELECT 1 FROM pg_database WHERE datname = :name", name=DATABASE):
                connection.run(f"CREATE DATABASE {DATABASE} OWNER {ADMINISTRATOR}")

    @contextlib.contextmanager
    def _superuser(self, port: int) -> Iterator[pg8000.native.Connection]:
        context = ssl.create_default_context(cafile=self.authority.certificate)
        pair = self.authority.client(SUPERUSER)
        context.load_cert_chain(pair.certificate, pair.key)
        with contextlib.closing(pg8000.native.Connection(SUPERUSER, HOST, "postgres", port, ssl_context=context, timeout=10)) as connection:
            yield connection
