"""The door and its stack files: what each environment gets, and that a mistake leaves nothing half made."""

import json
import os
import runpy
from pathlib import Path

os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"  # read once, at the import of pulumi

import pulumi
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from pulumi.runtime import get_root_resource, mocks, set_mocks

from components._bundle import BundleError
from keyturn.declaration import Declaration

CHECKOUT = Path(__file__).resolve().parents[1]
STACKS = ["local", "dev", "prod"]
KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"


class _Aws(mocks.Mocks):
    """Answers like an account in which nothing but the admin secret exists."""

    def __init__(self):
        self.registered: list[str] = []
        self.admin_exists = True

    def new_resource(self, args):
        self.registered.append(args.typ)
        return f"{args.name}-id", {**args.inputs, "arn": f"arn:aws:x:eu-central-1:111122223333:{args.name}", "keyId": "1234abcd"}

    def call(self, args):
        match args.token.rsplit(":", 1)[1]:
            case "getSecret" if not self.admin_exists:
                return {}, [("name", "there is no such secret")]
            case "getSecret":
                return {"arn": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:admin-a1B2c3", "kmsKeyId": KEY}
            case "getCallerIdentity":
                return {"accountId": "111122223333", "arn": "arn:aws:iam::111122223333:user/ada"}
            case "getRegion":
                return {"region": "eu-central-1"}
        raise AssertionError(f"unexpected call {args.token}")


@pytest.fixture
def aws():
    return _Aws()


@pytest.fixture
def open_door(aws, monkeypatch, tmp_path):
    """Runs the door on a configuration and gives the stack's outputs."""
    (tmp_path / "code.zip").write_bytes(b"code")
    (tmp_path / "ca.pem").write_text((CHECKOUT / "certificates" / "rds-eu-central-1.pem").read_text())
    for place in ("components._bundle.bundle", "components.declared.bundle"):
        monkeypatch.setattr(place, lambda *_, **__: tmp_path / "code.zip")
    monkeypatch.setenv("KEYTURN_LOCAL_POSTGRES_HOST", "localhost")
    monkeypatch.setenv("KEYTURN_LOCAL_POSTGRES_PORT", "5432")
    monkeypatch.setenv("KEYTURN_LOCAL_CA", str(tmp_path / "ca.pem"))

    def open_door(config, secret_keys=()):
        written = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
        monkeypatch.setenv("PULUMI_CONFIG", json.dumps(written))
        monkeypatch.setenv("PULUMI_CONFIG_SECRET_KEYS", json.dumps(secret_keys))
        set_mocks(aws, project="keyturn", stack="test", preview=False)
        exported: dict = {}

        def program():
            stack = get_root_resource()
            stack.outputs.clear()
            runpy.run_path(str(CHECKOUT / "__main__.py"), run_name="__main__")
            return pulumi.Output.from_input(stack.outputs).apply(exported.update)

        pulumi.runtime.test(program)()
        return exported

    return open_door


def config_of(stack):
    return yaml.safe_load((CHECKOUT / f"Pulumi.{stack}.yaml").read_text())["config"]


@pytest.mark.parametrize("stack", STACKS)
def test_every_environment_has_two_services_with_a_login_each(open_door, aws, stack):
    outputs = open_door(config_of(stack))

    assert outputs["environment"] == stack
    assert {service: list(given["secrets"]) for service, given in outputs["services"].items()} == {
        "billing": ["database"],
        "reports": ["database"],
    }
    assert aws.registered.count("keyturn:index:DatabaseCredential") == 2
    assert aws.registered.count("keyturn:index:ServiceAccess") == 2
    assert aws.registered.count("keyturn:index:RotationFunction") == 2


def test_the_outputs_say_where_everything_is_and_hold_no_value(open_door):
    outputs = open_door(config_of("prod"))

    assert outputs == {
        "environment": "prod",
        "kmsKeyArn": "arn:aws:x:eu-central-1:111122223333:prod",
        "alertTopicArn": "arn:aws:x:eu-central-1:111122223333:prod-alerts",
        "services": {
            service: {
                "roleArn": f"arn:aws:x:eu-central-1:111122223333:{service}",
                "secrets": {
                    "database": {
                        "arn": f"arn:aws:x:eu-central-1:111122223333:{service}/database",
                        "name": f"prod/{service}/database",
                        "kind": "postgres",
                        "sensitivity": "critical",
                        "rotation": "7d",
                    }
                },
            }
            for service in ("billing", "reports")
        },
        "accessMatrix": {
            "billing": {"prod/billing/database": "read", "prod/reports/database": "none"},
            "reports": {"prod/billing/database": "none", "prod/reports/database": "read"},
            "billing/rotation/postgres": {"prod/billing/database": "rotate", "prod/reports/database": "none"},
            "reports/rotation/postgres": {"prod/billing/database": "none", "prod/reports/database": "rotate"},
        },
    }


@pytest.mark.parametrize("stack", STACKS)
def test_no_value_passes_through_pulumi(open_door, aws, stack):
    open_door(config_of(stack))

    assert [kind for kind in aws.registered if "ecretVersion" in kind or "andom" in kind] == []


# A mistake leaves nothing half made


def test_a_wrong_declaration_ends_in_one_message(open_door, aws):
    config = config_of("prod")
    config["keyturn:services"]["billing"]["secrets"]["database"]["kind"] = "postgers"

    with pytest.raises(pulumi.RunError, match=r"billing\.secrets\.database\.kind: unknown kind; did you mean `postgres`\?") as refused:
        open_door(config)

    assert refused.value.__suppress_context__
    assert aws.registered == []


def test_a_missing_admin_secret_is_named_with_the_way_out(open_door, aws):
    aws.admin_exists = False

    with pytest.raises(pulumi.RunError) as refused:
        open_door(config_of("prod"))

    assert "keyturn:services.billing.secrets.database.admin: prod/platform/database-admin cannot be found: there is no" in str(
        refused.value
    )
    assert "let RDS manage the master user's password" in str(refused.value)
    assert aws.registered == []


def test_code_that_cannot_be_packed_leaves_nothing(open_door, aws, monkeypatch):
    def refuse(*_):
        raise BundleError("the wheels are not in the cache")

    monkeypatch.setattr("components.declared.bundle", refuse)

    with pytest.raises(pulumi.RunError, match="the wheels are not in the cache"):
        open_door(config_of("prod"))

    assert aws.registered == []


def test_a_service_that_is_too_large_leaves_nothing(open_door, aws):
    config = config_of("prod")
    secrets = config["keyturn:services"]["billing"]["secrets"]
    secrets.update({f"database{number}": secrets["database"] | {"username": f"billing{number}"} for number in range(20)})

    with pytest.raises(pulumi.RunError, match="targets: are 21, and the rights of more than 7 do not fit into a role; split the service"):
        open_door(config)

    assert aws.registered == []


def test_an_encrypted_value_is_refused(open_door, aws):
    with pytest.raises(pulumi.RunError, match="services: holds an encrypted value"):
        open_door(config_of("prod"), secret_keys=["keyturn:services"])

    assert aws.registered == []


# The door and its files


def test_the_door_is_short_and_has_no_resource_of_its_own():
    text = (CHECKOUT / "__main__.py").read_text()

    assert len(text.splitlines()) <= 60
    assert "pulumi_aws" not in text
    assert "Config(" not in text


def test_every_key_of_a_declaration_is_described_and_no_other():
    described = yaml.safe_load((CHECKOUT / "Pulumi.yaml").read_text())["config"]

    keys = Declaration.model_json_schema(by_alias=True)["properties"]
    assert sorted(described) == sorted(f"keyturn:{key}" for key in keys)
    assert [key for key, given in described.items() if not given.get("description") or not given.get("type")] == []


def test_what_may_be_left_out_has_a_default_for_the_engine():
    """The engine refuses a stack without a described key that has no default."""
    described = yaml.safe_load((CHECKOUT / "Pulumi.yaml").read_text())["config"]

    assert [key for key, given in described.items() if "default" not in given] == ["keyturn:environment", "keyturn:services"]


def test_dev_and_prod_have_the_same_keys():
    assert _keys(config_of("dev")) == _keys(config_of("prod"))


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_deployed_stack_names_its_account_and_region(stack):
    config = config_of(stack)

    (account,) = config["aws:allowedAccountIds"]
    assert account in config["keyturn:kubernetes"]["oidcProviderArn"]
    assert config["aws:region"] == "eu-central-1"


def test_two_environments_share_no_account():
    assert config_of("dev")["aws:allowedAccountIds"] != config_of("prod")["aws:allowedAccountIds"]


@pytest.mark.parametrize("stack", STACKS)
def test_no_stack_file_holds_an_encrypted_value(stack):
    assert "secure:" not in (CHECKOUT / f"Pulumi.{stack}.yaml").read_text()


def test_the_certificate_authorities_are_those_that_were_reviewed():
    certificates = x509.load_pem_x509_certificates((CHECKOUT / "certificates" / "rds-eu-central-1.pem").read_bytes())

    reviewed = (CHECKOUT / "certificates" / "README.md").read_text()
    fingerprints = [certificate.fingerprint(hashes.SHA256()).hex() for certificate in certificates]
    assert fingerprints == [
        "ae697d082ee1862f711ecae3893c3c613b7315d020f74674051534a5b166d47b",
        "3d8b08a7390c9b10d190a6b349d703ae00bae46583643319c7faccf3e5dc4a8b",
        "3111f322e448c26ea2722c02e29714dace16d5c39336cdf6dfbffbc0368d5332",
    ]
    assert all(fingerprint in reviewed for fingerprint in fingerprints)
    for certificate in certificates:
        certificate.verify_directly_issued_by(certificate)


def _keys(value, path=""):
    if not isinstance(value, dict):
        return {path}
    return {key for name, inner in value.items() for key in _keys(inner, f"{path}.{name}")}
