"""A keyring: the first key encrypts, all decrypt, and none is ever dropped unbidden."""

import base64
import functools
import hashlib
import json
import os

import pytest

from tests.rotation_lambda.conftest import refusal
from tests.rotation_lambda.generated import DAY, Generated
from tests.rotation_lambda.subjects.encryption_key import decrypted, encrypted, secret_of

RAW = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")
OTHER = base64.urlsafe_b64encode(bytes(range(32, 64))).decode().rstrip("=")


@pytest.fixture
def ring(manager, monkeypatch, pauses):  # noqa: ARG001
    return Generated(manager, monkeypatch, "prod/billing/data-key", {"kind": "encryption-key"})


@pytest.fixture
def refused(ring, lines):
    return functools.partial(refusal, ring, lines)


def test_the_first_rotation_makes_a_key_of_256_bits(ring):
    ring.rotate()

    [key] = ring.current["keys"]
    assert {**key, "k": "", "kid": ""} == {"kty": "oct", "alg": "A256GCM", "use": "enc", "iat": int(ring.clock.now), "k": "", "kid": ""}
    assert len(secret_of(key)) == 32
    assert len(secret_of({"k": key["kid"]})) == 32


def test_what_was_encrypted_before_a_rotation_stays_readable(ring):
    records = []
    for _ in range(5):
        ring.rotate()
        records.append(encrypted(ring.current))

    assert [decrypted(ring.current, record) for record in records] == [b"a card number"] * 5
    assert [key["kid"] for key in ring.current["keys"]] == [record["kid"] for record in reversed(records)]


def test_as_many_former_keys_stay_as_the_target_says(ring):
    ring.declare(keep=1)
    tokens = [ring.rotate() for _ in range(3)]

    kept = [key["kid"] for key in ring.current["keys"]]

    first = [json.loads(ring.manager.secrets[ring.arn].versions[token].value)["keys"][0]["kid"] for token in tokens]
    assert kept == [first[2], first[1]]


def test_no_former_key_stays_when_the_target_says_so(ring):
    ring.declare(keep=0)
    ring.rotate()

    ring.rotate()

    assert len(ring.current["keys"]) == 1


@pytest.mark.parametrize("keep", [-1, 1001, "1", True])
def test_a_number_of_keys_out_of_range_is_refused(ring, refused, keep):
    ring.declare(keep=keep)

    with refused("configuration", says="'keep', a whole number"):
        ring.until("setSecret")


def test_a_misspelt_setting_is_refused_rather_than_ignored(ring, refused):
    ring.declare(kept=1)

    with refused("configuration", says="'kept'"):
        ring.until("setSecret")


def test_a_key_that_somebody_put_is_taken_over_and_named(ring):
    ring.write({"keys": [{"kty": "oct", "k": RAW}]})
    ring.test_only()

    ring.rotate()

    thumbprint = hashlib.sha256(b'{"k":"' + RAW.encode() + b'","kty":"oct"}').digest()
    assert ring.current["keys"][1] == {"kty": "oct", "k": RAW, "kid": base64.urlsafe_b64encode(thumbprint).decode().rstrip("=")}


def test_a_name_and_what_else_somebody_wrote_into_a_key_stays(ring):
    put = {"kty": "oct", "k": RAW, "kid": "2019", "alg": "A256GCM", "note": "from the old system"}
    ring.write({"keys": [put], "owner": "billing"})

    ring.rotate()

    assert ring.current["keys"][1] == put
    assert ring.current["owner"] == "billing"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"value": RAW}, "has no 'keys'"),
        ({"keys": []}, "has no 'keys'"),
        ({"keys": {"kty": "oct", "k": RAW}}, "has no 'keys'"),
        ({"keys": [RAW]}, "key 1 of prod/billing/data-key is no JSON Web Key"),
        ({"keys": [{"k": RAW}]}, "key 1 of prod/billing/data-key is no JSON Web Key"),
        ({"keys": [{"kty": ["oct"], "k": RAW}]}, "key 1 of prod/billing/data-key is no JSON Web Key"),
        ({"keys": [{"kty": "oct", "k": OTHER}, {"kty": "oct"}]}, "key 2 of prod/billing/data-key needs 'k'"),
        ({"keys": [{"kty": "oct", "k": RAW + "="}]}, "needs 'k' in base64url without padding"),
        ({"keys": [{"kty": "oct", "k": RAW[:-1] + "9"}]}, "needs 'k' in base64url without padding"),
        ({"keys": [{"kty": "oct", "k": RAW[:-2]}]}, "needs 'k' in base64url without padding"),
        ({"keys": [{"kty": "oct", "k": "not/base64url+but/base64+of/thirty/two/byte"}]}, "needs 'k' in base64url without padding"),
        ({"keys": [{"kty": "oct", "k": RAW[:32]}]}, "key 1 of prod/billing/data-key is none for A256GCM"),
        ({"keys": [{"kty": "oct", "k": RAW, "alg": "A256KW"}]}, "is none for A256GCM"),
        ({"keys": [{"kty": "EC", "crv": "P-256", "x": RAW, "y": RAW}]}, "is none for A256GCM"),
        ({"keys": [{"kty": "oct", "k": RAW, "kid": 1}]}, "has a 'kid' that is no text"),
        ({"keys": [{"kty": "oct", "k": RAW, "kid": ""}]}, "has a 'kid' that is no text"),
        ({"keys": [{"kty": "oct", "k": RAW, "kid": "a"}, {"kty": "oct", "k": OTHER, "kid": "a"}]}, "have the same 'kid'"),
        ({"keys": [{"kty": "oct", "k": RAW}, {"kty": "oct", "k": RAW}]}, "have the same 'kid'"),
    ],
)
def test_a_value_in_which_a_key_cannot_be_read_is_refused_and_stays(ring, refused, value, says):
    ring.write(value)

    with refused("configuration", says=says):
        ring.until("setSecret")
    with refused("configuration", says=says):
        ring.test_only()

    assert ring.current == value


