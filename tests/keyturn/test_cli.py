"""What a person types and reads: exit codes, the words around an operation, the JSON for machines."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

import keyturn
from keyturn.cli import app
from keyturn.operations import rotate
from keyturn.operations.account import Account


@pytest.fixture
def run(aws, account, monkeypatch):
    monkeypatch.setattr(Account, "connect", lambda: account)
    monkeypatch.setattr(rotate, "Clock", lambda: aws)
    return lambda *arguments: CliRunner().invoke(app, arguments)


@pytest.fixture
def command():
    """Runs the real command in a process of its own, without any credentials unless the test gives some."""

    def run(*arguments, **environment):
        clean = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true", **environment}
        return subprocess.run(
            [sys.executable, "-m", "keyturn.cli", *arguments], env=clean, capture_output=True, text=True, check=False, timeout=60
        )

    return run


def test_a_rotation_ends_with_0_and_says_which_version_is_current(run, aws):
    answer = run("rotate", "prod/billing/database")

    assert answer.exit_code == 0
    assert answer.stdout.splitlines()[-1] == f"prod/billing/database is rotated: version {version(aws)} is current."


def test_a_version_that_is_current_is_a_success_even_if_cleaning_up_failed(run, aws):
    aws.rotations_go()
    aws.after(1, lambda: aws.says(version(aws), "finishSecret", "failed", error_class="network", message="gone"))
    aws.after(1, lambda: aws.becomes_current(version(aws)))

    answer = run("rotate", "prod/billing/database")

    assert answer.exit_code == 0
    assert "Its last step failed after that" in answer.stdout


def test_a_failed_rotation_ends_with_1_and_the_cause(run, aws):
    aws.rotations_go("setSecret")

    answer = run("rotate", "prod/billing/database", "--quiet-period", "5")

    assert answer.exit_code == 1
    assert "setSecret failed (network): cannot connect" in answer.stdout


def test_a_name_that_is_none_ends_with_2_and_is_not_repeated(run):
    answer = run("rotate", "Hunter2-pasted-by-mistake")

    assert answer.exit_code == 2
    assert "<environment>/<service>/<secret>" in answer.stderr
    assert "Hunter2" not in answer.output


def test_json_is_one_object_on_standard_output_and_progress_is_on_standard_error(run, aws):
    answer = run("rotate", "prod/billing/database", "--json")

    told = json.loads(answer.stdout)
    steps = told.pop("steps")
    assert told == {"command": "rotate", "secret": "prod/billing/database", "outcome": "rotated", "versions": [version(aws)]}
    assert [step["step"] for step in steps] == ["createSecret", "setSecret", "testSecret", "finishSecret"]
    assert set(steps[0]) == {"version", "time", "attempt", "step", "outcome", "errorClass", "message", "milliseconds"}
    assert "✓ createSecret" in answer.stderr


def test_json_of_a_failure_has_the_step_the_class_and_the_cause(run, aws):
    aws.rotations_go("testSecret")

    answer = run("rotate", "prod/billing/database", "--json")

    told = json.loads(answer.stdout)
    assert answer.exit_code == 1
    assert told["outcome"] == "failed"
    assert told["error"]["message"].startswith("prod/billing/database was not rotated")
    assert {key: told["error"][key] for key in ("step", "errorClass", "cause")} == {
        "step": "testSecret",
        "errorClass": "network",
        "cause": "cannot connect",
    }


def test_json_of_what_could_not_begin_has_no_versions(run, aws):
    aws.refuse("describe_secret", "ResourceNotFoundException")

    told = json.loads(run("rotate", "prod/billing/database", "--json").stdout)

    assert set(told) == {"command", "secret", "outcome", "error"}


def test_twice_rotates_two_times(run, aws):
    answer = run("rotate", "prod/billing/database", "--twice", "--json")

    told = json.loads(answer.stdout)
    assert told["versions"] == [asked["ClientRequestToken"] for asked in aws.called("rotate_secret")]
    assert len(set(told["versions"])) == 2
    assert len(told["steps"]) == 8


def test_twice_stops_at_a_first_rotation_that_fails(run, aws):
    aws.rotations_go("setSecret")

    answer = run("rotate", "prod/billing/database", "--twice")

    assert answer.exit_code == 1
    assert len(aws.called("rotate_secret")) == 1


def test_ctrl_c_ends_with_130_and_says_that_it_goes_on(run, aws):
    aws.after(1, interrupt)

    answer = run("rotate", "prod/billing/database")

    assert answer.exit_code == 130
    assert "goes on in AWS" in answer.stdout


def test_ctrl_c_before_it_began_does_not_claim_that_it_goes_on(run, aws):
    aws.refusals["describe_secret"] = KeyboardInterrupt()

    answer = run("rotate", "prod/billing/database", "--json")

    assert answer.exit_code == 130
    assert json.loads(answer.stdout)["outcome"] == "interrupted"
    assert "goes on" not in answer.stderr


def test_restore_cancels_the_deletion_and_prints_the_line_that_takes_it_into_the_stack(run, aws):
    aws.description["DeletedDate"] = datetime(2026, 1, 1, tzinfo=UTC)

    answer = run("restore", "prod/billing/database")

    assert answer.exit_code == 0
    assert "prod/billing/database is restored." in answer.stdout
    assert answer.stdout.splitlines()[-1].split() == [
        *("pulumi", "import", "--stack", "prod"),
        *("--parent", "'credential=urn:pulumi:prod::keyturn::keyturn:index:DatabaseCredential::billing/database'"),
        *("--protect=false", "--generate-code=false"),
        *("aws:secretsmanager/secret:Secret", "billing/database", aws.description["ARN"]),
    ]


def test_restore_says_how_to_keep_the_key_that_went_with_the_secret(run, aws):
    """`pulumi destroy` lets the environment's key wait for deletion, too: without it the restored value cannot be read."""
    aws.description |= {"DeletedDate": datetime(2027, 1, 1, tzinfo=UTC), "KmsKeyId": "arn:aws:kms:eu-central-1:000000000000:key/1234abcd"}

    answer = run("restore", "prod/billing/database")

    assert "aws kms cancel-key-deletion --key-id arn:aws:kms:eu-central-1:000000000000:key/1234abcd && aws kms enable-key" in answer.stdout


