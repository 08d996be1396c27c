"""The declaration of an issuer is looked at as a whole: what is missing, misspelt, or would send a credential astray is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rotation_lambda.engines import engine_for
from rotation_lambda.engines._http_pointer import found, is_pointer
from rotation_lambda.errors import ConfigurationError
from rotation_lambda.targets import Target

ADMIN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/platform/issuer-a1B2c3"
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/billing/token-a1B2c3"
SETTINGS = {
    "headers": {"Authorization": "Bearer {admin.value}"},
    "issue": {"url": "https://api.example.com/tokens", "json": {"name": "{name}"}, "token": "/token", "id": "/id"},
    "verify": {"url": "https://api.example.com/me", "headers": {"Authorization": "Bearer {token}"}},
    "revoke": {"url": "https://api.example.com/tokens/{id}"},
    "list": {"url": "https://api.example.com/tokens", "entries": "", "id": "/id", "name": "/name"},
}
MISSING = object()


def described(settings, admin=ADMIN, kind="api-key"):
    target = Target(secret="prod/billing/token", arn=ARN, kind=kind, admin=admin, settings=json.loads(json.dumps(settings)))
    return engine_for(kind).describe(target, None)


def changed(path, value):
    settings = json.loads(json.dumps(SETTINGS))
    *parents, last = path.split(".")
    at = settings
    for parent in parents:
        at = at[parent]
    if value is MISSING:
        del at[last]
    else:
        at[last] = value
    return settings


def test_the_least_and_the_most_are_taken():
    least = {key: value for key, value in SETTINGS.items() if key not in {"list", "headers"}}
    most = {
        **SETTINGS,
        "basic": ["{admin.user}", "{admin.password}"],
        "headers": {"X-Account": "{admin.account}"},
        "issue": {**SETTINGS["issue"], "method": "PUT", "headers": {"Idempotency-Key": "{version}"}, "accept": [200]},
        "verify": {**SETTINGS["verify"], "accept": [200, 403], "refused": [400, 401]},
        "list": {**SETTINGS["list"], "next": "/next", "where": {"/status": "active"}},
        "grace": "7d",
        "ca": "ca.pem",
    }

    assert described(least) == described(most) == described(SETTINGS, kind="oauth-client") == {}


def test_there_must_be_an_admin():
    with pytest.raises(ConfigurationError, match="needs an 'admin'"):
        described(SETTINGS, admin=None)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("isue", {}, "'isue'"),
        ("issue", MISSING, "'issue'"),
        ("verify", MISSING, "'verify'"),
        ("revoke", MISSING, "'revoke'"),
        ("list", None, "'list'"),
        ("list", [], "'list'"),
        ("issue.ulr", "x", "'issue.ulr' wrong or not at all; it takes no such setting"),
        ("issue.refused", [401], "'issue.refused'"),
        ("revoke.next", "/x", "'revoke.next'"),
        ("issue.url", MISSING, "'issue.url'"),
        ("issue.url", 5, "'issue.url'"),
        ("issue.token", MISSING, "'issue.token'"),
        ("issue.token", "token", "'issue.token' wrong or not at all; it takes a JSON Pointer"),
        ("issue.id", "/a~2", "'issue.id'"),
        ("list.entries", MISSING, "'list.entries'"),
        ("list.name", 1, "'list.name'"),
        ("list.next", "next", "'list.next'"),
        ("list.where", {"status": "active"}, "'list.where'"),
        ("list.where", {"/status": 1}, "'list.where'"),
        ("issue.method", "post", "'issue.method'"),
        ("issue.method", "GET /x HTTP/1.1\r\n", "'issue.method'"),
        ("issue.accept", 201, "'issue.accept'"),
        ("issue.accept", [True], "'issue.accept'"),
        ("issue.accept", [302], "'issue.accept'"),
        ("issue.accept", [99], "'issue.accept'"),
        ("verify.refused", ["401"], "'verify.refused'"),
        ("issue.form", {"name": "{name}"}, "'json' or 'form', not both"),
        ("revoke.form", ["x"], "'revoke.form'"),
        ("revoke.form", {"id": 5}, "'revoke.form.id'"),
        ("revoke.form", {"id": ["{id}", 5]}, "'revoke.form.id'"),
        ("headers", ["x"], "headers'"),
        ("basic", ["{admin.user}", "{admin.password}"], "'basic' or a header Authorization"),
        ("verify.basic", "user:password", "a list of user and password"),
        ("verify.basic", ["user"], "a list of user and password"),
        ("grace", "1 day", "'grace'"),
        ("grace", "1w", "'grace'"),
        ("grace", "-1h", "'grace'"),
        ("grace", 24, "'grace'"),
        ("ca", "", "'ca'"),
    ],
)
def test_what_is_missing_superfluous_or_malformed_is_named(path, value, says):
    with pytest.raises(ConfigurationError) as caught:
        described(changed(path, value))

    assert says in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/",
        "https://api.example.com",
        "https://{admin.host}/tokens",
        "https://api.{admin.host}/tokens",
        "https://api.example.com{admin.host}/tokens",
        "https://api.example.com:{admin.port}/tokens",
        "https://user@api.example.com/tokens",
        "https://user:{admin.value}@api.example.com/tokens",
        "https://api.example.com/a b",
        "https://api.example.com/a\r\nX: y",
        "https://api.example.com/../tokens",
        "https://api.example.com/./tokens",
        "https://api.example.com/tokens#x",
        "//api.example.com/tokens",
        "/tokens",
    ],
)
@pytest.mark.parametrize("request_name", ["issue", "verify", "revoke", "list"])
def test_an_address_is_https_and_its_host_is_written_out(url, request_name):
    with pytest.raises(ConfigurationError, match=f"'{request_name}.url'"):
        described(changed(f"{request_name}.url", url))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("issue.json", {"name": "{name}", "more": [{"deep": "{token}"}]}),
        ("issue.json", {"name": "{nmae}"}),
        ("issue.json", {"name": "{name}", "text": "{"}),
        ("issue.json", {"name": "{name}", "text": "{{name}}"}),
        ("issue.url", "https://api.example.com/tokens/{id}"),
        ("issue.headers", {"X-A": "{admin.}"}),
        ("verify.headers", {"Authorization": "Bearer {token}", "X-A": "{admin.value}"}),
        ("verify.url", "https://api.example.com/{name}?t={token}"),
        ("revoke.url", "https://api.example.com/{id}/{token}"),
        ("list.url", "https://api.example.com/{name}"),
        ("headers", {"Authorization": "Bearer {name}"}),
        ("verify.basic", ["{id}", "{password}"]),
    ],
)
def test_a_placeholder_that_means_nothing_there_is_refused(path, text):
    with pytest.raises(ConfigurationError, match=r"which means nothing there|belongs to no placeholder"):
        described(changed(path, text))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("headers", {"Authorization": "Bearer SG.written-down"}),
        ("verify.headers", {"X-Api-Key": "written-down", "Authorization": "Bearer {token}"}),
        ("verify.headers", {"x-auth": "written-down", "Authorization": "Bearer {token}"}),
        ("revoke.basic", ["user", "written-down"]),
    ],
)
def test_a_credential_does_not_stand_in_the_declaration_and_is_not_repeated(path, value):
    with pytest.raises(ConfigurationError, match=r"a value does not stand in a declaration|not both") as caught:
        described(changed(path, value))

    assert "written-down" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["Host", "host", "Content-Length", "Transfer-Encoding", "Connection", "User-Agent", "Content-Type", "A B", "A:", "", "A\r\nB", "Ä"],
)
def test_a_header_that_the_connection_decides_or_that_is_none_is_refused(name):
    with pytest.raises(ConfigurationError, match=r"'issue\.headers\."):
        described(changed("issue.headers", {name: "x"}))


def test_a_header_is_given_once():
    with pytest.raises(ConfigurationError, match="not given twice"):
        described(changed("issue.headers", {"X-Account": "a", "x-account": "b"}))


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("issue.json", {"name": "fixed"}, "'issue' has to send {name}"),
        ("revoke.url", "https://api.example.com/tokens/all", "'revoke' has to say which token"),
        ("verify.headers", {}, "'verify' has to use the {token}"),
    ],
)
def test_a_request_that_could_not_do_its_work_is_refused(path, value, says):
    with pytest.raises(ConfigurationError) as caught:
        described(changed(path, value))

    assert says in str(caught.value)


DOCUMENT = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", DOCUMENT),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
        ("/foo/2", None),
        ("/foo/-", None),
        ("/foo/00", None),
        ("/foo/-1", None),
        ("/foo/0/0", None),
        ("/nowhere/else", None),
    ],
)
def test_a_pointer_leads_where_rfc_6901_says(pointer, value):
    assert is_pointer(pointer)
    assert found(DOCUMENT, pointer) == value


@given(st.recursive(st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)), st.data())
def test_each_place_in_a_document_has_a_pointer(document, data):
    at, pointer = document, ""
    while isinstance(at, dict | list) and at:
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        at, pointer = at[key], f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"

    assert is_pointer(pointer)
    assert found(document, pointer) == at
