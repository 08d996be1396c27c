"""What stacks have in common."""

from policies.pack.values import UNKNOWN
from tests.policies.cases import ALWAYS, DEPLOYED, Cases
from tests.policies.program import ACCOUNT, ROLE_POLICY, SECRET, Program, document, statement

cases = Cases("secret-is-not-shared-across-stacks")

NAME = "dev/billing/database"
KEY_ARN = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
VAULT_ROLE = "vault:kubernetes/authBackendRole:AuthBackendRole"


def tags(service, environment="dev"):
    return {"keyturn:environment": environment, "keyturn:service": service}


def other(project="reports", stack="dev", **facts):
    """The manifest of another stack, as its preview wrote it."""
    return {"others": [{"project": project, "stack": stack, **facts}]}


def held(name=NAME, account=ACCOUNT, region="eu-central-1", **more):
    urn = "urn:pulumi:dev::reports::aws:secretsmanager/secret:Secret::theirs"
    arn = f"arn:aws:secretsmanager:{region}:{account}:secret:{name}-AbCdEf"
    return {"urn": urn, "label": 'Secret "theirs"', "name": name, "arn": arn, "account": account, "region": region, **more}


def read(text, **more):
    urn = "urn:pulumi:dev::reports::aws:iam/rolePolicy:RolePolicy::theirs"
    return {"urn": urn, "property": "policy", "label": 'Role "theirs"', "text": text, **more}


def used(key, **more):
    urn = "urn:pulumi:dev::reports::aws:secretsmanager/secret:Secret::theirs"
    return {"urn": urn, "label": 'Secret "theirs"', "key": key, **more}


def vault_role(name, **more):
    return {"urn": f"urn:pulumi:dev::reports::{VAULT_ROLE}::theirs", "label": 'AuthBackendRole "theirs"', "name": name, **more}


@cases.violated("Another stack makes the same secret", at="database", properties="name", when=DEPLOYED, settings=other(secrets=[held()]))
def made_twice(program):
    program.secret()


@cases.violated(
    "A service of another stack reads the secret of this one",
    at="database",
    properties="policy",
    when=DEPLOYED,
    settings=other(reads=[read(Program.arn(NAME), environment="dev", service="reports")]),
)
def read_by_another_service(program):
    program.secret(tags=tags("billing"))


@cases.violated(
    "A role of another stack reads it by a pattern of names, beside the role of this stack",
    at="database",
    when=DEPLOYED,
    settings=other(reads=[read("arn:aws:secretsmanager:*:*:secret:dev/*")]),
)
def read_beside_another(program):
    program.grant(program.role("billing"), program.secret())


@cases.violated(
    "Two roles of another stack read it",
    at="database",
    when=DEPLOYED,
    settings=other(reads=[read(Program.arn(NAME)), read(Program.arn(NAME), label='Role "second"')]),
)
def read_by_two_of_another(program):
    program.secret()


@cases.violated(
    "This stack reads what another service makes in another stack",
    at="month-end",
    properties="reads",
    settings=other(secrets=[held(environment="dev", service="billing")]),
)
def reads_of_another(program):
    program.component("ServiceAccess", "month-end", environment="dev", service="reports", reads=[NAME], exceptions={})


@cases.violated(
    "Two services of two stacks read a secret that neither makes",
    at="reads",
    properties="policy",
    settings=other(reads=[read(Program.arn(NAME), environment="dev", service="reports")]),
)
def both_read(program):
    by_name = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:{NAME}-??????"
    program.inline(program.role("billing", tags=tags("billing")), document(statement(by_name)), name="reads")


@cases.violated(
    "A task of ECS gets what another service makes in another stack",
    at="task",
    properties="containerDefinitions",
    settings=other(secrets=[held(environment="dev", service="billing")]),
)
def task_of_another(program):
    definitions = [{"name": "web", "secrets": [{"name": "DB", "valueFrom": f"{Program.arn(NAME)}:password::"}]}]
    inputs = {"family": "web", "containerDefinitions": definitions, "tags": tags("reports")}
    program.add("aws:ecs/taskDefinition:TaskDefinition", "task", inputs)