def test_restore_leaves_a_secret_alone_that_nobody_deletes(run, aws):
    answer = run("restore", "prod/billing/database", "--json")

    assert answer.exit_code == 0
    assert json.loads(answer.stdout)["outcome"] == "unchanged"
    assert aws.called("restore_secret") == []


@pytest.mark.parametrize(
    ("call", "code", "told"),
    [
        ("describe_secret", "ResourceNotFoundException", "has no secret prod/billing/database"),
        ("restore_secret", "AccessDeniedException", "secretsmanager:RestoreSecret on prod/billing/database is denied"),
    ],
)
def test_restore_says_why_it_cannot(run, aws, call, code, told):
    aws.description["DeletedDate"] = datetime(2026, 1, 1, tzinfo=UTC)
    aws.refuse(call, code)

    answer = run("restore", "prod/billing/database")

    assert answer.exit_code == 1
    assert told in answer.stdout


def test_the_version_is_the_packages(run):
    answer = run("--version")

    assert answer.stdout == f"keyturn {keyturn.__version__}\n"


@pytest.mark.parametrize("subcommand", ["rotate", "restore"])
def test_help_has_examples_and_exit_codes(run, subcommand):
    answer = run(subcommand, "--help")

    assert f"\n    keyturn {subcommand} prod/billing/database" in answer.stdout
    assert "Exit codes: 0 done, 1 failed" in answer.stdout


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "There is no AWS region: set AWS_REGION"),
        ({"AWS_REGION": "eu-central-1"}, "AWS credentials: Unable to locate credentials. Log in first"),
        ({"AWS_REGION": "eu-central-1", "AWS_PROFILE": "missing"}, "AWS credentials: The config profile (missing) could not be found."),
        ({"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "nonsense"}, "AWS_ENDPOINT_URL: Invalid endpoint: nonsense"),
        (
            {
                "AWS_REGION": "eu-central-1",
                "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
                "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "none",
            },
            "secretsmanager:DescribeSecret: no answer from AWS",
        ),
    ],
)
def test_without_aws_there_is_one_sentence_and_no_traceback(command, environment, told):
    answer = command("rotate", "prod/billing/database", **environment)

    assert answer.returncode == 1
    assert answer.stdout.startswith(told)
    assert "Traceback" not in answer.stdout + answer.stderr


def test_a_terminal_without_unicode_still_gets_the_message(command):
    answer = command("restore", "prod/billing/database", AWS_REGION="eu-central-1", PYTHONIOENCODING="ascii")

    assert answer.returncode == 1
    assert "Log in first" in answer.stdout


def test_a_library_without_its_command_line_says_what_to_install():
    code = "import sys; sys.modules['typer'] = None; import keyturn.cli"

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)

    assert answer.returncode == 1
    assert answer.stderr == "The command line needs a few packages more: pip install 'keyturn[cli]'\n"


def version(aws):
    return aws.called("rotate_secret")[-1]["ClientRequestToken"]


def interrupt():
    raise KeyboardInterrupt
