"""What the issuer, the target and the stored value may say, and how it is told apart: by class, without a value, with a way out."""

import functools
import json
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rotation_lambda import https
from rotation_lambda.errors import NetworkError, RotationError
from rotation_lambda.handler import handler
from tests.rotation_lambda.conftest import refusal
from tests.rotation_lambda.subjects.tls_certificate import Certificate, running


@pytest.fixture(scope="module")
def openbao():
    with running() as server:
        yield server


@pytest.fixture
def certificate(openbao, monkeypatch, pauses):  # noqa: ARG001 - nobody waits
    return Certificate(openbao, monkeypatch)


@pytest.fixture
def refused(certificate, lines):
    return functools.partial(refusal, certificate, lines)


def _begin(certificate):
    return certificate.manager.start(certificate.arn)


def test_a_wrong_secret_id_is_an_authentication_error(certificate, openbao, refused):
    certificate.manager.write(certificate.admin, {**openbao.login, "secret_id": "00000000-0000-0000-0000-000000000000"})

    with refused("authentication", says="'secret_id' is wrong"):
        certificate.step("createSecret", _begin(certificate))


@pytest.mark.parametrize("value", [{"role_id": "alone"}, {"role_id": 5, "secret_id": "x"}, {"token": "root"}, {}])
def test_an_admin_secret_that_is_no_approle_is_refused(certificate, openbao, refused, value):
    certificate.manager.write(certificate.admin, value)
    asked = openbao.asked()

    with refused("configuration", says="'role_id' and 'secret_id'"):
        certificate.step("createSecret", _begin(certificate))

    assert openbao.asked() == asked


@pytest.mark.parametrize("place", [{"role": "another"}, {"mount": "nowhere"}, {"login": "nowhere"}])
def test_what_the_policy_does_not_allow_is_a_permission_error(certificate, refused, place):
    certificate.declare(**place)

    with refused("permission", says="is not allowed, or not there"):
        certificate.step("createSecret", _begin(certificate))


def test_a_role_that_does_not_exist_is_named(certificate, openbao, refused):
    certificate.manager.write(certificate.admin, openbao.approle("any-role", role="+"))
    certificate.declare(role="missing")

    with refused("configuration", says="there is no role missing in pki"):
        certificate.step("createSecret", _begin(certificate))


@pytest.mark.parametrize("names", [{"commonName": "billing.example.com"}, {"altNames": ["billing.example.com"]}])
def test_a_role_that_refuses_the_name_is_a_policy_error(certificate, refused, names):
    certificate.declare(**names)

    with refused("policy", says="the role internal in pki refuses these names"):
        certificate.step("createSecret", _begin(certificate))


def test_a_role_that_cuts_the_life_is_a_policy_error_that_says_so(certificate, openbao, refused):
    certificate.declare(ttlHours=1000)
    issued = len(openbao.asked())

    with refused("policy", says="1000 hours are declared, and it ends 20"):
        certificate.step("createSecret", _begin(certificate))

    assert openbao.asked()[issued:] == ["auth/approle/login", "pki/issue/internal", "auth/token/revoke-self"]


def test_an_authority_that_ends_before_the_certificate_is_a_policy_error(certificate, openbao, refused):
    openbao.role("long", max_ttl="87600h")
    certificate.manager.write(certificate.admin, openbao.approle("long", role="long"))
    certificate.declare(role="long", ttlHours=87600)

    with refused("policy", says="its authority ends before"):
        certificate.step("createSecret", _begin(certificate))


def test_a_role_whose_certificates_no_client_accepts_is_seen_at_once(certificate, openbao, refused):
    openbao.role("clients", server_flag=False)
    certificate.manager.write(certificate.admin, openbao.approle("clients", role="clients"))
    certificate.declare(role="clients")

    with refused("policy", says="no server's certificate as declared: who trusts the chain does not accept"):
        certificate.step("createSecret", _begin(certificate))


def test_another_authoritys_server_hears_nothing(certificate, openbao, refused):
    certificate.declare(ca="other-ca.pem")
    asked = openbao.asked()

    with refused("tls", says="certificate of localhost"):
        certificate.step("createSecret", _begin(certificate))

    assert openbao.asked() == asked


