"""The crash matrix is not blind: on a server of a few lines, each way of rotating badly is found, and named."""

import json
import secrets

import botocore.exceptions
import pytest

from docs import _matrix
from tests.rotation_lambda.matrix import BLOCKED, LOST_CREDENTIAL, MOMENT, UNTIDY, Row
from tests.rotation_lambda.matrix_points import outcome_of
from tests.rotation_lambda.secrets_manager import SecretsManager


class _Rotation:
    """A server that accepts a set of passwords, and a function that rotates on it as it should."""

    most_live = 2

    def __init__(self):
        self.manager = SecretsManager()
        self.accepted = {"first-of-all"}
        self.arn = self.manager.create("prod/billing/memory", {"password": "first-of-all"})
        self.context = self

    def works(self, value):
        return value["password"] in self.accepted

    def live(self):
        return len(self.accepted)

    def install(self, monkeypatch, around):
        monkeypatch.setattr(self, "called", around, raising=False)

    def unanswered(self):
        return TimeoutError()

    def run(self, event):
        token = event["ClientRequestToken"]
        labels = self.manager.describe_secret(SecretId=self.arn)["VersionIdsToStages"]
        current = next(version for version, kept in labels.items() if "AWSCURRENT" in kept)
        if token != current:
            getattr(self, event["Step"])(token, current)

    def createSecret(self, token, current):  # noqa: ARG002
        try:
            self.stored(token)
        except botocore.exceptions.ClientError:
            value = json.dumps({"password": secrets.token_urlsafe()})
            self.manager.put_secret_value(SecretId=self.arn, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"])

    def setSecret(self, token, current):
        pending, now = self.stored(token), self.stored(current)
        with self.called("SET"):
            self.accepted = {pending, now}

    def testSecret(self, token, current):  # noqa: ARG002
        assert self.stored(token) in self.accepted

    def finishSecret(self, token, current):
        self.manager.update_secret_version_stage(
            SecretId=self.arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )

    def stored(self, version):
        return json.loads(self.manager.get_secret_value(SecretId=self.arn, VersionId=version)["SecretString"])["password"]


class _ChangesItsOwnPassword(_Rotation):
    """As with one user: whoever logs in changes the only password there is."""

    def setSecret(self, token, current):
        pending, now = self.stored(token), self.stored(current)
        if not self.accepted & {pending, now}:
            raise PermissionError("neither password is accepted")
        with self.called("SET"):
            self.accepted = {pending}


class _ForgetsTheCurrentOne(_Rotation):
    def setSecret(self, token, current):  # noqa: ARG002
        pending = self.stored(token)
        with self.called("SET"):
            self.accepted = {pending}


class _NeverDropsOne(_Rotation):
    def setSecret(self, token, current):  # noqa: ARG002
        pending = self.stored(token)
        with self.called("SET"):
            self.accepted = {*self.accepted, pending}


class _LeavesPendingBehind(_Rotation):
    def finishSecret(self, token, current):
        self.manager.clears_pending = False
        super().finishSecret(token, current)
        self.manager.update_secret_version_stage(
            SecretId=self.arn, VersionStage="AWSPENDING", MoveToVersionId=current, RemoveFromVersionId=token
        )


class _Talks(_Rotation):
    def testSecret(self, token, current):  # noqa: ARG002
        print(self.stored(token))  # noqa: T201


class _SetsTwiceNever(_Rotation):
    """As `CREATE USER` without a look whether the user is there."""

    def setSecret(self, token, current):
        assert self.stored(token) not in self.accepted, "there already"
        super().setSecret(token, current)


def _outcome(rotation, *, overlap):
    row = Row(
        "memory", "of a test", "second rotation", overlap, lambda server, _monkeypatch: server(), rotates=lambda event, it: it.run(event)
    )
    return outcome_of(row, rotation)


def test_a_good_rotation_is_tried_at_every_call_and_nothing_is_found():
    outcome = _outcome(_Rotation, overlap=True)

    assert [str(finding) for finding in outcome.findings] == []
    # Two writes of four faults, one other effect of three, eight reads of one, and one more at the start: on two ways each.
    assert (outcome.calls, outcome.tried) == (11, 2 * (2 * 4 + 3 + 8 + 1))


@pytest.mark.parametrize(
    ("rotation", "overlap", "kinds"),
    [
        (_ChangesItsOwnPassword, False, {LOST_CREDENTIAL, BLOCKED}),
        (_ForgetsTheCurrentOne, False, set()),
        (_ForgetsTheCurrentOne, True, {MOMENT}),
        (_SetsTwiceNever, True, {BLOCKED}),
        (_NeverDropsOne, True, {UNTIDY}),
        (_LeavesPendingBehind, True, {UNTIDY, BLOCKED}),
        (_Talks, True, {UNTIDY}),
    ],
)
def test_a_bad_rotation_is_found(rotation, overlap, kinds):
    outcome = _outcome(rotation, overlap=overlap)

    assert {finding.kind for finding in outcome.findings} == kinds


def test_a_finding_names_row_call_fault_and_way_on():
    outcome = _outcome(_ChangesItsOwnPassword, overlap=False)

    assert str(outcome.findings[0]) == (
        "memory, of a test, second rotation: call 7 (SET), killed after it; then a new token:"
        " blocked rotation: the next rotation fails: neither password is accepted"
    )
    # From the statement until the label moves.
    assert [outcome.points_with(kind) for kind in (LOST_CREDENTIAL, BLOCKED, MOMENT)] == [6, 6, 0]


def test_the_table_goes_between_its_markers_and_nowhere_else():
    place = "# Rotation\n<!-- Written by `make matrix`. -->\nold\n<!-- End of the crash matrix. -->\n## More\n"
    line = _matrix.line(engine="memory", strategy="of a test", start="empty secret", calls=11, tried=40, lost=0, blocked=0, moments=None)

    written = _matrix.with_lines(place, [line, line])

    assert line == "| memory | of a test | empty secret | 11 | 40 | 0 | 0 | — |"
    assert _matrix.lines_in(written) == [line, line]
    assert _matrix.with_lines(written, [line, line]) == written
    assert (written.splitlines()[0], written.splitlines()[-1]) == ("# Rotation", "## More")


def test_a_page_without_a_place_for_the_table_is_refused():
    with pytest.raises(ValueError, match="has no place for the crash matrix"):
        _matrix.with_lines("# Rotation\n", [])
