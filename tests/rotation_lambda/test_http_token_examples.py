"""The examples, word for word, against issuers in the vendors' documented shapes; only the host and the authority are others."""

import json
import re
from pathlib import Path

import pytest

from tests.rotation_lambda.generated import DAY, HOUR
from tests.rotation_lambda.issuer_server import Reply
from tests.rotation_lambda.issuers import SendGrid, Stripe, Twilio
from tests.rotation_lambda.secrets_manager import RotationFailedError
from tests.rotation_lambda.subjects.http_token import Token, running

EXAMPLES = Path(__file__).parents[2] / "examples" / "http_token"
VENDORS = {
    "sendgrid": (SendGrid, {"key": SendGrid.admin}),
    "twilio": (Twilio, {"account": Twilio.account, "sid": Twilio.admin[0], "secret": Twilio.admin[1]}),
    "stripe": (Stripe, {"account": Stripe.account, "key": Stripe.admin}),
}


@pytest.fixture(scope="module")
def server():
    with running() as server:
        yield server


@pytest.fixture
def declared(server, monkeypatch, pauses):  # noqa: ARG001 - nobody waits
    def of(vendor, **limits):
        issuer, admin = VENDORS[vendor]
        text = re.sub(r"https://[a-z.]+/", f"{server.address}/", (EXAMPLES / f"{vendor}.json").read_text())
        return Token(server, monkeypatch, issuer=issuer(**limits), target=json.loads(text), admin=admin)

    return of


def test_there_is_an_issuer_for_each_example_and_a_word_on_each_in_the_readme():
    assert {path.stem for path in EXAMPLES.glob("*.json")} == set(VENDORS)
    assert all(f"{vendor}.json" in (EXAMPLES / "README.md").read_text() for vendor in VENDORS)


@pytest.mark.parametrize("vendor", VENDORS)
def test_three_examples_fit_into_the_functions_environment(vendor):
    text = (EXAMPLES / f"{vendor}.json").read_text()

    assert len(json.dumps(json.loads(text), separators=(",", ":"))) < 1_000, "all variables together may have 4096 characters"


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_token_is_issued_and_the_one_before_works_until_its_grace_is_over(declared, vendor):
    token = declared(vendor)
    token.rotate()
    first = token.current
    token.rotate_after(30 * DAY)
    second = token.current

    assert [token.works(value) for value in (first, second)] == [True, True]

    token.rotate_after(30 * DAY)

    assert [token.works(value) for value in (first, second, token.current)] == [False, True, True]
    assert len(token.issuer.live()) == 2


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_token_whose_answer_was_lost_does_not_stay(declared, server, vendor):
    token = declared(vendor)
    token.rotate()
    lost = []

    def losing(request):
        reply = token.issuer(request)
        if reply.status in {200, 201} and request.method == "POST" and not lost:
            lost.append(reply)
            return Reply(reply.status, b"x", {"Content-Length": "500"})
        return reply

    server.answer = losing
    version = token.manager.start(token.arn)
    with pytest.raises(RotationFailedError, match="did not answer it to the end"):
        token.rotate(version)
    token.rotate(version)

    assert lost
    assert sorted(issued.identity for issued in token.issuer.live()) == sorted([token.current["id"], token.labelled("AWSPREVIOUS")["id"]])


@pytest.mark.parametrize("vendor", VENDORS)
def test_only_this_secrets_tokens_are_revoked(declared, vendor):
    token = declared(vendor)
    others = [
        token.issuer.make(name) for name in ("by hand", "prod/billing/token of last year", "prod/reports/token 0123456789ab 01234567")
    ]

    for _ in range(3):
        token.rotate_after(30 * DAY)

    assert all(other.live for other in others)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_name_is_as_short_as_the_strictest_vendor_wants_it(declared, vendor):
    token = declared(vendor)

    token.rotate()

    assert len(token.issuer.live()[0].name) <= 64


@pytest.mark.parametrize(("vendor", "error"), [("sendgrid", r"\(403\)"), ("twilio", "is answered with 400")])
def test_a_full_account_refuses_and_the_next_rotation_after_the_grace_is_fine(declared, vendor, error):
    token = declared(vendor, cap=2)
    token.rotate()
    token.rotate_after(HOUR)
    with pytest.raises(RotationFailedError, match=error):
        token.rotate_after(HOUR)
    token.manager.abandon(token.arn)

    token.rotate_after(2 * DAY)

    assert token.works(token.current)
    assert len(token.issuer.live()) == 2


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_wrong_admin_credential_issues_nothing(declared, vendor):
    token = declared(vendor)
    token.manager.write(token.admin, dict.fromkeys(token.manager.value(token.admin), "wrong"))

    with pytest.raises(RotationFailedError, match="look at the admin secret"):
        token.rotate()

    assert token.issuer.tokens == []


def test_stripe_gives_the_same_key_to_a_repeated_request(declared, server):
    token = declared("stripe")
    version = token.manager.start(token.arn)
    server.answer = lambda request: Reply(500) if request.method == "POST" and token.issuer(request) else token.issuer(request)
    with pytest.raises(RotationFailedError):
        token.rotate(version)
    server.answer = token.issuer

    token.rotate(version)

    assert len(token.issuer.tokens) == 1
    assert token.works(token.current)


def test_stripe_lists_by_pages_and_keeps_what_is_expired(declared):
    token = declared("stripe", page=2)
    for _ in range(5):
        token.rotate_after(30 * DAY)

    assert len(token.issuer.tokens) == 5
    assert len(token.issuer.live()) == 2
    assert len([request for request in token.asked() if request.endswith("/expire")]) == 3


def test_a_list_that_keeps_what_is_expired_does_not_end_rotation_after_some_years(declared):
    token = declared("stripe", page=2)
    for _ in range(50):
        token.issuer.revoke(token.issuer.make("of years ago").identity)

    for _ in range(3):
        token.rotate_after(30 * DAY)

    assert len(token.issuer.live()) == 2


def test_stripe_in_live_mode_tells_no_token_and_the_error_says_where_to_look(declared, server):
    token = declared("stripe")

    def live_mode(request):
        reply = token.issuer(request)
        if request.method == "POST":
            reply.body["secret_key"] = {"encrypted_secret": {"ciphertext": "eyJ", "recipient_key_id": "k"}}
        return reply

    server.answer = live_mode

    with pytest.raises(RotationFailedError, match="there is no token at '/secret_key/token'"):
        token.rotate()
    assert token.issuer.live() == []
