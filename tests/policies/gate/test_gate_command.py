"""What a pipeline runs and reads: exit codes, files, and what the engine is asked for."""

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from policies.gate.cli import app
from policies.gate.writing import _part
from policies.rules import rules
from tests.policies.gate.records import finding, judgement, record, row

CHECKOUT = Path(__file__).parents[3]
MANIFEST = {"version": 1, "project": "shop", "stack": "prod"}


def recorded(*findings, stack="prod", **more):
    """A record with a manifest, as the pack writes it."""
    return record(*findings, stack=stack, **{"manifest": {**MANIFEST, "stack": stack}, **more})


def lines(run):
    """What the gate said; the engine's own display goes past it."""
    return run.stdout.splitlines()


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


def test_only_the_gates_own_pack_learns_where_to_write(gate, pulumi, monkeypatch):
    monkeypatch.setenv("KEYTURN_POLICY_RECORD", "elsewhere.json")
    pulumi.answers("prod", recorded())

    gate("preview", "--stack", "prod")

    (asked,) = pulumi.runs
    assert f"\nexport KEYTURN_POLICY_RECORD={asked['record']}\n" in asked["pack"]
    assert "KEYTURN_POLICY_RECORD" not in asked["variables"]


@pytest.mark.parametrize(
    ("given", "added"),
    [
        (["--policy-pack", "a", "--policy-pack=b"], 2),
        (["--policy-pack", "a", "--policy-pack-config", "a.json"], 0),
        (["--diff"], 0),
    ],
)
def test_packs_of_ones_own_need_no_configuration(gate, pulumi, given, added):
    pulumi.answers("prod", recorded())

    gate("preview", "--stack", "prod", "--", *given)

    (asked,) = pulumi.runs
    after = asked["arguments"][5:]
    assert after[: 2 + len(given)] == ["--stack", "prod", *given]
    assert after[2 + len(given) :: 2] == ["--policy-pack-config"] * added


def test_another_stack_than_the_one_that_was_asked_for_is_no_answer(gate, pulumi):
    pulumi.answers("prod", recorded(stack="dev"))
    pulumi.answers("staging", recorded(stack="staging"))

    run = gate("preview", "--stack", "prod", "--stack", "org/shop/staging", "--", "--stack", "dev")

    assert run.exit_code == 1
    assert lines(run) == [
        "✓ shop/staging: nothing stops it",
        "! prod was not judged: `pulumi` looked at shop/dev instead: name stacks with the gate's own --stack only",
        "! Not everything could be judged, so nothing is said to be right.",
    ]


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


def test_files_are_written_all_or_none(gate, pulumi, monkeypatch):
    pulumi.answers("prod", recorded(finding()), code=255)
    (gate.folder / "c.md").write_text("old")
    into_a_device = gate("preview", "--stack", "prod", "--markdown", "c.md", "--json", "/dev/full")
    monkeypatch.setattr("policies.gate.writing._part", fails_at("j.xml"))
    on_a_full_disk = gate("preview", "--stack", "prod", "--markdown", "c.md", "--junit", "j.xml")

    assert (into_a_device.exit_code, on_a_full_disk.exit_code) == (1, 1)
    assert into_a_device.stderr == "/dev/full cannot be written: No space left on device\n"
    assert on_a_full_disk.stderr == "j.xml cannot be written: No space left on device\n"
    assert (gate.folder / "c.md").read_text() == "old"
    assert sorted(path.name for path in gate.folder.iterdir()) == ["Pulumi.yaml", "c.md", "tmp"]


def fails_at(name):
    """Writes parts of files until the disk is full."""

    def part(target, text):
        if target.name == name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return writing(target, text)

    writing = _part
    return part


def test_a_file_may_be_a_pipe(gate, pulumi):
    pulumi.answers("prod", recorded())
    running = gate.start("preview", "--stack", "prod", "--json", "/dev/stderr")

    _, told = running.communicate(timeout=60)

    assert json.loads(told)["verdict"] == "passes"


