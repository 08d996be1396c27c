"""A real OpenBao with TLS and an authority of its own, a PKI below a root, and an AppRole that may have certificates issued."""

import contextlib
import http.client
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography import x509

from tests.rotation_lambda.postgres_server import _free_port, make_certificates

ROLE = "internal"
REVOKING = 'path "pki/revoke-with-key" { capabilities = ["update"] }'
_ISSUING = 'path "pki/issue/{role}" {{ capabilities = ["update"] }}'
_DOMAINS = {"allowed_domains": "internal", "allow_subdomains": True, "key_type": "ec", "key_bits": 256}

_SETTINGS = """
storage "inmem" {{}}
listener "tcp" {{
  address       = "127.0.0.1:{port}"
  tls_cert_file = "{home}/server.pem"
  tls_key_file  = "{home}/server.key"
}}
api_addr = "https://localhost:{port}"
audit "file" "main" {{
  options {{ file_path = "{home}/audit" }}
}}
"""


class Server:
    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port, self.address = home, port, f"https://localhost:{port}"
        self._connection = http.client.HTTPSConnection(
            "localhost", port, context=ssl.create_default_context(cafile=home / "ca.pem"), timeout=10
        )
        self._root = self._key = ""

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        """Says something as root; gives status and answer."""
        content = None if body is None else json.dumps(body).encode()
        try:
            self._connection.request(method, f"/v1/{path}", content, {"X-Vault-Token": self._root} if self._root else {})
            with self._connection.getresponse() as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        self._connection.close()

    def tell(self, path: str, body: object) -> dict[str, Any]:
        status, answer = self.ask("POST", path, body)
        assert status in {200, 204}, answer
        return answer.get("data") or {}

    def role(self, name: str, **settings: object) -> None:
        self.tell(f"pki/roles/{name}", {**_DOMAINS, "max_ttl": "720h", **settings})

    def approle(self, name: str, *, role: str = ROLE, policy: str = "", **settings: object) -> dict[str, str]:
        """Makes a login that may have certificates of the role issued, and what the policy says besides."""
        self.ask("PUT", f"sys/policies/acl/{name}", {"policy": _ISSUING.format(role=role) + "\n" + policy})
        self.tell(f"auth/approle/role/{name}", {"token_policies": name, "token_ttl": "60s", "token_max_ttl": "60s", **settings})
        _, answer = self.ask("GET", f"auth/approle/role/{name}/role-id")
        secret = self.tell(f"auth/approle/role/{name}/secret-id", {})
        return {"role_id": answer["data"]["role_id"], "secret_id": secret["secret_id"]}

    def asked(self) -> list[str]:
        """Paths that were asked for so far, of logins that ended well or were refused."""
        entries = [json.loads(line) for line in (self.home / "audit").read_text().splitlines()]
        return [entry["request"]["path"] for entry in entries if entry["type"] == "response"]

    def revoked(self, serial: str) -> bool:
        status, answer = self.ask("GET", f"pki/cert/{serial}")
        assert status == 200, answer
        return answer["data"]["revocation_time"] > 0

    def tokens(self) -> int:
        """How many logins are not over."""
        _, answer = self.ask("LIST", "auth/token/accessors")
        return len(answer["data"]["keys"])

    @contextlib.contextmanager
    def sealed(self) -> Iterator[None]:
        self.ask("PUT", "sys/seal")
        try:
            yield
        finally:
            self.unseal()

    def unseal(self) -> None:
        status, _ = self.ask("PUT", "sys/unseal", {"key": self._key})
        assert status == 200

    def begin(self) -> None:
        """Initializes the server, and makes what every test may use."""
        _, made = self.ask("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
        self._key = made["keys"][0]
        self.unseal()
        self._root = made["root_token"]
        self._make_authorities()
        self.tell("sys/auth/approle", {"type": "approle"})
        self.role(ROLE)
        self.login = self.approle("keyturn", policy=REVOKING)

    def _make_authorities(self) -> None:
        """A root that signs one intermediate authority, as people do."""
        for mount in ("above", "pki"):
            self.tell(f"sys/mounts/{mount}", {"type": "pki", "config": {"max_lease_ttl": "87600h"}})
        keys = {"key_type": "ec", "key_bits": 256}
        root = self.tell("above/root/generate/internal", {"common_name": "Tests Root", "ttl": "87600h", **keys})
        request = self.tell("pki/intermediate/generate/internal", {"common_name": "Tests Issuer", **keys})
        signed = self.tell("above/root/sign-intermediate", {"csr": request["csr"], "common_name": "Tests Issuer", "ttl": "43800h"})
        self.tell("pki/intermediate/set-signed", {"certificate": f"{signed['certificate']}\n{root['certificate']}"})
        self.root = x509.load_pem_x509_certificate(root["certificate"].encode())


@contextlib.contextmanager
def running() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="keyturn-openbao-") as folder:
        home = Path(folder)
        make_certificates(home)
        server, process = _started(home)
        try:
            server.begin()
            yield server
        finally:
            server.close()
            _stop(process)


def _started(home: Path) -> tuple[Server, subprocess.Popen]:
    for _ in range(3):  # a free port may be taken a moment later
        server = Server(home, _free_port())
        (home / "settings.hcl").write_text(_SETTINGS.format(port=server.port, home=home))
        with (home / "log").open("wb") as log:
            command = [Path(sys.executable).parent / "bao", "server", "-config", home / "settings.hcl"]
            process = subprocess.Popen(command, stdout=log, stderr=log, env={"PATH": os.environ["PATH"], "HOME": str(home)})
        if _answers(server, process):
            return server, process
        _stop(process)
    raise AssertionError((home / "log").read_text())


def _answers(server: Server, process: subprocess.Popen) -> bool:
    for _ in range(1000):
        if process.poll() is not None:
            return False
        with contextlib.suppress(OSError):
            server.ask("GET", "sys/seal-status")
            return True
        time.sleep(0.02)
    return False


def _stop(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()
