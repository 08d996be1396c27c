"""The shipped pack on Pulumi's protocol."""

import signal
import subprocess
import sys
import time

import grpc
import pytest
from google.protobuf import message_factory
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import analyzer_pb2

from policies.pack.values import UNKNOWN, Marked
from policies.rules import rules
from tests.policies.program import ROLE_POLICY, SECRET, Program
from tests.policies.wire import PACK, Pack, requests

CANARY = "canary-7f3a"
THREE = {"secret-has-one-reader", "secret-is-rotated", "secret-uses-customer-key"}
"""Rules that the programs here are about; the others may say what they want."""


@pytest.fixture(scope="module", params=["as_executable", "as_folder"])
def pack(request):
    with getattr(Pack, request.param)(PULUMI_DRY_RUN="true", PULUMI_PROJECT="shop", PULUMI_STACK="dev") as running:
        yield running


@pytest.fixture
def fresh():
    with Pack.as_executable() as running:
        yield running


def bad():
    """A program that breaks three rules: shared, never rotated, under AWS's key."""
    program = Program(deployed=True)
    secret = program.secret(kmsKeyId="")
    for name in ("billing", "reports"):
        program.grant(program.role(name), secret)
    return program


def good(deployed=False):
    program = Program(deployed)
    key = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    secret = program.secret(kmsKeyId=key)
    program.grant(program.role("billing"), secret)
    program.rotation(secret)
    return program


def found(response):
    return {diagnostic.policyName for diagnostic in response.diagnostics}


def of_three(response):
    return [diagnostic for diagnostic in response.diagnostics if diagnostic.policyName in THREE]


def test_the_first_line_is_the_port(pack):
    assert int(pack.first_line) > 0


def test_it_tells_the_engine_its_rules(pack):
    info = pack.stub.GetAnalyzerInfo(Empty())

    assert [policy.name for policy in info.policies] == [rule.name for rule in rules()]
    for policy in info.policies:
        assert policy.enforcementLevel in (analyzer_pb2.MANDATORY, analyzer_pb2.ADVISORY)
        assert policy.severity
        assert policy.policy_type == analyzer_pb2.POLICY_TYPE_STACK
        assert policy.displayName
        assert policy.remediation_steps
        assert policy.tags
        assert policy.url == f"docs/policies/{policy.name}.md"
        assert policy.configSchema.properties["undecided"]["default"] in ("mandatory", "advisory")
        assert {"levels", "exemptions", "baseline"} <= policy.configSchema.properties.keys()


def test_every_call_of_the_protocol_is_served(fresh):
    methods = analyzer_pb2.DESCRIPTOR.services_by_name["Analyzer"].methods

    for method in sorted(methods, key=lambda method: method.name == "Cancel"):
        answer = getattr(fresh.stub, method.name)(message_factory.GetMessageClass(method.input_type)(), timeout=60)

        assert answer.DESCRIPTOR.full_name == method.output_type.full_name


def test_a_good_program_passes(pack):
    single, whole = pack.judge(good())

    assert not of_three(whole)
    assert not {entry.policy_name for entry in whole.not_applicable} & THREE
    assert not any(response.diagnostics for response in single)


def test_a_bad_program_is_stopped_with_resource_rule_mend_and_page(pack):
    program = bad()

    _, whole = pack.judge(program)

    assert found(whole) >= THREE
    for diagnostic in of_three(whole):
        assert diagnostic.enforcementLevel == analyzer_pb2.MANDATORY
        assert diagnostic.severity == analyzer_pb2.POLICY_SEVERITY_HIGH
        assert diagnostic.urn == program.resources[0].urn
        assert 'Secret "database"' in diagnostic.message
        assert "\nMend: " in diagnostic.message
        assert diagnostic.message.endswith(f"\nMore: docs/policies/{diagnostic.policyName}.md")


def test_findings_are_sorted_whatever_order_the_engine_has(pack):
    program = Program()
    for name in ("c", "a", "b"):
        program.secret(name, f"dev/{name}/database")
    single, whole = requests(program)
    for request in reversed(single):
        pack.stub.Analyze(request)

    diagnostics = pack.stub.AnalyzeStack(whole).diagnostics

    seen = [(diagnostic.urn, diagnostic.policyName) for diagnostic in diagnostics]
    assert len([rule for _, rule in seen if rule in THREE]) == 6
    assert seen == sorted(seen)


def test_a_stack_without_secrets_passes_no_rule(pack):
    program = Program()
    program.role("billing")

    _, whole = pack.judge(program)

    assert {entry.policy_name for entry in whole.not_applicable} >= THREE
    assert all(entry.reason for entry in whole.not_applicable)


def test_marks_and_unknown_values_arrive(pack):
    program = Program()
    secret = program.secret(kmsKeyId=Marked("alias/aws/secretsmanager"), secretString=Marked(CANARY))
    program.add(ROLE_POLICY, "later", {"role": "billing", "policy": UNKNOWN}, made_from={"policy": [secret]})

    _, whole = pack.judge(program)

    messages = "\n".join(diagnostic.message for diagnostic in whole.diagnostics)
    assert "is encrypted with a key that AWS manages" in messages
    assert CANARY not in messages


