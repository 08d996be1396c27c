"""MySQL and MariaDB: verified TLS or nothing, and an end in time; each failure has its class and says no value (rules 13, 17, 20)."""

import socket
import struct
import threading

import pymysql
import pytest
from pymysql.constants import CLIENT

from rotation_lambda.engines import _mysql_session
from tests.rotation_lambda.conftest import Context
from tests.rotation_lambda.impostor import answering, rotating_at, server_context
from tests.rotation_lambda.mysql_service import MySQLService, server_of

_OF_BOTH = ["mysql", "mariadb"]


@pytest.fixture
def service(request, manager, monkeypatch, pauses):  # noqa: ARG001
    return MySQLService(server_of(getattr(request, "param", "mysql")), manager, monkeypatch, "single-user")


def _packet(number, content):
    return struct.pack("<I", len(content))[:3] + bytes([number]) + content


def _greeting(*, tls=True, method=b"caching_sha2_password"):
    """How a server begins: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html"""
    offers = CLIENT.PROTOCOL_41 | CLIENT.SECURE_CONNECTION | CLIENT.PLUGIN_AUTH | (CLIENT.SSL if tls else 0)
    low, high = struct.pack("<H", offers & 0xFFFF), struct.pack("<H", offers >> 16)
    salt = b"saltsalt" + b"\0" + low + b"\xff" + b"\2\0" + high + b"\x15" + b"\0" * 10 + b"saltsaltsalt" + b"\0"
    return _packet(0, b"\x0a9.7.4\0" + b"\1\0\0\0" + salt + method + b"\0")


def _in_tls(caller, service):
    return server_context(service.server).wrap_socket(caller, server_side=True)


@pytest.mark.parametrize("service", _OF_BOTH, indirect=True)
@pytest.mark.parametrize(
    ("place", "says"),
    [
        ({"ca": "other-ca.pem"}, "certificate of localhost"),
        ({"ca": "expired-ca.pem"}, "certificate has expired"),
        ({"host": "127.0.0.2"}, "127.0.0.2"),
    ],
)
def test_rule_17_a_server_that_does_not_prove_its_name_gets_nothing(service, refused, place, says):
    token = rotating_at(service, **place)

    with refused("tls", says=says):
        service.step("setSecret", token)


def test_rule_17_a_server_that_offers_no_tls_hears_nothing(service, refused):  # samples#173
    """Or somebody in between who takes the offer out of its greeting."""
    heard = []

    def converse(caller):
        caller.sendall(_greeting(tls=False))
        heard.append(caller.recv(1000))

    with answering(converse) as (port, _):
        token = rotating_at(service, port=port)
        with refused("tls", says="does not offer TLS"):
            service.step("setSecret", token)

    assert heard == [b""]


def test_rule_17_a_server_that_offers_tls_and_does_not_begin_it_hears_no_name(service, refused):
    heard = []

    def converse(caller):
        caller.sendall(_greeting())
        heard.append(caller.recv(1000))
        caller.sendall(_packet(2, b"\xfemysql_clear_password\0"))
        heard.append(caller.recv(1000))

    with answering(converse) as (port, _):
        token = rotating_at(service, port=port)
        with refused("tls", says="no TLS 1.2 or newer"):
            service.step("setSecret", token)

    assert service.username.encode() not in b"".join(heard)


def test_rule_17_a_wrong_certificate_ends_it_before_the_name_is_said(service, refused):
    heard = []

    def converse(caller):
        caller.sendall(_greeting())
        heard.append(caller.recv(36))
        with _in_tls(caller, service) as channel:
            heard.append(channel.recv(1000))

    with answering(converse) as (port, _):
        token = rotating_at(service, port=port, ca="other-ca.pem")
        with refused("tls", says="certificate of localhost"):
            service.step("setSecret", token)

    assert len(heard) == 1
    assert service.username.encode() not in heard[0]


@pytest.mark.parametrize(
    "method", [b"mysql_clear_password", b"mysql_old_password", b"dialog", b"client_ed25519", b"authentication_of_tomorrow"]
)
@pytest.mark.parametrize("from_the_start", [True, False])
def test_rule_17_a_proven_server_that_asks_for_the_password_itself_does_not_get_it(service, refused, method, from_the_start):
    heard = []

    def converse(caller):
        caller.sendall(_greeting(method=method if from_the_start else b"caching_sha2_password"))
        caller.recv(36)
        with _in_tls(caller, service) as channel:
            heard.append(channel.recv(1000))
            channel.sendall(_packet(3, b"\xfe" + method + b"\0Password: "))
            heard.append(channel.recv(1000))

    with answering(converse) as (port, _):
        token = rotating_at(service, port=port)
        passwords = service.secrets_ever()
        with refused("configuration", says="log"):
            service.step("setSecret", token)

    assert [password for password in passwords if password.encode() in b"".join(heard)] == []


