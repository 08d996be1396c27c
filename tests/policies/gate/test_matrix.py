"""The access matrix: who reads, rotates and writes by the policies of a stack."""

import pytest

from policies.pack.graph.matrix import Matrix
from policies.pack.values import UNKNOWN, Marked
from tests.policies.program import ATTACHMENT, SECRET, document, statement

WRITE = "secretsmanager:PutSecretValue"
TAGS = {"keyturn:environment": "dev", "keyturn:service": "billing"}


def matrix(program):
    return program.stack().part(Matrix).rows


def row(identity, access, through, *, of="dev/billing/database", service=None, certain=True):
    return {"identity": identity, "service": service, "secret": of, "access": access, "certain": certain, "through": through}


def test_a_role_that_is_granted_reading_reads(any_program):
    secret = any_program.secret()
    any_program.grant(any_program.role("billing"), secret, name="reads")

    assert matrix(any_program) == [row('Role "billing"', "read", 'RolePolicy "reads"', certain=any_program.deployed)]


def test_the_service_of_a_role_is_named(deployed):
    secret = deployed.secret()
    deployed.grant(deployed.role("billing", tags=TAGS), secret, name="reads")

    assert matrix(deployed) == [row('Role "billing"', "read", 'RolePolicy "reads"', service="dev/billing")]


def test_who_rotates_neither_reads_nor_writes(deployed):
    secret = deployed.secret()
    rotator = deployed.role("rotator")
    deployed.inline(rotator, document(statement(deployed.arn_of(secret), [WRITE, "secretsmanager:GetSecretValue"])))
    deployed.rotation(secret, rotator)

    assert [(one["identity"], one["access"]) for one in matrix(deployed)] == [('Role "rotator"', "rotate")]


def test_who_may_put_a_value_writes(deployed):
    secret = deployed.secret()
    deployed.grant(deployed.role("operator"), secret, action=WRITE, name="writes")

    assert matrix(deployed) == [row('Role "operator"', "write", 'RolePolicy "writes"')]


def test_a_denied_role_has_no_row(deployed):
    secret = deployed.secret()
    role = deployed.role("billing")
    deployed.grant(role, secret)
    deployed.grant(role, secret, effect="Deny")

    assert matrix(deployed) == []


def test_a_document_that_nobody_can_read_is_a_row_for_any_secret(program):
    program.secret()
    role = program.role("billing")
    program.add(ATTACHMENT, "attached", {"role": "billing", "policyArn": UNKNOWN}, made_from={"role": [role]})

    assert matrix(program) == [row('Role "billing"', "read", 'RolePolicyAttachment "attached"', of="*", certain=False)]


def test_a_stack_without_secrets_has_no_rows(program):
    role = program.role("billing")
    program.add(ATTACHMENT, "attached", {"role": "billing", "policyArn": UNKNOWN}, made_from={"role": [role]})

    assert matrix(program) == []


def test_a_secret_whose_name_is_not_known_is_called_like_in_messages(program):
    secret = program.add(SECRET, "database", {"name": UNKNOWN}, outputs={"arn": UNKNOWN})
    role = program.role("billing")
    program.add(
        "aws:iam/rolePolicy:RolePolicy", "reads", {"role": "billing", "policy": UNKNOWN}, made_from={"policy": [secret], "role": [role]}
    )

    assert [one["secret"] for one in matrix(program)] == ['Secret "database"']


@pytest.mark.parametrize("where", ["inputs", "outputs"])
def test_a_name_that_is_marked_secret_is_not_shown(deployed, where):
    given = {"name": "dev/billing/hunter2"}
    marked = {"name": Marked("dev/billing/hunter2")}
    outputs = {**(marked if where == "outputs" else given), "arn": deployed.arn("dev/billing/hunter2")}
    deployed.add(SECRET, "database", marked if where == "inputs" else given, outputs=outputs)
    deployed.inline(deployed.role("billing"), document(statement(deployed.arn("dev/billing/hunter2"))), name="reads")

    assert matrix(deployed) == [row('Role "billing"', "read", 'RolePolicy "reads"', of='Secret "database"')]


@pytest.mark.parametrize("on", ["role", "component"])
def test_a_service_that_is_marked_secret_is_not_shown(deployed, on):
    secret = deployed.secret()
    if on == "role":
        role = deployed.role("billing", tags={"keyturn:service": Marked("hunter2")})
    else:
        role = deployed.role("billing", parent=deployed.component("ServiceAccess", "access", environment="dev", service=Marked("hunter2")))
    deployed.grant(role, secret, name="reads")

    assert matrix(deployed) == [row('Role "billing"', "read", 'RolePolicy "reads"')]


def test_what_a_declaration_reads_is_a_row_of_its_service(deployed):
    deployed.secret()
    deployed.component("ServiceAccess", "access", environment="dev", service="billing", reads=["dev/billing/database"])

    assert matrix(deployed) == [row('ServiceAccess "access"', "read", "its own declaration", service="dev/billing")]


def test_the_service_of_a_declaration_is_not_shown_when_it_is_marked_secret(deployed):
    deployed.secret()
    deployed.component("ServiceAccess", "access", environment="dev", service=Marked("hunter2"), reads=["dev/billing/database"])

    assert "hunter2" not in str(matrix(deployed))


def test_rows_are_in_one_order_whatever_the_order_of_resources(deployed):
    secret = deployed.secret()
    for name in ("b", "a"):
        deployed.grant(deployed.role(name), secret, name=name)
    before = matrix(deployed)
    deployed.resources.reverse()

    assert matrix(deployed) == before
    assert [one["identity"] for one in before] == ['Role "a"', 'Role "b"']
