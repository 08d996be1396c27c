"""An end in time; each failure has its class, writes nothing and says no value (rules 13 and 20)."""

import contextlib
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import redis

from rotation_lambda import certificates
from rotation_lambda.deadline import Deadline
from rotation_lambda.engines._redis_session import logged_in
from rotation_lambda.errors import NetworkError
from rotation_lambda.targets import target_of
from tests.rotation_lambda.conftest import Context
from tests.rotation_lambda.impostor import answering, impostor, rotating_at, server_context
from tests.rotation_lambda.redis_server import ADMIN_PASSWORD, running
from tests.rotation_lambda.subjects.redis import Service


@pytest.fixture(scope="module")
def server():
    with running(more="maxclients 20\n") as server:
        yield server


@pytest.fixture
def service(server, monkeypatch, pauses):  # noqa: ARG001 - nobody waits
    return Service(server, monkeypatch)


def test_a_stopped_server_is_a_network_error(service, refused):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    token = rotating_at(service, port=port)

    with refused("network", says=f"localhost:{port} cannot be reached"):
        service.step("setSecret", token)


def test_an_unknown_host_is_a_network_error(service, refused, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    token = rotating_at(service, host="cache.invalid")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with refused("network", says="cache.invalid is unknown"):
        service.step("setSecret", token)


def _hung_up(connection, noted):
    """Says nothing, and notes when the caller has given up by himself."""
    connection.settimeout(5)
    while connection.recv(1000):
        pass
    noted.append(True)


def test_rule_20_a_host_that_never_answers_ends_before_the_functions_timeout(service, refused):
    service.context, in_time = Context(seconds=5.4), []

    with answering(lambda caller: _hung_up(caller, in_time)) as (port, _):
        token = rotating_at(service, port=port)
        with refused("network", says="timed out"):
            service.step("setSecret", token)

    assert in_time == [True]


def test_rule_20_a_server_that_never_answers_a_command_ends_before_the_functions_timeout(service, refused):
    service.context, in_time = Context(seconds=5.4), []
    context = server_context(service.server)

    def converse(caller):
        with context.wrap_socket(caller, server_side=True) as channel:
            _hung_up(channel, in_time)

    with answering(converse) as (port, _):
        token = rotating_at(service, port=port)
        with refused("network", says="did not answer in time (AUTH)"):
            service.step("setSecret", token)

    assert in_time == [True]


def test_rule_20_a_server_that_sends_a_byte_now_and_then_does_not_hold_the_function(service, refused):
    service.context = Context(seconds=5.5)
    context = server_context(service.server)
    heard_to_the_end = []

    def converse(caller):
        with context.wrap_socket(caller, server_side=True) as channel:
            for _ in range(100):
                channel.sendall(b"+")
                threading.Event().wait(0.1)
        heard_to_the_end.append(True)

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


def test_rule_20_no_command_goes_out_after_the_time_is_up(service):
    now = [0.0]
    target = target_of(service.arn, None)

    with logged_in(target, "admin", ADMIN_PASSWORD, Deadline(60, clock=lambda: now[0])) as session:
        now[0] = 55.1
        with pytest.raises(NetworkError, match="time is used up"):
            session.run("ACL", "SETUSER", service.username, "on")

    assert service.server.user(service.username) is None


def test_rule_20_a_session_is_closed_on_every_path(service):
    service.rotate()
    service.until("finishSecret")
    service.manager.abandon(service.arn)
    service.manager.write(service.admin, {"username": "admin", "password": "not the admin's"})
    with contextlib.suppress(Exception):
        service.rotate()

    clients = service.server.run("CLIENT", "LIST").splitlines()

    assert [client for client in clients if "user=root" not in client] == []


def test_a_full_server_is_a_network_error(service, refused):
    token = service.until("setSecret")
    with contextlib.ExitStack() as guests:
        for _ in range(19):
            guests.enter_context(socket.create_connection(("localhost", service.server.port)))

        with refused("network"):
            service.step("setSecret", token)


@pytest.mark.parametrize(
    ("answer", "error_class"),
    [
        (b"-ERR max number of clients reached\r\n", "network"),
        (b"-LOADING Redis is loading the dataset in memory\r\n", "network"),
        (b"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n", "network"),
        (b"-BUSY Redis is busy running a script\r\n", "network"),
        (b"-OOM command not allowed when used memory > 'maxmemory'.\r\n", "network"),
        (b"-TRYAGAIN Multiple keys request during rehashing of slot\r\n", "network"),
        (b"-MOVED 3999 127.0.0.1:6381\r\n", "configuration"),
        (b"-ASK 3999 127.0.0.1:6381\r\n", "configuration"),
        (b"-CLUSTERDOWN The cluster is down\r\n", "configuration"),
        (b"-READONLY You can't write against a read only replica.\r\n", "configuration"),
        (b"-ERR wrong number of arguments for 'auth' command\r\n", "configuration"),
        (b"-ERR unknown command 'AUTH'\r\n", "configuration"),
        (b"-ERR something else with a %s in it\r\n", "configuration"),
        (b"-DENIED Redis is running in protected mode\r\n", "permission"),
        (b"-NOPERM this user has no permissions\r\n", "permission"),
        (b"-WRONGPASS invalid username-password pair or user is disabled.\r\n", "authentication"),
        (b"-NOAUTH Authentication required.\r\n", "authentication"),
        (b"-MOVED\r\n", "network"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "network"),
        (b"", "network"),
    ],
)
def test_rule_13_the_servers_refusals_are_told_apart(service, refused, answer, error_class):
    token = service.until("testSecret")
    password = service.pending(token)["password"].encode()

    with impostor(service.server, *([answer.replace(b"%s", password)] * 2 if answer else [])) as (port, _):
        service.declare(port=port)
        service.tamper(token, port=port)
        with refused(error_class):
            service.step("testSecret", token)


def test_a_proxy_that_logs_in_with_a_user_of_its_own_is_noticed(service, refused):
    token = service.until("testSecret")

    with impostor(service.server, b"+OK\r\n", b"$5\r\nproxy\r\n") as (port, _):
        service.declare(port=port)
        service.tamper(token, port=port)
        with refused("configuration", says="is there a proxy in between"):
            service.step("testSecret", token)


def test_a_session_that_broke_off_is_not_opened_again(service):
    """redis-py would connect anew, and the next command would be nobody's: on a server with an open default user it would even be done."""
    with impostor(service.server, b"+OK\r\n") as (port, callers):
        service.declare(port=port)
        target = target_of(service.arn, None)
        with logged_in(target, "admin", "x", Deadline(60)) as session:
            for _ in range(2):
                with pytest.raises(NetworkError, match="broke off"):
                    session.run("ACL", "SETUSER", service.username, "on")

    assert len(callers) == 1


def test_no_word_of_the_driver_travels_along(service):
    service.declare(ca="ca.pem")
    target = target_of(service.arn, None)

    with pytest.raises(Exception, match="is not accepted") as caught, logged_in(target, "nobody", "secret", Deadline(60)):
        pass

    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert not isinstance(caught.value, redis.RedisError)


@pytest.mark.parametrize("text", ["lone \ud800 surrogate", "\udcff"])
def test_what_is_no_text_is_refused_before_it_is_sent(service, refused, text):
    service.manager.write(service.admin, {"username": "admin", "password": text})
    token = service.until("setSecret")

    with refused("configuration", says="is no text"):
        service.step("setSecret", token)


def test_the_driver_is_not_read_before_a_redis_secret_rotates():
    look = "import sys, rotation_lambda.handler, rotation_lambda.engines; print('redis' in sys.modules)"

    said = subprocess.run(
        [sys.executable, "-c", look], check=True, capture_output=True, text=True, cwd=Path(certificates.__file__).parents[1]
    )

    assert said.stdout == "False\n"