def test_what_was_asked_for_is_remembered_until_the_stack_is_judged(pack):
    program = Program()
    secret = program.add(SECRET, "database", {"kmsKeyId": "alias/own"}, outputs={"arn": UNKNOWN, "kmsKeyId": UNKNOWN})

    _, whole = pack.judge(program)

    assert (secret, "secret-uses-customer-key") not in {(entry.urn, entry.policyName) for entry in whole.diagnostics}


def test_a_stack_that_was_not_shown_before_is_judged_by_what_it_has(fresh):
    _, whole = requests(bad())

    assert found(fresh.stub.AnalyzeStack(whole)) >= THREE


def configuration(rule, level=analyzer_pb2.MANDATORY, **settings):
    request = analyzer_pb2.ConfigureAnalyzerRequest()
    request.policyConfig[rule].enforcementLevel = level
    request.policyConfig[rule].properties.update(settings)
    return request


def test_a_rule_can_be_advisory_or_off(fresh):
    fresh.stub.Configure(configuration("secret-is-rotated", analyzer_pb2.ADVISORY))
    fresh.stub.Configure(configuration("secret-uses-customer-key", analyzer_pb2.DISABLED))

    _, whole = fresh.judge(bad())

    levels = {diagnostic.policyName: diagnostic.enforcementLevel for diagnostic in of_three(whole)}
    assert levels == {"secret-has-one-reader": analyzer_pb2.MANDATORY, "secret-is-rotated": analyzer_pb2.ADVISORY}


def test_what_cannot_be_decided_may_be_made_advisory(fresh):
    program = Program()
    program.secret(kmsKeyId=UNKNOWN)
    _, before = fresh.judge(program)
    fresh.stub.Configure(configuration("secret-uses-customer-key", undecided="advisory"))
    _, after = fresh.judge(program)

    def level(response):
        return [entry.enforcementLevel for entry in response.diagnostics if entry.policyName == "secret-uses-customer-key"]

    assert level(before) == [analyzer_pb2.MANDATORY]
    assert level(after) == [analyzer_pb2.ADVISORY]


def test_a_misspelt_configuration_is_refused_as_a_whole(fresh):
    request = configuration("secret-is-rotatd")
    request.MergeFrom(configuration("secret-is-rotated", undecided="advisry"))

    with pytest.raises(grpc.RpcError) as refused:
        fresh.stub.Configure(request)

    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert refused.value.details() == (
        "there is no rule 'secret-is-rotatd', did you mean 'secret-is-rotated'?\n"
        "rule 'secret-is-rotated': setting 'undecided': input should be 'mandatory' or 'advisory'\n"
        "More: docs/configure-policies.md"
    )


CRASHING = f"""
import os, sys
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy
from policies.pack.finding import violated
from policies.pack.rule import Group, Severity, rule

def of(stack):
    return stack.secrets

def crash(*args):
    raise RuntimeError("{CANARY}")

def leave(*args):
    sys.exit(0)

@rule(id="one-is-lost", title="T", severity=Severity.LOW, group=Group.HYGIENE, mend="M", references=[], of=of)
def one(secret, stack):
    if secret.resource.name == "database":
        raise ValueError("{CANARY}")
    yield violated(secret.urn, "judged all the same")

@rule(id="all-are-lost", title="T", severity=Severity.LOW, group=Group.HYGIENE, mend="M", references=[], of=crash)
def everything(secret, stack): ...

@rule(id="leaves", title="T", severity=Severity.LOW, group=Group.HYGIENE, mend="M", references=[], of=leave)
def leaves(secret, stack): ...

of_resources = ResourceValidationPolicy("of-resources", "T", crash, EnforcementLevel.MANDATORY)
serve("test", [one, everything, leaves, of_resources], port_line)
"""


def test_a_rule_that_crashes_is_a_violation_and_the_others_go_on(tmp_path):
    program = Program()
    program.secret()
    program.secret("other", "dev/other/database")

    with Pack.of(tmp_path, CRASHING) as pack:
        single, whole = pack.judge(program)
        again = pack.judge(program)[1]

    messages = {(entry.policyName, entry.urn.rpartition("::")[2]): entry for entry in whole.diagnostics}
    assert set(messages) == {("one-is-lost", "database"), ("one-is-lost", "other"), ("all-are-lost", ""), ("leaves", "")}
    assert all(entry.enforcementLevel == analyzer_pb2.MANDATORY for entry in messages.values())
    assert "the rule itself failed" in messages["one-is-lost", "database"].message.lower()
    assert "ValueError at pack.py" in messages["one-is-lost", "database"].message
    assert found(single[0]) == {"of-resources"}
    assert CANARY not in str(whole) + str(single) + pack.errors
    assert found(again) == found(whole)


