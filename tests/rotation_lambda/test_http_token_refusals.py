"""What an issuer may answer, and how it is told apart: by class, with the way out, and without a value."""

import functools
import json

import pytest

from rotation_lambda.errors import RotationError
from tests.rotation_lambda.conftest import refusal
from tests.rotation_lambda.generated import HOUR
from tests.rotation_lambda.issuer_server import Reply
from tests.rotation_lambda.secrets_manager import RotationFailedError
from tests.rotation_lambda.subjects.http_token import Token, running


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


def test_an_issuer_that_needs_a_moment_to_know_its_own_token_gets_it(server, token, pauses):
    slow = []

    def late(request):
        if request.path == "/me" and len(slow) < 3:
            slow.append(request)
            return Reply(401)
        return token.issuer(request)

    server.answer = late
    token.rotate()

    assert token.works(token.current)
    assert pauses == [0.25, 0.5]


def test_a_token_that_is_refused_for_good_is_not_published(token, server, refused):
    token.rotate()
    before = token.current
    server.answer = lambda request: Reply(401) if request.path == "/me" else token.issuer(request)

    version = token.until("testSecret")
    with refused("authentication", says="'verify' at localhost does not accept the new token (401)"):
        token.step("testSecret", version)

    assert token.current == before
    assert token.works(before)


def test_a_token_that_may_not_do_what_it_is_for_is_a_permission_error(token, server, refused):
    server.answer = lambda request: Reply(403) if request.path == "/me" else token.issuer(request)

    version = token.until("testSecret")
    with refused("permission", says="look at what 'issue' asks for"):
        token.step("testSecret", version)


@pytest.mark.parametrize(
    ("status", "error_class"),
    [
        (401, "permission"),
        (403, "permission"),
        (422, "configuration"),
        (409, "conflict"),
        (429, "network"),
        (500, "network"),
        (503, "network"),
    ],
)
def test_a_refusal_to_issue_is_told_apart_and_the_next_rotation_is_fine(token, server, refused, status, error_class):
    token.rotate()
    server.answer = lambda _request: Reply(status, {"error": token.current["value"]})

    version = token.manager.start(token.arn)
    with refused(error_class, says=f"({status})" if status != 422 else "422"):
        token.step("createSecret", version)

    server.answer = token.issuer
    token.rotate(version)
    assert token.works(token.current)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_admin_credentials_do_not_follow_a_redirect(token, server, refused, status):
    server.answer = lambda _request: Reply(status, None, {"Location": "https://localhost:1/"})

    with refused("configuration", says="redirects are not followed"):
        token.step("createSecret", token.manager.start(token.arn))

    assert token.asked() == ["POST /tokens"]


@pytest.mark.parametrize(
    "body",
    [None, {}, [], {"data": None}, *({"data": {"token": "t", "id": identity}} for identity in (None, True, "", 1.5, []))],
)
def test_an_answer_without_an_id_is_refused_and_says_what_to_revoke(token, server, refused, body):
    server.answer = lambda _request: Reply(201, body)

    with refused("configuration", says="revoke at the issuer what is named 'prod/billing/token "):
        token.step("createSecret", token.manager.start(token.arn))


@pytest.mark.parametrize("found", ["", 5, None, "a b", "a\nb", "ü"])
def test_an_answer_without_a_token_is_refused_and_what_it_issued_is_revoked_again(token, server, refused, found):
    server.answer = lambda request: Reply(201, {"data": {"token": found, "id": 7}}) if request.method == "POST" else Reply(204)

    with refused("configuration", says="no token at '/data/token' in its answer; it is revoked again"):
        token.step("createSecret", token.manager.start(token.arn))

    assert token.asked() == ["POST /tokens", "DELETE /tokens/7"]


def test_a_list_on_several_pages_is_read_to_the_end(server, token):
    def paged(request):
        reply = token.issuer(request)
        if request.method != "GET" or request.path != "/tokens":
            return reply
        page = int(request.query.get("page", 0))
        more = f"/tokens?page={page + 1}" if page + 1 < len(reply.body["data"]) else None
        return Reply(200, {"data": reply.body["data"][page : page + 1], "next": more})

    server.answer = paged
    token.declare(grace="0s", list={**token.target["list"], "next": "/next"})
    for _ in range(4):
        token.rotate_after(HOUR)

    assert len(token.issuer.live()) == 2


@pytest.mark.parametrize(
    "following", ["https://elsewhere.example.com/", "//elsewhere.example.com/", "http://localhost/", "https://localhost:1/"]
)
def test_a_next_page_at_another_host_is_not_asked(server, token, following):
    def led_away(request):
        reply = token.issuer(request)
        return Reply(200, {**reply.body, "next": following}) if request.target == "/tokens" and request.method == "GET" else reply

    server.answer = led_away
    token.declare(list={**token.target["list"], "next": "/next"})

    version = token.until("finishSecret")
    token.asked()
    with pytest.raises(RotationError, match="its next page is at another host"):
        token.step("finishSecret", version)
    assert token.asked() == ["GET /me", "GET /tokens"]


def test_a_list_without_end_ends(server, token):
    server.answer = lambda request: (
        Reply(200, {"data": [], "next": "/tokens"}) if (request.method, request.path) == ("GET", "/tokens") else token.issuer(request)
    )
    token.declare(list={**token.target["list"], "next": "/next"})

    with pytest.raises(RotationFailedError, match="more than 200 pages"):
        token.rotate()


def test_a_token_is_proved_as_itself_and_never_as_the_admin(token, server):
    token.rotate()

    [proof] = {request.headers["authorization"] for request in server.requests if request.path == "/me"}
    assert proof == f"Bearer {token.current['value']}"
    assert token.manager.value(token.admin)["value"] not in json.dumps(
        [request.headers for request in server.requests if request.path == "/me"]
    )
