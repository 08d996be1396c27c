"""`keyturn restore` prints an import; what it names must be what the stack makes, or `pulumi up` would make the secret twice."""

import shlex
from pathlib import Path
from types import SimpleNamespace

import yaml

from components import declared
from components.admin_secret import AdminSecret
from keyturn.declaration import Declaration
from keyturn.names import SecretName
from keyturn.operations.restore import import_command

ROOT = Path(__file__).resolve().parents[2]
NAME = SecretName("test", "billing", "database")
ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:test/billing/database-a1B2c3"


def test_the_import_names_project_component_and_secret_as_the_stack_does(deploy, tmp_path):
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    database = {"kind": "postgres", "host": "db.example.com", "port": 5432, "database": "app", "username": "billing", "ca": "ca.pem"}
    secrets = {"database": {**database, "admin": "test/platform/admin"}}
    config = {
        "keyturn:environment": "test",
        "keyturn:alerts": ["oncall@example.com"],
        "keyturn:services": {"billing": {"identity": {"type": "lambda"}, "secrets": secrets}},
    }
    whole = Declaration.from_config(config, directory=tmp_path, variables={})
    parts = {
        "shared": SimpleNamespace(kms_key_arn="arn:aws:kms:eu-central-1:111122223333:key/1234abcd"),
        "function": SimpleNamespace(arn="arn:aws:lambda:eu-central-1:111122223333:function:f", role_name="f"),
        "admins": {"test/platform/admin": AdminSecret(arn=ARN.replace("billing", "platform"), kms_key_arn=None)},
    }

    deployment = deploy(lambda: declared.database_credential(whole, NAME, whole.secrets()[NAME], **parts))

    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["name"]
    typed = shlex.split(import_command(NAME, ARN))
    component, secret = (request for request in deployment.requests if request.type.endswith((":DatabaseCredential", ":Secret")))
    assert typed[-3:] == [secret.type, secret.name, ARN]
    assert typed[typed.index("--parent") + 1] == f"credential=urn:pulumi:test::{project}::{component.type}::{component.name}"
    assert secret.parent.endswith(f"{component.type}::{component.name}")
