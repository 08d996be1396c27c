"""A signing key: the announced key takes over once every verifier may know it, and a former one stays as long as a token of it lives."""

import functools
import json

import pytest

from keyturn.jwks import jwks
from tests.rotation_lambda.conftest import refusal
from tests.rotation_lambda.generated import DAY, HOUR, MINUTE, Generated
from tests.rotation_lambda.tokens import accepts, token_by

LIFE, CACHE = 15 * MINUTE, HOUR
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k"}


@pytest.fixture
def key(manager, monkeypatch, pauses):  # noqa: ARG001
    return Generated(manager, monkeypatch, "prod/billing/jwt", {"kind": "signing-key", "algorithm": "EdDSA", "tokenLifeSeconds": LIFE})


@pytest.fixture
def refused(key, lines):
    return functools.partial(refusal, key, lines)


def kids(value):
    return [key["kid"] for key in value["keys"]]


def publish_and_vanish(key):
    """The function ends right after it published, and nobody asks again: no rotation is said to have ended."""
    rotated = key.manager.secrets[key.arn].rotated
    key.step("finishSecret", key.until("finishSecret"))
    key.manager.abandon(key.arn)
    assert key.manager.secrets[key.arn].rotated == rotated


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [
        ("EdDSA", {"kty": "OKP", "crv": "Ed25519"}),
        ("ES256", {"kty": "EC", "crv": "P-256"}),
        ("RS256", {"kty": "RSA"}),
        ("HS256", {"kty": "oct"}),
    ],
)
def test_each_algorithm_signs_tokens_that_others_accept(key, algorithm, kind):
    key.declare(algorithm=algorithm, rsaBits=2048 if algorithm == "RS256" else None)
    key.rotate()
    before = key.current
    key.rotate_after(CACHE)

    known = jwks(key.current)["keys"] if algorithm != "HS256" else key.current["keys"]
    signed = [token_by(value["keys"][0]) for value in (before, key.current)]

    assert [accepts(known, token) for token in signed] == [True, True]
    assert not accepts(known, signed[0].replace(".", ".e", 1))
    for member in key.current["keys"]:
        assert kind.items() | {"alg": algorithm, "use": "sig"}.items() <= member.items()


def test_the_first_rotation_makes_a_key_and_announces_the_next(key):
    token = key.rotate()

    signer, announced = key.current["keys"]
    [ahead] = key.labelled("AWSNEXT")["keys"]
    assert (signer["iat"], announced["iat"], announced["next"]) == (int(key.clock.now), int(key.clock.now), True)
    assert {**announced, "d": ahead["d"]} == {**ahead, "next": True}
    assert key.manager.secrets[key.arn].holder("AWSCURRENT") == token


def test_only_the_key_that_signs_shows_its_private_half(key):
    for _ in range(4):
        key.rotate_after(CACHE)

        assert [bool(PRIVATE & member.keys()) for member in key.current["keys"]] == [True] + [False] * (len(key.current["keys"]) - 1)


def test_the_announced_key_signs_next_and_the_one_before_still_verifies(key):
    key.rotate()
    first, second = kids(key.current)
    token = token_by(key.current["keys"][0])

    key.rotate_after(CACHE)

    assert kids(key.current)[0] == second
    assert kids(key.current)[2:] == [first]
    assert accepts(jwks(key.current)["keys"], token)
    assert len({*kids(key.current)}) == 3


def test_a_key_is_stored_before_anybody_is_told_of_it(key):
    key.until("setSecret")

    puts = [request for call, request in key.manager.calls if call == "put_secret_value"]
    assert [request["VersionStages"] for request in puts] == [["AWSNEXT"], ["AWSPENDING"]]
    stored, told = (json.loads(request["SecretString"])["keys"] for request in puts)
    assert stored[0]["kid"] == told[1]["kid"]


@pytest.mark.parametrize(("cache", "seconds"), [(None, HOUR), (10 * MINUTE, 10 * MINUTE)])
def test_a_key_that_not_every_verifier_may_know_does_not_sign(key, refused, cache, seconds):
    key.declare(verifierCacheSeconds=cache)
    key.rotate()
    before = key.current
    key.wait(seconds - 1)

    with refused("conflict", says=f"may sign from 2026-01-01 0{'1:00' if seconds == HOUR else '0:10'}:00 UTC on"):
        key.until("setSecret")

    assert key.current == before
    key.manager.abandon(key.arn)
    key.rotate_after(1)
    assert kids(key.current)[0] == kids(before)[1]


def test_verifiers_learn_of_a_key_when_it_is_published_and_not_when_it_is_made(key, refused):
    token = key.until("finishSecret")
    key.wait(5 * HOUR)
    key.rotate(token)
    key.wait(CACHE - 1)

    with refused("conflict", says="may sign from 2026-01-01 06:00:00 UTC on"):
        key.until("setSecret")


def test_a_key_whose_publishing_nobody_saw_is_announced_once_more(key):
    key.rotate()
    key.wait(DAY)
    publish_and_vanish(key)
    signer, announced, former = kids(key.current)
    made = key.current["keys"][1]["iat"]

    key.rotate_after(MINUTE)

    assert kids(key.current) == [signer, announced, former]
    assert key.current["keys"][1]["iat"] == made
    key.rotate_after(CACHE)
    assert kids(key.current)[0] == announced


