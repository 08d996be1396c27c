"""The public view of a signing key: all that verifiers need, and nothing that anybody could sign with."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.jwks import NoPublicKeysError, jwks

# The view looks at names of members and not at keys; that it shows working ones is tested where keys are made.
EDWARDS = {
    "kty": "OKP",
    "crv": "Ed25519",
    "x": "x-of-edwards",
    "d": "private-half-of-edwards",
    "kid": "edwards",
    "alg": "EdDSA",
    "use": "sig",
    "iat": 1767225600,
}
CURVE = {
    "kty": "EC",
    "crv": "P-256",
    "x": "x-of-curve",
    "y": "y-of-curve",
    "kid": "curve",
    "alg": "ES256",
    "use": "sig",
    "iat": 1767225600,
    "next": True,
}
RSA = {"kty": "RSA", "n": "n-of-rsa", "e": "AQAB", "kid": "rsa", "alg": "RS256", "exp": 1767229200}
SYMMETRIC = {"kty": "oct", "k": "shared-by-all", "alg": "HS256"}

PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


def test_the_view_has_every_key_in_its_order_and_only_what_is_public():
    assert jwks({"keys": [EDWARDS, CURVE, RSA]}) == {
        "keys": [
            {"kty": "OKP", "use": "sig", "kid": "edwards", "alg": "EdDSA", "crv": "Ed25519", "x": EDWARDS["x"]},
            {"kty": "EC", "use": "sig", "kid": "curve", "alg": "ES256", "crv": "P-256", "x": CURVE["x"], "y": CURVE["y"]},
            {"kty": "RSA", "use": "sig", "kid": "rsa", "alg": "RS256", "n": RSA["n"], "e": "AQAB"},
        ]
    }


def test_a_value_is_taken_as_text_as_well():
    value = {"keys": [EDWARDS, CURVE], "issuer": "https://billing.example"}

    assert jwks(json.dumps(value)) == jwks(value)


def test_a_key_without_a_name_is_shown_without_one():
    unnamed = {name: EDWARDS[name] for name in ("kty", "crv", "x", "d")}

    assert jwks({"keys": [unnamed]}) == {"keys": [{"kty": "OKP", "use": "sig", "crv": "Ed25519", "x": EDWARDS["x"]}]}


@settings(deadline=None)
@given(extra=st.dictionaries(st.sampled_from([*PRIVATE, "next", "iat", "exp", "note"]), st.text() | st.integers()))
def test_whatever_else_stands_in_a_key_stays_behind(extra):
    shown = jwks({"keys": [{**EDWARDS, **extra}, {**CURVE, **extra}, {**RSA, **extra}]})["keys"]

    assert [set(key) for key in shown] == [
        {"kty", "use", "kid", "alg", "crv", "x"},
        {"kty", "use", "kid", "alg", "crv", "x", "y"},
        {"kty", "use", "kid", "alg", "n", "e"},
    ]


def test_symmetric_keys_have_no_view():
    with pytest.raises(NoPublicKeysError, match="all keys are symmetric"):
        jwks({"keys": [SYMMETRIC, SYMMETRIC]})


def test_beside_pairs_symmetric_keys_are_left_out():
    assert jwks({"keys": [SYMMETRIC, CURVE]}) == jwks({"keys": [CURVE]})


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", "is it the secret of a signing key"),
        ("{broken", "is it the secret of a signing key"),
        ("[1]", "is it the secret of a signing key"),
        ({}, "is it the secret of a signing key"),
        ({"keys": []}, "is it the secret of a signing key"),
        ({"keys": "text"}, "is it the secret of a signing key"),
        ({"keys": [EDWARDS, "text"]}, "key 2 has none of the kinds"),
        ({"keys": [{**EDWARDS, "kty": "DSA"}]}, "key 1 has none of the kinds"),
        ({"keys": [{**EDWARDS, "kty": ["OKP"]}]}, "key 1 has none of the kinds"),
        ({"keys": [CURVE, {**CURVE, "y": None}]}, "key 2 needs 'y'"),
        ({"keys": [{**EDWARDS, "kid": 5}]}, "key 1 needs 'kid'"),
        ({"keys": [{**EDWARDS, "alg": None}]}, "key 1 needs 'alg'"),
    ],
)
def test_what_is_no_signing_key_is_refused_without_a_word_of_it(value, says):
    with pytest.raises(NoPublicKeysError, match=says) as caught:
        jwks(value)

    assert EDWARDS["d"] not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_value_that_is_no_json_is_in_no_traceback():
    with pytest.raises(NoPublicKeysError) as caught:
        jwks("a-password-that-somebody-put-here")

    assert caught.value.__context__ is None


def test_an_application_needs_the_standard_library_only():
    program = (
        "import sys; before = {*sys.modules}; import keyturn.jwks; print(*{name.partition('.')[0] for name in {*sys.modules} - before})"
    )

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert [name for name in loaded if name not in sys.stdlib_module_names] == ["keyturn"]
