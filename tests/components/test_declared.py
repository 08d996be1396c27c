"""A declaration becomes components: every key of a stack file arrives where it belongs."""

import json

import pytest

from components import declared
from components._bundle import BundleError
from components.admin_secret import AdminSecret
from keyturn.declaration import Declaration

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
ADMIN = AdminSecret(
    arn="arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/platform/database-admin-a1B2c3",
    kms_key_arn="arn:aws:kms:eu-central-1:111122223333:key/5678ef00",
)
ADMINS = {"prod/platform/database-admin": ADMIN}

LOGIN = {"host": "db.example.com", "username": "billing", "admin": "prod/platform/database-admin", "ca": "ca.pem"}

pytestmark = pytest.mark.usefixtures("bundled")


@pytest.fixture
def declaration(tmp_path):
    (tmp_path / "ca.pem").write_text(PEM)

    def declaration(identity=None, services=None, **others):
        database = {
            "kind": "postgres",
            "host": "db.example.com",
            "port": 6432,
            "database": "app",
            "ca": "ca.pem",
            "username": "billing",
            "admin": "prod/platform/database-admin",
            "rotateEvery": "7d",
        } | others.pop("database", {})
        more = others.pop("more", {})
        config = {
            "keyturn:environment": "prod",
            "keyturn:alerts": ["oncall@example.com"],
            "keyturn:recoveryDays": 14,
            "keyturn:services": {
                "billing": {"identity": identity or {"type": "lambda"}, "secrets": {"database": database, **more}},
                **(services or {}),
            },
            **others,
        }
        return Declaration.from_config(config, directory=tmp_path, variables={})

    return declaration


@pytest.fixture
def deploy_all(deploy):
    """Deploys a declaration as the door does."""

    def deploy_all(whole, admins=ADMINS):
        def program():
            shared = declared.secret_environment(whole)
            arns = {}
            for service, engine, databases in whole.rotations():
                function = declared.rotation_function(whole, service, engine, databases, admins)
                for name, database in databases.items():
                    parts = {"shared": shared, "function": function, "admins": admins}
                    arns[str(name)] = declared.database_credential(whole, name, database, **parts).arn
            for service in whole.services:
                declared.service_access(whole, service, shared, arns)

        return deploy(program)

    return deploy_all


def test_components_are_named_after_what_they_are_for(deploy_all, declaration):
    names = deploy_all(declaration()).names()

    components = {"SecretEnvironment", "RotationFunction", "DatabaseCredential", "ServiceAccess"}
    assert [(kind, name) for kind, name in names if kind in components] == [
        ("DatabaseCredential", "billing/database"),
        ("RotationFunction", "billing/postgres"),
        ("SecretEnvironment", "prod"),
        ("ServiceAccess", "billing"),
    ]


def test_every_key_of_a_database_arrives(deploy_all, declaration, tmp_path, bundled):
    deployment = deploy_all(declaration())

    variables = deployment.inputs("Function", "billing/postgres")["environment"]["variables"]
    assert json.loads(variables["KEYTURN_TARGETS"]) == {
        "prod/billing/database": {
            "kind": "postgres",
            "strategy": "alternating-users",
            "host": "db.example.com",
            "port": 6432,
            "database": "app",
            "username": "billing",
            "ca": "ca.pem",
            "admin": ADMIN.arn,
        }
    }
    assert bundled["asked"] == [("postgres", {"ca.pem": str(tmp_path / "ca.pem")}, "arm64", "python3.13")]
    assert deployment.inputs("DatabaseCredential", "billing/database")["rotation"] == "7d"
    assert deployment.inputs("Secret", "billing/database")["recoveryWindowInDays"] == 14
    rights = deployment.inputs("RolePolicy", "billing/database-rights")["policy"]["Statement"]
    assert [right["Resource"] for right in rights][2:] == [[ADMIN.arn], [ADMIN.kms_key_arn]]


