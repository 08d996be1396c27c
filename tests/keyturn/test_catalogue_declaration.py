"""The declaration: what it holds when it is right, and one message with every problem when it is not."""

import copy
import json
from datetime import UTC, datetime, timedelta

import pytest

from keyturn.catalogue import Kind, Strategy
from keyturn.declaration import Declaration
from keyturn.names import SecretName
from keyturn.problems import DeclarationError

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
NEXT_YEAR = (datetime.now(UTC) + timedelta(days=365)).date().isoformat()
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()


@pytest.fixture
def config():
    """A small environment, right in every part; each test breaks what it is about."""
    return {
        "keyturn:environment": "prod",
        "keyturn:alerts": ["oncall@example.com"],
        "keyturn:kubernetes": {"oidcProviderArn": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/AB12"},
        "keyturn:services": {
            "billing": {
                "identity": {"type": "kubernetes", "namespace": "billing", "serviceAccount": "billing"},
                "secrets": {"database": database("billing")},
            },
            "reports": {"identity": {"type": "lambda"}, "secrets": {"database": database("reports")}},
        },
        "aws:region": "eu-central-1",
    }


def database(username):
    return {
        "kind": "postgres",
        "host": "app.db.example.com",
        "database": "app",
        "username": username,
        "admin": "prod/platform/database-admin",
        "ca": "ca.pem",
    }


@pytest.fixture
def read(tmp_path):
    (tmp_path / "ca.pem").write_text(PEM)

    def read(config, secret_keys=(), variables=None):
        return Declaration.from_config(config, directory=tmp_path, secret_keys=secret_keys, variables=variables or {})

    return read


@pytest.fixture
def problems(read):
    """The problems of a configuration, by key."""

    def problems(config, **others):
        with pytest.raises(DeclarationError) as refused:
            read(config, **others)
        headline, *lines = str(refused.value).splitlines()
        assert "; nothing was created." in headline
        return dict(line.removeprefix("  keyturn:").split(": ", 1) for line in lines)

    return problems


def billing(config):
    return config["keyturn:services"]["billing"]


def billing_database(config):
    return config["keyturn:services"]["billing"]["secrets"]["database"]


# What a right declaration gives


def test_a_declaration_gives_every_secret_with_its_defaults(read, config, tmp_path):
    secrets = read(config).secrets()

    assert list(secrets) == [SecretName("prod", "billing", "database"), SecretName("prod", "reports", "database")]
    assert secrets[SecretName("prod", "billing", "database")].model_dump() == {
        "kind": Kind.POSTGRES,
        "host": "app.db.example.com",
        "port": 5432,
        "database": "app",
        "username": "billing",
        "ca": tmp_path / "ca.pem",
        "admin": "prod/platform/database-admin",
        "strategy": Strategy.ALTERNATING_USERS,
        "rotate_every": 30,
    }


def test_structured_keys_arrive_as_json_from_the_engine(read, config):
    as_the_engine_does = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}

    assert read(as_the_engine_does) == read(config)


def test_a_declaration_groups_what_one_function_rotates(read, config):
    billing(config)["secrets"]["archive"] = database("archive")

    rotations = [(service, engine, [str(name) for name in databases]) for service, engine, databases in read(config).rotations()]

    assert rotations == [
        ("billing", "postgres", ["prod/billing/database", "prod/billing/archive"]),
        ("reports", "postgres", ["prod/reports/database"]),
    ]


def test_the_access_matrix_says_who_may_do_what(read, config):
    config["keyturn:services"]["reports"]["reads"] = [
        {"secret": "prod/billing/database", "reason": "monthly close, read replica is not ready", "until": NEXT_YEAR}
    ]

    matrix = read(config).access_matrix()

    assert matrix == {
        "billing": {"prod/billing/database": "read", "prod/reports/database": "none"},
        "reports": {"prod/billing/database": "read", "prod/reports/database": "read"},
        "billing/rotation/postgres": {"prod/billing/database": "rotate", "prod/reports/database": "none"},
        "reports/rotation/postgres": {"prod/billing/database": "none", "prod/reports/database": "rotate"},
    }


def test_a_single_user_needs_no_admin(read, config):
    billing_database(config)["strategy"] = "single-user"
    del billing_database(config)["admin"]

    declared = read(config).secrets()[SecretName("prod", "billing", "database")]

    assert (declared.strategy, declared.admin) == (Strategy.SINGLE_USER, None)


