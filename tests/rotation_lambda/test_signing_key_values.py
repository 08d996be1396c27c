"""What a signing key's value may look like: one that a person put, one that makes no sense, and the names that keys get."""

import base64
import functools
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from rotation_lambda.engines import _jwk, _signing_jwk
from tests.rotation_lambda.conftest import refusal
from tests.rotation_lambda.generated import DAY, HOUR, Generated
from tests.rotation_lambda.tokens import accepts

ROOT = Path(__file__).parents[2]

# https://www.rfc-editor.org/rfc/rfc8037#appendix-A
RFC_KEY = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
RFC_KID = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
RFC_TOKEN = (
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)
# https://www.rfc-editor.org/rfc/rfc7638#section-3.1
RSA_KEY = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W"
    "-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt"
    "-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
}
PAIRS = {algorithm: _signing_jwk.new_key(algorithm, rsa_bits=2048, now=0) for algorithm in ("EdDSA", "ES256", "RS256", "HS256")}
OTHER = _signing_jwk.new_key("EdDSA", rsa_bits=2048, now=0)


@pytest.fixture
def key(manager, monkeypatch, pauses):  # noqa: ARG001
    return Generated(manager, monkeypatch, "prod/billing/jwt", {"kind": "signing-key", "algorithm": "EdDSA", "tokenLifeSeconds": 900})


@pytest.fixture
def refused(key, lines):
    return functools.partial(refusal, key, lines)


def changed(key, **members):
    return {name: value for name, value in {**key, **members}.items() if value is not None}


def public(key):
    return _signing_jwk.public_half(key)


