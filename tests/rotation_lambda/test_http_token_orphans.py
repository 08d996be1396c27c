"""What is issued and then not used leaves no token for good: cut off, abandoned, doubled, lost on the way; and nobody else's goes."""

import contextlib
import functools

import pytest

from rotation_lambda import https
from rotation_lambda.errors import NetworkError
from rotation_lambda.handler import handler
from tests.rotation_lambda.conftest import refusal
from tests.rotation_lambda.generated import DAY, HOUR, MINUTE
from tests.rotation_lambda.issuer_server import Reply
from tests.rotation_lambda.secrets_manager import KilledError, RotationFailedError
from tests.rotation_lambda.subjects.http_token import Token, plain, running


@pytest.fixture(scope="module")
def server():
    with running() as server:
        yield server


@pytest.fixture
def token(server, monkeypatch, pauses):  # noqa: ARG001 - nobody waits
    token = Token(server, monkeypatch)
    token.declare(grace="24h")
    return token


@pytest.fixture
def refused(token, lines):
    return functools.partial(refusal, token, lines)


@contextlib.contextmanager
def killed_after(monkeypatch, call):
    """The function vanishes right after the issuer answered this call."""
    made = https.call

    def struck(method, url, **rest):
        made(method, url, **rest)
        if method == call:
            raise KilledError

    with monkeypatch.context() as during, contextlib.suppress(KilledError):
        during.setattr(https, "call", struck)
        yield


def _ids(tokens):
    return [token.identity for token in tokens]


def test_a_token_that_was_issued_and_never_stored_is_found_by_its_name_and_revoked(token, monkeypatch):
    """Peers leave such a key to a person who reads the list of all keys."""
    token.rotate()
    version = token.manager.start(token.arn)
    with killed_after(monkeypatch, "POST"):
        token.step("createSecret", version)
    assert len(token.issuer.live()) == 2

    token.rotate(version)

    assert _ids(token.issuer.live()) == ["1", token.current["id"]]


def test_an_orphan_of_an_abandoned_rotation_is_revoked_by_the_next_one(token, monkeypatch):
    token.rotate()
    with killed_after(monkeypatch, "POST"):
        token.step("createSecret", token.manager.start(token.arn))
    token.manager.abandon(token.arn)

    token.rotate()

    assert _ids(token.issuer.live()) == ["1", token.current["id"]]


def test_a_token_of_an_abandoned_rotation_that_was_stored_is_revoked_too_also_without_a_list(server, token):
    token.declare(**plain(server, ca="ca.pem", grace="24h"))
    del token.target["list"]
    token.declare()
    token.rotate()
    token.until("testSecret")
    token.manager.abandon(token.arn)

    token.rotate_after(HOUR)

    assert _ids(token.issuer.live()) == ["1", token.current["id"]]


def test_a_token_that_a_person_made_is_left_alone_and_so_is_the_same_secret_of_another_region(token):
    token.rotate()
    elsewhere = token.issuer.live()[0].name.replace(token.issuer.live()[0].name.split()[1], "0123456789ab")
    others = [token.issuer.make(name) for name in ("by hand", "prod/billing/token", "prod/billing/token by hand", elsewhere)]

    token.rotate_after(30 * DAY)
    token.rotate_after(30 * DAY)

    assert [other.live for other in others] == [True] * 4


def test_who_may_write_the_secret_does_not_choose_what_is_revoked(token):
    stranger = token.issuer.make("another team's")
    token.rotate()
    token.write({**token.current, "id": stranger.identity, "retired": {stranger.identity: 0}})
    token.write(token.manager.value(token.arn, "AWSPREVIOUS"))

    token.rotate_after(30 * DAY)
    token.rotate_after(30 * DAY)

    assert stranger.live


def test_steps_that_are_repeated_issue_nothing(token):
    version = token.until("finishSecret")

    for step in ("createSecret", "setSecret", "testSecret", "finishSecret", "createSecret", "finishSecret"):
        token.step(step, version)

    assert len(token.issuer.tokens) == 1


