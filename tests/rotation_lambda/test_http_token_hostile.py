"""Whatever stands in the admin secret, in a token or in its id: a request has the host, the path and the headers of the declaration."""

import base64
import json
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from rotation_lambda import https
from rotation_lambda.deadline import Deadline
from rotation_lambda.engines._http_client import Client
from rotation_lambda.engines._http_configuration import issuer_of
from rotation_lambda.errors import ConfigurationError, RotationError
from rotation_lambda.targets import Target
from tests.rotation_lambda.issuer_server import Reply, running

AT = "https://api.example.com"
SETTINGS = {
    "basic": ["{admin.user}", "{admin.password}"],
    "headers": {"X-Account": "{admin.account}"},
    "issue": {
        "url": f"{AT}/v1/{{admin.account}}/tokens?for={{name}}&by={{admin.user}}",
        "json": {"name": "{name}", "by": ["{admin.user}", 5]},
        "token": "/token",
        "id": "/id",
    },
    "verify": {"url": f"{AT}/v1/me?id={{id}}", "headers": {"Authorization": "Bearer {token}"}},
    "revoke": {"url": f"{AT}/v1/tokens/{{id}}", "form": {"id": "{id}", "all": ["{admin.user}", "fixed"]}, "method": "POST"},
}
HOSTILE = [
    *("\r\nX-Evil: yes", "\n yes", "\0", " ", "a b", "ü", "..", ".", "", "/../../admin", "//evil", "@evil.example.com", "\\"),
    *("?a=b&c=d", "#x", ":", "%", "%2e%2e", "%0d%0a", "{admin.password}", "{token}", "{", "}}"),
]
values = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20), st.tuples(st.sampled_from(HOSTILE), st.text(max_size=5)).map("".join))


class Wire:
    """Keeps what would be sent, after the checks of the real call."""

    def __init__(self):
        self.sent = []

    def call(self, method, url, *, headers, body, authority, deadline):  # noqa: ARG002
        host, port, path = https._parts(url)
        for name, value in headers.items():
            assert https._HEADER_NAME.fullmatch(name)
            if not https._HEADER_VALUE.fullmatch(value):
                raise ConfigurationError("no header")
        self.sent.append((method, host, port, path, headers, body))
        return https.Answer(200, {"token": "t", "id": "i"})


def _client(wire, monkeypatch, admin):
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/billing/token-a1B2c3"
    target = Target(secret="prod/billing/token", arn=arn, kind="api-key", admin=arn, settings=SETTINGS)
    monkeypatch.setattr(https, "call", wire.call)
    return Client(issuer_of(target), lambda: admin, Deadline(60))


def _sent(admin, act):
    """What was sent, or nothing when it was refused."""
    wire = Wire()
    with pytest.MonkeyPatch.context() as monkeypatch:
        try:
            act(_client(wire, monkeypatch, admin))
        except ConfigurationError as error:
            told = str(error)
        else:
            [sent] = wire.sent
            return sent
    assert wire.sent == []
    assert [value for value in admin.values() if len(value) > 6 and value in told] == []
    return None


@given(values, values, values)
@example("a:b", "c", "d")
def test_no_value_of_the_admin_secret_moves_a_request(user, password, account):
    sent = _sent({"user": user, "password": password, "account": account}, lambda client: client.issue("the name", "v"))

    if sent is None:
        fits_a_header = account.strip() == account and all(" " <= letter <= "~" for letter in account)
        assert user == "" or ":" in user or account in {"", ".", ".."} or not fits_a_header, "nothing else is a reason"
        return
    method, host, port, path, headers, body = sent
    assert ":" not in user, "its password would begin there"
    assert account not in {"", ".", ".."}, "a server would resolve these"
    pieces = urlsplit(path).path.split("/")
    assert (method, host, port) == ("POST", "api.example.com", 443)
    assert [pieces[0], pieces[1], pieces[3:]] == ["", "v1", ["tokens"]]
    assert unquote(pieces[2]) == account
    assert parse_qsl(urlsplit(path).query, keep_blank_values=True) == [("for", "the name"), ("by", user)]
    assert set(headers) == {"Accept", "Content-Type", "Authorization", "X-Account"}
    assert headers["X-Account"] == account
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode() == f"{user}:{password}"
    assert json.loads(body) == {"name": "the name", "by": [user, 5]}


