"""A real Redis with TLS and an authority of its own, an admin who may do what the engine needs and no more, and a hard restart."""

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis

from localcloud.debian import command, unpacked
from tests.rotation_lambda.postgres_server import _free_port, make_certificates

ADMIN_PASSWORD = "admin-of-the-tests-9f3"
ROOT_PASSWORD = "root-of-the-tests-4c1"
ACL_FILE, CONFIGURATION, NOTHING = "an ACL file", "its configuration file", "nothing"

_SETTINGS = """
port 0
tls-port {port}
bind 127.0.0.1 127.0.0.2
tls-cert-file {home}/server.pem
tls-key-file {home}/server.key
tls-ca-cert-file {home}/ca.pem
tls-auth-clients no
dir {home}
logfile {home}/log
loglevel debug
save ""
slowlog-log-slower-than 0
slowlog-max-len 1000
"""
_USERS = f"""
user default off
user root on >{ROOT_PASSWORD} ~* &* +@all
user admin on >{ADMIN_PASSWORD} +acl +info +config|get +config|rewrite +multi +exec
"""


class Server:
    """Where it is, and what a person with all rights does to it."""

    def __init__(self, home: Path, port: int, saves_in: str, more: str = "") -> None:
        self.home, self.host, self.port = home, "localhost", port
        self._settings = _SETTINGS.format(port=port, home=home) + more
        self._from_file = saves_in != NOTHING
        self._process: subprocess.Popen[bytes] | None = None
        if saves_in == ACL_FILE:
            (home / "users.acl").write_text(_USERS)
            self._settings += f"aclfile {home}/users.acl\n"
        else:
            self._settings += _USERS
        (home / "redis.conf").write_text(self._settings)

    def start(self) -> None:
        program = command(unpacked("redis-server"), "usr/bin/redis-server")
        self._process = subprocess.Popen(
            [*program, str(self.home / "redis.conf") if self._from_file else "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        assert self._process.stdin
        self._process.stdin.write(b"" if self._from_file else self._settings.encode())
        self._process.stdin.close()
        for _ in range(200):
            with contextlib.suppress(redis.ConnectionError):
                self.run("PING")
                return
            assert self._process.poll() is None, (self.home / "log").read_text()
            time.sleep(0.02)
        raise AssertionError((self.home / "log").read_text())

    def kill(self) -> None:
        """As when the machine goes: what was not saved is gone."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        self.kill()
        self.start()

    def client(self, username: str, password: str) -> redis.Redis:
        """A client of its own, as an application has one."""
        return redis.Redis(
            host=self.host,
            port=self.port,
            username=username,
            password=password,
            ssl=True,
            ssl_ca_certs=str(self.home / "ca.pem"),
            protocol=2,
            retry=None,
            single_connection_client=True,
        )

    def run(self, *words: str) -> Any:
        """Does one command as root."""
        with self.client("root", ROOT_PASSWORD) as root:
            return root.execute_command(*words)

    def accepts(self, username: str, password: str) -> bool:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(self.client(username, password))
            except redis.AuthenticationError:
                return False
        return True

    def passwords(self, username: str) -> list[str]:
        """What the server keeps of the user's passwords."""
        with self.client("root", ROOT_PASSWORD) as root:
            user = root.acl_getuser(username)
        return user["passwords"] if user else []


@contextlib.contextmanager
def running(saves_in: str = ACL_FILE, more: str = "") -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="keyturn-redis-") as folder:
        home = Path(folder)
        make_certificates(home)
        server = Server(home, _free_port(), saves_in, more)
        try:
            server.start()
            yield server
        finally:
            server.kill()
