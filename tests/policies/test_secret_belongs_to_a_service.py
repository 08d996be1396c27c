"""Who reads a secret, in programs that say which service owns it: by Keyturn's components or by tags."""

import pytest

from policies.pack.values import UNKNOWN, Marked
from policies.rules.secret_has_one_reader import policy as rule
from tests.policies.program import ROLE, SECRET, document, statement

NAME = "dev/billing/database"


def tags(service, environment="dev"):
    return {"keyturn:environment": environment, "keyturn:service": service}


def access(program, service, reads, exceptions=None, environment="dev"):
    """A ServiceAccess with its role and policy; `reads` are URNs of secrets by physical name."""
    component = program.component(
        "ServiceAccess",
        f"{service}-access",
        environment=environment,
        service=service,
        identity="lambda",
        reads=sorted(reads),
        exceptions={} if exceptions is None else exceptions,
    )
    role = program.role(f"{service}-role", parent=component)
    if reads:
        program.grant(role, *reads.values(), name=f"{service}-reads")
    return component


def credential(program, service="billing", name=NAME):
    """A DatabaseCredential with its secret, rotated by a function of the same service."""
    parts = dict(zip(("environment", "service", "secret"), name.split("/"), strict=True))
    component = program.component("DatabaseCredential", f"{service}-credential", **parts, kind="postgres")
    arn = program.later(program.arn(name))
    secret = program.add(SECRET, f"{service}-database", {"name": name}, outputs={"arn": arn}, parent=component)
    function = program.component("RotationFunction", f"{service}-function", environment="dev", service=service, engine="postgres")
    program.rotation(secret, program.role(f"{service}-rotator", parent=function))
    return secret


def test_our_components_pass(any_program, judge):
    for service in ("billing", "reports"):
        name = f"dev/{service}/database"
        access(any_program, service, {name: credential(any_program, service, name)})

    assert judge(rule, any_program).answer == "holds"


def test_another_service_that_declares_to_read_it_is_a_violation_at_once(any_program, judge):
    secret = credential(any_program)
    access(any_program, "billing", {NAME: secret})
    access(any_program, "reports", {NAME: secret})

    verdict = judge(rule, any_program)

    assert verdict.answer == "violated"
    assert verdict.resources == {"billing-database"}
    assert "reports" in verdict.text
    assert "no exception names it" in verdict.text


@pytest.mark.parametrize(
    ("exception", "answer", "text"),
    [
        ({"reason": "month-end report", "until": "2026-12-31"}, "holds", ""),
        ({"reason": "last day", "until": "2026-06-15"}, "holds", ""),
        ({"reason": "month-end report", "until": "2026-06-14"}, "violated", "its exception has ended"),
        ({"reason": "", "until": "2026-12-31"}, "violated", "names no reason and end date"),
        ({"reason": "  ", "until": "2026-12-31"}, "violated", "names no reason and end date"),
        ({"reason": "for ever"}, "violated", "names no reason and end date"),
        ({"reason": "for ever", "until": "never"}, "violated", "names no reason and end date"),
        ({"until": "2026-12-31"}, "violated", "names no reason and end date"),
        ("because", "violated", "names no reason and end date"),
        ({"reason": UNKNOWN, "until": "2026-12-31"}, "cannot decide", "not known yet"),
        ({"reason": "month-end report", "until": UNKNOWN}, "cannot decide", "not known yet"),
        (UNKNOWN, "cannot decide", "not known yet"),
        (Marked({"reason": "month-end report", "until": Marked("2026-12-31")}), "holds", ""),
    ],
)
def test_an_exception_needs_a_reason_and_an_end(any_program, judge, exception, answer, text):
    secret = credential(any_program)
    access(any_program, "billing", {NAME: secret})
    access(any_program, "reports", {NAME: secret}, {NAME: exception})

    verdict = judge(rule, any_program)

    assert verdict.answer == answer
    assert text in verdict.text


def test_an_exception_for_another_secret_does_not_help(any_program, judge):
    secret = credential(any_program)
    access(any_program, "billing", {NAME: secret})
    access(any_program, "reports", {NAME: secret}, {"dev/billing/other": {"reason": "month-end report", "until": "2026-12-31"}})

    assert judge(rule, any_program).answer == "violated"


def test_an_exception_that_has_ended_accuses_nobody_while_another_is_not_known_yet(any_program, judge):
    secret = credential(any_program)
    access(any_program, "reports", {NAME: secret}, {NAME: {"reason": "month-end report", "until": "2026-06-14"}})
    any_program.component("ServiceAccess", "later", environment="dev", service="reports", reads=[], exceptions=UNKNOWN)

    assert judge(rule, any_program).answer == "cannot decide"


def test_exceptions_that_are_not_known_yet_cannot_be_decided(any_program, judge):
    secret = credential(any_program)
    access(any_program, "reports", {NAME: secret}, UNKNOWN)

    assert judge(rule, any_program).answer == "cannot decide"


def test_reads_that_are_not_known_yet_cannot_be_decided(any_program, judge):
    credential(any_program)
    any_program.component("ServiceAccess", "later", environment="dev", service="reports", reads=UNKNOWN, exceptions={})

    verdict = judge(rule, any_program)

    assert verdict.answer == "cannot decide"
    assert verdict.resources == {"later"}