def test_a_file_that_may_not_be_written_is_refused_before_anything_runs(gate, pulumi, monkeypatch):
    monkeypatch.setattr("policies.gate.options.os.access", lambda *_: False)

    run = gate("preview", "--stack", "prod", "--json", "g.json")

    assert run.exit_code == 2
    assert "g.json may not be written" in run.stderr
    assert pulumi.runs == []


def test_a_machine_that_fails_is_told_in_a_line(gate, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(gate.folder / "nowhere"))

    run = gate("preview", "--stack", "prod")

    assert run.exit_code == 1
    assert run.stderr.startswith(str(gate.folder / "nowhere"))
    assert run.stderr.endswith(": No such file or directory\n")


def test_rules_that_are_switched_off_are_named_wherever_a_verdict_stands(gate, pulumi):
    pulumi.answers("prod", recorded(switched_off=("key-is-rotated", "secret-is-rotated")))

    run = gate("preview", "--stack", "prod", "--markdown", "c.md", "--junit", "j.xml")

    told = "2 rules switched off by the configuration: "
    assert lines(run)[1] == f"{told}key-is-rotated, secret-is-rotated"
    assert f"{told}<code>key-is-rotated</code>, <code>secret-is-rotated</code>" in (gate.folder / "c.md").read_text()
    assert 'skipped="2"' in (gate.folder / "j.xml").read_text()


def test_a_report_names_what_its_own_configuration_switches_off(gate):
    (gate.folder / "off.json").write_text('{"secret-is-not-shared-across-stacks": "disabled"}')
    (gate.folder / "all.json").write_text(judgement(recorded(), recorded(stack="dev")).model_dump_json(by_alias=True))

    run = gate("report", "all.json", "--config", "off.json")

    assert lines(run)[2] == "1 rule switched off by the configuration: secret-is-not-shared-across-stacks"


def test_names_cannot_write_to_the_terminal_or_speak_in_our_place(gate, pulumi):
    hostile = "x\x1b[2J\n✓ Nothing stops the change."
    known = [{"urn": "urn:pulumi:prod::shop::a::b"}]
    (gate.folder / "policies.json").write_text(json.dumps({"secret-is-rotated": {"baseline": known}}))
    pulumi.answers("prod", recorded(finding(text=hostile, mend=hostile)), code=255)

    shown = recorded(finding(text=hostile), project=hostile, switched_off=(hostile,), manifest={**MANIFEST, "project": hostile})
    (gate.folder / "a.json").write_text(judgement(shown, not_judged=[(hostile, hostile)]).model_dump_json(by_alias=True))

    for run in (gate("adopt", "--stack", "prod", "--config", "policies.json"), gate("report", "a.json")):
        assert run.exit_code == 1
        assert "Nothing stops the change." in run.stdout
        assert "\x1b" not in run.stdout
        assert not any(line.startswith("✓") for line in lines(run))


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


def test_a_packs_own_record_counts_whatever_its_resources_are_called(gate):
    own = recorded(finding(resource="records", property="records"))
    (gate.folder / "own.json").write_text(own.model_dump_json(by_alias=True))
    (gate.folder / "other.json").write_text(judgement(recorded(stack="dev")).model_dump_json(by_alias=True))

    run = gate("report", "own.json", "other.json")

    assert run.exit_code == 1
    assert lines(run)[0] == "✗ shop/prod: 1 finding stops it"


@pytest.mark.parametrize("text", ['{"records": []}', '{"records": [], "notJudged": []}', "{}", "[]", "1", "null", '{"records": {}}'])
def test_a_file_about_no_stack_is_refused(gate, text):
    (gate.folder / "empty.json").write_text(text)
    (gate.folder / "other.json").write_text(judgement(recorded(stack="dev")).model_dump_json(by_alias=True))

    run = gate("report", "empty.json", "other.json")

    assert run.exit_code == 1
    assert run.stderr.startswith("empty.json is ")


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
