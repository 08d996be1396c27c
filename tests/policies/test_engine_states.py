"""States that exist already, judged by `pulumi policy analyze`: of one stack, and of several in one file."""

from tests.policies.exported import exported
from tests.policies.program import Program, document, statement

NAME = "dev/billing/database"
ONLY = {"all": "disabled", "secret-is-not-shared-across-stacks": "mandatory"}


def analyzed(shop, program):
    (shop.project / "export.json").write_text(exported(program))
    return shop.analyze("--file", "export.json", config=ONLY)


def test_a_sound_state_passes(shop):
    program = Program(deployed=True)
    program.grant(program.role("billing"), program.secret(physical=NAME))

    passed = analyzed(shop, program)

    assert passed.returncode == 0, passed.stdout


def test_two_stacks_in_one_file_are_judged_together(shop):
    program = Program(deployed=True)
    program.grant(program.role("billing"), program.secret(physical=NAME))
    other = program.beside("dev", "reports")
    other.inline(other.role("reports"), document(statement(other.arn(NAME))), name="reports-reads")

    stopped = analyzed(shop, program)

    assert stopped.returncode == 1, stopped.stdout
    found = {(finding["rule"], finding["urn"].rpartition("::")[2]) for finding in shop.findings}
    assert found == {("secret-is-not-shared-across-stacks", "reports-reads")}
    assert "[mandatory]" in stopped.stdout
