"""What `keyturn rotate` does, against an AWS whose every answer the test chooses."""

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import EndpointConnectionError

from keyturn.operations.errors import DeniedError, OperationError
from keyturn.operations.rotate import RotationFailedError, RotationLeftError


def test_a_rotation_shows_its_four_steps_and_ends_when_the_version_is_current(aws, rotated):
    rotation = rotated()

    assert aws.labels[rotation.version] == ["AWSCURRENT"]
    assert rotation.previous == "old"
    assert [step.step for step in rotation.steps] == ["createSecret", "setSecret", "testSecret", "finishSecret"]
    assert "✓ createSecret     12 ms" in rotated.shown()
    assert "✓ finishSecret     12 ms" in rotated.shown()


def test_steps_are_read_from_the_log_group_that_the_function_names(aws, rotated):
    rotation = rotated()

    query = aws.called("filter_log_events")[0]
    assert query["logGroupName"] == "/keyturn/prod/billing/postgres"
    assert rotation.version in query["filterPattern"]


def test_a_function_without_a_log_group_of_its_own_logs_where_lambda_puts_it(aws, rotated):
    aws.configuration = {}

    rotated()

    assert aws.called("filter_log_events")[0]["logGroupName"] == "/aws/lambda/prod-billing-postgres"


def test_a_failure_names_step_class_and_cause_and_says_what_stays_and_what_comes(aws, rotated):
    aws.rotations_go("setSecret", "setSecret")

    with pytest.raises(RotationFailedError) as failure:
        rotated(quiet_seconds=20)

    assert failure.value.step.step == "setSecret"
    assert str(failure.value).splitlines() == [
        "prod/billing/database was not rotated: setSecret failed (network): cannot connect. Secrets Manager tried 2 times.",
        "The previous value stays current (version old): applications go on reading it.",
        f"Secrets Manager keeps AWSPENDING on version {failure.value.rotation.version} and may repeat this rotation by itself; "
        "the next one is due on 2027-02-01.",
        "Mend the cause; then `keyturn rotate prod/billing/database` takes that label away and rotates anew.",
    ]
    assert "✗ setSecret        12 ms  failed  network: cannot connect" in rotated.shown()


def test_a_failed_attempt_is_shown_and_the_next_one_may_succeed(aws, rotated):
    aws.rotations_go("createSecret", "testSecret", None)

    rotation = rotated()

    assert [step.attempt for step in rotation.steps] == [1, 2, 2, 2, 3, 3, 3, 3]
    assert "attempt 3:" in rotated.shown()


def test_a_cause_is_not_hidden_by_what_fails_because_of_it(aws, rotated):
    aws.rotations_go("setSecret", "createSecret")

    with pytest.raises(RotationFailedError, match=r"setSecret failed \(network\): cannot connect; then createSecret failed"):
        rotated()


def test_a_failed_first_rotation_says_that_there_is_no_value_yet(aws, rotated):
    aws.labels = {}
    aws.rotations_go("createSecret")

    with pytest.raises(RotationFailedError, match="No version is current yet"):
        rotated()


@pytest.fixture
def first_is_current(aws, monkeypatch):
    """PutSecretValue is documented to make a secret's first version current: here as soon as the rotation begins."""
    aws.labels = {}
    rotate = aws.rotate_secret

    def current_at_once(**asked):
        rotate(**asked)
        aws.labels[asked["ClientRequestToken"]].append("AWSCURRENT")

    monkeypatch.setattr(aws, "rotate_secret", current_at_once)


@pytest.mark.usefixtures("first_is_current")
def test_a_first_version_that_is_current_and_was_never_set_is_a_failure(aws, rotated):
    aws.rotations_go("setSecret")

    with pytest.raises(RotationFailedError) as failure:
        rotated(quiet_seconds=20)

    assert "setSecret failed (network): cannot connect" in str(failure.value)
    assert "The new value is current already and may not work yet: rotate again when the cause is gone." in str(failure.value)


@pytest.mark.usefixtures("first_is_current")
def test_a_first_version_that_keeps_its_label_is_done_with_its_last_step(aws, rotated, monkeypatch):
    monkeypatch.setattr(aws, "becomes_current", lambda _version: None)

    assert rotated().steps[-1].step == "finishSecret"


