"""A certificate issued by a real OpenBao's PKI: whole rotations, what they leave behind, and what they ask for."""

import datetime
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from rotation_lambda import https
from rotation_lambda.errors import RotationError
from rotation_lambda.handler import handler
from tests.rotation_lambda.subjects.tls_certificate import Certificate, by_hand, running


@pytest.fixture(scope="module")
def openbao():
    with running() as server:
        yield server


@pytest.fixture
def certificate(openbao, monkeypatch, pauses):  # noqa: ARG001 - nobody waits
    return Certificate(openbao, monkeypatch)


def _of(value):
    return x509.load_pem_x509_certificate(value["certificate"].encode())


def test_the_first_rotation_has_a_certificate_issued(certificate):
    certificate.rotate()

    value = certificate.current
    assert sorted(value) == ["certificate", "chain", "notAfter", "privateKey", "serialNumber"]
    assert certificate.works(value)
    assert value["privateKey"].startswith("-----BEGIN PRIVATE KEY-----")
    ends = _of(value).not_valid_after_utc
    assert value["notAfter"] == f"{ends:%Y-%m-%dT%H:%M:%SZ}"
    assert abs(ends - datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=24)) < datetime.timedelta(minutes=5)


def test_its_names_are_the_declared_ones(certificate):
    certificate.declare(altNames=["*.billing.internal", "pay.internal"], ipSans=["10.0.0.7", "2001:DB8::7"])

    certificate.rotate()

    names = _of(certificate.current).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert sorted(names.get_values_for_type(x509.DNSName)) == sorted([certificate.host, "*.billing.internal", "pay.internal"])
    assert sorted(map(str, names.get_values_for_type(x509.IPAddress))) == ["10.0.0.7", "2001:db8::7"]


def test_an_issuer_that_does_not_send_its_root_is_enough(certificate, monkeypatch):
    call = https.call

    def without_root(method, url, **rest):
        answer = call(method, url, **rest)
        if "/issue/" in url:
            del answer.json["data"]["ca_chain"]
        return answer

    monkeypatch.setattr(https, "call", without_root)

    certificate.rotate()

    assert certificate.current["chain"].count("BEGIN CERTIFICATE") == 1
    assert certificate.works(certificate.current)


@pytest.mark.parametrize("kind", [{"key_type": "rsa", "key_bits": 2048}, {"key_type": "ed25519", "key_bits": 0}])
def test_the_key_is_of_the_roles_kind(certificate, openbao, kind):
    openbao.role(kind["key_type"], **kind)
    login = openbao.approle(kind["key_type"], role=kind["key_type"])
    certificate.manager.write(certificate.admin, login)
    certificate.declare(role=kind["key_type"], revoke=None)

    certificate.rotate()

    key = serialization.load_pem_private_key(certificate.current["privateKey"].encode(), password=None)
    assert kind["key_type"] in type(key).__name__.lower()


def test_the_one_before_stays_valid_until_the_next_rotation(certificate):
    values = []
    for _ in range(3):
        certificate.rotate()
        values.append(certificate.current)

    assert [certificate.works(value) for value in values] == [False, True, True]
    assert len({value["privateKey"] for value in values}) == 3


def test_nothing_is_revoked_unless_the_target_says_so(certificate, openbao):
    certificate.declare(revoke=None)
    certificate.rotate()
    first, asked = certificate.current, len(openbao.asked())

    certificate.rotate()
    certificate.rotate()

    assert not openbao.revoked(first["serialNumber"])
    assert openbao.asked()[asked:-1] == ["auth/approle/login", "pki/issue/internal", "auth/token/revoke-self"] * 2


def test_an_abandoned_certificate_is_revoked_by_the_next_rotation(certificate, openbao):
    certificate.rotate()
    abandoned = certificate.pending(certificate.until("testSecret"))
    certificate.manager.abandon(certificate.arn)

    certificate.rotate()

    assert openbao.revoked(abandoned["serialNumber"])
    assert certificate.live() == 2


def test_one_that_somebody_wrote_again_is_not_revoked_while_it_is_in_use(certificate):
    certificate.rotate()
    again = certificate.current
    certificate.manager.write(certificate.arn, {**again, "note": "restored"})

    certificate.rotate()

    assert certificate.works(again)


@pytest.mark.parametrize("left", [{}, {"note": "moved"}])
def test_the_one_before_stays_valid_until_the_next_rotation_when_somebody_emptied_the_value(certificate, left):
    certificate.rotate()
    before = certificate.current
    certificate.manager.write(certificate.arn, left)

    certificate.rotate()

    assert certificate.works(before)
    certificate.rotate()
    assert not certificate.works(before)


def test_what_has_ended_by_itself_is_not_revoked(certificate, openbao):
    token = certificate.rotate()
    certificate.tamper(token, **by_hand(certificate.host, life=(-48, -24)))
    certificate.rotate()
    asked = len(openbao.asked())

    certificate.rotate()

    assert openbao.asked()[asked:] == ["auth/approle/login", "pki/issue/internal", "auth/token/revoke-self"]


def test_one_of_another_authority_cannot_be_revoked_and_keeps_no_other_one_valid(certificate, openbao):
    """The declaration names another mount than before: the old one's certificate stays valid until it ends, and that is said."""
    replaced = certificate.rotate()
    certificate.rotate()
    certificate.tamper(replaced, **by_hand(certificate.host))
    abandoned = certificate.pending(certificate.until("testSecret"))
    certificate.manager.abandon(certificate.arn)
    token = certificate.until("finishSecret")

    with pytest.raises(RotationError, match="is it of another authority"):
        certificate.step("finishSecret", token)

    assert openbao.revoked(abandoned["serialNumber"])
    assert certificate.manager.secrets[certificate.arn].holder("AWSCURRENT") == token


