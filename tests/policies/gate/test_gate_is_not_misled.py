"""What could make the gate say less than it knows: names, other packs, other stacks, switches, and files that are half there."""

import errno
import json
import os
import tempfile

import pytest

from policies.gate.writing import _part
from tests.policies.gate.records import MANIFEST, finding, judgement, lines, recorded


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