def test_a_service_of_the_same_name_in_another_environment_is_another_service(any_program, judge):
    secret = credential(any_program)
    access(any_program, "billing", {NAME: secret}, environment="prod")

    assert judge(rule, any_program).answer == "violated"


def test_tags_name_the_owner_too(any_program, judge):
    secret = any_program.secret(tags=tags("billing"))
    any_program.grant(any_program.role("web", tags=tags("billing")), secret)
    any_program.grant(any_program.role("worker", tags=tags("billing")), secret)

    assert judge(rule, any_program).answer == "holds"


def test_a_stranger_by_tag_is_found(any_program, judge):
    secret = any_program.secret(tags=tags("billing"))
    any_program.grant(any_program.role("reports", tags=tags("reports")), secret)

    assert judge(rule, any_program).answer == ("violated" if any_program.deployed else "cannot decide")


def test_the_only_reader_may_go_without_a_tag(any_program, judge):
    secret = any_program.secret(tags=tags("billing"))
    any_program.grant(any_program.role("billing"), secret)

    assert judge(rule, any_program).answer == "holds"


def test_a_second_reader_without_a_tag_is_found(deployed, judge):
    secret = deployed.secret(tags=tags("billing"))
    deployed.grant(deployed.role("billing", tags=tags("billing")), secret)
    deployed.grant(deployed.role("other"), secret)

    assert judge(rule, deployed).answer == "violated"


def test_a_tag_of_the_provider_counts(any_program, judge):
    secret = any_program.secret()
    for name in ("web", "worker"):
        role = any_program.add(ROLE, name, {"name": name}, outputs={"tagsAll": tags("billing"), "name": name})
        any_program.grant(role, secret)

    assert judge(rule, any_program).answer == "holds"


@pytest.mark.parametrize("unknown", [UNKNOWN, {"keyturn:environment": "dev", "keyturn:service": UNKNOWN}])
def test_a_reader_whose_service_is_not_known_yet_cannot_be_decided(any_program, judge, unknown):
    secret = any_program.secret(tags=tags("billing"))
    any_program.grant(any_program.role("somebody", tags=unknown), secret)

    assert judge(rule, any_program).answer == "cannot decide"


@pytest.mark.parametrize("unknown", [UNKNOWN, {"keyturn:environment": "dev", "keyturn:service": UNKNOWN}])
def test_an_owner_that_is_not_known_yet_cannot_be_decided(any_program, judge, unknown):
    secret = any_program.secret(tags=unknown)
    any_program.grant(any_program.role("billing", tags=tags("billing")), secret)

    assert judge(rule, any_program).answer == "cannot decide"


def test_components_of_others_say_nothing_about_services(any_program, judge):
    component = any_program.add("acme:index:Thing", "thing", {"environment": "dev", "service": "ecs"})
    secret = any_program.secret(tags=tags("billing"))
    any_program.grant(any_program.role("billing", parent=component), secret)

    assert judge(rule, any_program).answer == "holds"


def test_a_wide_grant_of_a_foreign_service_is_a_violation_at_once(any_program, judge):
    secret = credential(any_program)
    access(any_program, "billing", {NAME: secret})
    any_program.inline(any_program.role("reports", tags=tags("reports")), document(statement("*")))

    assert judge(rule, any_program).answer == "violated"


@pytest.mark.parametrize(
    ("exception", "answer"),
    [
        (None, "violated"),
        ({"reason": "month-end report", "until": "2026-12-31"}, "holds"),
        ({"reason": "month-end report", "until": "2026-06-14"}, "violated"),
        (UNKNOWN, "cannot decide"),
    ],
)
@pytest.mark.parametrize("has_secrets", [True, False])
def test_a_declared_read_of_another_stacks_secret_needs_an_exception_too(program, judge, exception, answer, has_secrets):
    if has_secrets:
        access(program, "reports", {"dev/reports/database": credential(program, "reports", "dev/reports/database")})
    exceptions = {} if exception is None else {NAME: exception}
    program.component("ServiceAccess", "month-end", environment="dev", service="reports", reads=[NAME], exceptions=exceptions)

    verdict = judge(rule, program)

    assert verdict.answer == answer
    assert verdict.resources == (set() if answer == "holds" else {"month-end"})
    assert answer == "holds" or NAME in verdict.text


def test_an_own_secret_in_another_stack_needs_none(program, judge):
    program.component("ServiceAccess", "web", environment="dev", service="billing", reads=[NAME], exceptions={})
    program.component("ServiceAccess", "legacy", environment="dev", service="billing", reads=["legacy"], exceptions={})

    assert judge(rule, program).answer == "holds"


def test_a_secret_of_another_environment_in_another_stack_is_foreign(program, judge):
    program.component("ServiceAccess", "web", environment="prod", service="billing", reads=[NAME], exceptions={})

    assert judge(rule, program).answer == "violated"


def test_a_reader_of_another_stacks_secret_whose_service_is_not_known_yet_cannot_be_decided(program, judge):
    program.component("ServiceAccess", "later", environment="dev", service=UNKNOWN, reads=[NAME], exceptions={})

    assert judge(rule, program).answer == "cannot decide"


def test_reads_that_are_not_known_yet_cannot_be_decided_without_secrets_either(program, judge):
    program.component("ServiceAccess", "later", environment="dev", service="reports", reads=UNKNOWN, exceptions={})

    assert judge(rule, program).answer == "cannot decide"
