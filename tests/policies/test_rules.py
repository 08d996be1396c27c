"""What every rule brings with it, and how rules are found."""

import sys
from pathlib import Path

import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi_policy import (
    EnforcementLevel,
    PolicyCustomTimeouts,
    PolicyProviderResource,
    PolicyResource,
    PolicyResourceOptions,
    StackValidationArgs,
    StackValidationPolicy,
)
from pydantic import ValidationError

from keyturn.catalogue import Kind
from policies import rules as folder
from policies.pack.finding import Answer, violated
from policies.pack.message import message
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.values import UndecidedError
from policies.rules import rules
from policies.rules.secret_is_rotated import policy as secret_is_rotated
from policies.rules.secret_uses_customer_key import policy as secret_uses_customer_key
from tests.policies.program import SECRET
from tests.policies.wire import Pack, requests

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("found", rules(), ids=lambda found: found.name)
def test_a_rule_is_a_policy_of_the_sdk_with_everything_a_person_needs(found):
    assert isinstance(found, StackValidationPolicy)
    assert found.enforcement_level in (EnforcementLevel.MANDATORY, EnforcementLevel.ADVISORY)
    assert found.severity
    assert found.mend == found.remediation_steps
    assert found.mend.endswith(".")
    assert found.tags
    assert found.url == f"docs/policies/{found.name}.md"


def test_a_file_that_holds_no_rule_of_its_name_is_refused(tmp_path, monkeypatch):
    (tmp_path / "secret_is_blue.py").write_text("from policies.rules.secret_is_rotated import policy\n")
    monkeypatch.setattr(folder, "__path__", [str(tmp_path)])

    with pytest.raises(TypeError, match=r"secret_is_blue\.py must hold `policy`, the rule 'secret-is-blue'"):
        rules()

    sys.modules.pop("policies.rules.secret_is_blue", None)


def test_a_new_file_is_a_new_rule(tmp_path, monkeypatch):
    (tmp_path / "secret_is_blue.py").write_text(
        "from policies.pack.rule import Group, Severity, rule\n"
        "@rule(id='secret-is-blue', title='T', severity=Severity.LOW, group=Group.HYGIENE, mend='M', references=[],\n"
        "      of=lambda stack: stack.secrets)\n"
        "def policy(secret, stack):\n    return []\n"
    )
    monkeypatch.setattr(folder, "__path__", [str(tmp_path)])

    assert [found.name for found in rules()] == ["secret-is-blue"]

    sys.modules.pop("policies.rules.secret_is_blue", None)


def test_the_kind_that_a_person_renews_is_the_catalogues():
    assert Kind.STATIC == "static"


def test_doubt_about_one_secret_hides_nothing_about_the_other(program):
    program.secret("a")
    program.secret("b")

    @rule(id="test", title="T", severity=Severity.LOW, group=Group.HYGIENE, mend="M", references=[], of=lambda stack: stack.secrets)
    def policy(secret, _):
        if secret.resource.name == "a":
            raise UndecidedError("the colour is not known yet")
        yield violated(secret.urn, "is not blue")

    found = policy.findings(program.stack())

    assert [(finding.answer, finding.text) for finding in found] == [
        (Answer.CANNOT_DECIDE, "the colour is not known yet"),
        (Answer.VIOLATED, "is not blue"),
    ]


def test_what_was_found_before_a_crash_is_kept(program):
    program.secret()

    @rule(id="test", title="T", severity=Severity.LOW, group=Group.HYGIENE, mend="M", references=[], of=lambda stack: stack.secrets)
    def policy(secret, _):
        yield violated(secret.urn, "is not blue")
        raise KeyError("canary")

    found = policy.findings(program.stack())

    assert [finding.answer for finding in found] == [Answer.VIOLATED, Answer.VIOLATED]
    assert "KeyError at test_rules.py" in found[1].text
    assert "canary" not in found[1].text


def test_what_is_no_finding_is_a_failure_of_the_rule(program):
    program.secret()

    @rule(id="test", title="T", severity=Severity.LOW, group=Group.HYGIENE, mend="M", references=[], of=lambda stack: stack.secrets)
    def policy(_, __):
        yield "is not blue"

    (found,) = policy.findings(program.stack())

    assert found.answer is Answer.VIOLATED
    assert "the rule itself failed and judged nothing here: TypeError" in found.text


