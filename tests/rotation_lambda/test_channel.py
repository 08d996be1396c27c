"""Connections that all engines of databases share: bounded in time, and refused in the function's own words (rules 17 and 20)."""

import select
import socket
import struct

import pytest

from rotation_lambda import channel
from rotation_lambda.deadline import Deadline
from rotation_lambda.errors import NetworkError
from rotation_lambda.targets import Target
from tests.rotation_lambda.impostor import answering
from tests.rotation_lambda.postgres_server import make_certificates


@pytest.fixture
def target(tmp_path, monkeypatch):
    make_certificates(tmp_path)
    monkeypatch.setattr("rotation_lambda.certificates.root", lambda: tmp_path)
    return lambda port: Target(
        secret="prod/x", arn="arn", kind="postgres", admin=None, settings={"host": "localhost", "port": port, "ca": "ca.pem"}
    )


def test_rule_20_a_name_with_many_addresses_takes_no_longer_than_there_is_time(target, monkeypatch):
    waited = []

    def silent(connection, _address):
        waited.append(connection.gettimeout())
        raise TimeoutError

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 3306))] * 9)
    monkeypatch.setattr(socket.socket, "connect", silent)

    with pytest.raises(NetworkError, match=r"cannot be reached \(timed out\)"):
        channel.connected(target(3306), Deadline(8))

    assert len(waited) == 3
    assert max(waited) <= 3


def test_an_address_of_a_family_that_the_function_does_not_have_is_passed_over(target, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = [(family, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for family in (12345, socket.AF_INET)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

        with channel.connected(target(port), Deadline(60)) as connection:
            assert connection.getpeername() == ("127.0.0.1", port)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # and leaves it to the garbage collector then
def test_a_server_that_resets_the_connection_before_tls_is_a_network_error(target):
    """The standard library reads from the connection before it is a channel."""

    def reset(caller):
        caller.recv(1)
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def ask(plain, _):
        plain.sendall(b"x")
        select.select([plain], [], [])

    with answering(reset) as (port, _), pytest.raises(NetworkError, match="took the connection"):
        channel.secured(target(port), Deadline(60), ask=ask)


def test_a_server_that_hangs_up_instead_of_tls_is_a_network_error(target):
    with answering(lambda caller: caller.recv(10_000)) as (port, _), pytest.raises(NetworkError, match=r"hung up .* full; is it\?$"):
        channel.secured(target(port), Deadline(60), hint="; is it?")