def test_the_kinds_of_one_protocol_share_a_function_and_redis_has_one_of_its_own(deploy_all, declaration):
    of_mysql = {"kind": "mysql", "port": 3306}
    whole = declaration(
        database=of_mysql,
        more={
            "old": {**LOGIN, "kind": "mariadb", "host": "old.example.com", "database": "app"},
            "cache": {**LOGIN, "kind": "redis", "rules": ["+@read"]},
        },
    )

    deployment = deploy_all(whole)

    assert [name for kind, name in deployment.names() if kind == "Function"] == ["billing/mysql", "billing/redis"]
    told = {
        name: json.loads(deployment.inputs("Function", name)["environment"]["variables"]["KEYTURN_TARGETS"])
        for name in ("billing/mysql", "billing/redis")
    }
    assert {secret: (target["kind"], target["strategy"]) for secret, target in told["billing/mysql"].items()} == {
        "prod/billing/database": ("mysql", "dual-password"),
        "prod/billing/old": ("mariadb", "alternating-users"),
    }
    assert told["billing/redis"]["prod/billing/cache"] == {
        "kind": "redis",
        "strategy": "dual-password",
        "host": "db.example.com",
        "port": 6379,
        "username": "billing",
        "ca": "ca.pem",
        "rules": ["+@read"],
        "persistence": "server",
        "admin": ADMIN.arn,
    }
    assert deployment.inputs("DatabaseCredential", "billing/cache")["kind"] == "redis"


def test_a_single_user_without_admin_arrives_so(deploy_all, declaration):
    single = declaration(database={"strategy": "single-user", "admin": None})

    deployment = deploy_all(single, admins={})

    assert deployment.inputs("DatabaseCredential", "billing/database")["strategy"] == "single-user"
    assert len(deployment.inputs("RolePolicy", "billing/database-rights")["policy"]["Statement"]) == 2


def test_an_admin_on_the_aws_managed_key_arrives_without_it(deploy_all, declaration):
    deployment = deploy_all(declaration(), admins={"prod/platform/database-admin": AdminSecret(arn=ADMIN.arn, kms_key_arn=None)})

    assert len(deployment.inputs("RolePolicy", "billing/database-rights")["policy"]["Statement"]) == 3


def test_alerts_arrive(deploy_all, declaration):
    deployment = deploy_all(declaration())

    assert deployment.inputs("TopicSubscription", "prod-alert-oncall@example.com")["endpoint"] == "oncall@example.com"


def test_a_vpc_arrives(deploy_all, declaration):
    deployment = deploy_all(declaration(**{"keyturn:vpc": {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]}}))

    assert deployment.inputs("Function", "billing/postgres")["vpcConfig"] == {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]}


def test_without_a_vpc_the_function_runs_outside_of_any(deploy_all, declaration):
    assert "vpcConfig" not in deploy_all(declaration()).inputs("Function", "billing/postgres")


def test_a_kubernetes_identity_arrives_with_its_cluster(deploy_all, declaration):
    provider = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/AB12"
    whole = declaration(
        {"type": "kubernetes", "namespace": "billing", "serviceAccount": "api"}, **{"keyturn:kubernetes": {"oidcProviderArn": provider}}
    )

    (statement,) = deploy_all(whole).inputs("Role", "billing")["assumeRolePolicy"]["Statement"]

    assert statement["Principal"] == {"Federated": provider}
    assert statement["Condition"]["StringEquals"]["oidc.example.com/id/AB12:sub"] == "system:serviceaccount:billing:api"


def test_a_role_identity_arrives(deploy_all, declaration):
    user = "arn:aws:iam::111122223333:user/ada"

    (statement,) = deploy_all(declaration({"type": "role", "principal": user})).inputs("Role", "billing")["assumeRolePolicy"]["Statement"]

    assert statement["Principal"] == {"AWS": user}


def test_a_read_of_another_services_secret_arrives_with_reason_and_end(deploy_all, declaration):
    entry = {"secret": "prod/billing/database", "reason": "monthly close of books", "until": "2999-12-31"}
    whole = declaration(services={"reports": {"identity": {"type": "lambda"}, "reads": [entry]}})

    deployment = deploy_all(whole)
    intent = deployment.inputs("ServiceAccess", "reports")

    assert intent["reads"] == ["prod/billing/database"]
    assert intent["exceptions"] == {"prod/billing/database": {"reason": "monthly close of books", "until": "2999-12-31"}}
    refused = deployment.inputs("SecretPolicy", "billing/database-readers")["policy"]["Statement"][0]
    assert refused["Condition"] == {"StringNotEquals": {"aws:PrincipalTag/keyturn:service": ["billing", "reports"]}}


def test_code_is_packed_before_anything_is_created(declaration, bundled, tmp_path):
    declared.pack(declaration())

    assert bundled["asked"] == [("postgres", {"ca.pem": str(tmp_path / "ca.pem")})]


def test_what_cannot_be_packed_says_so_at_once(declaration, monkeypatch):
    def refuse(*_):
        raise BundleError("no wheels")

    monkeypatch.setattr(declared, "bundle", refuse)

    with pytest.raises(BundleError, match="no wheels"):
        declared.pack(declaration())
