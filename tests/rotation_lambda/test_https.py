"""One HTTPS call: a verified server or nothing, bounded in time and size, and no word of the other side in an error."""

import contextlib
import socket
import ssl
import threading
import time
import traceback

import pytest

from rotation_lambda import certificates, https
from rotation_lambda.deadline import Deadline
from rotation_lambda.errors import (
    ConfigurationError,
    ConflictError,
    NetworkError,
    PermissionRefusedError,
    RotationError,
    TlsError,
)
from tests.rotation_lambda.issuer_server import Reply, running

CANARY = "canary-of-the-server"


@pytest.fixture(scope="module")
def server():
    with running() as server:
        yield server


@pytest.fixture(autouse=True)
def bundle(server, monkeypatch):
    monkeypatch.setattr(certificates, "root", lambda: server.home)
    server.requests.clear()
    server.answer = lambda _request: Reply(200, {"said": "yes"})


@pytest.fixture
def call(server):
    def made(method="GET", url="/", *, authority="ca.pem", headers=None, body=None, seconds=60):
        url = server.address + url if url.startswith("/") else url
        return https.call(method, url, headers=headers or {}, body=body, authority=authority, deadline=Deadline(seconds))

    return made


@contextlib.contextmanager
def refused(error_class, says):
    with pytest.raises(RotationError) as caught:
        yield
    assert (type(caught.value), says in str(caught.value)) == (error_class, True), str(caught.value)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@contextlib.contextmanager