def test_of_two_invocations_at_once_the_slower_one_revokes_its_own_token(token, monkeypatch):
    token.rotate()
    version = token.manager.start(token.arn)
    faster = []

    def doubled(call, _request):
        if call == "put_secret_value" and not faster:
            faster.append(True)
            handler(token.manager.event(token.arn, version, "createSecret"), token.context)

    monkeypatch.setattr(token.manager, "before", doubled)
    token.step("createSecret", version)

    assert [issued.live for issued in token.issuer.tokens] == [True, False, True]
    assert token.works(token.pending(version))


def test_a_stored_token_that_cannot_be_read_yet_is_not_revoked(token):
    token.rotate()
    token.manager.lag = 1
    version = token.until("setSecret")
    stored = token.pending(version)
    token.manager.secrets[token.arn].versions[version].unseen = 1

    token.step("createSecret", version)

    assert token.works(stored)
    assert len(token.issuer.live()) == 2
    assert token.rotate(version) == version


def test_an_idempotency_key_makes_a_repeated_request_give_the_same_token(server, token, monkeypatch):
    replies = {}

    def once(request):
        key = request.headers.get("idempotency-key")
        if key is None:
            return token.issuer(request)
        replies[key] = replies.get(key) or token.issuer(request)
        return replies[key]

    server.answer = once
    token.declare(issue={**token.target["issue"], "headers": {"Idempotency-Key": "{version}"}})
    version = token.manager.start(token.arn)
    with killed_after(monkeypatch, "POST"):
        token.step("createSecret", version)

    token.rotate(version)

    assert [*replies] == [version]
    assert len(token.issuer.tokens) == 1
    assert token.works(token.current)


def test_a_slower_invocation_does_not_revoke_the_token_that_both_were_given(server, token, monkeypatch):
    reply = []

    def once(request):
        if request.method != "POST":
            return token.issuer(request)
        reply[:] = reply or [token.issuer(request)]
        return reply[0]

    server.answer = once
    version = token.manager.start(token.arn)

    def doubled(call, _request):
        if call == "put_secret_value":
            monkeypatch.setattr(token.manager, "before", lambda _call, _request: None)
            handler(token.manager.event(token.arn, version, "createSecret"), token.context)
            token.wait(1)

    monkeypatch.setattr(token.manager, "before", doubled)
    token.step("createSecret", version)

    assert token.works(token.pending(version))


def test_a_token_that_somebody_revoked_meanwhile_is_given_up_and_the_next_rotation_needs_no_hand(token, refused):
    version = token.until("setSecret")
    token.issuer.revoke(token.pending(version)["id"])
    token.wait(6 * MINUTE)

    with refused("conflict", says="does not accept its new token"):
        token.step("setSecret", version)

    token.rotate()
    assert token.works(token.current)


def test_a_failed_revocation_is_told_and_tried_again_by_the_next_rotation(token, server):
    token.declare(grace="0s")
    token.rotate()
    token.rotate_after(HOUR)
    first = token.labelled("AWSPREVIOUS")
    server.answer = lambda request: Reply(500) if request.method == "DELETE" else token.issuer(request)
    with pytest.raises(RotationFailedError, match="'revoke' at localhost fails at the server"):
        token.rotate_after(HOUR)
    assert token.works(first)

    server.answer = token.issuer
    token.manager.abandon(token.arn)
    token.rotate()

    assert not token.works(first)


def test_a_lost_answer_is_a_network_error_and_leaves_no_token_for_good(token, monkeypatch, refused):
    made = https.call

    def lost(method, url, **rest):
        made(method, url, **rest)
        raise NetworkError("localhost took the request and did not answer it to the end")

    version = token.manager.start(token.arn)
    with monkeypatch.context() as during:
        during.setattr(https, "call", lost)
        with refused("network"):
            token.step("createSecret", version)

    token.rotate(version)

    assert _ids(token.issuer.live()) == [token.current["id"]]