def test_keys_that_somebody_emptied_the_value_of_still_decrypt(ring):
    ring.rotate()
    record = encrypted(ring.current)
    ring.write({})

    ring.rotate()

    assert decrypted(ring.current, record) == b"a card number"
    assert len(ring.current["keys"]) == 2


@pytest.mark.parametrize("keep", [None, 1])
def test_what_was_encrypted_before_somebody_moved_the_label_back_stays_readable(ring, keep):
    ring.declare(keep=keep)
    first = ring.rotate()
    records = [encrypted(ring.current)]
    ring.wait(DAY)
    second = ring.rotate()
    records.append(encrypted(ring.current))
    ring.manager.update_secret_version_stage(
        SecretId=ring.arn, VersionStage="AWSCURRENT", MoveToVersionId=first, RemoveFromVersionId=second
    )
    ring.wait(DAY)

    ring.rotate()

    assert [decrypted(ring.current, record) for record in records] == [b"a card number"] * 2
    assert len(ring.current["keys"]) == 3


def test_a_key_that_somebody_put_while_a_rotation_ran_comes_back_with_the_next_one(ring):
    ring.rotate()
    version = ring.until("finishSecret")
    ring.write({"keys": [{"kty": "oct", "k": RAW, "kid": "by hand"}]})
    record = encrypted(ring.current)
    ring.step("finishSecret", version)

    ring.rotate()

    assert decrypted(ring.current, record) == b"a card number"


def test_of_two_keys_of_one_name_the_one_in_the_value_stays(ring):
    ring.write({"keys": [{"kty": "oct", "k": OTHER, "kid": "2019"}]})
    ring.write({"keys": [{"kty": "oct", "k": RAW, "kid": "2019"}]})

    ring.rotate()

    assert [key["k"] for key in ring.current["keys"][1:]] == [RAW]


def test_keys_that_were_put_right_by_hand_do_not_stand_in_the_way_of_a_rotation(ring):
    ring.write({"keys": [{"kty": "oct", "k": RAW[:-2]}]})
    ring.write({"keys": [{"kty": "oct", "k": RAW, "iat": "yesterday"}]})

    ring.rotate()

    assert [key["k"] for key in ring.current["keys"][1:]] == [RAW]


def test_a_value_that_held_no_keys_can_be_emptied_to_begin_anew(ring):
    ring.write({"value": RAW})
    ring.write({})

    ring.rotate()

    assert len(ring.current["keys"]) == 1


def test_before_a_secret_is_full_the_rotation_says_the_way_out_and_the_value_stays(ring, refused):
    full = [{"kty": "oct", "k": base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("="), "kid": f"{number}"} for number in range(800)]
    ring.write({"keys": full})
    assert len(json.dumps(ring.current)) < 65536

    with refused("configuration", says="let the target's 'keep' say how many"):
        ring.until("setSecret")

    assert ring.current == {"keys": full}
    ring.manager.abandon(ring.arn)
    ring.declare(keep=100)
    ring.rotate()
    assert [key["kid"] for key in ring.current["keys"][1:]] == [f"{number}" for number in range(100)]


def test_a_secret_may_be_filled_to_the_last_byte(ring, refused):
    ring.rotate()
    room = 65536 - len(json.dumps({**ring.current, "note": ""})) - len(", ") - len(json.dumps(ring.current["keys"][0]))
    ring.write({**ring.current, "note": "n" * (room + 1)})
    with refused("configuration", says="would take 65537 bytes"):
        ring.until("setSecret")
    ring.manager.abandon(ring.arn)
    ring.write({**ring.current, "note": "n" * room})

    ring.rotate()

    assert len(ring.manager.secrets[ring.arn].versions[ring.manager.secrets[ring.arn].holder("AWSCURRENT")].value) == 65536


def test_keys_are_as_old_as_they_say(ring):
    ring.rotate()
    ring.wait(30 * DAY)

    ring.rotate()

    made = [key["iat"] for key in ring.current["keys"]]
    assert made[0] - made[1] == 30 * DAY