@given(values)
def test_no_id_chooses_what_is_revoked_besides_itself(identity):
    sent = _sent({"user": "u", "password": "p", "account": "a"}, lambda client: client.revoke(identity))

    if sent is None:
        assert identity in {"", ".", ".."}
        return
    method, host, port, path, _, body = sent
    assert identity not in {"", ".", ".."}, "a server would resolve these"
    assert (method, host, port) == ("POST", "api.example.com", 443)
    assert path.startswith("/v1/tokens/")
    assert path.count("/") == 3
    assert not {"?", "#"} & set(path)
    assert parse_qsl(body.decode(), keep_blank_values=True) == [("id", identity), ("all", "u"), ("all", "fixed")]


@given(values, values)
def test_no_token_becomes_another_header(token, identity):
    assume(token)

    sent = _sent({}, lambda client: client.verify(token, identity))

    if sent is None:
        assert identity == "" or not all("!" <= letter <= "~" or letter == " " for letter in token) or token.endswith(" ")
        return
    method, host, port, path, headers, body = sent
    assert (method, host, port, body) == ("GET", "api.example.com", 443, None)
    assert urlsplit(path).path == "/v1/me"
    assert set(headers) == {"Accept", "Authorization"}
    assert headers["Authorization"] == f"Bearer {token}"


@given(values)
def test_a_brace_inside_a_value_is_a_brace(text):
    assume(text.isascii() and text.isprintable() and text.strip() == text and text)

    sent = _sent({"user": "u", "password": "canary", "account": f"x{text}x"}, lambda client: client.issue("n", "v"))

    assert sent[4]["X-Account"] == f"x{text}x"
    assert "canary" not in f"{sent[3]}{sent[5]}"


def test_the_server_itself_sees_one_request_with_the_headers_of_the_declaration():
    """The same over a real connection, for the values that are known to have split requests elsewhere."""
    with running() as server, pytest.MonkeyPatch.context() as monkeypatch:
        server.answer = lambda _request: Reply(200, {"token": "t", "id": "i"})
        monkeypatch.setattr("rotation_lambda.certificates.root", lambda: server.home)
        settings = json.loads(json.dumps({**SETTINGS, "ca": "ca.pem"}).replace(AT, server.address))
        arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/billing/token-a1B2c3"
        target = Target(secret="prod/billing/token", arn=arn, kind="api-key", admin=arn, settings=settings)
        answered = 0
        for value in HOSTILE:
            client = Client(issuer_of(target), lambda value=value: {"user": "u", "password": "p", "account": value}, Deadline(60))
            try:
                client.issue("n", "v")
            except RotationError:
                continue
            answered += 1

        assert len(server.requests) == answered > 5
        assert {" ".join(sorted(request.headers)) for request in server.requests} == {
            "accept accept-encoding authorization connection content-length content-type host user-agent x-account"
        }
        assert {len(request.path.split("/")) for request in server.requests} == {4}


def test_half_a_character_is_sent_as_it_is_and_breaks_nothing():
    """JSON may hold one, and no other encoding can."""
    sent = _sent({"user": "\ud800", "password": "\ud800", "account": "a"}, lambda client: client.issue("n", "v"))

    assert urlsplit(sent[3]).query == "for=n&by=%ED%A0%80"
    _, _, _, path, _, body = _sent({"user": "\ud800", "password": "p", "account": "a"}, lambda client: client.revoke("\ud800"))
    assert (path, body) == ("/v1/tokens/%ED%A0%80", b"id=%ED%A0%80&all=%ED%A0%80&all=fixed")