@pytest.mark.parametrize(("strategy", "warned"), [("single-user", True), ("alternating-users", False)])
def test_a_single_user_whose_password_may_have_changed_is_told_so(aws, rotated, strategy, warned):
    targets = {"prod/billing/database": {"kind": "postgres", "strategy": strategy}}
    aws.configuration["Environment"] = {"Variables": {"KEYTURN_TARGETS": json.dumps(targets)}}
    aws.rotations_go("testSecret")

    with pytest.raises(RotationFailedError) as failure:
        rotated()

    assert ("may know only the new password" in str(failure.value)) is warned


def test_what_an_earlier_rotation_left_is_cleared_and_the_secret_rotates_anew(aws, rotated):
    aws.labels["stuck"] = ["AWSPENDING"]
    aws.description["LastChangedDate"] = datetime.fromtimestamp(aws.time - 3600, UTC)
    began = aws.time

    rotation = rotated()

    assert aws.time - began < 10
    assert "It may still be at work" not in rotated.shown()
    assert aws.called("update_secret_version_stage") == [
        {"SecretId": aws.description["ARN"], "VersionStage": "AWSPENDING", "RemoveFromVersionId": "stuck"}
    ]
    assert aws.labels[rotation.version] == ["AWSCURRENT"]
    assert "An earlier rotation of prod/billing/database is not complete: version stuck" in rotated.shown()


def test_an_earlier_failure_is_cleared_after_the_quiet_period_and_not_before(aws, rotated):
    aws.labels["stuck"] = ["AWSPENDING"]
    aws.says("stuck", "setSecret", "failed", error_class="network", message="cannot connect")
    began = aws.time

    rotated(quiet_seconds=20)

    assert len(aws.called("update_secret_version_stage")) == 1
    assert 20 < aws.time - began < 30


def test_an_earlier_rotation_that_is_still_at_work_is_left_to_finish(aws, rotated):
    aws.labels["other"] = ["AWSPENDING"]
    aws.run_attempts("other", (None,))

    rotation = rotated()

    assert aws.called("update_secret_version_stage") == []
    assert rotation.previous == "other"
    assert "It may still be at work" in rotated.shown()


def test_pending_on_the_current_version_is_no_hindrance(aws, rotated):
    aws.labels = {"old": ["AWSCURRENT", "AWSPENDING"]}

    rotated()

    assert aws.called("update_secret_version_stage") == []


def test_a_label_is_only_taken_from_a_version_that_is_not_current(aws, rotated):
    aws.labels = {"old": ["AWSCURRENT", "AWSPENDING"]}
    aws.refuse("rotate_secret", "InvalidRequestException", "A previous rotation isn't complete.")

    with pytest.raises(OperationError, match="still sees a rotation of prod/billing/database under way"):
        rotated()

    assert aws.called("update_secret_version_stage") == []


def test_without_the_right_to_clear_it_the_missing_permission_is_named(aws, rotated):
    aws.labels["stuck"] = ["AWSPENDING"]
    aws.description["LastChangedDate"] = datetime.fromtimestamp(aws.time - 3600, UTC)
    aws.refuse("update_secret_version_stage", "AccessDeniedException", "not authorized")

    with pytest.raises(DeniedError, match="secretsmanager:UpdateSecretVersionStage on prod/billing/database is denied"):
        rotated()


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_without_the_log_the_labels_still_tell_the_end(aws, rotated, code):
    aws.refuse("filter_log_events", code)

    rotation = rotated()

    assert aws.labels[rotation.version] == ["AWSCURRENT"]
    assert rotated.shown().count("The steps cannot be shown, only the result: logs:FilterLogEvents") == 1


def test_without_the_functions_configuration_the_usual_log_group_is_read(aws, rotated):
    aws.refuse("get_function_configuration", "AccessDeniedException")

    rotation = rotated()

    assert len(rotation.steps) == 4