def test_a_declaration_cannot_be_changed(read, config):
    declaration = read(config)

    with pytest.raises(ValueError, match="frozen"):
        declaration.environment = "dev"


# One message for everything


def test_every_problem_is_in_one_message(problems, config):
    config["keyturn:enviroment"] = config.pop("keyturn:environment")
    billing_database(config)["kind"] = "postgers"
    del config["keyturn:services"]["reports"]["identity"]

    found = problems(config)

    assert found["environment"] == "is missing"
    assert found["enviroment"] == "unknown key; did you mean `environment`?"
    assert found["services.billing.secrets.database.kind"] == "unknown kind; did you mean `postgres`?"
    assert found["services.reports.identity"] == "is missing"


def test_one_problem_is_announced_as_one(read, config):
    billing_database(config)["port"] = 0

    with pytest.raises(DeclarationError) as refused:
        read(config)

    assert str(refused.value) == (
        "the declaration has a problem; nothing was created.\n"
        "  keyturn:services.billing.secrets.database.port: input should be greater than or equal to 1"
    )


def test_a_refusal_never_repeats_what_stands_there(read, config):
    planted = "Hunter2-Planted!"
    config["keyturn:alerts"] = [planted]
    config["keyturn:recoveryDays"] = planted
    config["keyturn:vpc"] = planted
    billing(config)["identity"] = {"type": planted}
    for key in ("host", "port", "database", "username", "admin", "ca", "strategy", "rotateEvery"):
        billing_database(config)[key] = planted
    config["keyturn:services"]["reports"]["secrets"]["database"]["kind"] = planted
    config["keyturn:services"]["reports"]["reads"] = [{"secret": planted, "reason": "x", "until": planted}]

    with pytest.raises(DeclarationError) as refused:
        read(config)

    assert planted not in str(refused.value)
    assert refused.value.__cause__ is None
    assert "16 problems" in str(refused.value)


# Keys


@pytest.mark.parametrize(
    ("place", "key", "meant"),
    [
        (lambda config: config, "keyturn:servces", "services"),
        (billing, "identiy", "identity"),
        (billing_database, "hots", "host"),
        (billing_database, "rotate_every", "rotateEvery"),
        (lambda config: billing(config)["identity"], "serviceAcount", "serviceAccount"),
        (lambda config: config["keyturn:kubernetes"], "oidcProvider", "oidcProviderArn"),
    ],
)
def test_a_misspelt_key_names_the_one_that_was_meant(problems, config, place, key, meant):
    place(config)[key] = "anything"

    found = problems(config)

    assert [sentence for path, sentence in found.items() if path.endswith(key.removeprefix("keyturn:"))] == [
        f"unknown key; did you mean `{meant}`?"
    ]