def test_a_sealed_server_is_a_network_error(certificate, openbao, refused):
    token = _begin(certificate)

    with openbao.sealed(), refused("network", says="sealed"):
        certificate.step("createSecret", token)

    certificate.rotate(token)
    assert certificate.works(certificate.current)


def test_a_stopped_server_is_a_network_error(certificate, refused):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    certificate.declare(address=f"https://localhost:{port}")

    with refused("network", says="cannot be reached"):
        certificate.step("createSecret", _begin(certificate))


@pytest.mark.parametrize(
    "case",
    [
        ("login", https.Answer(307, None), "network", "standby"),
        ("login", https.Answer(429, None), "network", "put off"),
        ("login", https.Answer(404, None), "configuration", "404"),
        ("login", https.Answer(200, None), "configuration", "no Vault"),
        ("login", https.Answer(200, ["auth"]), "configuration", "no Vault"),
        ("login", https.Answer(200, {"auth": None}), "configuration", "no Vault"),
        ("login", https.Answer(200, {"auth": {"client_token": 5}}), "configuration", "no token"),
        ("issue", https.Answer(500, None), "network", "fails at the server"),
        ("issue", https.Answer(503, None), "network", "sealed"),
        ("issue", https.Answer(200, {"data": {}}), "configuration", "no certificate with its key"),
        ("issue", https.Answer(200, {"data": {"ca_chain": True}}), "configuration", "no certificate with its key"),
        (
            "issue",
            https.Answer(200, {"data": {"certificate": "a", "private_key": "b", "serial_number": "c"}}),
            "configuration",
            "authority",
        ),
        (
            "issue",
            https.Answer(200, {"data": {"certificate": "a", "private_key": "b", "serial_number": "c", "issuing_ca": "d"}}),
            "policy",
            "no server's certificate",
        ),
    ],
)
def test_answers_are_told_apart(certificate, refused, monkeypatch, case):
    path, answer, error_class, says = case
    call = https.call
    monkeypatch.setattr(https, "call", lambda method, url, **rest: answer if path in url else call(method, url, **rest))

    with refused(error_class, says=says):
        certificate.step("createSecret", _begin(certificate))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("address", None),
        ("address", "http://vault.example:8200"),
        ("address", "vault.example:8200"),
        ("address", "https://"),
        ("address", "https://vault.example/v1"),
        ("address", "https://vault.example?x=1"),
        ("address", "https://user@vault.example"),
        ("address", "https://[::1"),
        ("ca", None),
        ("mount", "../sys"),
        ("mount", "pki/"),
        ("mount", ""),
        ("role", None),
        ("role", "a/../b"),
        ("role", "a?b"),
        ("login", "app role"),
        ("namespace", ""),
        ("namespace", "team\r\nX-Vault-Token: x"),
        ("commonName", None),
        ("commonName", "Billing.internal"),
        ("commonName", "billing.internal,evil.example"),
        ("commonName", "10.0.0.7"),
        ("altNames", ["7"]),
        ("commonName", "b\u00fcro.internal"),
        ("altNames", "billing.internal"),
        ("altNames", ["a.internal,evil.example"]),
        ("altNames", ["somebody@internal"]),
        ("ipSans", ["10.0.0.300"]),
        ("ttlHours", None),
        ("ttlHours", 0),
        ("ttlHours", "24h"),
        ("revoke", "yes"),
        ("admin", None),
        ("verify", False),
    ],
)
def test_a_malformed_target_names_the_setting(certificate, refused, setting, value):
    certificate.declare(**{setting: value})

    with refused("configuration", says=setting):
        certificate.step("createSecret", _begin(certificate))

    assert certificate.manager.calls == []


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(alphabet=st.sampled_from(list("ab.-*,\n/\\\"'@ \u00df\u2460")), min_size=1, max_size=12))
def test_rule_15_a_hostile_name_is_one_name_or_refused(certificate, monkeypatch, name):
    asked = []
    certificate.arn = certificate.manager.create(certificate.name)
    certificate.declare(commonName=f"{name}.internal")

    def heard(_method, url, *, body, **_rest):
        asked.append(json.loads(body))
        return https.Answer(200, {"auth": {"client_token": "made-up"}}) if "login" in url else https.Answer(400, None)

    monkeypatch.setattr(https, "call", heard)

    with pytest.raises(RotationError):
        handler(certificate.manager.event(certificate.arn, _begin(certificate), "createSecret"), certificate.context)

    names = [body["common_name"] for body in asked if "common_name" in body]
    assert names in ([], [f"{name}.internal"])
    assert not names or set(name) <= set("ab.-*")


