"""A certificate proves itself: in a handshake in memory, by its key, its issuer, its names, and the life that it has left."""

import contextlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import tls_certificate
from rotation_lambda.engines._tls_handshake import proof
from rotation_lambda.errors import AuthenticationError, ConfigurationError, RotationError
from rotation_lambda.targets import Target
from tests.rotation_lambda.subjects.tls_certificate import by_hand

_HOST = "billing.internal"
_ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/billing/certificate-a1B2c3"


def _verify(value, **settings):
    target = Target(
        secret="prod/billing/certificate", arn=_ARN, kind="tls-certificate", admin=None, settings={"commonName": _HOST, **settings}
    )
    tls_certificate.verify(target, value, Deadline(60))


def _refused(value, says):
    with pytest.raises(AuthenticationError, match=says):
        _verify(value)


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048)],
    ids=["ec", "ed25519", "rsa"],
)
def test_a_good_one_is_accepted_whatever_its_key_is(key):
    _verify(by_hand(_HOST, key=key))


def test_a_key_that_is_too_short_is_refused():
    short = rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is the point

    _refused(by_hand(_HOST, key=short), "none that TLS takes")


def test_a_key_of_another_certificate_is_refused():
    _refused({**by_hand(_HOST), "privateKey": by_hand(_HOST)["privateKey"]}, "do not belong together")


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it():
    key = ec.generate_private_key(ec.SECP256R1())
    locked = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"made up")
    )

    _refused({**by_hand(_HOST, key=key), "privateKey": locked.decode()}, "do not belong together")


def test_a_chain_of_another_authority_is_refused():
    _refused({**by_hand(_HOST), "chain": by_hand(_HOST)["chain"]}, "does not accept the certificate")


def test_an_authority_that_has_ended_is_refused():
    _refused(by_hand(_HOST, authority_ends=-1), "expired")


def test_a_certificate_that_vouches_for_itself_is_refused():
    value = by_hand(_HOST)

    _refused({**value, "chain": value["certificate"]}, "no authority's")


def test_one_that_has_ended_is_refused():
    _refused(by_hand(_HOST, life=(-48, -1)), "expired")


def test_one_that_is_not_valid_yet_is_a_matter_of_clocks():
    with pytest.raises(ConfigurationError, match="clock"):
        _verify(by_hand(_HOST, life=(1, 24)))


@pytest.mark.parametrize(("hours", "accepted"), [(11, True), (9, False)])
def test_a_tenth_of_its_life_is_left(hours, accepted):
    value = by_hand(_HOST, life=(hours - 100, hours))

    if accepted:
        _verify(value)
    else:
        _refused(value, "less than a tenth of its life left")


@pytest.mark.parametrize("host", ["pay.internal", f"a.{_HOST}", "internal", f"*.{_HOST}"])
def test_one_of_other_names_is_refused(host):
    _refused(by_hand(host), "names are not those")


def test_one_that_lacks_a_name_is_refused():
    with pytest.raises(AuthenticationError, match="names are not those"):
        _verify(by_hand(_HOST), ipSans=["10.0.0.1"])


@pytest.mark.parametrize(
    "changes", [{"serialNumber": "00:11"}, {"serialNumber": "no number"}, {"notAfter": "2099-01-01T00:00:00Z"}, {"notAfter": "soon"}]
)
def test_what_the_value_says_of_the_certificate_is_true(changes):
    _refused({**by_hand(_HOST), **changes}, "is not what the certificate says")


_GOOD = by_hand(_HOST)


@settings(deadline=None)
@given(
    key=st.sampled_from(sorted(_GOOD)), at=st.integers(0, 2000), text=st.text(max_size=5), anything=st.none() | st.integers() | st.text()
)
def test_whatever_stands_in_the_value_is_accepted_or_refused(key, at, text, anything):
    cut = _GOOD[key][:at] + text + _GOOD[key][at + 1 :]

    for value in ({**_GOOD, key: cut}, {**_GOOD, key: anything}):
        with contextlib.suppress(RotationError):
            _verify(value)


def test_no_key_is_left_on_a_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    opened = []
    monkeypatch.setattr("tempfile.mkstemp", lambda *arguments, **_: opened.append(arguments))

    proof(_GOOD["certificate"], _GOOD["privateKey"], _GOOD["chain"])

    assert (opened, list(tmp_path.iterdir())) == ([], [])
