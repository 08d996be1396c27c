"""Signing keys when something goes wrong: cut off, doubled, abandoned, leaked, lost, emptied or written by hand."""

import concurrent.futures
import contextlib
import datetime
import functools
import json
import uuid

import pytest

from keyturn.jwks import jwks
from rotation_lambda.versions import _ahead_of
from tests.rotation_lambda.conftest import refusal
from tests.rotation_lambda.generated import DAY, HOUR, MINUTE, Generated
from tests.rotation_lambda.secrets_manager import KilledError
from tests.rotation_lambda.tokens import accepts, token_by


@pytest.fixture
def key(manager, monkeypatch, pauses):  # noqa: ARG001
    target = {"kind": "signing-key", "algorithm": "EdDSA", "tokenLifeSeconds": 15 * MINUTE}
    return Generated(manager, monkeypatch, "prod/billing/jwt", target)


@pytest.fixture
def refused(key, lines):
    return functools.partial(refusal, key, lines)


def kids(value):
    return [key["kid"] for key in value["keys"]]


def killed_after(key, writes):
    """The function is gone after so many writes."""
    left = [writes]

    def count(call, _request):
        left[0] -= call in {"put_secret_value", "update_secret_version_stage"}
        if left[0] == 0:
            raise KilledError

    key.manager.after = count


def cut_off(key, token, writes):
    killed_after(key, writes)
    with contextlib.suppress(KilledError):
        key.until("", token)
    key.manager.after = lambda *_: None


@pytest.mark.parametrize("rotations", [0, 1, 2])
def test_a_key_that_was_kept_and_not_told_of_is_taken_by_the_same_rotation(key, rotations):
    for _ in range(rotations):
        key.rotate_after(DAY)
    key.wait(DAY)
    token = str(uuid.uuid4())

    cut_off(key, token, 1)
    [kept] = key.labelled("AWSNEXT")["keys"]
    key.rotate(token)

    assert key.current["keys"][1]["kid"] == kept["kid"]
    assert key.labelled("AWSNEXT")["keys"] == [kept]


def test_the_announced_key_outlives_rotations_that_were_abandoned(key):
    key.rotate()
    announced = kids(key.current)[1]
    for writes in (1, 2):
        key.wait(DAY)
        cut_off(key, None, writes)
        key.manager.abandon(key.arn)

    key.rotate_after(DAY)

    assert kids(key.current)[0] == announced


@pytest.mark.parametrize("started", ["first", "second"])
def test_duplicates_at_the_same_time_announce_one_key(key, started):
    if started == "second":
        key.rotate()
        key.wait(DAY)
    token = key.manager.start(key.arn)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        for done in [pool.submit(key.step, "createSecret", token) for _ in range(4)]:
            done.result()
    key.rotate(token)

    assert [kids(key.labelled("AWSNEXT"))[0]] == kids(key.current)[1:2]


def test_a_duplicate_that_saw_that_the_rotation_before_ended_does_not_let_sign_what_the_other_announces(key):
    """One of two still announces the key once more, as its labels say; the other one, a moment later, would let it sign."""
    key.rotate()
    key.wait(DAY)
    ended = key.manager.secrets[key.arn].rotated
    token = key.until("finishSecret")
    key.step("finishSecret", token)
    key.manager.abandon(key.arn)
    signer, announced, _ = kids(key.current)
    key.wait(DAY)
    token = key.manager.start(key.arn)
    killed_after(key, 1)
    with contextlib.suppress(KilledError):
        key.step("createSecret", token)
    key.manager.after = lambda *_: None
    key.manager.secrets[key.arn].rotated = ended + datetime.timedelta(days=1)

    key.rotate(token)

    assert kids(key.current)[:2] == [signer, announced]


def test_what_aws_may_make_current_before_the_first_rotation_ends_is_known_afterwards(key):
    key.manager.first_is_current = True
    token = str(uuid.uuid4())
    cut_off(key, token, 1)
    early = token_by(key.current["keys"][0])

    key.rotate(token)

    assert accepts(jwks(key.current)["keys"], early)
    assert len({*kids(key.current)}) == len(kids(key.current)) == 2


def test_what_aws_made_current_of_an_abandoned_first_rotation_goes_on_signing(key):
    key.manager.first_is_current = True
    cut_off(key, None, 1)
    key.manager.abandon(key.arn)
    signer = kids(key.current)[0]

    key.rotate_after(DAY)

    assert kids(key.current)[0] == signer
    assert len(kids(key.current)) == 2