def test_a_key_that_is_like_no_other_names_all_that_are_known(problems, config):
    config["keyturn:vpc"] = {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"], "zzz": 1}

    assert problems(config) == {"vpc.zzz": "unknown key; known: subnetIds, securityGroupIds"}


def test_a_key_of_a_read_is_known_too(problems, config):
    entry = {"secret": "prod/reports/database", "reason": "monthly close of books", "util": NEXT_YEAR}
    billing(config)["reads"] = [entry]

    assert problems(config) == {
        "services.billing.reads[0].until": "is missing",
        "services.billing.reads[0].util": "unknown key; did you mean `until`?",
    }


def test_a_key_given_twice_is_refused_because_one_would_be_lost(problems, config):
    services = json.dumps(config["keyturn:services"]).replace('"reports"', '"billing"')
    config["keyturn:services"] = services

    assert problems(config) == {"services": "has `billing` twice in one mapping: one of the two would be lost; rename or remove one"}


def test_a_structured_key_that_is_text_is_refused(problems, config):
    config["keyturn:services"] = "{billing: x"
    config["keyturn:vpc"] = "subnet"

    assert problems(config) == {
        "services": "is neither a mapping nor a list; write it as YAML, or set it with `pulumi config set --path`",
        "vpc": "must be a mapping",
    }


def test_an_encrypted_value_has_no_place_in_a_declaration(problems, config):
    found = problems(config, secret_keys=["keyturn:services"])

    assert found == {"services": "holds an encrypted value; a declaration has names and ARNs only, a value is set out of band: remove it"}


# Kinds


def test_a_kind_of_a_later_version_names_those_that_are_here(problems, config):
    billing(config)["secrets"]["jwt"] = {"kind": "signing-key", "algorithm": "EdDSA", "tokenTtl": "15m"}

    assert problems(config) == {
        "services.billing.secrets.jwt.kind": "is not yet in this version, which has: postgres, mysql, mariadb, redis"
    }


def test_a_secret_without_kind_is_refused(problems, config):
    del billing_database(config)["kind"]

    assert problems(config) == {"services.billing.secrets.database.kind": "is missing"}


def test_a_secret_that_is_no_mapping_is_refused(problems, config):
    billing(config)["secrets"]["database"] = "postgres"

    assert problems(config) == {"services.billing.secrets.database": "must be a mapping"}


def test_delivery_is_not_yet_in_this_version(problems, config):
    billing(config)["deliver"] = ["kubernetes"]

    assert problems(config) == {
        "services.billing.deliver": "is not yet in this version; leave it out: the service reads its secrets with the SDK"
    }


# Names


def test_names_are_lower_case(problems, config):
    config["keyturn:environment"] = "Prod"
    config["keyturn:services"]["Audit"] = {"identity": {"type": "lambda"}, "secrets": {"Data_Base": database("audit")}}
    expected = "must begin with a lower-case letter and have lower-case letters, digits and '-' only, at most 64 characters"

    found = problems(config)

    assert found["environment"] == found["services.Audit"] == found["services.Audit.secrets.Data_Base"] == expected


def test_a_service_name_leaves_room_for_its_function(problems, config):
    config["keyturn:services"]["a" * 43] = billing(config)
    del config["keyturn:services"]["billing"]

    assert "is longer than the 64 characters of a role or function; shorten it" in problems(config)[f"services.{'a' * 43}"]


def test_a_secret_is_not_named_like_an_arn(problems, config):
    billing(config)["secrets"]["database-secret"] = database("second")

    assert "reads that as the end of an ARN" in problems(config)["services.billing.secrets.database-secret"]


# Services


def test_a_service_without_identity_is_refused(problems, config):
    del billing(config)["identity"]

    assert problems(config) == {"services.billing.identity": "is missing"}


def test_a_service_with_nothing_to_read_is_refused(problems, config):
    billing(config)["secrets"] = {}

    assert problems(config) == {"services.billing": "has neither `secrets` nor `reads`: declare one, or remove the service"}


@pytest.mark.parametrize("services", [{}, None])
def test_an_environment_has_services(problems, config, services):
    config["keyturn:services"] = services

    assert list(problems(config)) == ["services"]


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ({"type": "kubernets"}, {"type": "unknown type; did you mean `kubernetes`?"}),
        ({"type": "fargate"}, {"type": "unknown type; known: lambda, ecs, ec2, kubernetes, role"}),
        ({}, {"type": "is missing"}),
        ({"type": "kubernetes"}, {"namespace": "is missing", "serviceAccount": "is missing"}),
        ({"type": "lambda", "namespace": "x"}, {"namespace": "unknown key; known: type"}),
        (
            {"type": "kubernetes", "namespace": "*", "serviceAccount": "billing"},
            {"namespace": "must be the exact name, lower-case letters, digits, '-' and '.'"},
        ),
        ({"type": "role"}, {"principal": "is missing"}),
        ({"type": "role", "principal": "*"}, {"principal": "must be the ARN of one role or user"}),
        ({"type": "role", "principal": "arn:aws:iam::111122223333:root"}, {"principal": "must be the ARN of one role or user"}),
        ({"type": "role", "principal": "arn:aws:iam::111122223333:role/*"}, {"principal": "must be the ARN of one role or user"}),
    ],
)
def test_an_identity_is_exact(problems, config, identity, expected):
    billing(config)["identity"] = identity

    assert problems(config) == {f"services.billing.identity.{key}": sentence for key, sentence in expected.items()}


@pytest.mark.parametrize("identity", [{"type": "lambda"}, {"type": "ecs"}, {"type": "ec2"}])
def test_identities_of_aws_need_no_further_word(read, config, identity):
    billing(config)["identity"] = identity

    assert read(config).services["billing"].identity.type == identity["type"]


