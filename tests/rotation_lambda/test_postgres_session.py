"""Verified TLS, SCRAM, and an end in time; each failure has its class, writes nothing and says no value (rules 13, 17, 20)."""

import base64
import os
import socket
import ssl
import threading

import pytest

from rotation_lambda import channel
from rotation_lambda.certificates import context_for
from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import _postgres_session
from rotation_lambda.targets import target_of
from tests.rotation_lambda.conftest import Context
from tests.rotation_lambda.impostor import answering, rotating_at, server_context
from tests.rotation_lambda.secrets_manager import KilledError


def test_rule_17_a_server_of_another_authority_gets_no_password(service, refused):
    token = rotating_at(service, ca="other-ca.pem")

    with refused("tls", says="certificate of localhost"):
        service.step("setSecret", token)


def test_rule_17_a_certificate_of_another_name_is_refused(service, refused):
    token = rotating_at(service, host="127.0.0.2")

    with refused("tls", says="127.0.0.2"):
        service.step("setSecret", token)


def test_rule_17_a_server_without_tls_is_refused(service, refused):
    heard = []

    def converse(caller):
        heard.append(caller.recv(100))
        caller.sendall(b"N")
        heard.append(caller.recv(100))

    with answering(converse) as (port, _):
        token = rotating_at(service, port=port)
        with refused("tls", says="does not speak TLS"):
            service.step("setSecret", token)

    assert heard == [_postgres_session._SSL_REQUEST, b""]  # asked for TLS, and hung up


def test_rule_17_only_the_given_authority_and_tls_1_2_or_newer_count(service):
    context = context_for(service.target["ca"])

    assert (context.minimum_version, context.verify_mode, context.check_hostname) == (ssl.TLSVersion.TLSv1_2, ssl.CERT_REQUIRED, True)
    assert len(context.get_ca_certs()) == 1


@pytest.mark.parametrize("name", ["missing.pem", "../ca.pem", "/etc/ssl/cert.pem", "server.key", "log"])
def test_rule_17_an_authority_that_is_none_is_refused(service, refused, name):
    token = rotating_at(service, ca=name)

    with refused("configuration", says="'ca'" if "/" in name else "certificate authority"):
        service.step("setSecret", token)


def test_a_stopped_database_is_a_network_error(service, refused):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    token = rotating_at(service, port=port)

    with refused("network", says=f"localhost:{port} cannot be reached"):
        service.step("setSecret", token)


