"""The gate on the real engine, offline, with plain pulumi_aws programs that were never deployed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.policies.exported import exported
from tests.policies.program import Program

CHECKOUT = Path(__file__).parents[3]

SHARED = """
tags = {"keyturn:environment": "prod", "keyturn:service": "billing"}
secret = secretsmanager.Secret("database", name="prod/billing/database", tags=tags, kms_key_id=key.arn)
"""
QUIET = {
    "failures-raise-alarms": "disabled",
    "reads-are-audited": "disabled",
    "key-is-rotated": "disabled",
    "deletion-is-recoverable": "disabled",
}


def gate_of(shop, *arguments):
    """Runs the gate where the shop's engine is on PATH."""
    return subprocess.run(
        [sys.executable, "-m", "policies.gate", *arguments],
        cwd=shop.project,
        env={**os.environ, **shop.environment, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def gate(shop):
    """Runs the gate on the shop's stacks `blue` and `green`, which are both of production."""
    for stack in ("blue", "green"):
        (shop.project / f"Pulumi.{stack}.yaml").write_text("config:\n  keyturn:environment: prod\n")
        shop._pulumi("stack", "init", stack)

    def run(command, *arguments, program):
        shop.write(program)
        return gate_of(shop, command, *arguments, "--", "--color", "never")

    return run


def test_two_stacks_that_make_one_secret_are_stopped_together(gate, shop):
    (shop.project / "policies.json").write_text(json.dumps({"secret-is-rotated": "disabled", **QUIET}))

    run = gate(
        "preview",
        "--stack",
        "blue",
        "--stack",
        "green",
        "--config",
        "policies.json",
        "--markdown",
        "c.md",
        "--json",
        "g.json",
        program=SHARED,
    )

    assert run.returncode == 1, run.stdout
    assert "[mandatory] [severity: high]  secret-is-not-shared-across-stacks  (aws:secretsmanager:Secret: database)" in run.stdout
    said = json.loads((shop.project / "g.json").read_text())
    assert [record["stack"] for record in said["records"]] == ["blue", "green"]
    assert {finding["rule"] for record in said["records"] for finding in record["findings"] if finding["level"] == "mandatory"} == {
        "secret-is-not-shared-across-stacks"
    }
    assert said["verdict"] == "stopped"
    assert run.stdout.splitlines()[-6:] == [
        "✓ shop/blue: nothing stops it",
        "✗ shop/green: 1 finding stops it",
        "5 rules switched off by the configuration: deletion-is-recoverable, failures-raise-alarms, key-is-rotated, reads-are-audited, "
        "secret-is-rotated",
        "✗ The change is stopped.",
        "written: c.md",
        "written: g.json",
    ]
    assert 'stack "shop/green" and Secret "database" of stack "shop/blue"' in (shop.project / "c.md").read_text()


def test_an_old_estate_is_adopted_and_from_then_on_only_what_is_new_stops_it(gate, shop):
    config = shop.project / "policies.json"
    config.write_text(json.dumps(QUIET))
    new = SHARED + 'another = secretsmanager.Secret("another", name="prod/billing/another", tags=tags, kms_key_id=key.arn)\n'
    adopt = ("adopt", "--stack", "blue", "--config", "policies.json")

    first = gate(*adopt, program=SHARED)
    after_first = json.loads(config.read_text())
    second = gate(*adopt, program=new)

    assert first.returncode == 0, first.stdout
    known = {"urn": "urn:pulumi:blue::shop::aws:secretsmanager/secret:Secret::database"}
    assert after_first == {**QUIET, "secret-is-rotated": {"baseline": [known]}}
    assert second.returncode == 1, second.stdout
    assert "Known before adoption: the baseline holds it." in second.stdout
    assert 'not in the baseline: secret-is-rotated: Secret "another" is never rotated' in second.stdout
    assert json.loads(config.read_text()) == after_first


def test_a_program_that_fails_is_not_one_without_findings(gate):
    run = gate("preview", "--stack", "blue", program="raise SystemExit(1)")

    assert run.returncode == 1
    assert "before the rules could look at it" in run.stdout


def test_exported_states_are_judged_each_and_together(shop):
    for stack in ("blue", "green"):
        program = Program(deployed=True, stack=stack, environment="prod")
        program.grant(program.role("billing"), program.secret(physical="prod/billing/database"), name="reads")
        (shop.project / f"{stack}.json").write_text(exported(program))

    run = gate_of(shop, "analyze", "--file", "blue.json", "--file", "green.json", "--json", "g.json")

    assert run.returncode == 1, run.stdout
    blue, green = json.loads((shop.project / "g.json").read_text())["records"]
    assert (blue["stack"], green["stack"], green["project"]) == ("blue", "green", "shop")
    rule = "secret-is-not-shared-across-stacks"
    assert [[finding["rule"] for finding in record["findings"]].count(rule) for record in (blue, green)] == [0, 1]
    assert [(row["identity"], row["access"], row["certain"]) for row in blue["access"]] == [('Role "billing"', "read", True)]