_KEYS = ("auth", "client_token", "data", "certificate", "private_key", "serial_number", "issuing_ca", "ca_chain", "errors")


def _objects(inner):
    return st.dictionaries(st.sampled_from(_KEYS), inner, max_size=9)


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | _objects(inner),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.tuples(_objects(_ANYTHING), st.sampled_from([200, 200, 200, 204, 400, 404, 500]), _objects(_ANYTHING)))
def test_whatever_the_issuer_answers_is_no_fault_of_the_function(certificate, monkeypatch, lines, said):
    login, status, issued = said
    certificate.arn = certificate.manager.create(certificate.name)
    answers = [https.Answer(204, None), https.Answer(status, {"data": issued}), https.Answer(200, {"auth": {**login, "client_token": "x"}})]
    monkeypatch.setattr(https, "call", lambda *_, **__: answers.pop())

    with pytest.raises(RotationError):
        handler(certificate.manager.event(certificate.arn, _begin(certificate), "createSecret"), certificate.context)

    assert lines()[0]["errorClass"] in {"configuration", "policy", "network", "permission", "conflict"}


def _given_up(certificate, token, lines, says):
    lines()
    with pytest.raises(RotationError, match=says):
        certificate.step("setSecret", token)
    assert lines()[0]["errorClass"] == "conflict"
    assert certificate.manager.secrets[certificate.arn].versions[token].labels == set()
    certificate.rotate()  # nobody's hand was needed
    assert certificate.works(certificate.current)


@pytest.mark.parametrize("key", ["certificate", "privateKey", "chain", "serialNumber", "notAfter"])
@pytest.mark.parametrize("change", [None, 5, "", "text"])
def test_rule_10_a_pending_value_that_is_no_certificate_any_more_is_given_up(certificate, lines, key, change):
    certificate.rotate()
    token = certificate.until("setSecret")
    certificate.tamper(token, **{key: change})

    _given_up(certificate, token, lines, says="is given up")


def test_rule_10_a_pending_certificate_of_other_names_is_given_up(certificate, lines):
    """The declaration changed between two steps."""
    certificate.rotate()
    token = certificate.until("setSecret")
    certificate.declare(altNames=["pay.internal"])

    _given_up(certificate, token, lines, says="names are not those")


def test_rule_12_another_certificates_key_is_refused(certificate, openbao, lines):
    certificate.rotate()
    token = certificate.until("setSecret")
    other = openbao.tell("pki/issue/internal", {"common_name": certificate.host, "ttl": "24h"})
    certificate.tamper(token, privateKey=other["private_key"])

    _given_up(certificate, token, lines, says="do not belong together")


@pytest.mark.parametrize("step", ["testSecret", "finishSecret"])
def test_nothing_is_published_that_no_client_accepts(certificate, refused, step):
    certificate.rotate()
    token = certificate.until(step)
    certificate.tamper(token, chain=certificate.pending(token)["certificate"])
    before = certificate.current

    with refused("authentication", says="no authority's"):
        certificate.step(step, token)

    assert certificate.current == before


def test_a_lost_answer_to_the_revocation_is_a_network_error(certificate, monkeypatch):
    certificate.rotate()
    certificate.rotate()
    token, call = certificate.until("finishSecret"), https.call

    def unanswered(method, url, **rest):
        if "revoke-with-key" in url:
            raise NetworkError("localhost took the request and did not answer it to the end")
        return call(method, url, **rest)

    monkeypatch.setattr(https, "call", unanswered)

    with pytest.raises(NetworkError):
        certificate.step("finishSecret", token)

    assert certificate.works(certificate.current)
