"""What a pipeline runs and reads: exit codes, files, and what the engine is asked for."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from policies.gate.cli import app
from policies.rules import rules
from tests.policies.gate.records import MANIFEST, finding, judgement, lines, recorded, row

CHECKOUT = Path(__file__).parents[3]


def test_a_change_that_nothing_stops_ends_with_0(gate, pulumi):
    pulumi.answers("prod", recorded(finding(level="advisory")))

    run = gate("preview", "--stack", "prod")

    assert (run.exit_code, run.stderr) == (0, "")
    assert run.stdout.splitlines() == [
        "✓ shop/prod: nothing stops it, 1 advisory",
        "✓ Nothing stops the change.",
    ]


def test_a_finding_ends_with_1(gate, pulumi):
    pulumi.answers("prod", recorded(finding()), code=255)

    run = gate("preview", "--stack", "prod")

    assert run.exit_code == 1
    assert lines(run) == ["✗ shop/prod: 1 finding stops it", "✗ The change is stopped."]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"code": 255}, "failed (exit code 255) before the rules could look at it (they need version 3.255 or newer)"),
        ({"code": 0}, "ended without an answer of the rules"),
        ({"code": 255, "record": True}, "failed (exit code 255) for another reason"),
    ],
)
def test_a_preview_without_an_answer_is_not_a_preview_without_findings(gate, pulumi, answer, why):
    given = recorded() if answer.pop("record", False) else None
    pulumi.answers("prod", given, **answer)

    run = gate("preview", "--stack", "prod", "--markdown", "comment.md", "--junit", "junit.xml")

    assert run.exit_code == 1
    assert f"`pulumi preview` {why}: its output says why" in run.stdout
    assert "✅" not in (gate.folder / "comment.md").read_text()
    assert 'errors="1"' in (gate.folder / "junit.xml").read_text()


def test_a_record_of_another_version_is_no_answer(gate, pulumi):
    pulumi.answers("prod", {**json.loads(recorded().model_dump_json(by_alias=True)), "version": 2})

    run = gate("preview", "--stack", "prod")

    assert run.exit_code == 1
    assert "Are pack and gate of one version?" in run.stderr


def test_the_engine_is_asked_with_the_pack_the_configuration_and_more_words(gate, pulumi):
    pulumi.answers("prod", recorded())
    config = {"secret-is-rotated": "advisory"}
    (gate.folder / "policies.json").write_text(json.dumps(config))
    infra = gate.folder / "infra"
    infra.mkdir()

    run = gate(
        "preview", "--stack", "prod", "--cwd", "infra", "--config", "policies.json", "--", "--diff", "--config-file", "x/{stack}.yaml"
    )

    assert run.exit_code == 0, run.stderr
    (asked,) = pulumi.runs
    assert [asked["arguments"][place] for place in (0, 1, 3)] == ["preview", "--policy-pack", "--policy-pack-config"]
    assert asked["arguments"][5:] == ["--stack", "prod", "--diff", "--config-file", "x/prod.yaml"]
    assert asked["config"] == config
    assert asked["cwd"] == str(infra)
    assert sys.executable in asked["pack"]


def test_what_is_written_for_the_engine_is_private_and_removed(gate, pulumi):
    pulumi.answers("prod", recorded(finding()), code=255)

    gate("preview", "--stack", "prod")

    (asked,) = pulumi.runs
    assert asked["folderMode"] == 0o700
    assert Path(asked["record"]).is_relative_to(gate.folder / "tmp")
    assert gate.left_behind == []


def test_each_stack_is_judged_beside_those_before_it(gate, pulumi):
    pulumi.answers("dev", recorded(stack="dev"))
    pulumi.answers("prod", recorded())

    run = gate("preview", "--stack", "dev", "--stack", "prod", "--stack", "dev")

    assert run.exit_code == 0, run.stderr
    assert [asked["config"] for asked in pulumi.runs] == [
        {},
        {"secret-is-not-shared-across-stacks": {"others": [{**MANIFEST, "stack": "dev"}]}},
    ]


def test_one_stack_that_fails_hides_nothing_of_the_others(gate, pulumi):
    pulumi.answers("dev", code=1)
    pulumi.answers("prod", recorded(finding()), code=255)

    run = gate("preview", "--stack", "dev", "--stack", "prod")

    assert run.exit_code == 1
    assert lines(run)[0] == "✗ shop/prod: 1 finding stops it"
    assert lines(run)[1].startswith("! dev was not judged: ")


def test_the_files_are_what_was_asked_for(gate, pulumi):
    pulumi.answers("prod", recorded(finding()), code=255)

    run = gate("preview", "--stack", "prod", "--markdown", "c.md", "--sarif", "s.sarif", "--junit", "j.xml", "--json", "g.json")

    assert lines(run)[2:] == ["written: c.md", "written: s.sarif", "written: j.xml", "written: g.json"]
    assert "1 finding stops this change" in (gate.folder / "c.md").read_text()
    result = json.loads((gate.folder / "s.sarif").read_text())["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "Pulumi.yaml"
    assert 'failures="1"' in (gate.folder / "j.xml").read_text()
    assert json.loads((gate.folder / "g.json").read_text())["verdict"] == "stopped"


def test_a_file_inside_a_repository_is_named_from_its_root(gate, pulumi):
    pulumi.answers("prod", recorded(finding()), code=255)
    (gate.folder / ".git").mkdir()
    infra = gate.folder / "infra"
    infra.mkdir()
    (infra / "Pulumi.yaml").write_text("name: shop\n")
    gate.folder = infra

    gate("preview", "--stack", "prod", "--sarif", "s.sarif")

    result = json.loads((infra / "s.sarif").read_text())["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "infra/Pulumi.yaml"


def test_before_is_what_json_wrote_on_the_base_branch(gate, pulumi):
    pulumi.answers("prod", recorded(access=[row()]))
    gate("preview", "--stack", "prod", "--json", "before.json")
    pulumi.answers("prod", recorded(access=[row(), row("prod/reports")]))

    gate("preview", "--stack", "prod", "--before", "before.json", "--markdown", "c.md")

    assert "| 🟢 new | shop/prod | prod/reports | read |" in (gate.folder / "c.md").read_text()


def test_runs_of_several_jobs_are_put_together(gate):
    for name, one in (("a.json", judgement(recorded(stack="dev"))), ("b.json", judgement(recorded(finding())))):
        (gate.folder / name).write_text(one.model_dump_json(by_alias=True))

    together = gate("report", "a.json", "b.json", "--json", "all.json")
    twice = gate("report", "a.json", "a.json")

    assert together.exit_code == 1
    assert together.stdout.splitlines()[:2] == ["✓ shop/dev: nothing stops it", "✗ shop/prod: 1 finding stops it"]
    assert (twice.exit_code, twice.stderr) == (1, "shop/dev is in 2 of the files: which of them counts? Give each stack once\n")


def test_a_job_that_could_not_judge_stays_one(gate):
    (gate.folder / "a.json").write_text(judgement(recorded(), not_judged=[("staging", "it failed")]).model_dump_json(by_alias=True))

    assert gate("report", "a.json").exit_code == 1


def test_a_state_is_judged_as_a_stack_or_as_a_file(gate, pulumi):
    pulumi.answers("prod", recorded())
    pulumi.answers("dev.json", recorded(stack="dev"))
    (gate.folder / "dev.json").write_text("{}")

    run = gate("analyze", "--stack", "prod", "--file", "dev.json")

    assert run.exit_code == 0, run.stderr
    assert [asked["arguments"][:2] for asked in pulumi.runs] == [["policy", "analyze"]] * 2
    assert [asked["arguments"][6:] for asked in pulumi.runs] == [["--stack", "prod"], ["--file", str(gate.folder / "dev.json")]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("preview",), "Missing option '--stack'"),
        (("preview", "--stack", "prod", "--cwd", "nowhere"), "does not exist"),
        (("preview", "--stack", "prod", "--config", "nowhere.json"), "does not exist"),
        (("preview", "--stack", "prod", "--markdown", "nowhere/c.md"), "is a folder, or its folder is not there"),
        (("preview", "--stack", "prod", "--before", "Pulumi.yaml"), "is not what --json writes"),
        (("preview", "--stack", "prod", "--pages", "javascript:x"), "https://"),
        (("preview", "--stack", "prod", "--json", "x", "--sarif", "./x"), "two of the files to write are one"),
        (("preview", "--stack", "prod", "--diff"), "No such option"),
        (("analyze",), "give a stack or a file"),
        (("adopt", "--stack", "prod"), "Missing option '--config'"),
        (("report",), "Missing argument"),
    ],
)
def test_wrong_usage_ends_with_2_and_runs_nothing(gate, pulumi, arguments, said):
    answer = gate(*arguments)

    assert answer.exit_code == 2
    assert said in answer.stderr
    assert pulumi.runs == []


def test_a_configuration_that_is_wrong_runs_nothing(gate, pulumi):
    (gate.folder / "policies.json").write_text('{"secret-is-rotatd": "advisory"}')

    run = gate("preview", "--stack", "prod", "--config", "policies.json")

    assert run.exit_code == 1
    assert "did you mean 'secret-is-rotated'?" in run.stderr
    assert pulumi.runs == []


def test_a_machine_without_pulumi_is_told(gate):
    run = gate("preview", "--stack", "prod", path="/usr/bin:/bin")

    assert run.exit_code == 1
    assert run.stderr.startswith("`pulumi` is not on PATH")


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("whom", [os.killpg, os.kill], ids=["terminal", "gate-alone"])
def test_who_is_stopped_ends_with_130_and_leaves_nothing(gate, pulumi, whom, sign):
    pulumi.answers("prod", recorded(), seconds=60)
    running = gate.start("preview", "--stack", "prod", "--json", "g.json")
    while not pulumi.runs and running.poll() is None:
        time.sleep(0.05)

    whom(running.pid, sign)
    _, errors = running.communicate(timeout=60)

    assert running.returncode == 130
    assert errors.splitlines()[-1] == "Stopped. Nothing was judged, and no file was written."
    assert gate.left_behind == []
    assert not (gate.folder / "g.json").exists()


def test_the_engines_display_goes_through_unchanged(gate, pulumi):
    pulumi.answers("prod", recorded())

    told, _ = gate.start("preview", "--stack", "prod").communicate(timeout=60)

    assert told.splitlines() == ["pulumi's own display of prod", "✓ shop/prod: nothing stops it", "✓ Nothing stops the change."]


def test_the_rules_are_listed_for_people_and_machines():
    listed = CliRunner().invoke(app, ["rules"]).stdout.splitlines()
    told = json.loads(CliRunner().invoke(app, ["rules", "--json"]).stdout)

    assert [line.split()[0] for line in listed] == [rule["id"] for rule in told] == [rule.name for rule in rules()]
    assert set(told[0]) == {"id", "group", "severity", "level", "undecided", "title", "mend", "references", "page"}


def test_a_configuration_is_checked_without_an_engine(gate, pulumi):
    (gate.folder / "good.json").write_text('{"secret-is-rotated": {"undecided": "advisory"}}')
    (gate.folder / "bad.json").write_text('{"secret-is-rotated": {"undecidd": "advisory"}}')

    good, bad = gate("check-config", "good.json"), gate("check-config", "bad.json")

    assert (good.exit_code, good.stdout) == (0, "good.json is right: 1 entry.\n")
    assert bad.exit_code == 1
    assert "did you mean 'undecided'?" in bad.stderr
    assert pulumi.runs == []


def test_where_is_the_packs_executable(gate):
    ours = str(Path(sys.executable).parent)

    right, wrong = gate("where", path=f"{ours}:/usr/bin:/bin"), gate("where")

    assert right.exit_code == 0
    assert Path(right.stdout.strip()).name == "__main__.py"
    assert (Path(right.stdout.strip()).parent / "rules" / "secret_is_rotated.py").exists()
    assert wrong.exit_code == 1
    assert f"put {ours} first on PATH" in wrong.stderr


@pytest.mark.parametrize("command", [[], ["preview"], ["analyze"], ["report"], ["adopt"], ["rules"], ["check-config"], ["where"]])
def test_help_has_examples_and_exit_codes(command):
    answer = CliRunner().invoke(app, [*command, "--help"])

    assert answer.exit_code == 0
    assert "Exit codes: 0 nothing stops the change" in answer.stdout
    assert f"keyturn-gate {' '.join(command)}" in answer.stdout or not command


def test_adopting_writes_once_and_then_only_shortens(gate, pulumi):
    config = gate.folder / "policies.json"
    pulumi.answers("prod", recorded(finding(), finding("other")), code=255)
    first = gate("adopt", "--stack", "prod", "--config", "policies.json")
    written = json.loads(config.read_text())
    pulumi.answers("prod", recorded(finding(status="baseline", level="advisory"), finding("new")), code=255)
    second = gate("adopt", "--stack", "prod", "--config", "policies.json")

    assert (first.exit_code, second.exit_code) == (0, 1)
    assert lines(first) == ["secret-is-rotated: 2 in the baseline (2 new)", "policies.json: 2 findings in the baseline of these stacks."]
    assert len(written["secret-is-rotated"]["baseline"]) == 2
    assert lines(second)[0] == "secret-is-rotated: 1 in the baseline (1 gone)"
    assert 'not in the baseline: secret-is-rotated: Secret "new" is never rotated' in second.stdout
    assert json.loads(config.read_text())["secret-is-rotated"]["baseline"] == [written["secret-is-rotated"]["baseline"][0]]
    assert pulumi.runs[1]["config"] == written


@pytest.mark.parametrize("answer", [{"code": 255}, {"code": 0}, {"code": 0, "record": {"version": 9}}])
def test_an_adoption_that_fails_leaves_the_file_as_it_was(gate, pulumi, answer):
    config = gate.folder / "policies.json"
    config.write_text('{"secret-is-rotated":    "mandatory"}')
    pulumi.answers("dev", recorded(finding(stack="dev"), stack="dev"), code=255)
    pulumi.answers("prod", answer.get("record"), answer["code"])

    run = gate("adopt", "--stack", "dev", "--stack", "prod", "--config", "policies.json")

    assert run.exit_code == 1
    assert config.read_text() == '{"secret-is-rotated":    "mandatory"}'


def test_an_adoption_keeps_a_link_and_who_may_read_the_file(gate, pulumi):
    real, config = gate.folder / "real.json", gate.folder / "policies.json"
    real.write_text("{}")
    real.chmod(0o640)
    config.symlink_to("real.json")
    pulumi.answers("prod", recorded(finding()), code=255)

    gate("adopt", "--stack", "prod", "--config", "policies.json")

    assert config.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "baseline" in real.read_text()
    assert sorted(path.name for path in gate.folder.iterdir()) == ["Pulumi.yaml", "policies.json", "real.json", "tmp"]


def test_an_estate_without_findings_needs_no_file(gate, pulumi):
    pulumi.answers("prod", recorded())

    run = gate("adopt", "--stack", "prod", "--config", "policies.json")

    assert run.exit_code == 0
    assert not (gate.folder / "policies.json").exists()


@pytest.mark.parametrize("package", ["typer", "junitparser", "pulumi_policy"])
def test_a_package_that_is_missing_is_named_with_the_extras_that_bring_it(package):
    code = f"import sys; sys.modules[{package!r}] = None; import policies.gate.cli"
    run = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)

    assert run.returncode == 1
    assert run.stderr == f"The gate needs the Python package {package!r}: pip install 'keyturn[gate,stack]'\n"
