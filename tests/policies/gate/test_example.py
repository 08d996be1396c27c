"""The files that people read before they trust a gate: the example comment, the script and the workflow."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.policies.gate.example import files
from tests.policies.gate.records import finding, record, row

EXAMPLE = Path(__file__).parents[3] / "examples/pull_request_gate"


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_the_example_is_what_the_gate_writes(path):
    assert path.read_text(encoding="utf-8") == files()[path], "run: python -m tests.policies.gate.example"


@pytest.fixture
def repository(tmp_path, pulumi):
    """A repository with a base commit and a change, the gate's script, and an engine that is told what to answer."""
    root = tmp_path / "repository"
    (root / "infra").mkdir(parents=True)
    (root / "infra/Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (root / "policies.json").write_text("{}")

    def run(*command, **more):
        environment = {
            "PATH": os.pathsep.join([str(pulumi.folder), str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(tmp_path),
            "GIT_CONFIG_NOSYSTEM": "1",
            **more,
        }
        return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=False)

    run("git", "init", "--quiet", "--initial-branch", "main")
    run("git", "add", ".")
    run("git", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "base")
    return root, run


def manifested(*findings, **more):
    return record(*findings, manifest={"version": 1, "project": "shop", "stack": "prod"}, **more)


def test_the_script_compares_with_the_base_and_writes_every_report(repository, pulumi):
    root, run = repository
    pulumi.answers("prod", manifested(finding(), access=[row()]), code=255)

    gate = run("bash", EXAMPLE / "gate.sh", "prod", GATE_BASE="main", GATE_PROJECT="infra")

    assert gate.returncode == 1, gate.stderr
    assert [Path(asked["cwd"]).name for asked in pulumi.runs] == ["infra", "infra"]
    assert [Path(asked["cwd"]).is_relative_to(root) for asked in pulumi.runs] == [False, True]
    assert sorted(path.name for path in (root / "gate-reports").iterdir()) == [
        "comment.md",
        "secrets.json",
        "secrets.junit.xml",
        "secrets.sarif",
    ]
    assert "access does not change" in (root / "gate-reports/comment.md").read_text()
    assert run("git", "worktree", "list").stdout.count("\n") == 1


def test_the_script_passes_when_the_gate_does(repository, pulumi):
    _, run = repository
    pulumi.answers("prod", manifested())
    pulumi.answers("staging", manifested(stack="staging"))

    gate = run("bash", EXAMPLE / "gate.sh", "staging", "prod", GATE_PROJECT="infra")

    assert gate.returncode == 0, gate.stderr
    assert [asked["arguments"][6] for asked in pulumi.runs] == ["staging", "prod"]


def test_the_script_goes_on_without_a_base_that_cannot_be_judged(repository, pulumi):
    root, run = repository
    run("git", "rm", "--quiet", "-r", "infra")
    run("git", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "without the project")
    (root / "infra").mkdir()
    (root / "infra/Pulumi.yaml").write_text("name: shop\n")
    pulumi.answers("prod", manifested())

    gate = run("bash", EXAMPLE / "gate.sh", "prod", GATE_BASE="main", GATE_PROJECT="infra")

    assert gate.returncode == 0, gate.stderr
    assert "the base could not be previewed, so access is shown as it is" in gate.stderr


def test_the_script_leaves_no_report_that_it_did_not_write(repository):
    root, run = repository
    (root / "gate-reports").mkdir()
    for name in ("comment.md", "secrets.sarif", "secrets.junit.xml", "secrets.json"):
        (root / "gate-reports" / name).write_text("of the last run, or of whoever opened the pull request")
    (root / "policies.json").write_text('{"secret-is-rotatd": "advisory"}')

    gate = run("bash", EXAMPLE / "gate.sh", "prod")

    assert gate.returncode == 1
    assert list((root / "gate-reports").iterdir()) == []


def test_the_script_writes_nothing_outside_of_a_repository(repository, pulumi):
    root, run = repository
    shutil.rmtree(root / ".git")

    gate = run("bash", EXAMPLE / "gate.sh", "prod", GIT_CEILING_DIRECTORIES=str(root.parent))

    assert gate.returncode == 128
    assert not (root / "gate-reports").exists()
    assert pulumi.runs == []


def test_the_script_says_how_it_is_used(repository):
    _, run = repository

    gate = run("bash", EXAMPLE / "gate.sh")

    assert (gate.returncode, gate.stderr) == (2, "usage: gate.sh STACK...\n")


def test_the_workflow_has_no_more_rights_than_it_needs_and_puts_nothing_of_the_event_into_a_shell():
    workflow = yaml.safe_load((EXAMPLE / "github-actions.yml").read_text())
    (job,) = workflow["jobs"].values()

    assert workflow["permissions"] == {}
    assert job["permissions"] == {"contents": "read", "pull-requests": "write", "security-events": "write"}
    # YAML 1.1 reads the key `on` as a truth value.
    assert workflow[True] == {"pull_request": None}
    assert not any("${{" in step.get("run", "") for step in job["steps"])


def test_the_workflow_calls_the_script_and_takes_the_files_that_it_writes(repository, pulumi):
    root, run = repository
    pulumi.answers("prod", manifested())
    workflow = yaml.safe_load((EXAMPLE / "github-actions.yml").read_text())
    (job,) = workflow["jobs"].values()
    (judge,) = [step for step in job["steps"] if step.get("name") == "Judge"]

    gate = run("bash", "-e", "-c", judge["run"], GATE_SCRIPT=str(EXAMPLE / "gate.sh"), GATE_STACKS="prod", GATE_PROJECT="infra")

    assert gate.returncode == 0, gate.stderr
    for step in job["steps"]:
        for word in f"{step.get('if', '')} {step.get('with', {})}".replace("'", " ").split():
            if word.startswith("gate-reports/"):
                assert (root / word.rstrip(",}")).exists(), word
