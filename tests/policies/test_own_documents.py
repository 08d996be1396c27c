"""Documents inside our components, while their text is not known."""

from policies.pack.graph.own_documents import own_document
from tests.policies.program import ROLE_POLICY, UNKNOWN


def written_by(program, component, *secrets):
    role = program.role("billing")
    made_from = {"role": [role], "policy": list(secrets)}
    return program.add(ROLE_POLICY, "written", {"role": "billing", "policy": UNKNOWN}, parent=component, made_from=made_from)


def may(program, secret, action):
    stack = program.stack()
    subject = next(each for each in stack.secrets if each.urn == secret)
    return {reader.identity.label: reader.certainty.name for reader in stack.granted(subject, action)}


def test_the_role_of_a_service_reads_its_secret_for_certain_and_does_not_write(program):
    secret = program.secret()
    written_by(program, program.component("ServiceAccess", "billing", environment="dev", service="billing"), secret)

    assert may(program, secret, "secretsmanager:getsecretvalue") == {'Role "billing"': "ALWAYS"}
    assert may(program, secret, "secretsmanager:putsecretvalue") == {}


def test_the_function_of_a_credential_writes_its_secret_and_only_reads_the_admins(program):
    component = program.component("DatabaseCredential", "billing", environment="dev", service="billing", secret="database")
    own = program.add("aws:secretsmanager/secret:Secret", "own", {"name": "dev/billing/database"}, parent=component)
    admin = program.secret("admin", "dev/platform/admin")
    written_by(program, component, own, admin)

    assert may(program, own, "secretsmanager:putsecretvalue") == {'Role "billing"': "ALWAYS"}
    assert may(program, admin, "secretsmanager:getsecretvalue") == {'Role "billing"': "ALWAYS"}
    assert may(program, admin, "secretsmanager:putsecretvalue") == {}


def test_the_same_document_outside_of_a_component_may_be_anything(program):
    secret = program.secret()
    written_by(program, program.component("Another", "billing"), secret)

    assert own_document(program.resources[-1], program.stack().resources) is None
    assert may(program, secret, "secretsmanager:putsecretvalue") == {'Role "billing"': "MAYBE"}
