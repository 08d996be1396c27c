"""A real Redis with TLS and an authority of its own, an admin who may do what the engine needs and no more, and a hard restart."""

import contextlib
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
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
        self._root: redis.Redis | None = None
        self._trusting = ssl.create_default_context(cafile=home / "ca.pem")
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
        with self._process.stdin as settings:
            settings.write(b"" if self._from_file else self._settings.encode())
        soon(self._answers)

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self.home / "log").read_text()
        with contextlib.suppress(redis.ConnectionError):
            self._root = self.client("root", ROOT_PASSWORD)
            return True
        return False

    def kill(self) -> None:
        """As when the machine goes: what was not saved is gone."""
        self._process.kill()
        self._process.wait()
        if self._root:
            self._root.close()

    def restart(self) -> None:
        self.kill()
        self.start()

    def client(self, username: str, password: str) -> redis.Redis:
        """A client like an application's, logged in."""
        return redis.Redis(
            host=self.host,
            port=self.port,
            username=username,
            password=password,
            ssl=True,
            ssl_ca_certs=str(self.home / "ca.pem"),
            protocol=2,
            decode_responses=True,
            retry=None,
            single_connection_client=True,
        )

    def run(self, *words: str) -> Any:
        """Does one command as root."""
        return self._root.execute_command(*words)

    def accepts(self, username: str, password: str) -> bool:
        """Asks without redis-py, which reads all the authorities of the system for each login."""
        with (
            socket.create_connection((self.host, self.port), timeout=10) as plain,
            self._trusting.wrap_socket(plain, server_hostname=self.host) as channel,
        ):
            words = [word.encode() for word in ("AUTH", username, password)]
            channel.sendall(b"*3\r\n" + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
            answer = channel.recv(100)
        assert answer.startswith((b"+OK", b"-WRONGPASS")), answer
        return answer.startswith(b"+OK")

    def user(self, name: str) -> dict[str, Any] | None:
        """What the server says about a user."""
        return self._root.acl_getuser(name)

    def passwords(self, username: str) -> list[str]:
        """What the server keeps of the user's passwords."""
        user = self.user(username)
        return user["passwords"] if user else []


def soon(happens: Callable[[], bool]) -> None:
    """Waits until it does; not by `time.sleep`, which nobody does in a test of the function."""
    until = time.monotonic() + 20
    while not happens():
        assert time.monotonic() < until
        threading.Event().wait(0.02)


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
