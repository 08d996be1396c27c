"""The server as its clients meet it: encrypted, by its own authority, and without a superuser for them."""

import contextlib
import shutil
import ssl
import tempfile
from pathlib import Path

import pg8000.native
import pytest

from localcloud import ports
from localcloud.certificates import Authority
from localcloud.directory import Directory
from localcloud.postgres import PostgreSQL

PASSWORD = "Of-the-master-user-0"


@pytest.fixture(scope="module")
def server():
    """A running server, with its port as `.port`."""
    above = Path(tempfile.mkdtemp(prefix="keyturn-"))
    above.chmod(0o755)
    directory = Directory(above / "cloud")
    directory.claim()
    server = PostgreSQL(directory)
    server.port = server.start(ports.choose("postgres", asked=None, kept=None, taken=set())).port
    server.set_password(server.port, PASSWORD)
    yield server
    server.stop()
    shutil.rmtree(above)


def connected(server, user="administrator", password=PASSWORD, *, host="localhost", context=None):
    context = context or ssl.create_default_context(cafile=server.authority.certificate)
    return contextlib.closing(pg8000.native.Connection(user, host, "app", server.port, password, ssl_context=context))


def test_the_master_user_makes_roles_and_databases_and_is_no_superuser(server):
    with connected(server) as connection:
        rights = connection.run("SELECT rolcreaterole, rolcreatedb, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        owner = connection.run("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'app'")

    assert rights == [[True, True, False, False]]
    assert owner == [["administrator"]]


def test_every_connection_is_encrypted(server):
    with connected(server) as connection:
        version = connection.run("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")

    assert version == [["TLSv1.3"]]


def test_a_connection_without_tls_is_refused(server):
    with pytest.raises(pg8000.exceptions.DatabaseError, match="no encryption"):
        pg8000.native.Connection("administrator", "localhost", "app", server.port, PASSWORD, ssl_context=False)


def test_a_client_that_trusts_another_authority_is_not_taken_in(server, tmp_path):
    other = ssl.create_default_context(cafile=Authority(tmp_path / "other").certificate)

    with pytest.raises(ssl.SSLCertVerificationError):
        connected(server, context=other)


@pytest.mark.parametrize("password", ["", "postgres", PASSWORD])
def test_the_superuser_has_no_password_at_all(server, password):
    with pytest.raises(pg8000.exceptions.DatabaseError, match="certificate"):
        connected(server, user="postgres", password=password)


def test_a_wrong_password_is_told_from_a_right_one(server):
    accepted = [server.accepts(server.port, password) for password in (PASSWORD, PASSWORD + "x")]

    assert accepted == [True, False]


def test_the_log_shows_what_was_defined_and_never_a_password(server):
    server.set_password(server.port, PASSWORD)

    log = server.log.read_text()

    assert "ALTER ROLE administrator PASSWORD 'SCRAM-SHA-256$4096:" in log
    assert PASSWORD not in log


def test_it_listens_on_the_loopback_alone(server):
    with connected(server) as connection:
        listens_on = connection.run("SHOW listen_addresses")

    assert listens_on == [["127.0.0.1"]]
