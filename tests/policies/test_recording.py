"""What the pack writes down for who reads it after the engine is done."""

import json
import stat

import pytest
from pulumi.runtime.proto import analyzer_pb2

from policies.gate.record import read_record
from policies.pack.recording import VARIABLE
from policies.pack.server import Analyzer
from policies.pack.values import UNKNOWN, Marked
from tests.policies.hearing import RULES, on_the_wire
from tests.policies.program import TODAY, Program
from tests.policies.wire import Pack, requests

CANARY = "canary-7f3a"
KEY = RULES["secret-uses-customer-key"]


def announced(**more):
    return analyzer_pb2.AnalyzerStackConfigureRequest(stack="dev", project="shop", config={"keyturn:environment": "prod"}, **more)


def judge(program, rules=(KEY,), given=None, operation=None):
    """Shows a program to a pack in this process."""
    analyzer = Analyzer("keyturn", "1.2.3", rules, today=lambda: TODAY)
    if operation is not None:
        analyzer.ConfigureStack(operation, None)
    analyzer.Configure(on_the_wire(given or {}), None)
    single, whole = requests(program)
    for request in single:
        analyzer.Analyze(request, None)
    return analyzer.AnalyzeStack(whole, None)


@pytest.fixture
def record(tmp_path, monkeypatch):
    """Where the record goes."""
    path = tmp_path / "record.json"
    monkeypatch.setenv(VARIABLE, str(path))
    return path


def test_every_finding_is_there_with_what_became_of_it(record, program):
    secret = program.secret()
    exemption = {"urn": secret, "reason": "moves in August", "owner": "team billing", "expires": "2026-06-20"}

    judge(program, given={KEY.name: {"exemptions": [exemption]}}, operation=announced(dry_run=True))

    written = json.loads(record.read_text())
    assert {key: value for key, value in written.items() if key not in ("access", "manifest")} == {
        "version": 1,
        "pack": "keyturn",
        "packVersion": "1.2.3",
        "project": "shop",
        "stack": "dev",
        "environment": "prod",
        "dryRun": True,
        "switchedOff": [],
        "findings": [
            {
                "rule": "secret-uses-customer-key",
                "title": KEY.display_name,
                "severity": "high",
                "group": "Keeping",
                "level": "advisory",
                "answer": "violated",
                "isFailure": False,
                "urn": secret,
                "resource": 'Secret "database"',
                "property": "kmsKeyId",
                "text": 'Secret "database" names no key, so AWS encrypts it with its own, aws/secretsmanager',
                "mend": KEY.mend,
                "page": "docs/policies/secret-uses-customer-key.md",
                "status": "exempt",
                "exemption": {"reason": "moves in August", "owner": "team billing", "expires": "2026-06-20", "daysLeft": 5},
            }
        ],
    }


def test_a_rule_that_is_switched_off_is_named(record, program):
    program.secret()

    judge(program, given={KEY.name: {"enforcementLevel": "disabled"}})

    assert read_record(record).switched_off == (KEY.name,)


def test_the_gate_reads_what_the_pack_writes(record, program):
    secret = program.secret(kmsKeyId=UNKNOWN)
    program.grant(program.role("billing"), secret)

    judge(program, RULES.values(), operation=announced())

    read = read_record(record)
    assert (read.name, read.environment, read.dry_run) == ("shop/dev", "prod", False)
    assert ("cannot decide", "open") in {(one.answer, one.status) for one in read.findings}
    assert {row.secret for row in read.access} == {"dev/billing/database"}
    assert read.manifest["stack"] == "dev"


def test_a_state_says_itself_which_stack_it_is(record, deployed):
    deployed.secret()

    judge(deployed)

    read = read_record(record)
    assert (read.name, read.environment, read.dry_run) == ("shop/dev", None, True)


def test_several_states_are_no_single_stack(record, deployed):
    deployed.secret()
    deployed.beside("prod").secret()

    judge(deployed)

    assert read_record(record).stack == ""


def test_it_is_for_its_owner_only_and_replaces_what_was_there(record, program):
    program.secret()
    record.write_text("old")
    record.chmod(0o644)

    judge(program)

    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert read_record(record).name == "shop/dev"
    assert [path.name for path in record.parent.iterdir()] == ["record.json"]


def test_no_value_is_in_it(record):
    program = Program(deployed=True)
    secret = program.secret(kmsKeyId=Marked(CANARY), description=Marked(CANARY), tags=Marked({"keyturn:service": CANARY}))
    program.grant(program.role("billing", description=Marked(CANARY)), secret)
    operation = announced(config_secret_keys=["shop:token"])
    operation.config["shop:token"] = CANARY

    judge(program, RULES.values(), operation=operation)

    assert CANARY not in record.read_text()


def test_a_secret_environment_is_no_environment(record, program):
    program.secret()

    judge(program, operation=announced(config_secret_keys=["keyturn:environment"]))

    assert read_record(record).environment is None


def test_where_nothing_can_be_written_the_engine_still_gets_its_answer(monkeypatch, tmp_path, program, capsys):
    program.secret()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "missing" / "record.json"))

    response = judge(program)

    assert [entry.policyName for entry in response.diagnostics] == [KEY.name]
    assert capsys.readouterr().err == "keyturn: KEYTURN_POLICY_RECORD: nothing was recorded: FileNotFoundError\n"


def test_a_record_that_fails_leaves_neither_half_a_file_nor_an_old_one(record, program, monkeypatch):
    program.secret()
    record.write_text("old")
    monkeypatch.setattr("policies.pack.recording.Matrix", len)

    judge(program)

    assert list(record.parent.iterdir()) == []


def test_a_disk_that_is_full_leaves_no_part_of_a_file(record, program, monkeypatch):
    def full(*_):
        raise OSError

    program.secret()
    monkeypatch.setattr("policies.pack.recording.json.dump", full)

    judge(program)

    assert list(record.parent.iterdir()) == []


def test_the_shipped_pack_writes_it(tmp_path, program):
    program.secret()

    with Pack.as_executable(**{VARIABLE: str(tmp_path / "record.json")}) as pack:
        pack.judge(program)

    assert "secret-is-rotated" in {one.rule for one in read_record(tmp_path / "record.json").findings}