def test_a_next_key_that_is_lost_is_replaced_by_another_before_anything_changes(key):
    token = key.rotate()
    del key.manager.secrets[key.arn].versions[_ahead_of(token)]
    signer, lost = kids(key.current)

    key.rotate_after(DAY)

    assert kids(key.current)[0] == signer
    assert key.current["keys"][1]["kid"] not in {signer, lost}
    # It never signed; but whoever moved a label by hand may have let it.
    assert key.current["keys"][2] == {**key.current["keys"][2], "kid": lost, "exp": key.clock.now + 75 * MINUTE}
    announced = kids(key.current)[1]
    key.rotate_after(DAY)
    assert kids(key.current)[0] == announced


def test_a_next_key_that_somebody_exchanged_never_signs(key):
    token = key.rotate()
    ahead = key.manager.secrets[key.arn].versions[_ahead_of(token)]
    ahead.value = json.dumps({"keys": [{**key.current["keys"][0], "kid": kids(key.current)[1]}]})
    signer = kids(key.current)[0]

    key.rotate_after(DAY)

    assert kids(key.current)[0] == signer


def test_a_label_that_somebody_moved_back_surprises_no_verifier(key):
    key.rotate()
    key.rotate_after(DAY)
    second = key.current
    key.rotate_after(DAY)
    third = key.current
    tokens = [token_by(value["keys"][0]) for value in (second, third)]
    secret = key.manager.secrets[key.arn]
    key.manager._move(secret, "AWSCURRENT", secret.holder("AWSPREVIOUS"))
    assert key.current == second
    assert [accepts(jwks(key.current)["keys"], token) for token in tokens] == [True, True]

    key.rotate_after(HOUR)

    assert kids(key.current)[0] == kids(third)[0]
    assert [accepts(jwks(key.current)["keys"], token) for token in tokens] == [True, True]


def test_a_value_that_somebody_wrote_again_keeps_its_key_and_announces_another(key):
    key.rotate()
    key.rotate_after(DAY)
    before = key.current
    key.write(before)

    key.rotate_after(DAY)

    assert kids(key.current)[0] == kids(before)[0]
    assert kids(key.current)[1] not in kids(before)
    announced = kids(key.current)[1]
    key.rotate_after(DAY)
    assert kids(key.current)[0] == announced


def test_a_value_that_somebody_emptied_is_restored_and_announces_another(key):
    key.rotate()
    signer = kids(key.current)[0]
    key.write({})

    key.rotate_after(DAY)

    assert kids(key.current)[0] == signer
    assert kids(key.current)[1] != signer


def test_a_key_that_leaked_leaves_at_once(key):
    key.rotate()
    leaked, announced = kids(key.current)
    key.declare(revoked=[leaked])

    key.rotate_after(HOUR)

    assert kids(key.current)[0] == announced
    assert leaked not in kids(key.current)


def test_after_a_leak_too_the_next_key_waits_for_the_verifiers(key, refused):
    key.rotate()
    key.declare(revoked=kids(key.current)[:1])
    key.wait(HOUR - 1)

    with refused("conflict", says="may sign from"):
        key.until("setSecret")


def test_after_a_leak_a_next_key_whose_publishing_nobody_saw_waits_from_when_it_was_made(key, refused):
    key.step("finishSecret", key.until("finishSecret"))
    key.manager.abandon(key.arn)
    leaked, announced = kids(key.current)
    key.declare(revoked=[leaked])
    key.wait(HOUR - 1)
    with refused("conflict", says="may sign from 2026-01-01 01:00:00 UTC on"):
        key.until("setSecret")
    key.manager.abandon(key.arn)

    key.rotate_after(1)

    assert kids(key.current)[0] == announced


def test_a_next_key_that_leaked_never_signs(key):
    key.rotate()
    signer, leaked = kids(key.current)
    key.declare(revoked=[leaked])

    key.rotate_after(DAY)

    assert kids(key.current)[0] == signer
    assert leaked not in kids(key.current)


def test_when_everything_leaked_everything_is_new_at_once(key):
    key.rotate()
    key.rotate_after(DAY)
    leaked = kids(key.current)
    key.declare(revoked=leaked)

    key.rotate()

    assert len(kids(key.current)) == 2
    assert not {*kids(key.current)} & {*leaked}


def test_a_value_that_would_not_fit_is_refused_and_the_current_one_stays(key):
    key.rotate()
    key.write({**key.current, "note": "n" * (65_500 - len(json.dumps(key.current)))})
    key.wait(DAY)
    token = key.manager.start(key.arn)
    # The key ahead is stored by then; what is current has not changed, and the same rotation goes on from there.
    with contextlib.suppress(KilledError):
        killed_after(key, 1)
        key.step("createSecret", token)
    key.manager.after = lambda *_: None
    before = key.current

    with pytest.raises(Exception, match="let tokens live shorter"):
        key.step("createSecret", token)

    assert key.current == before