def test_a_former_key_stays_until_its_last_token_is_dead_everywhere(key):
    key.declare(tokenLifeSeconds=30 * DAY)
    key.rotate()
    first = kids(key.current)[0]
    key.rotate_after(DAY)
    replaced = key.clock.now

    key.rotate_after(CACHE)

    assert key.current["keys"][-1]["kid"] == first
    assert key.current["keys"][-1]["exp"] == replaced + 30 * DAY + CACHE
    key.rotate_after(30 * DAY - 1)
    assert kids(key.current)[-1] == first
    key.wait(1)
    key.declare(verifierCacheSeconds=1)
    key.rotate()
    assert first not in kids(key.current)


def test_a_former_key_whose_end_is_past_at_the_next_rotation_leaves(key):
    key.rotate()
    first = kids(key.current)[0]
    key.rotate_after(DAY)
    assert first in kids(key.current)

    key.rotate_after(LIFE + CACHE)

    assert len(kids(key.current)) == 3
    assert first not in kids(key.current)


def test_a_former_key_whose_replacement_nobody_saw_stays_from_now_on(key):
    key.rotate()
    first = kids(key.current)[0]
    key.wait(DAY)
    publish_and_vanish(key)

    key.rotate_after(DAY)

    assert key.current["keys"][2]["kid"] == first
    assert key.current["keys"][2]["exp"] == key.clock.now + LIFE + CACHE


def test_another_algorithm_is_announced_before_it_signs(key):
    key.rotate()
    key.declare(algorithm="ES256")

    key.rotate_after(DAY)

    assert [member["alg"] for member in key.current["keys"]] == ["EdDSA", "ES256", "EdDSA"]
    key.rotate_after(DAY)
    assert [member["alg"] for member in key.current["keys"]] == ["ES256", "ES256", "EdDSA"]


def test_from_symmetric_keys_to_a_pair_and_back_nobody_is_surprised(key):
    key.declare(algorithm="HS256")
    key.rotate()
    key.declare(algorithm="EdDSA")
    key.rotate_after(DAY)
    assert [member["kid"] for member in jwks(key.current)["keys"]] == [kids(key.current)[1]]

    key.declare(algorithm="HS256")
    key.rotate_after(DAY)

    assert [member["alg"] for member in key.current["keys"]] == ["EdDSA", "HS256", "HS256"]
    assert [member["kid"] for member in jwks(key.current)["keys"]] == [kids(key.current)[0]]
    key.rotate_after(DAY)
    assert [member["alg"] for member in key.current["keys"]] == ["HS256", "HS256", "EdDSA"]


def test_a_symmetric_next_key_is_in_the_value_since_verifiers_have_nothing_else(key):
    key.declare(algorithm="HS256")

    key.rotate()

    assert key.current["keys"][1] == {**key.labelled("AWSNEXT")["keys"][0], "next": True}


@pytest.mark.parametrize(("declared", "bits"), [(None, 3072), (2048, 2048)])
def test_rsa_keys_have_3072_bits_unless_the_declaration_says_otherwise(key, declared, bits):
    key.declare(algorithm="RS256", rsaBits=declared)

    key.rotate()

    assert {len(member["n"]) for member in key.current["keys"]} == {-(-bits // 6)}


def test_a_test_only_call_passes_and_writes_nothing(key):
    key.rotate()
    key.rotate_after(DAY)
    before, writes = key.current, key.manager.writes()

    key.test_only()

    assert (key.current, key.manager.writes()) == (before, writes)


def test_what_others_keep_in_the_value_survives(key):
    key.rotate()
    key.write({**key.current, "issuer": "https://billing.example"})

    key.rotate()

    assert key.current["issuer"] == "https://billing.example"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"algorithm": None}, "'algorithm'"),
        ({"algorithm": "RS512"}, "one of: EdDSA, ES256, RS256, HS256"),
        ({"tokenLifeSeconds": None}, "'tokenLifeSeconds'"),
        ({"tokenLifeSeconds": 0}, "'tokenLifeSeconds'"),
        ({"tokenLifeSeconds": 31_536_001}, "'tokenLifeSeconds'"),
        ({"verifierCacheSeconds": 0}, "'verifierCacheSeconds'"),
        ({"verifierCacheSeconds": 604_801}, "'verifierCacheSeconds'"),
        ({"verifierCacheSeconds": "1h"}, "'verifierCacheSeconds'"),
        ({"algorithm": "RS256", "rsaBits": 1024}, "'rsaBits'"),
        ({"algorithm": "RS256", "rsaBits": 8192}, "'rsaBits'"),
        ({"algorithm": "RS256", "rsaBits": 2049}, "'rsaBits' that 256 divides"),
        ({"rsaBits": 2048}, "'rsaBits', which a signing-key secret does not know"),
        ({"revoked": "a-kid"}, "'revoked'"),
        ({"tokenTtl": "15m"}, "'tokenTtl'"),
    ],
)
def test_a_malformed_target_is_refused_before_anything_is_read(key, refused, changes, says):
    key.declare(**changes)
    token = key.manager.start(key.arn)

    with refused("configuration", says=says):
        key.step("createSecret", token)

    assert key.manager.calls == []