def test_a_message_is_the_finding_the_mend_and_the_page():
    finding = violated("urn", "secret \x1b[31mdatabase is red", property="colour")

    assert message(finding, mend="Paint it.", page="docs/blue.md") == (
        "Secret  [31mdatabase is red (property colour)\nMend: Paint it.\nMore: docs/blue.md"
    )


def test_the_way_out_survives_however_long_the_finding_is():
    said = message(violated("urn", "x" * 10_000), mend="Paint it.", page="docs/blue.md")

    assert len(said) == 4000
    assert said.endswith("…\nMend: Paint it.\nMore: docs/blue.md")


class Untouchable(dict):
    """Properties as the stock server has them: an unknown one raises when it is touched."""

    def __getitem__(self, key):
        if super().__getitem__(key) is None:
            raise RuntimeError("unknown")
        return super().__getitem__(key)


def shown(name, /, **properties):
    options = PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])
    return PolicyResource(SECRET, Untouchable(properties), f"urn:pulumi:dev::shop::{SECRET}::{name}", name, options, None, None, [], {})


def test_a_rule_runs_under_the_stock_server_too_and_stays_closed():
    said = []
    stack = StackValidationArgs([shown("database", name="dev/billing/database", kmsKeyId=None), shown("other", kmsKeyId="alias/own")])

    for policy in (secret_uses_customer_key, secret_is_rotated):
        policy.validate(stack, lambda text, urn: said.append((urn.rpartition("::")[2], text.split("\n")[0])))

    assert [(name, text.partition(" is ")[0]) for name, text in said] == [
        ("database", 'Cannot decide: the key of Secret "database"'),
        ("database", 'Secret "database"'),
        ("other", 'Secret "other"'),
    ]


def test_under_the_stock_server_a_rule_knows_its_settings_and_the_options_of_a_resource():
    options = PolicyResourceOptions(True, ["tags"], None, [], PolicyCustomTimeouts(0, 0, 0), [])
    provider = PolicyProviderResource("pulumi:providers:aws", {}, "urn:pulumi:dev::shop::pulumi:providers:aws::own", "own")
    resource = PolicyResource(SECRET, {"name": "a"}, f"urn:pulumi:dev::shop::{SECRET}::a", "a", options, provider, None, [], {})
    seen = []

    class Knobs(Settings):
        max_days: int = 30

    @rule(
        id="test",
        title="T",
        severity=Severity.LOW,
        group=Group.HYGIENE,
        mend="M",
        references=[],
        of=lambda stack: stack.secrets,
        settings=Knobs,
    )
    def policy(secret, _, settings):
        seen.append((settings.max_days, secret.resource.protect, secret.resource.ignore_changes, secret.resource.provider))
        return ()

    policy.validate(StackValidationArgs([resource], {"maxDays": 45.0}), print)

    assert seen == [(45, True, ("tags",), provider.urn)]
    with pytest.raises(ValidationError):
        policy.validate(StackValidationArgs([resource], {"maxDay": 45.0}), print)


STOCK = """
from pulumi_policy import PolicyPack
from policies.rules import rules
PolicyPack("stock", rules())
"""


def test_all_rules_run_under_the_stock_server(tmp_path, program):
    secret = program.secret(kmsKeyId="alias/aws/secretsmanager")
    program.grant(program.role("billing"), secret)
    (tmp_path / "pack.py").write_text(STOCK)

    with Pack([sys.executable, "-u", str(tmp_path / "pack.py")], PYTHONPATH=str(ROOT), PULUMI_PROJECT="shop", PULUMI_STACK="dev") as stock:
        known = {policy.name for policy in stock.stub.GetAnalyzerInfo(Empty()).policies}
        whole = stock.stub.AnalyzeStack(requests(program)[1], timeout=60)

    assert known == {found.name for found in rules()}
    assert "secret-uses-customer-key" in {diagnostic.policyName for diagnostic in whole.diagnostics}
    assert "nothing-is-undecided" in {entry.policy_name for entry in whole.not_applicable}