def test_an_unknown_host_is_a_network_error(service, refused, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    token = rotating_at(service, host="database.invalid")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with refused("network", says="database.invalid is unknown"):
        service.step("setSecret", token)


def test_rule_20_a_host_that_never_answers_ends_before_the_functions_timeout(service, refused):
    release = threading.Event()
    service.context = Context(seconds=5.4)

    with answering(lambda _caller: release.wait(30)) as (port, _):
        token = rotating_at(service, port=port)
        try:
            with refused("network", says="did not answer (timed out)"):
                service.step("setSecret", token)
        finally:
            release.set()


def test_rule_20_without_time_nothing_is_begun(service, refused):
    token = service.until("setSecret")
    service.context = Context(seconds=5)

    with refused("network", says="time is used up"):
        service.step("setSecret", token)


def test_rule_20_a_statement_that_hangs_is_cut_off(service, refused, monkeypatch):
    monkeypatch.setattr(_postgres_session, "_LOCK_SECONDS", 0.2)
    service.rotate()
    token = service.until("setSecret")

    with service.server.superuser() as other:
        other.run("BEGIN")
        other.run(f"SELECT pg_advisory_xact_lock(hashtextextended('keyturn/{service.owner}', 0))")
        with refused("conflict", says="another session"):
            service.step("setSecret", token)

    service.step("setSecret", token)


def test_rule_20_a_server_that_sends_a_byte_now_and_then_does_not_hold_the_function(service, refused):
    service.context = Context(seconds=5.5)
    context = server_context(service.server)
    heard_to_the_end = []

    def converse(caller):
        caller.recv(8)
        caller.sendall(b"S")
        with context.wrap_socket(caller, server_side=True) as channel:
            channel.sendall(b"N" + (1000).to_bytes(4, "big"))  # a notice
            for _ in range(100):
                channel.sendall(b"x")
                threading.Event().wait(0.1)
        heard_to_the_end.append(True)

    with answering(converse) as (port, _):
        token = rotating_at(service, port=port)
        with refused("network"):
            service.step("setSecret", token)

    assert heard_to_the_end == []


def test_something_else_on_the_port_is_a_network_error(service, refused):
    with answering(lambda caller: caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as (port, _):
        token = rotating_at(service, port=port)
        with refused("network", says="does not answer like PostgreSQL"):
            service.step("setSecret", token)


@pytest.mark.parametrize(
    ("request_for", "says"),
    [(0, "lets users in without asking"), (3, "in an old way"), (5, "in an old way")],
)
def test_rule_17_a_server_that_asks_for_the_password_itself_does_not_get_it(service, refused, request_for, says):
    """The certificate is right, and pg_hba.conf says trust, password or md5."""
    heard = []
    context = server_context(service.server)

    def converse(caller):
        caller.recv(8)
        caller.sendall(b"S")
        with context.wrap_socket(caller, server_side=True) as channel:
            channel.recv(1000)
            channel.sendall(b"R" + (12).to_bytes(4, "big") + request_for.to_bytes(4, "big") + b"salt")
            heard.append(channel.recv(1000))

    with answering(converse) as (port, _):
        token = rotating_at(service, port=port)
        password = service.pending(token)["password"]
        with refused("configuration", says=says):
            service.step("setSecret", token)

    assert password.encode() not in b"".join(heard)
    assert b"md5" not in b"".join(heard)


def test_rule_17_an_impostor_who_does_not_know_the_password_is_not_believed(service, refused):
    """The certificate is right, the login "succeeds", and the server cannot prove that it has the verifier."""
    context = server_context(service.server)

    def say(channel, request, text):
        channel.sendall(b"R" + (8 + len(text)).to_bytes(4, "big") + request.to_bytes(4, "big") + text)

    def converse(caller):
        caller.recv(8)
        caller.sendall(b"S")
        with context.wrap_socket(caller, server_side=True) as channel:
            channel.recv(1000)
            say(channel, 10, b"SCRAM-SHA-256\0\0")
            nonce = channel.recv(1000).split(b"r=")[1]
            say(channel, 11, b"r=" + nonce + b"more,s=" + base64.b64encode(b"salt" * 4) + b",i=4096")
            channel.recv(1000)
            say(channel, 12, b"v=" + base64.b64encode(b"f" * 32))
            channel.recv(1000)

    with answering(converse) as (port, _):
        token = rotating_at(service, port=port)
        with refused("tls", says="did not prove"):
            service.step("setSecret", token)


def test_rule_20_the_time_of_many_statements_is_bounded_together(service, refused, monkeypatch):
    token = service.until("setSecret")
    original = _postgres_session.Session._run

    def run_out_of_time(session, statement, values, told_apart):
        rows = original(session, statement, values, told_apart)
        if statement == "BEGIN":
            session._deadline._end = session._deadline._clock()
        return rows

    monkeypatch.setattr(_postgres_session.Session, "_run", run_out_of_time)

    with refused("network", says="time is used up"):
        service.step("setSecret", token)

    assert service.stored(service.username) is None


@pytest.mark.parametrize(
    ("state", "error_class"),
    [
        ("28P01", "authentication"),
        ("28000", "permission"),
        ("42501", "permission"),
        ("3D000", "configuration"),
        ("25006", "configuration"),
        ("57P03", "network"),
        ("53300", "network"),
        ("08006", "network"),
        ("40P01", "conflict"),
        ("55P03", "conflict"),
        ("57014", "conflict"),
        ("25P03", "network"),
        ("XX000", "conflict"),
        ("42601", "configuration"),
        ("", "configuration"),
    ],
)
def test_rule_13_the_servers_refusals_are_told_apart(state, error_class):
    assert _postgres_session._by_sqlstate(state, "user x").error_class == error_class


def test_rule_27_a_function_that_vanished_in_a_transaction_does_not_keep_the_next_one_out(service, monkeypatch):
    monkeypatch.setattr(_postgres_session, "_IDLE_SECONDS", 0.3)
    token = service.until("setSecret")
    run, left_open = _postgres_session.Session.run, []

    def vanish(session, statement, *values):
        if statement == "COMMIT":
            left_open.append(os.dup(session._channel.fileno()))
            raise KilledError
        return run(session, statement, *values)

    with monkeypatch.context() as dying:
        dying.setattr(_postgres_session.Session, "run", vanish)
        dying.setattr(_postgres_session._ScramConnection, "close", lambda _connection: None)
        with pytest.raises(KilledError):
            service.step("setSecret", token)
    service.rotate(token)

    assert service.logs_in(service.current)
    os.close(left_open.pop())


def test_no_statement_is_held_back_until_the_one_before_it_is_confirmed(service):
    with channel.connected(target_of(service.arn, None), Deadline(60)) as connection:
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_the_functions_own_settings_win_over_the_databases(service):
    """Somebody who may create functions must not run them in the admin's name."""
    service.server.run("CREATE DATABASE trap", database="postgres")
    service.server.run(
        "GRANT CREATE ON DATABASE trap TO admin",
        "CREATE TABLE sprung (by_whom text)",
        "GRANT ALL ON sprung TO PUBLIC",
        "CREATE FUNCTION public.hashtextextended(text, int) RETURNS bigint LANGUAGE sql AS"
        " 'INSERT INTO public.sprung VALUES (current_user); SELECT 1::bigint'",
        "ALTER DATABASE trap SET search_path = public, pg_catalog",
        "ALTER DATABASE trap SET standard_conforming_strings = off",
        "ALTER DATABASE trap SET default_transaction_read_only = on",
        database="trap",
    )
    service.declare(database="trap", username=f"{service.username}\\'")  # ends a literal where backslashes escape

    service.rotate()
    service.rotate()

    assert service.server.run("SELECT * FROM sprung", database="trap") == []