def test_old_values_that_are_no_certificates_are_passed_over(certificate):
    for note in ({"note": "moved"}, {}, {"certificate": 5, "privateKey": "x"}, {"serialNumber": ["7"]}):
        certificate.manager.write(certificate.arn, note)

    for _ in range(3):
        certificate.rotate()

    assert certificate.works(certificate.current)


def test_nobody_can_have_a_strangers_certificate_revoked(certificate, openbao):
    """Who may write the secret knows a certificate that is sent to every client, and not its key."""
    stranger = openbao.tell("pki/issue/internal", {"common_name": "stranger.internal", "ttl": "24h"})
    token = certificate.rotate()
    certificate.tamper(token, certificate=stranger["certificate"], serialNumber=stranger["serial_number"])

    certificate.rotate()
    certificate.rotate()

    assert not openbao.revoked(stranger["serial_number"])
    assert certificate.works(certificate.current)


def test_rule_2_after_a_refused_revocation_the_rotation_is_done_all_the_same(certificate, openbao, lines):
    certificate.manager.write(certificate.admin, openbao.approle("issues-only"))
    certificate.rotate()
    certificate.rotate()
    token = certificate.until("finishSecret")
    lines()

    with pytest.raises(Exception, match="revoke-with-key is not allowed"):
        certificate.step("finishSecret", token)
    certificate.step("finishSecret", token)

    assert [(line["outcome"], line["errorClass"]) for line in lines()] == [("failed", "permission"), ("unchanged", None)]
    assert certificate.manager.secrets[certificate.arn].holder("AWSCURRENT") == token


def test_every_login_is_given_back(certificate, openbao):
    before = openbao.tokens()

    for _ in range(3):
        certificate.rotate()

    assert openbao.tokens() == before


def test_every_login_is_given_back_after_a_failure_too(certificate, openbao, monkeypatch):
    before, call = openbao.tokens(), https.call

    def loses_the_answer(method, url, **rest):
        answer = call(method, url, **rest)
        if "/issue/" in url:
            raise RuntimeError("no answer")
        return answer

    monkeypatch.setattr(https, "call", loses_the_answer)

    with pytest.raises(Exception, match="RuntimeError"):
        certificate.rotate()

    assert openbao.tokens() == before


def test_a_login_that_cannot_be_given_back_ends_by_itself(certificate, openbao):
    certificate.manager.write(certificate.admin, openbao.approle("no-default", token_no_default_policy=True))
    certificate.declare(revoke=None)

    certificate.rotate()

    assert certificate.works(certificate.current)
    assert openbao.asked()[-2] == "auth/token/revoke-self"


def test_only_create_secret_needs_the_issuer(certificate, openbao):
    token = certificate.until("setSecret")

    with openbao.sealed():
        for step in ("setSecret", "testSecret", "finishSecret"):
            certificate.step(step, token)

    assert certificate.works(certificate.current)


def test_rule_6_create_secret_twice_has_one_certificate_issued(certificate, openbao):
    token = certificate.until("setSecret")
    issued, asked = certificate.pending(token), len(openbao.asked())

    certificate.step("createSecret", token)

    assert certificate.pending(token) == issued
    assert openbao.asked()[asked:] == []


def test_rule_6_what_was_issued_for_nothing_is_revoked(certificate, openbao):
    """A duplicate was faster, and its certificate counts."""
    certificate.rotate()
    token, lost = certificate.manager.start(certificate.arn), []

    def put_first(call, request):
        if call == "put_secret_value" and not lost:
            lost.append(json.loads(request["SecretString"]))
            certificate.step("createSecret", token)

    certificate.manager.before = put_first

    certificate.step("createSecret", token)

    assert openbao.revoked(lost[0]["serialNumber"])
    assert certificate.works(certificate.pending(token))
    assert certificate.works(certificate.current)


def test_rule_8_what_others_keep_in_the_value_survives(certificate):
    certificate.rotate()
    certificate.manager.write(certificate.arn, {**certificate.current, "reload": "systemctl reload nginx"})

    certificate.rotate()

    assert certificate.current["reload"] == "systemctl reload nginx"


def test_rule_21_a_test_only_call_passes_and_writes_nothing(certificate, openbao):
    certificate.rotate()
    before, writes, asked = certificate.current, certificate.manager.writes(), openbao.asked()

    certificate.manager.rotate_test_only(certificate.arn, handler, certificate.context)

    assert (certificate.current, certificate.manager.writes(), openbao.asked()) == (before, writes, asked)


def test_a_namespace_is_said_with_every_request(certificate, monkeypatch):
    said, call = [], https.call

    def heard(method, url, *, headers, **rest):
        said.append(headers.get("X-Vault-Namespace"))
        return call(method, url, headers={key: value for key, value in headers.items() if key != "X-Vault-Namespace"}, **rest)

    monkeypatch.setattr(https, "call", heard)
    certificate.declare(namespace="team/billing")

    certificate.rotate()

    assert said == ["team/billing"] * 3


def test_no_key_and_no_login_is_in_any_line(certificate, openbao, capsys):
    for _ in range(3):
        certificate.rotate()
    with openbao.sealed(), pytest.raises(Exception, match="sealed"):
        certificate.rotate()

    printed = "".join(capsys.readouterr())
    assert len(printed.splitlines()) == 13
    assert [secret for secret in certificate.secrets_ever() if secret in printed] == []
