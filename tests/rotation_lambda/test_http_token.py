"""A token of an issuer with an HTTP API: issued, proved, published, and revoked when its grace is over and not before."""

import pytest

from rotation_lambda.handler import handler
from tests.rotation_lambda.generated import DAY, HOUR, MINUTE
from tests.rotation_lambda.issuer_server import Reply
from tests.rotation_lambda.subjects.http_token import Token, plain, running


@pytest.fixture(scope="module")
def server():
    with running() as server:
        yield server


@pytest.fixture
def token(server, monkeypatch, pauses):  # noqa: ARG001 - nobody waits
    token = Token(server, monkeypatch)
    token.declare(grace="24h")
    return token


def test_the_first_rotation_issues_a_token_and_publishes_it_when_it_works(token):
    version = token.rotate()

    [issued] = token.issuer.live()
    assert token.current == {"value": issued.secret, "id": issued.identity, "issued": token.clock.now}
    assert issued.name == f"prod/billing/token {issued.name.split()[1]} {version[:8]}"
    assert [request for request in token.asked() if "POST" in request] == ["POST /tokens"]


def test_the_token_before_works_while_its_grace_runs_and_is_revoked_by_the_first_step_after_it(token):
    token.rotate()
    token.rotate_after(30 * DAY)
    first, second = token.labelled("AWSPREVIOUS"), token.current

    token.wait(DAY - MINUTE)
    token.manager.abandon(token.arn)
    token.until("setSecret")
    assert token.works(first)
    token.manager.abandon(token.arn)
    token.wait(MINUTE)
    token.until("setSecret")

    assert not token.works(first), "its grace was over long ago, and the new token needs its place"
    assert token.works(second)


def test_nothing_is_revoked_before_its_grace_is_over_however_often_the_secret_rotates(token):
    values = []
    for _ in range(5):
        token.rotate_after(HOUR)
        values.append(token.current)

    assert [token.works(value) for value in values] == [True] * 5

    # The first was replaced an hour after it was published, the second an hour later.
    token.wait(21 * HOUR + MINUTE)
    token.rotate()

    assert [token.works(value) for value in values] == [False, True, True, True, True]


@pytest.mark.parametrize("listing", ["with a list", "without a list"])
def test_a_secret_that_rotates_more_often_than_its_grace_is_long_leaves_no_token_for_good(server, token, listing):
    token.declare(**plain(server, ca="ca.pem", grace="6h", **({} if listing == "with a list" else {"list": None})))
    if listing == "without a list":
        token.target.pop("list", None)
        token.declare()

    for _ in range(20):
        token.rotate_after(HOUR)

    assert len(token.issuer.live()) == 7, "what was replaced less than six hours ago, and what is current"
    assert token.works(token.current)


def test_what_was_replaced_is_forgotten_once_it_is_revoked(token):
    token.rotate()
    token.rotate_after(HOUR)
    token.rotate_after(HOUR)
    assert list(token.current["retired"]) == ["1"]

    token.rotate_after(30 * DAY)

    assert token.current["retired"] == {}


def test_the_published_token_and_the_one_before_it_are_never_revoked_by_the_rotation_that_replaces_them(token):
    token.declare(grace="0s")
    token.rotate()
    token.rotate_after(HOUR)

    token.rotate_after(HOUR)

    assert token.works(token.current)
    assert token.works(token.labelled("AWSPREVIOUS"))
    assert len(token.issuer.live()) == 2


@pytest.mark.parametrize("accept", [None, [204]])
def test_one_that_is_gone_at_the_issuer_is_no_error(token, accept):
    revoke = {**token.target["revoke"], **({"accept": accept} if accept else {})}
    token.declare(grace="0s", list=None, revoke=revoke)
    token.rotate()
    token.rotate_after(HOUR)
    token.issuer.revoke(token.labelled("AWSPREVIOUS")["id"])

    token.rotate_after(HOUR)

    assert token.works(token.current)


def test_a_token_that_was_put_by_hand_is_taken_over_and_not_revoked(token):
    by_hand = token.issuer.make("the old one")
    token.write({"value": by_hand.secret, "owner": "billing team"})

    token.rotate()
    token.rotate_after(30 * DAY)

    assert by_hand.live
    assert token.current["owner"] == "billing team"


