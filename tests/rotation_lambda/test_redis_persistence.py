"""A password that was published survives the server's restart, wherever the server keeps its users; or nothing is published."""

import contextlib
import functools

import pytest

from rotation_lambda.engines import _redis_users
from rotation_lambda.errors import ConfigurationError
from tests.rotation_lambda.conftest import refusal
from tests.rotation_lambda.redis_server import ACL_FILE, CONFIGURATION, NOTHING, ROOT_PASSWORD, running, soon
from tests.rotation_lambda.secrets_manager import KilledError
from tests.rotation_lambda.subjects.redis import Service

KEPT_IN = [ACL_FILE, CONFIGURATION]


@pytest.fixture
def on(monkeypatch, pauses):  # noqa: ARG001 - nobody waits
    """A service on a server of its own, since it is killed."""
    with contextlib.ExitStack() as stack:
        yield lambda kept_in, more="": Service(stack.enter_context(running(kept_in, more)), monkeypatch)


@pytest.fixture
def refused_by(lines):
    """The refusal that the other engines' tests ask for as well."""
    return lambda service: functools.partial(refusal, service, lines)


@pytest.mark.parametrize("kept_in", KEPT_IN)
def test_a_restart_forgets_neither_what_was_published_nor_what_was_withdrawn(on, kept_in):
    service, values = on(kept_in), []
    for _ in range(3):
        service.rotate()
        values.append(service.current)

    service.server.restart()

    assert [service.works(value) for value in values] == [False, True, True]


@pytest.mark.parametrize("kept_in", KEPT_IN)
def test_what_the_server_accepts_at_any_moment_it_accepts_after_a_restart(on, kept_in, monkeypatch):
    """The server dies after each command, and the function with it; what it accepted just before, it still does."""
    service = on(kept_in)
    service.rotate()
    token = service.until("setSecret")
    moments = []

    @contextlib.contextmanager
    def around(label):
        yield
        accepted = service.works(service.pending(token))
        service.server.restart()
        moments.append((label, accepted, service.works(service.pending(token))))
        raise KilledError

    for _ in range(10):
        with monkeypatch.context() as during, contextlib.suppress(KilledError):
            service.install(during, _only(around, at=len(moments)))
            service.step("setSecret", token)
            break

    saving = {ACL_FILE: "ACL SAVE", CONFIGURATION: "CONFIG REWRITE"}[kept_in]
    assert (f"ACL SETUSER, {saving}", True, True) in moments
    assert [moment for moment in moments if moment[1] != moment[2]] == []
    assert service.works(service.current)


def _only(around, at):
    """Lets the commands before the one at that place through."""
    seen = iter(range(100))
    return lambda label: around(label) if next(seen) == at else contextlib.nullcontext()


@pytest.mark.parametrize("kept_in", KEPT_IN)
def test_a_default_user_with_requirepass_does_not_get_its_old_password_back(on, kept_in):
    service = on(kept_in, "requirepass of-old-and-long\n")
    service.server.run("ACL", "SETUSER", "default", "on", "~*", "+@all", ">of-old-and-long")
    service.declare(username="default")
    service.manager.write(service.arn, {"username": "default", "password": "of-old-and-long"})
    service.rotate()
    service.rotate()

    service.server.restart()

    assert [service.works(value) for value in (service.current, service.previous)] == [True, True]
    assert not service.server.accepts("default", "of-old-and-long")


def test_a_server_that_keeps_nothing_gets_no_user(on, refused_by):
    service = on(NOTHING)
    token = service.until("setSecret")

    with refused_by(service)("configuration", says="persistence: none if nobody minds"):
        service.step("setSecret", token)

    assert service.server.user(service.username) is None


def test_with_persistence_none_a_restart_is_mended_by_the_next_rotation(on):
    service = on(NOTHING)
    service.declare(persistence="none")
    service.rotate()
    service.rotate()
    service.server.restart()
    assert not service.works(service.current)

    service.rotate()

    assert service.works(service.current)


def test_a_server_that_cannot_save_changes_nothing(on, refused_by):
    service = on(ACL_FILE)
    service.rotate()
    token = service.until("setSecret")
    file = service.server.home / "users.acl"
    file.unlink()
    file.mkdir()

    with refused_by(service)("configuration", says="cannot write its users down"):
        service.step("setSecret", token)

    assert not service.works(service.pending(token))
    file.rmdir()
    service.step("setSecret", token)


def test_what_was_set_and_not_saved_is_saved_before_the_rotation_ends(on):
    service = on(ACL_FILE)
    token = service.until("setSecret")
    service.declare(persistence="none")
    service.step("setSecret", token)
    service.declare(persistence=None)

    service.rotate(token)
    service.server.restart()

    assert service.works(service.current)


def test_a_replica_is_refused(on, refused_by):
    service = on(ACL_FILE, "replicaof 127.0.0.1 1\n")
    token = service.until("setSecret")

    with refused_by(service)("configuration", says="is a replica; name the primary"):
        service.step("setSecret", token)


def test_a_server_with_replicas_is_refused_since_they_would_not_learn_of_the_user(on, refused_by):
    service = on(ACL_FILE, "repl-diskless-sync-delay 0\n")
    token = service.until("setSecret")
    follows = f"""
        tls-replication yes
        tls-ca-cert-file {service.server.home}/ca.pem
        replicaof localhost {service.server.port}
        masteruser root
        masterauth {ROOT_PASSWORD}
    """
    with running(ACL_FILE, follows) as replica:
        soon(lambda: replica.run("INFO", "replication")["master_link_status"] == "up")

        with refused_by(service)("configuration", says="has replicas, and Redis does not replicate users"):
            service.step("setSecret", token)

    assert service.server.user(service.username) is None


def test_a_cluster_is_refused(on, refused_by):
    service = on(ACL_FILE, "cluster-enabled yes\n")
    token = service.until("setSecret")

    with refused_by(service)("configuration", says="runs as cluster; only a server that stands alone"):
        service.step("setSecret", token)


@pytest.mark.parametrize("facts", [{"redis_mode": "sentinel"}, {"server_mode": "cluster"}, {}])
def test_what_does_not_say_that_it_stands_alone_is_refused(facts):
    with pytest.raises(ConfigurationError, match="only a server that stands alone"):
        _redis_users._refuse_company({"role": "master", **facts})


def test_valkey_says_that_it_stands_alone_in_its_own_word():
    _redis_users._refuse_company({"role": "master", "server_mode": "standalone"})