def test_a_role_may_be_a_user_with_a_path(read, config):
    billing(config)["identity"] = {"type": "role", "principal": "arn:aws:iam::000000000000:user/people/ada"}

    assert read(config).services["billing"].identity.principal == "arn:aws:iam::000000000000:user/people/ada"


def test_a_kubernetes_identity_needs_the_cluster(problems, config):
    del config["keyturn:kubernetes"]

    assert problems(config) == {"services.billing.identity.type": "needs the cluster: set keyturn:kubernetes to {oidcProviderArn: …}"}


def test_the_cluster_is_known_by_its_provider_in_iam(problems, config):
    config["keyturn:kubernetes"]["oidcProviderArn"] = "https://oidc.eks.eu-central-1.amazonaws.com/id/AB12"

    assert list(problems(config)) == ["kubernetes.oidcProviderArn"]


# Databases


@pytest.mark.parametrize(
    ("key", "bad"),
    [
        ("host", "postgres://db"),
        ("host", "db:5432"),
        ("host", ""),
        ("host", "db_1"),
        ("port", 0),
        ("port", 65536),
        ("port", "many"),
        ("database", "App"),
        ("database", 'app"; drop'),
        ("username", "Billing"),
        ("username", "a" * 58),
        ("username", "billing_clone"),
        ("username", "billing_owner"),
        ("username", "pg_monitor"),
        ("username", "postgres"),
        ("username", "rdsadmin"),
        ("username", "none"),
        ("username", "public"),
        ("rotateEvery", "30"),
        ("rotateEvery", 30),
        ("rotateEvery", "0d"),
        ("rotateEvery", "366d"),
        ("rotateEvery", "2w"),
        ("strategy", "alternating"),
        ("ca", "missing.pem"),
        ("ca", ""),
        ("admin", "platform/database-admin"),
        ("admin", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/platform/database-admin"),
        ("admin", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:*"),
    ],
)
def test_a_database_is_refused_for_one_key_at_a_time(problems, config, key, bad):
    billing_database(config)[key] = bad

    assert list(problems(config)) == [f"services.billing.secrets.database.{key}"]


@pytest.mark.parametrize("key", ["host", "database", "username", "ca"])
def test_a_database_needs(problems, config, key):
    del billing_database(config)[key]

    assert problems(config) == {f"services.billing.secrets.database.{key}": "is missing"}


@pytest.mark.parametrize(
    ("key", "good"),
    [
        ("host", "10.0.0.7"),
        ("host", "localhost"),
        ("port", "6432"),
        ("username", "a" * 57),
        ("rotateEvery", "1d"),
        ("rotateEvery", "365d"),
        ("strategy", "single-user"),
        ("admin", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-0a1b-2c3d4e"),
        ("admin", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/platform/database-admin-2c3d4e"),
    ],
)
def test_a_database_may_have(read, config, key, good):
    billing_database(config)[key] = good

    assert read(config).services["billing"].secrets["database"]


def test_alternating_users_need_an_admin(problems, config):
    del billing_database(config)["admin"]

    assert problems(config) == {
        "services.billing.secrets.database.admin": (
            "is missing: alternating users are made by an admin; name its secret, or choose single-user"
        )
    }


@pytest.mark.parametrize(
    "admin",
    [
        "dev/platform/database-admin",
        "arn:aws:secretsmanager:eu-central-1:111122223333:secret:dev/platform/database-admin-2c3d4e",
    ],
)
def test_an_admin_of_another_environment_is_refused(problems, config, admin):
    billing_database(config)["admin"] = admin

    assert problems(config) == {
        "services.billing.secrets.database.admin": (
            "belongs to another environment; an environment is closed: use an admin secret of its own"
        )
    }


@pytest.mark.parametrize(
    "admin", ["prod/reports/database", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/reports/database-2c3d4e"]
)
def test_a_secret_of_this_declaration_is_no_admin(problems, config, admin):
    billing_database(config)["admin"] = admin

    assert "is a secret of this declaration" in problems(config)["services.billing.secrets.database.admin"]


@pytest.mark.parametrize("ca", ["key.pem", "empty.pem", "binary.pem"])
def test_a_ca_holds_certificates_only(problems, config, tmp_path, ca):
    (tmp_path / "key.pem").write_text(f"{PEM}-----BEGIN PRIVATE KEY-----\n")  # pragma: allowlist secret
    (tmp_path / "empty.pem").write_text("")
    (tmp_path / "binary.pem").write_bytes(b"\x30\x82\xff")
    billing_database(config)["ca"] = ca

    assert list(problems(config)) == ["services.billing.secrets.database.ca"]


def test_two_secrets_never_rotate_one_user(problems, config):
    config["keyturn:services"]["reports"]["secrets"]["database"]["username"] = "billing"
    config["keyturn:services"]["reports"]["secrets"]["database"]["port"] = "5432"
    expected = "is the user of another secret on the same server, too; two services on one database have two users"

    assert problems(config) == {
        "services.billing.secrets.database.username": expected,
        "services.reports.secrets.database.username": expected,
    }


def test_one_name_on_two_servers_is_two_users(read, config):
    config["keyturn:services"]["reports"]["secrets"]["database"].update(username="billing", host="other.db.example.com")

    assert len(read(config).secrets()) == 2


# Reads


@pytest.mark.parametrize(
    ("change", "key", "expected"),
    [
        ({"secret": "prod/billing/databse"}, "secret", "is not declared; did you mean `prod/billing/database`?"),
        (
            {"secret": "dev/billing/database"},
            "secret",
            "belongs to another environment; an environment is closed: no secret of it is read from here",
        ),
        ({"secret": "billing/database"}, "secret", "must be <environment>/<service>/<secret>, e.g. prod/billing/database"),
        ({"reason": "needed"}, "reason", "must say why in at least 10 characters: a reviewer decides by it"),
        ({"until": "soon"}, "until", "must be a date, e.g. 2027-06-30"),
        ({"until": YESTERDAY}, "until", f"ended on {YESTERDAY}; remove the entry, or renew it with a reason"),
        ({"reason": None}, "reason", "input should be a valid string"),
    ],
)
def test_a_read_of_another_services_secret_says_why_and_until_when(problems, config, change, key, expected):
    config["keyturn:services"]["reports"]["reads"] = [
        {"secret": "prod/billing/database", "reason": "monthly close of books", "until": NEXT_YEAR} | change
    ]

    assert problems(config) == {f"services.reports.reads[0].{key}": expected}


@pytest.mark.parametrize("missing", ["secret", "reason", "until"])
def test_a_read_is_whole(problems, config, missing):
    entry = {"secret": "prod/billing/database", "reason": "monthly close of books", "until": NEXT_YEAR}
    del entry[missing]
    config["keyturn:services"]["reports"]["reads"] = [entry]

    assert problems(config) == {f"services.reports.reads[0].{missing}": "is missing"}


@pytest.mark.parametrize("until", [NEXT_YEAR, f"{NEXT_YEAR}T00:00:00Z", f"{NEXT_YEAR} 00:00:00 +0000 UTC"])
def test_a_date_may_have_been_read_as_a_time_by_yaml(read, config, until):
    entry = {"secret": "prod/billing/database", "reason": "monthly close of books", "until": until}
    config["keyturn:services"]["reports"]["reads"] = [entry]

    assert read(config).services["reports"].reads[0].until == NEXT_YEAR


def test_today_is_the_last_day_of_a_read(read, config):
    today = datetime.now(UTC).date().isoformat()
    entry = {"secret": "prod/billing/database", "reason": "monthly close of books", "until": today}
    config["keyturn:services"]["reports"]["reads"] = [entry]

    assert read(config).services["reports"].reads[0].until == today


def test_a_service_does_not_list_its_own_secret(problems, config):
    billing(config)["reads"] = [{"secret": "prod/billing/database", "reason": "monthly close of books", "until": NEXT_YEAR}]

    assert problems(config) == {"services.billing.reads[0]": "is the service's own secret, which it reads anyway; remove the entry"}


def test_a_read_is_said_once(problems, config):
    entry = {"secret": "prod/billing/database", "reason": "monthly close of books", "until": NEXT_YEAR}
    config["keyturn:services"]["reports"]["reads"] = [entry, copy.copy(entry)]

    assert problems(config) == {"services.reports.reads[1]": "is given twice; keep one reason and one end"}


def test_a_service_may_only_read(read, config):
    config["keyturn:services"]["reports"] = {
        "identity": {"type": "lambda"},
        "reads": [{"secret": "prod/billing/database", "reason": "monthly close of books", "until": NEXT_YEAR}],
    }

    assert list(read(config).access_matrix()) == ["billing", "reports", "billing/rotation/postgres"]


# The environment as a whole


def test_somebody_hears_of_a_failed_rotation(problems, config):
    del config["keyturn:alerts"]

    assert problems(config) == {"alerts": "is missing: nobody would hear of a failed rotation; name at least one address"}


def test_a_laptop_needs_no_alerts(read, config):
    del config["keyturn:alerts"]
    local = json.loads(json.dumps(config).replace("prod", "local"))

    assert read(local).alerts == ()


@pytest.mark.parametrize(
    "alert", ["oncall@example.com", "https://alerts.example.com/keyturn", "arn:aws:sqs:eu-central-1:111122223333:keyturn-alerts"]
)
def test_an_alert_reaches(read, config, alert):
    config["keyturn:alerts"] = [alert]

    assert read(config).alerts == (alert,)


@pytest.mark.parametrize("alert", ["oncall", "http://alerts.example.com", "arn:aws:sns:eu-central-1:111122223333:topic", ""])
def test_an_alert_that_reaches_nobody_is_refused(problems, config, alert):
    config["keyturn:alerts"] = ["oncall@example.com", alert]

    assert problems(config) == {"alerts[1]": "must be an e-mail address, an https:// address or the ARN of an SQS queue"}


@pytest.mark.parametrize("days", [0, 6, 31, -1])
def test_a_deleted_secret_can_be_restored(problems, config, days):
    config["keyturn:recoveryDays"] = str(days)

    assert problems(config) == {"recoveryDays": "must be from 7 to 30; 0 only in environment `local`"}


@pytest.mark.parametrize(("environment", "days"), [("prod", 7), ("prod", 30), ("local", 0), ("local", 7)])
def test_the_days_to_restore_a_secret_are_chosen(read, config, environment, days):
    config["keyturn:recoveryDays"] = str(days)
    chosen = json.loads(json.dumps(config).replace("prod", environment))

    assert read(chosen).recovery_days == days


def test_a_vpc_has_subnets_and_groups(problems, config):
    config["keyturn:vpc"] = {"subnetIds": [], "securityGroupIds": []}

    assert sorted(problems(config)) == ["vpc.securityGroupIds", "vpc.subnetIds"]


def test_what_may_be_left_out_may_be_empty(read, config):
    """The engine hands over the defaults of Pulumi.yaml, and there is no null among them."""
    config["keyturn:services"]["billing"]["identity"] = {"type": "ecs"}
    config.update({"keyturn:kubernetes": "{}", "keyturn:vpc": "{}"})

    declaration = read(config)

    assert (declaration.kubernetes, declaration.vpc) == (None, None)


# The shell


def as_local(config):
    local = json.loads(json.dumps(config).replace("prod", "local"))
    local["keyturn:services"]["billing"]["secrets"]["database"].update(host="${DB_HOST}", port="${DB_PORT}")
    return local


def test_a_local_environment_takes_ports_from_the_shell(read, config):
    declared = read(as_local(config), variables={"DB_HOST": "localhost", "DB_PORT": "6543"})

    database = declared.services["billing"].secrets["database"]
    assert (database.host, database.port) == ("localhost", 6543)


def test_a_variable_that_is_not_set_says_where_it_comes_from(problems, config):
    found = problems(as_local(config), variables={"DB_HOST": "localhost", "DB_PORT": ""})

    assert found == {
        "services.billing.secrets.database.port": (
            'needs the variable DB_PORT, which is not set; `eval "$(make -s env)"` sets it while the local cloud runs'
        )
    }


def test_what_is_deployed_elsewhere_stands_in_the_file(problems, config):
    billing_database(config)["host"] = "${DB_HOST}"

    assert problems(config, variables={"DB_HOST": "db.example.com"}) == {
        "services.billing.secrets.database.host": (
            "takes `${…}` from the shell; only environment `local` may: write what is deployed into the stack file"
        )
    }


def test_only_a_whole_reference_is_replaced(problems, config):
    local = as_local(config)
    local["keyturn:services"]["billing"]["secrets"]["database"]["port"] = "${DB_PORT"

    assert list(problems(local, variables={"DB_HOST": "localhost", "DB_PORT": "1"})) == ["services.billing.secrets.database.port"]
