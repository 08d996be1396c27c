"""Verified TLS against the one authority, or nothing: no password leaves otherwise (rule 17)."""

import ssl

import pytest

from rotation_lambda import channel
from tests.rotation_lambda.impostor import answering, rotating_at, server_context
from tests.rotation_lambda.redis_server import running
from tests.rotation_lambda.subjects.redis import Service


@pytest.fixture(scope="module")
def server():
    with running(more="maxclients 20\n") as server:
        yield server


@pytest.fixture
def service(server, monkeypatch, pauses):  # noqa: ARG001 - nobody waits
    return Service(server, monkeypatch)


def test_rule_17_a_server_of_another_authority_gets_no_password(service, refused):
    token = rotating_at(service, ca="other-ca.pem")

    with refused("tls", says="certificate of localhost"):
        service.step("setSecret", token)


def test_rule_17_the_systems_authorities_do_not_count(service, refused, monkeypatch):
    """redis-py itself would trust them besides the given one."""
    monkeypatch.setenv("SSL_CERT_FILE", str(service.server.home / "ca.pem"))
    token = rotating_at(service, ca="other-ca.pem")

    with refused("tls", says="certificate of localhost"):
        service.step("setSecret", token)


def test_rule_17_a_certificate_of_another_name_is_refused(service, refused):
    token = rotating_at(service, host="127.0.0.2")

    with refused("tls", says="127.0.0.2"):
        service.step("setSecret", token)


def test_rule_17_a_redis_without_tls_hears_no_password(service, refused, monkeypatch):
    """It waits for the end of a line that never comes."""
    heard = []

    def converse(caller):
        while piece := caller.recv(1000):
            heard.append(piece)

    monkeypatch.setattr(channel, "CONNECT_SECONDS", 0.3)
    with answering(converse) as (port, callers):
        token = rotating_at(service, port=port)
        password = service.pending(token)["password"]
        with refused("network", says="is it a port with TLS (`tls-port`)"):
            service.step("setSecret", token)

    assert (len(callers), password.encode() in b"".join(heard)) == (1, False)


def test_rule_17_what_answers_in_plaintext_is_refused(service, refused):
    with answering(lambda caller: caller.sendall(b"-ERR Protocol error: unbalanced quotes in request\r\n")) as (port, callers):
        token = rotating_at(service, port=port)
        with refused("tls", says="`tls-port`"):
            service.step("setSecret", token)

    assert len(callers) == 1


def test_rule_17_tls_1_1_is_refused(service, refused):
    context = server_context(service.server)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1

    with answering(lambda caller: context.wrap_socket(caller, server_side=True)) as (port, _):
        token = rotating_at(service, port=port)
        with refused("tls", says="no TLS 1.2 or newer"):
            service.step("setSecret", token)