@cases.violated(
    "One key encrypts secrets of two environments in two stacks",
    at="database",
    properties="kmsKeyId",
    settings=other(stack="prod", keys=[used(KEY_ARN.rpartition("/")[2], environment="prod")]),
)
def key_of_two_environments(program):
    program.secret(kmsKeyId=KEY_ARN, tags=tags("billing"))


@cases.violated(
    "Two stacks make one role of Vault",
    at="billing",
    properties="roleName",
    settings=other(vaultRoles=[vault_role("auth/kubernetes/role/billing", server="https://vault.example.com")]),
)
def one_role_of_vault(program):
    provider = program.add("pulumi:providers:vault", "vault", {"address": "https://vault.example.com"})
    program.add(VAULT_ROLE, "billing", {"roleName": "billing"}, provider=provider)


@cases.violated("Two states that are judged together make one secret", at="database", properties="name", when=DEPLOYED)
def two_states(program):
    program.secret()
    program.beside("dev", "reports").secret()


@cases.violated(
    "What was allowed has ended",
    at="database",
    when=DEPLOYED,
    settings={
        **other(reads=[read(Program.arn(NAME), environment="dev", service="reports")]),
        "sharedAllow": [{"name": NAME, "stacks": ["shop/dev", "reports/*"], "reason": "month-end report", "until": "2026-06-14"}],
    },
)
def no_longer_allowed(program):
    program.secret(tags=tags("billing"))


@cases.violated(
    "What is allowed is another secret",
    at="database",
    when=DEPLOYED,
    settings={
        **other(reads=[read(Program.arn(NAME), environment="dev", service="reports")]),
        "sharedAllow": [{"name": "dev/billing/stripe", "stacks": ["*"], "reason": "month-end report", "until": "2026-12-31"}],
    },
)
def allowed_for_another(program):
    program.secret(tags=tags("billing"))


@cases.holds(
    "It is allowed, with a reason and a last day",
    settings={
        **other(reads=[read(Program.arn(NAME), environment="dev", service="reports")]),
        "sharedAllow": [
            {"name": "dev/billing/*", "stacks": ["shop/dev", "reports/*"], "reason": "month-end report", "until": "2026-06-15"}
        ],
    },
)
def allowed(program):
    program.secret(tags=tags("billing"))


@cases.holds(
    "The manifest is its own, from its last preview",
    settings={
        "others": [{"project": "shop", "stack": "dev", "secrets": [held()], "reads": [read(Program.arn(NAME))]}],
    },
)
def its_own_manifest(program):
    program.secret()


@cases.holds("Another account has a secret of the same name", when=DEPLOYED, settings=other(secrets=[held(account="999988887777")]))
def another_account(program):
    program.secret()


@cases.holds("Another region has a secret of the same name", when=DEPLOYED, settings=other(secrets=[held(region="us-east-1")]))
def another_region(program):
    program.secret()


@cases.holds(
    "A stack makes the secrets, and the owner's own service reads them in another",
    settings=other(reads=[read(Program.arn(NAME), environment="dev", service="billing")]),
)
def read_by_its_owner(program):
    program.secret(tags=tags("billing"))


@cases.holds("One role reads it, and that one is of another stack", settings=other(reads=[read(Program.arn(NAME))]))
def only_reader_elsewhere(program):
    program.secret()


@cases.holds(
    "The name only begins like that of a secret of another stack",
    settings=other(secrets=[held("dev/billing/database-replica", environment="dev", service="reports")]),
)
def name_that_begins_alike(program):
    pattern = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:{NAME}-??????"
    program.inline(program.role("billing", tags=tags("billing")), document(statement(pattern)))
    program.secret(tags=tags("billing"))


@cases.holds(
    "A document keeps a role away from the secret of another stack", settings=other(secrets=[held(environment="dev", service="reports")])
)
def denied(program):
    program.inline(program.role("billing", tags=tags("billing")), document(statement(Program.arn(NAME), effect="Deny")))
    program.secret("own", "dev/billing/own", tags=tags("billing"))


@cases.holds(
    "A function's environment names the secret of another stack, and nothing lets it read",
    settings=other(secrets=[held(environment="dev", service="reports")]),
)
def only_named(program):
    variables = {"variables": {"DATABASE_SECRET_ARN": Program.arn(NAME)}}
    program.add("aws:lambda/function:Function", "web", {"name": "web", "environment": variables, "tags": tags("billing")})
    program.secret("own", "dev/billing/own", tags=tags("billing"))