@pytest.mark.parametrize(("key", "kid"), [(RFC_KEY, RFC_KID), (RSA_KEY, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")])
def test_a_key_is_called_by_its_thumbprint(key, kid):
    assert _jwk.thumbprint({**key, "use": "sig", "kid": "another"}) == kid


def test_the_tests_own_tokens_are_those_of_the_standard():
    assert accepts([{**RFC_KEY, "alg": "EdDSA"}], RFC_TOKEN)


@pytest.mark.parametrize("put", [RFC_KEY, *(changed(pair, alg=None, use=None, iat=None, kid=None) for pair in PAIRS.values())])
def test_a_key_that_somebody_put_goes_on_signing_and_gets_a_successor(key, put):
    key.write({"keys": [put]})

    key.rotate()

    signer, announced = key.current["keys"]
    assert put.items() <= signer.items()
    assert signer["kid"] == _jwk.thumbprint(put)
    assert signer["alg"] in PAIRS
    key.rotate_after(HOUR)
    assert [member["kid"] for member in key.current["keys"]][::2] == [announced["kid"], signer["kid"]]


def test_public_keys_that_somebody_put_beside_it_verify_a_while_longer(key):
    key.write({"keys": [RFC_KEY, public(OTHER)]})

    key.rotate_after(DAY)

    assert key.current["keys"][2]["kid"] == OTHER["kid"]
    assert key.current["keys"][2]["exp"] == key.clock.now + 900 + HOUR


def test_a_value_that_announces_nothing_fails_the_test_and_says_that_a_rotation_mends_it(key, refused):
    key.write({"keys": [RFC_KEY]})

    with refused("configuration", says="announces no next key; rotate"):
        key.test_only()

    key.rotate()
    key.test_only()


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ("none", "has no 'keys'"),
        ([], "has no 'keys'"),
        ([public(OTHER)], "key 1 of prod/billing/jwt is to sign, and has no complete private half"),
        ([public(OTHER), RFC_KEY], "key 1 of prod/billing/jwt is to sign"),
        ([changed(PAIRS["RS256"], qi=None)], "key 1 of prod/billing/jwt is to sign"),
        ([RFC_KEY, OTHER], "is not the first and shows its private half"),
        ([RFC_KEY, changed(public(PAIRS["RS256"]), oth=[])], "is not the first and shows its private half"),
        ([RFC_KEY, {**public(OTHER), "next": True}, {**public(PAIRS["ES256"]), "next": True}], "announces 2 keys"),
        ([{"kty": "DSA"}], "key 1 of prod/billing/jwt is no JSON Web Key"),
        ([changed(RFC_KEY, crv="Ed448")], "signs with none of EdDSA, ES256, RS256, HS256"),
        ([changed(RFC_KEY, crv=None)], "has no 'crv'"),
        ([changed(PAIRS["ES256"], crv="P-384")], "signs with none of"),
        ([changed(PAIRS["RS256"], alg="PS256")], "signs with none of"),
        ([changed(RFC_KEY, use="enc")], "signs with none of"),
        ([changed(RFC_KEY, x="AAAA")], "has not the length that EdDSA needs"),
        ([changed(RFC_KEY, d="AAAA")], "has not the length that EdDSA needs"),
        ([changed(PAIRS["ES256"], y=_jwk.written(b"y" * 31))], "has not the length that ES256 needs"),
        ([changed(PAIRS["RS256"], n=_jwk.written(b"\x7f" * 256))], "has not the length that RS256 needs"),
        ([changed(PAIRS["RS256"], n=_jwk.written(b"\x7f" * 513))], "has not the length that RS256 needs"),
        ([changed(PAIRS["HS256"], k=_jwk.written(b"k" * 31))], "has not the length that HS256 needs"),
        ([changed(RFC_KEY, iat="yesterday")], "whole seconds in 'iat' and 'exp'"),
        ([changed(RFC_KEY, exp=1.5)], "whole seconds in 'iat' and 'exp'"),
        ([changed(RFC_KEY, d="no base64url!")], "needs 'd' in base64url"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_and_stays(key, refused, keys, says):
    key.write({"keys": keys})

    with refused("configuration", says=says):
        key.until("setSecret")
    with refused("configuration", says=says):
        key.test_only()

    assert key.current == {"keys": keys}


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_halves_that_do_not_belong_together_are_refused(key, refused, algorithm):
    members = ("x", "y") if algorithm == "ES256" else ("x",) if algorithm == "EdDSA" else ("n",)
    stranger = _signing_jwk.new_key(algorithm, rsa_bits=2048, now=0)
    mixed = {**PAIRS[algorithm], **{member: stranger[member] for member in members}}
    key.write({"keys": [mixed, {**public(OTHER), "next": True}]})

    with refused("configuration", says="key 1 of prod/billing/jwt has halves that do not belong together"):
        key.test_only()


def test_a_private_half_that_cannot_be_read_is_refused(key, refused):
    key.write({"keys": [changed(PAIRS["RS256"], q="no base64url!"), {**public(OTHER), "next": True}]})

    with refused("configuration", says="key 1 of prod/billing/jwt needs 'q' in base64url"):
        key.test_only()


def test_a_point_beside_the_curve_is_no_key(key, refused):
    beside = changed(PAIRS["ES256"], y=_jwk.written(b"y" * 32))
    key.write({"keys": [beside, {**public(OTHER), "next": True}]})

    with refused("configuration", says="has halves that do not belong together"):
        key.test_only()


def test_a_key_kept_ahead_is_tried_before_anybody_is_told_of_it(key):
    token = key.manager.start(key.arn)
    broken = json.dumps({"keys": [changed(RFC_KEY, x=OTHER["x"])]})

    def exchange(call, request):
        if call == "get_secret_value" and "AWSNEXT" in key.manager.secrets[key.arn].versions[request["VersionId"]].labels:
            key.manager.secrets[key.arn].versions[request["VersionId"]].value = broken

    key.step("createSecret", token)
    key.manager.secrets[key.arn].versions[token].value = None
    key.manager.before = exchange

    with pytest.raises(Exception, match="the next key of prod/billing/jwt has halves that do not belong together"):
        key.step("createSecret", token)


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_members_have_the_length_that_the_standard_says(algorithm):
    sizes = {"EdDSA": {"x": 32, "d": 32}, "ES256": {"x": 32, "y": 32, "d": 32}, "RS256": {"n": 256, "e": 3}}[algorithm]

    for _ in range(3 if algorithm == "RS256" else 300):  # one number in 256 begins with a zero
        made = _signing_jwk.new_key(algorithm, rsa_bits=2048, now=0)

        assert {member: len(base64.urlsafe_b64decode(made[member] + "==")) for member in sizes} == sizes


def test_symmetric_keys_come_without_cryptography():
    program = """
        import json, os, sys
        sys.modules["cryptography"] = None
        from tests.rotation_lambda.secrets_manager import SecretsManager
        from rotation_lambda import versions
        from rotation_lambda.handler import handler
        manager = SecretsManager()
        versions.client = lambda: manager
        os.environ["KEYTURN_TARGETS"] = json.dumps({"a/b/c": {"kind": "signing-key", "algorithm": "HS256", "tokenLifeSeconds": 9}})
        arn = manager.create("a/b/c")
        manager.rotate(arn, handler, None)
        manager.rotate_test_only(arn, handler, None)
        print(len(manager.value(arn)["keys"]))
    """

    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "2"