def test_a_login_needs_no_cryptography_package(service, monkeypatch):  # samples#138
    """Over TLS the password goes to the proven server as it is, so no public key is asked for."""
    monkeypatch.setattr(pymysql._auth, "_have_cryptography", False)
    service.server.run("FLUSH PRIVILEGES")  # forgets which passwords were proven

    service.rotate()

    assert service.logs_in(service.current)


@pytest.mark.parametrize("value", [{"username": "half\ud83d"}, {"password": "half\ud83d"}, {"username": "ad\0min"}])
def test_what_no_login_can_hold_is_refused_before_it_is_sent(service, refused, value):
    service.manager.write(service.admin, {**service.manager.value(service.admin), **value})
    token = service.until("setSecret")

    with refused("configuration", says="holds what no login can"):
        service.step("setSecret", token)


def test_a_stopped_database_is_a_network_error(service, refused):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    token = rotating_at(service, port=port)

    with refused("network", says=f"localhost:{port} cannot be reached"):
        service.step("setSecret", token)


def test_an_unknown_host_is_a_network_error(service, refused, monkeypatch):  # samples#13
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    token = rotating_at(service, host="database.invalid")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with refused("network", says="database.invalid is unknown"):
        service.step("setSecret", token)


@pytest.mark.parametrize("said", [b"", _greeting()], ids=["from the start", "after its greeting"])
def test_rule_20_a_host_that_never_answers_ends_before_the_functions_timeout(service, refused, said):  # CDK#17265
    release = threading.Event()
    service.context = Context(seconds=5.4)

    def converse(caller):
        caller.sendall(said)
        release.wait(30)

    with answering(converse) as (port, _):
        token = rotating_at(service, port=port)
        try:
            with refused("network", says="did not answer (timed out)"):
                service.step("setSecret", token)
        finally:
            release.set()


@pytest.mark.parametrize("proven", [False, True])
def test_rule_20_a_server_that_sends_a_byte_now_and_then_does_not_hold_the_function(service, refused, proven):
    service.context = Context(seconds=5.5)
    heard_to_the_end = []

    def drip(caller, number):
        caller.sendall(_packet(number, b"x" * 1000)[:4])
        for _ in range(100):
            caller.sendall(b"x")
            threading.Event().wait(0.1)
        heard_to_the_end.append(True)

    def converse(caller):
        if not proven:
            return drip(caller, 0)
        caller.sendall(_greeting())
        caller.recv(36)
        with _in_tls(caller, service) as channel:
            channel.recv(1000)
            drip(channel, 3)

    with answering(converse) as (port, _):
        token = rotating_at(service, port=port)
        with refused("network"):
            service.step("setSecret", token)

    assert heard_to_the_end == []


def test_rule_20_without_time_nothing_is_begun(service, refused):
    token = service.until("setSecret")
    service.context = Context(seconds=5)

    with refused("network", says="time is used up"):
        service.step("setSecret", token)


@pytest.mark.parametrize("service", _OF_BOTH, indirect=True)
def test_rule_20_a_statement_that_waits_for_somebody_else_is_cut_off(service, refused, monkeypatch):
    monkeypatch.setattr(_mysql_session, "_LOCK_SECONDS", 1)
    token = service.until("setSecret")

    with service.server.root() as other, other.cursor() as cursor:
        cursor.execute("FLUSH TABLES WITH READ LOCK")
        with refused("conflict", says="another session"):
            service.step("setSecret", token)

    service.step("setSecret", token)


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\5\0\0\0\x0a9\0\1\0", b"\x4e\0\0\1", b""],
    ids=["HTTP", "half a greeting", "half a packet", "nothing"],
)
def test_something_else_on_the_port_is_a_network_error(service, refused, said):
    with answering(lambda caller: caller.sendall(said)) as (port, _):
        token = rotating_at(service, port=port)
        with refused("network", says=f"localhost:{port} took the connection"):
            service.step("setSecret", token)


@pytest.mark.parametrize("service", _OF_BOTH, indirect=True)
@pytest.mark.parametrize("strategy", ["single-user", "alternating-users"])
def test_rule_22_a_reader_is_not_written_to(service, refused, strategy):  # samples#60, #146
    """Also by an admin who could: the writer would not know of it."""
    service.declare(strategy=strategy)
    service.made_by_hand()
    token = service.until("setSecret")
    service.server.run("SET GLOBAL read_only = 1", "CREATE USER IF NOT EXISTS reads_only")
    try:
        with refused("configuration", says="read-only; name the writer"):
            service.step("setSecret", token)
    finally:
        service.server.run("SET GLOBAL read_only = 0")
