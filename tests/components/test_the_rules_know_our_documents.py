"""What the rules take for granted about a component's documents, before their text is known, is what the component writes."""

import pytest

from policies.pack.graph import own_documents
from tests.components.test_database_credential import ADMIN_KEY, credential
from tests.components.test_rotation_function import function
from tests.components.test_service_access import access

pytestmark = pytest.mark.usefixtures("bundled")

COMPONENTS = {"ServiceAccess": access, "DatabaseCredential": lambda: credential(admin_kms_key_arn=ADMIN_KEY), "RotationFunction": function}


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_grants_exactly_that(deploy, component):
    deployment = deploy(COMPONENTS[component]())

    documents = [deployment.inputs("RolePolicy", name)["policy"] for kind, name in deployment.names() if kind == "RolePolicy"]
    actions = {action.lower() for document in documents for statement in document["Statement"] for action in statement["Action"]}
    about_secrets = {action for action in actions if action.startswith(("secretsmanager:", "kms:"))}
    assert documents
    assert about_secrets == own_documents._GRANTED[f"keyturn:index:{component}"]


def test_every_component_that_writes_documents_is_known():
    assert set(own_documents._GRANTED) == {f"keyturn:index:{component}" for component in COMPONENTS}