@cases.holds("One key serves one environment, in two stacks", settings=other(keys=[used(KEY_ARN, environment="dev", service="reports")]))
def key_of_one_environment(program):
    program.secret(kmsKeyId=KEY_ARN, tags=tags("billing"))


@cases.holds(
    "Two Vault servers have a role of the same name",
    settings=other(vaultRoles=[vault_role("auth/kubernetes/role/billing", server="https://vault.prod.example.com")]),
)
def roles_of_two_vaults(program):
    provider = program.add("pulumi:providers:vault", "vault", {"address": "https://vault.example.com"})
    program.add(VAULT_ROLE, "billing", {"roleName": "billing"}, provider=provider)


@cases.holds(
    "One service reads, in two stacks, a secret that neither makes",
    settings=other(reads=[read(Program.arn(NAME), service="billing")]),
)
def read_in_two_stacks(program):
    program.inline(program.role("billing", tags=tags("billing")), document(statement(Program.arn(NAME))))


@cases.holds(
    "Two services read secrets of one name in two accounts",
    settings=other(reads=[read(Program.arn(NAME).replace(ACCOUNT, "999988887777"), environment="dev", service="reports")]),
)
def read_in_two_accounts(program):
    program.inline(program.role("billing", tags=tags("billing")), document(statement(Program.arn(NAME))))


@cases.holds("It is judged alone")
def alone(program):
    secret = program.secret()
    program.grant(program.role("billing"), secret)


@cases.cannot_decide(
    "In which account the secret is that two services read is not said",
    at="synced",
    properties="reads",
    when=ALWAYS,
    settings=other(reads=[read(Program.arn(NAME), environment="dev", service="reports")]),
)
def account_not_said(program):
    program.component("ServiceAccess", "synced", environment="dev", service="billing", reads=[NAME], exceptions={})


@cases.cannot_decide("In which account they are is not known before the first deployment", at="database", settings=other(secrets=[held()]))
def account_not_known(program):
    program.secret()


@cases.cannot_decide(
    "A role of another stack reads by a full ARN, and the own one is not known yet",
    at="database",
    settings=other(reads=[read(Program.arn(NAME), environment="dev", service="reports")]),
)
def arn_not_known(program):
    program.secret(tags=tags("billing"))


@cases.cannot_decide(
    "Whose the reader is is not known",
    at="database",
    when=ALWAYS,
    settings=other(reads=[read(Program.arn(NAME), isKnown=False)]),
)
def reader_not_known(program):
    program.secret(tags=tags("billing"))


@cases.cannot_decide("The secret's name is not known yet", at="database", properties="name", when=ALWAYS, settings=other(secrets=[held()]))
def name_not_known(program):
    program.add(SECRET, "database", {"name": UNKNOWN}, outputs={"name": UNKNOWN})


@cases.cannot_decide(
    "A document of get_policy_document may name secrets of another stack",
    at="invoked",
    properties="policy",
    settings=other(secrets=[held("dev/reports/database")]),
)
def invoked_document(program):
    program.grant(program.role("own"), program.secret())
    program.add(ROLE_POLICY, "invoked", {"role": "billing", "policy": UNKNOWN}, made_from={"role": [program.role("billing")]})


@cases.cannot_decide(
    "The key comes from another stack", at="database", properties="kmsKeyId", when=ALWAYS, settings=other(keys=[used(KEY_ARN)])
)
def key_not_known(program):
    program.secret(kmsKeyId=UNKNOWN)


@cases.cannot_decide(
    "Nothing says to which environment the users of one key belong", at="database", when=ALWAYS, settings=other(keys=[used(KEY_ARN)])
)
def environment_of_key_not_known(program):
    program.secret(kmsKeyId=KEY_ARN)


@cases.cannot_decide(
    "On which Vault server the roles are is not known",
    at="billing",
    when=ALWAYS,
    settings=other(vaultRoles=[vault_role("auth/kubernetes/role/billing")]),
)
def server_not_known(program):
    program.add(VAULT_ROLE, "billing", {"roleName": "billing"})