def listening(behave):
    """A server that is none: it does one thing with the one connection that it takes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    behave(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://localhost:{listener.getsockname()[1]}/"
        with contextlib.suppress(OSError):  # who is done already does not listen
            listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextlib.contextmanager
def speaking_tls(server, behave):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.home / "server.pem", server.home / "server.key")

    def answered(connection):
        with context.wrap_socket(connection, server_side=True) as channel:
            channel.recv(65536)
            behave(channel)

    with listening(answered) as address:
        yield address


def test_the_request_arrives_as_it_was_meant(call, server):
    answer = call("POST", "/v1/things?a=1", headers={"X-Who": "me"}, body=b"{}")

    [request] = server.requests
    assert answer == https.Answer(200, {"said": "yes"})
    assert (request.method, request.target, request.body) == ("POST", "/v1/things?a=1", b"{}")
    assert request.headers == {
        "host": f"localhost:{server.port}",
        "accept-encoding": "identity",
        "content-length": "2",
        "x-who": "me",
        "user-agent": "keyturn-rotation",
        "connection": "close",
    }


@pytest.mark.parametrize("content", [b"", b"<html>", b"[" * 100_000, b"\xff\xfe", b'{"a": 1' + b"1" * 5000 + b"}"])
def test_a_body_that_is_no_json_is_none(call, server, content):
    server.answer = lambda _request: Reply(200, content)

    assert call() == https.Answer(200, None)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_answer_and_not_followed(call, server, status):
    server.answer = lambda _request: Reply(status, None, {"Location": f"{server.address}/elsewhere"})

    assert call() == https.Answer(status, None)
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_no_proxy_is_taken_from_the_environment(call, monkeypatch, name):
    monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert call().status == 200


def test_another_authority_is_not_trusted(call, server):
    with refused(TlsError, "certificate of localhost is not accepted"):
        call(authority="other-ca.pem")
    assert server.requests == []


def test_another_name_than_the_certificates_is_not_trusted(call, server):
    with refused(TlsError, "certificate of 127.0.0.2 is not accepted"), listening_on_another_address(server) as address:
        call(url=address)
    assert server.requests == []


@contextlib.contextmanager
def listening_on_another_address(server):
    with socket.create_server(("127.0.0.2", 0)) as listener:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(server.home / "server.pem", server.home / "server.key")

        def serve():
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                context.wrap_socket(connection, server_side=True).close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.2:{listener.getsockname()[1]}/"
        thread.join()


def test_without_an_authority_the_public_ones_are_trusted_and_not_the_bundles(call, server):
    with refused(TlsError, "certificate of localhost is not accepted"):
        call(authority=None)
    assert server.requests == []


def test_a_missing_authority_is_named(call):
    with refused(ConfigurationError, "'missing.pem'"):
        call(authority="missing.pem")


def test_a_server_without_tls_is_a_tls_error(call):
    with (
        listening(lambda connection: connection.sendall(f"HTTP/1.1 200 {CANARY}\r\n\r\n".encode())) as address,
        refused(TlsError, "no TLS 1.2 or newer"),
    ):
        call(url=address)


def test_a_server_that_hangs_up_before_tls_is_no_refusal_of_tls(call):
    """A load balancer without a server behind it."""
    with (
        listening(lambda connection: connection.recv(65536)) as address,
        refused(NetworkError, "hung up before TLS began"),
    ):
        call(url=address)


def test_a_port_where_nobody_listens_is_a_network_error(call):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with refused(NetworkError, "cannot be reached (Connection refused)"):
        call(url=f"https://localhost:{port}/")


def test_an_unknown_name_is_a_network_error(call):
    with refused(NetworkError, "the name nowhere.invalid is unknown"):
        call(url="https://nowhere.invalid/")


def test_a_host_that_takes_the_connection_and_says_nothing_ends_before_the_functions_time_does(call):
    silent = threading.Event()

    with listening(lambda _connection: silent.wait(20)) as address:
        began = time.monotonic()
        with refused(NetworkError, "took the connection and then did not answer (timed out)"):
            call(url=address, seconds=5.4)
        took = time.monotonic() - began
        silent.set()

    assert took < 5.4


def test_a_server_that_sends_a_byte_now_and_then_ends_with_the_time(call, server):
    over, patience_lost = threading.Event(), []

    def drip(channel):
        channel.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            if over.wait(0.05):
                return
            channel.sendall(b"x")
        patience_lost.append(True)

    with speaking_tls(server, drip) as address:
        with refused(NetworkError, ""):
            call(url=address, seconds=5.5)
        over.set()

    assert not patience_lost


@pytest.mark.parametrize(
    "said",
    [b"", b"HTTP/1.1 2", f"{CANARY}\r\n\r\n".encode(), f"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{CANARY}".encode()],
)
def test_an_answer_that_breaks_off_is_a_network_error(call, server, said):
    with speaking_tls(server, lambda channel: channel.sendall(said)) as address, refused(NetworkError, "did not answer it to the end"):
        call(url=address)


def test_a_longer_answer_than_any_list_of_tokens_is_refused(call, server):
    server.answer = lambda _request: Reply(200, CANARY.encode() * 100_000)

    with refused(ConfigurationError, "more than 1000000 bytes"):
        call()


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "https:///path",
        "https://user:" + "word@localhost/",
        "https://@localhost/",
        "https://localhost/#fragment",
        "https://localhost/a b",
        "https://localhost/a\r\nX: y",
        "https://local\thost/",
        "https://localhost:99999/",
        "https://localhost\\@elsewhere/",
        "https://löcalhost/",
        "ftp://localhost/",
        "",
    ],
)
def test_an_address_that_is_no_plain_https_address_is_refused(server, url):
    with refused(ConfigurationError, "no https:// address"):
        https.call("GET", url, headers={}, body=None, authority="ca.pem", deadline=Deadline(60))
    assert server.requests == []


@pytest.mark.parametrize("value", [f"{CANARY}\r\nX-Evil: yes", f"{CANARY}\n yes", f"{CANARY}\0", f"{CANARY} ", f"ö{CANARY}", ""])
def test_a_header_that_could_become_two_is_not_sent(call, server, value):
    with refused(ConfigurationError, "something else than printable ASCII"):
        call(headers={"Authorization": value})
    assert server.requests == []


@pytest.mark.parametrize("name", ["A:", "A\r\nB", "A B", ""])
def test_a_header_name_that_is_none_is_not_sent(call, server, name):
    with refused(ConfigurationError, "something else than printable ASCII"):
        call(headers={name: "x"})
    assert server.requests == []


@pytest.mark.parametrize(
    ("statuses", "error_class"),
    [
        ((401, 403), PermissionRefusedError),
        ((408, 425, 429, 500, 502, 503, 504), NetworkError),
        ((409, 412, 423), ConflictError),
        ((301, 302, 307, 308), ConfigurationError),
        ((200, 400, 404, 405, 410, 422), ConfigurationError),
    ],
)
def test_a_refusal_is_classified_by_its_status_and_repeats_nothing_of_the_answer(statuses, error_class):
    for status in statuses:
        refusal = https.refusal(https.Answer(status, {"error": CANARY}), "'issue' at api.example.com")

        assert type(refusal) is error_class
        assert str(refusal).startswith("'issue' at api.example.com")
        assert str(status) in str(refusal)
        assert CANARY not in str(refusal)