def test_a_value_that_a_person_wrote_in_between_does_not_end_a_grace_early(token):
    token.rotate()
    ours = token.current
    token.wait(30 * DAY)
    by_hand = token.issuer.make("by hand")
    token.write({"value": by_hand.secret})

    token.rotate_after(HOUR)
    assert token.works(ours), "it was published until an hour ago, and nobody can know that"
    token.rotate_after(DAY + HOUR)

    assert not token.works(ours)


def test_a_label_that_was_moved_back_by_hand_does_not_end_a_grace_early(token):
    token.rotate()
    token.rotate_after(30 * DAY)
    old, new = token.labelled("AWSPREVIOUS"), token.current
    token.wait(10 * DAY)
    holders = {label: token.manager.secrets[token.arn].holder(label) for label in ("AWSCURRENT", "AWSPREVIOUS")}
    token.manager.update_secret_version_stage(
        SecretId=token.arn, VersionStage="AWSCURRENT", MoveToVersionId=holders["AWSPREVIOUS"], RemoveFromVersionId=holders["AWSCURRENT"]
    )

    token.rotate_after(HOUR)

    assert [token.works(value) for value in (old, new, token.current)] == [True, True, True]


@pytest.mark.parametrize("left", [{}, {"note": "moved"}])
def test_a_token_works_on_for_its_grace_after_somebody_emptied_the_value(token, left):
    token.rotate()
    before = token.current
    token.wait(30 * DAY)
    token.write(left)

    token.rotate()
    assert token.works(before)
    token.rotate_after(DAY)
    token.rotate_after(MINUTE)

    assert not token.works(before)


def test_a_token_that_was_published_long_after_it_was_issued_does_not_end_the_grace_of_the_one_before_early(token):
    """The rotation was repeated for hours, and cut off right after it had published: Secrets Manager knows nothing of its end."""
    token.rotate()
    before = token.current
    token.wait(30 * DAY)
    version = token.until("finishSecret")
    token.wait(20 * HOUR)
    token.step("finishSecret", version)
    token.manager.abandon(token.arn)

    token.rotate_after(5 * HOUR)

    assert token.works(before), "it was replaced five hours ago"
    token.rotate_after(DAY)
    token.rotate_after(MINUTE)
    assert not token.works(before)


def test_an_old_token_that_was_put_back_by_hand_is_not_revoked_while_it_is_current(token):
    token.rotate()
    old = token.current
    token.rotate_after(HOUR)
    token.rotate_after(HOUR)
    assert old["id"] in token.current["retired"]
    token.write({**token.current, "value": old["value"], "id": old["id"]})

    token.rotate_after(30 * DAY)

    assert token.works(old)
    assert token.labelled("AWSPREVIOUS")["id"] == old["id"]


def test_an_oauth_client_proves_its_new_secret_by_getting_a_token(server, token):
    """RFC 6749, section 4.4; an unknown client is answered with 400 or 401 (section 5.2)."""

    def authorization_server(request):
        if request.path != "/oauth/token":
            return token.issuer(request)
        asked = request.form
        known = token.issuer.accepts(asked["client_secret"]) and asked["grant_type"] == "client_credentials"
        return Reply(200, {"access_token": "short-lived"}) if known else Reply(400, {"error": "invalid_client"})

    server.answer = authorization_server
    form = {"grant_type": "client_credentials", "client_id": "billing", "client_secret": "{token}"}
    token.declare(
        kind="oauth-client", verify={"url": f"{server.address}/oauth/token", "method": "POST", "form": form, "refused": [400, 401]}
    )
    token.write({"client_id": "billing"})

    token.rotate()
    token.rotate_after(30 * DAY)

    assert token.current["client_id"] == "billing"
    assert token.works(token.current)
    assert token.works(token.labelled("AWSPREVIOUS"))


def test_testing_alone_writes_nothing_and_asks_for_nothing_but_a_proof(token):
    token.rotate()
    token.asked()
    before = token.manager.writes()

    token.manager.rotate_test_only(token.arn, handler, token.context)

    assert token.manager.writes() == before
    assert token.asked() == ["GET /me"]