def test_a_secret_that_an_aws_service_rotates_is_followed_by_its_labels(aws, rotated):
    del aws.description["RotationLambdaARN"]

    rotation = rotated()

    assert aws.labels[rotation.version] == ["AWSCURRENT"]
    assert "an AWS service rotates this secret itself" in rotated.shown()


def test_lines_of_others_and_of_other_versions_are_not_shown(aws, rotated):
    aws.says("another-version", "setSecret", "failed", error_class="network", message="somebody else")
    aws.after(1, lambda: aws.prints(json.dumps({"version": token(aws), "step": "setSecret", "outcome": "failed"})))
    aws.prints('["keyturn", "rotation"]')
    aws.prints("INIT_START Runtime Version: python:3.13")

    rotation = rotated()

    assert len(rotation.steps) == 4
    assert "somebody else" not in rotated.shown()


def test_a_message_cannot_write_to_the_terminal_what_it_likes(aws, rotated):
    aws.rotations_go()
    aws.after(1, lambda: aws.says(token(aws), "setSecret", "failed", error_class="[red]", message="a\x1b]0;title\x07\nb" + "x" * 900))

    with pytest.raises(RotationFailedError) as failure:
        rotated()

    cause = failure.value.step.message
    assert "[red]: a ]0;title  bxx" in rotated.shown()
    assert cause.isprintable()
    assert len(cause) == 500


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (("describe_secret", "ResourceNotFoundException", "no"), "Secrets Manager in eu-central-1 has no secret prod/billing/database"),
        (("describe_secret", "AccessDeniedException", "no"), "secretsmanager:DescribeSecret on prod/billing/database is denied"),
        (("describe_secret", "ExpiredTokenException", "old"), "AWS does not accept the credentials"),
        (("rotate_secret", "AccessDeniedException", "no"), "secretsmanager:RotateSecret on prod/billing/database is denied"),
        (("rotate_secret", "AccessDeniedException", "Secrets Manager cannot invoke the specified Lambda function."), "`pulumi up`"),
        (("rotate_secret", "InvalidRequestException", "something new"), "AWS answers InvalidRequestException (something new)"),
        (("get_function_configuration", "ResourceNotFoundException", "no"), "prod-billing-postgres does not exist any more"),
    ],
)
def test_what_cannot_begin_is_explained_with_the_way_out(aws, rotated, refusal, told):
    aws.refuse(*refusal)

    with pytest.raises(OperationError) as error:
        rotated()

    assert told in str(error.value)
    assert not isinstance(error.value, RotationFailedError)


def test_a_secret_without_rotation_is_not_rotated(aws, rotated):
    aws.description["RotationEnabled"] = False

    with pytest.raises(OperationError, match="has no rotation"):
        rotated()

    assert aws.called("rotate_secret") == []


def test_a_secret_that_is_being_deleted_is_not_rotated(aws, rotated):
    aws.description["DeletedDate"] = datetime(2026, 1, 1, tzinfo=UTC)

    with pytest.raises(OperationError, match="keyturn restore prod/billing/database"):
        rotated()

    assert aws.called("rotate_secret") == []


def test_when_the_time_is_over_it_says_so_and_how_to_look_again(aws, rotated):
    aws.rotations_go()

    with pytest.raises(RotationFailedError) as failure:
        rotated(timeout_seconds=30)

    assert "it did not finish within 30 s" in str(failure.value)
    assert "aws logs tail /keyturn/prod/billing/postgres" in str(failure.value)


def test_a_function_that_dies_before_it_can_report_is_not_waited_for_until_the_end(aws, rotated):
    aws.rotations_go()
    began = aws.time

    with pytest.raises(RotationFailedError, match="nothing more was heard of the function prod-billing-postgres"):
        rotated(timeout_seconds=300, quiet_seconds=20)

    assert aws.time - began < 100


def test_slow_steps_are_no_silence(aws, rotated):
    aws.configuration["Timeout"] = 10
    aws.rotations_go()
    for number, step in enumerate(("createSecret", "setSecret", "testSecret", "finishSecret")):
        aws.after(9 * (number + 1), lambda step=step: aws.says(token(aws), step))
    aws.after(36, lambda: aws.becomes_current(token(aws)))

    rotation = rotated(quiet_seconds=2)

    assert len(rotation.steps) == 4