PRINTING = """
import os
print("before the port")
os.system("echo a child before the port")

from policies.pack.rule import Group, Severity, rule

@rule(id="prints", title="T", severity=Severity.LOW, group=Group.HYGIENE, mend="M", references=[], of=lambda stack: stack.secrets)
def policy(secret, stack):
    print("from a rule")
    os.write(1, b"from a rule, directly\\n")
    os.system("echo from a child of a rule")
    return []

serve("test", [policy], port_line)
"""


def test_nothing_that_is_printed_reaches_the_engine_s_line(tmp_path):
    program = Program()
    program.secret()

    pack = Pack.of(tmp_path, PRINTING)
    with pack:
        pack.judge(program)

    assert int(pack.first_line) > 0
    assert pack.output == ""
    for said in ("before the port", "a child before the port", "from a rule, directly", "from a child of a rule"):
        assert said in pack.errors


UNDECIDED = """
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy

async def compares(args, report):
    if args.resource_type != "aws:secretsmanager/secret:Secret":
        args.not_applicable("another type")
    if args.props["kmsKeyId"] == "alias/aws/secretsmanager":
        report("never here")

serve("test", [ResourceValidationPolicy("compares", "T", compares, EnforcementLevel.MANDATORY)], port_line)
"""


def test_an_ordinary_policy_of_the_sdk_that_touches_an_unknown_value_does_not_pass(tmp_path):
    program = Program()
    program.secret(kmsKeyId=UNKNOWN)
    program.role("billing")

    with Pack.of(tmp_path, UNDECIDED) as pack:
        (secret, role), _ = pack.judge(program)

    assert [(entry.message, entry.enforcementLevel) for entry in secret.diagnostics] == [
        ("Cannot decide: a comparison needs a value that is not known yet", analyzer_pb2.MANDATORY)
    ]
    assert [entry.policy_name for entry in role.not_applicable] == ["compares"]


def test_a_stack_of_six_megabytes_passes_in_both_directions(fresh):
    program = good()
    for number in range(60):
        program.add("aws:s3/bucketObject:BucketObject", f"object-{number}", {"content": "x" * 100_000})

    single, whole = fresh.judge(program)

    assert sum(request.ByteSize() for request in requests(program)[0]) > 6_000_000
    assert not of_three(whole)
    assert len(single) == len(program.resources)


def test_thousands_of_findings_stay_within_the_wire(fresh):
    program = Program()
    for number in range(4000):
        program.secret(f"secret-{number}-{'x' * 200}", f"dev/billing/database{number}")
    _, whole = requests(program)

    response = fresh.stub.AnalyzeStack(whole)

    assert response.ByteSize() < 4_000_000
    assert response.diagnostics[-1].message.endswith("more findings do not fit here. Mend those above and look again.")
    assert response.diagnostics[-1].enforcementLevel == analyzer_pb2.MANDATORY


def test_names_cannot_write_to_the_terminal_or_make_a_message_endless(fresh):
    program = Program()
    program.secret("\x1b[2J\nMend: nothing" + "x" * 10_000)

    _, whole = fresh.judge(program)

    for diagnostic in whole.diagnostics:
        assert "\x1b" not in diagnostic.message
        assert len(diagnostic.message) <= 4000
        assert diagnostic.message.endswith(f"More: docs/policies/{diagnostic.policyName}.md")


def test_it_ends_when_the_engine_cancels(fresh):
    fresh.stub.Cancel(Empty())

    assert fresh.process.wait(timeout=30) == 0


def test_ctrl_c_leaves_it_to_the_engine(fresh):
    fresh.process.send_signal(signal.SIGINT)
    fresh.stub.Cancel(Empty())

    assert fresh.process.wait(timeout=30) == 0
    assert b"KeyboardInterrupt" not in fresh.process.stderr.read()


ENGINE = """
import subprocess, sys, time
pack = subprocess.Popen([sys.argv[1]], stdout=subprocess.PIPE)
pack.stdout.readline()
print(pack.pid, flush=True)
time.sleep(60)
"""


def test_it_ends_when_the_engine_is_killed():
    path = f"{sys.prefix}/bin:/usr/bin:/bin"
    engine = subprocess.Popen(
        [sys.executable, "-c", ENGINE, str(PACK / "__main__.py")], stdout=subprocess.PIPE, env={"PATH": path}, text=True
    )
    pack = int(engine.stdout.readline())
    engine.kill()
    engine.communicate()

    ends = time.monotonic() + 30
    while is_alive(pack) and time.monotonic() < ends:
        time.sleep(0.1)
    assert not is_alive(pack)


def is_alive(pid):
    # A killed engine leaves its children to init, which may take its time to collect them.
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout.strip()
    return bool(state) and not state.startswith("Z")


def test_without_pulumi_it_says_what_is_missing(tmp_path):
    hidden = tmp_path / "sitecustomize.py"
    hidden.write_text("import sys\nfor name in ('pulumi', 'pulumi_policy', 'grpc'):\n    sys.modules[name] = None\n")

    ended = subprocess.run(
        [sys.executable, str(PACK / "__main__.py")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path)},
    )

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "which" in ended.stderr
    assert "does not have" in ended.stderr
    assert "make setup" in ended.stderr
    assert "Traceback" not in ended.stderr