def test_a_line_that_arrives_after_the_label_has_moved_is_still_shown(aws, rotated):
    aws.rotations_go()
    aws.after(1, lambda: aws.becomes_current(token(aws)))
    aws.after(3, lambda: aws.says(token(aws), "finishSecret"))

    rotation = rotated()

    assert [step.step for step in rotation.steps] == ["finishSecret"]


def test_a_log_group_that_is_made_by_the_first_line_is_read_from_then_on(aws, rotated):
    aws.refuse("filter_log_events", "ResourceNotFoundException")
    aws.rotations_go()
    aws.after(2, aws.refusals.clear)
    aws.after(2, lambda: aws.says(token(aws), "createSecret"))
    began = aws.time

    with pytest.raises(RotationFailedError, match="nothing more was heard"):
        rotated()

    assert aws.time - began < 100


def test_a_value_that_the_function_gave_up_has_its_cause_though_the_line_comes_after_the_label_has_gone(aws, rotated):
    aws.rotations_go()
    aws.after(1, lambda: aws.says(token(aws), "createSecret"))
    aws.after(2, lambda: aws.labels.update({token(aws): []}))
    aws.after(6, lambda: aws.says(token(aws), "setSecret", "failed", error_class="policy", message="the server refuses it"))

    with pytest.raises(RotationFailedError) as failure:
        rotated()

    assert failure.value.step.error_class == "policy"
    assert str(failure.value).splitlines()[0] == (
        "prod/billing/database was not rotated: setSecret failed (policy): the server refuses it. Secrets Manager tried once."
    )


def test_a_label_that_one_look_misses_is_no_abandonment(aws, rotated):
    aws.rotations_go()
    aws.after(2, lambda: aws.labels.update({token(aws): []}))
    aws.after(3, lambda: aws.becomes_current(token(aws)))

    rotation = rotated()

    assert aws.labels[rotation.version] == ["AWSCURRENT"]


def test_a_rotation_that_was_cancelled_meanwhile_is_told_apart_from_a_failure(aws, rotated):
    aws.rotations_go()
    aws.after(2, lambda: aws.labels.pop(token(aws)))

    with pytest.raises(RotationFailedError, match="it was abandoned"):
        rotated()


def test_a_failure_after_which_secrets_manager_gives_up_needs_no_waiting(aws, rotated):
    aws.rotations_go("setSecret")
    aws.after(4, lambda: aws.labels.pop(token(aws)))
    began = aws.time

    with pytest.raises(RotationFailedError, match="setSecret failed"):
        rotated(quiet_seconds=20)

    assert aws.time - began < 10


def test_a_network_that_comes_back_in_time_is_forgiven(aws, rotated):
    aws.after(1, lambda: aws.refusals.update(describe_secret=EndpointConnectionError(endpoint_url="https://aws")))
    aws.after(5, aws.refusals.clear)

    rotation = rotated()

    assert aws.labels[rotation.version] == ["AWSCURRENT"]


def test_a_network_that_stays_away_leaves_the_rotation_to_aws(aws, rotated):
    began = aws.time
    aws.after(1, lambda: aws.refusals.update(describe_secret=EndpointConnectionError(endpoint_url="https://aws")))

    with pytest.raises(RotationFailedError) as failure:
        rotated(quiet_seconds=20)

    assert aws.time - began < 30
    assert "no answer from AWS" in str(failure.value)
    assert "The rotation goes on without this command" in str(failure.value)


def test_ctrl_c_says_that_the_rotation_goes_on_and_how_to_look_again(aws, rotated):
    aws.after(1, interrupt)

    with pytest.raises(RotationLeftError) as left:
        rotated()

    assert f"The rotation to version {left.value.rotation.version} goes on in AWS" in str(left.value)
    assert "aws secretsmanager describe-secret --secret-id prod/billing/database" in str(left.value)


def token(aws):
    return aws.called("rotate_secret")[-1]["ClientRequestToken"]


def interrupt():
    raise KeyboardInterrupt
