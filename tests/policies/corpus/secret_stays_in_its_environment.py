"""What names something of another environment."""

import json

from policies.pack.values import UNKNOWN
from tests.policies.cases import ALWAYS, DEPLOYED, Cases
from tests.policies.program import ACCOUNT, FUNCTION, ROLE_POLICY, SECRET_POLICY, Program, document, statement

cases = Cases("secret-stays-in-its-environment")

DEV, PROD = "dev/billing/database", "prod/billing/database"
ARN_BY_NAME = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:{{}}-??????"
PROD_ACCOUNT = "999988887777"
ACCOUNTS = {"environments": {"dev": {"accounts": [ACCOUNT]}, "prod": {"accounts": [PROD_ACCOUNT]}}}
DASHES = {"environments": {"dev": {"prefixes": ["dv-"]}, "prod": {"prefixes": ["pd-", "/pd/"]}}}
STACKS = {"environments": {"dev": {"stacks": ["shop/main"]}, "prod": {"stacks": ["shop/live", "platform/shared"]}}}
EXTERNAL_SECRET = "kubernetes:external-secrets.io/v1:ExternalSecret"
SECRET_STORE = "kubernetes:external-secrets.io/v1:SecretStore"
VAULT_POLICY = "vault:index/policy:Policy"
STACK_REFERENCE = "urn:pulumi:dev::shop::pulumi:pulumi:StackReference::acme/{}"


def tags(environment, service="billing"):
    return {"keyturn:environment": environment, "keyturn:service": service}


def in_dev(program):
    """The stack's configuration names its environment."""
    program.environment = "dev"
    return program


def store(program, **vault):
    program.add(SECRET_STORE, "store", {"metadata": {"name": "store"}, "spec": {"provider": {"vault": vault}}})


def synced(program, key):
    data = [{"secretKey": "password", "remoteRef": {"key": key}}]
    spec = {"secretStoreRef": {"name": "store"}, "data": data}
    program.add(EXTERNAL_SECRET, "synced", {"metadata": {"name": "synced"}, "spec": spec})


@cases.violated("A role of dev may read a secret of prod, by its ARN", at="reads", properties="policy")
def arn_of_another(program):
    program.inline(program.role("billing", tags=tags("dev")), document(statement(Program.arn(PROD))), name="reads")


@cases.violated("A pattern of names begins with another environment", at="reads")
def pattern_of_another(program):
    in_dev(program).inline(program.role("billing"), document(statement("arn:aws:secretsmanager:*:*:secret:prod/*")), name="reads")


@cases.violated("A policy of one stack with two environments mixes them up", at="reads", when=DEPLOYED)
def two_environments_in_one_stack(program):
    secret = program.secret(physical="database", tags=tags("prod"))
    program.grant(program.role("billing", tags=tags("dev")), secret, name="reads")


@cases.violated("Another action than reading is allowed on it", at="writes")
def written(program):
    text = document(statement(ARN_BY_NAME.format(PROD), "secretsmanager:PutSecretValue"))
    program.inline(program.role("billing", tags=tags("dev")), text, name="writes")


@cases.violated("The secret itself is called like one of another environment", at="database", properties="name")
def own_name(program):
    in_dev(program).secret(physical=PROD)


@cases.violated("The secret belongs to another environment than its stack", at="database", properties="tags")
def own_tags(program):
    in_dev(program).secret(physical="database", tags=tags("prod"))


@cases.violated("A service declares to read a secret of another environment, whatever that is called", at="access", properties="reads")
def declared(program):
    reads = ["qa7/billing/database"]
    program.component("ServiceAccess", "access", environment="dev", service="billing", reads=reads, exceptions={})


@cases.violated("ECS puts a parameter of another environment into a container", at="task", properties="containerDefinitions")
def container(program):
    definitions = json.dumps([{"name": "web", "secrets": [{"name": "DB", "valueFrom": "/prod/billing/database"}]}])
    in_dev(program).add("aws:ecs/taskDefinition:TaskDefinition", "task", {"family": "web", "containerDefinitions": definitions})


@cases.violated("A function's environment names it", at="web", properties="environment")
def variable(program):
    in_dev(program).add(FUNCTION, "web", {"name": "web", "environment": {"variables": {"SECRET": PROD}}})


@cases.violated("The External Secrets Operator fetches it", at="synced", properties="spec")
def synced_key(program):
    synced(in_dev(program), PROD)


@cases.violated("A store reads the Vault mount of another environment", at="store", properties="spec")
def vault_mount(program):
    store(in_dev(program), server="https://vault", path="kv/prod")


@cases.violated("A policy of Vault opens a path of another environment", at="billing", properties="policy")
def vault_policy(program):
    text = 'path "kv/data/dev/billing/*" { capabilities = ["read"] }\npath "kv/data/prod/billing/*" { capabilities = ["read"] }'
    in_dev(program).add(VAULT_POLICY, "billing", {"name": "billing", "policy": text})


@cases.violated("An ARN names the account of another environment", at="reads", settings=ACCOUNTS)
def account_of_another(program):
    arn = ARN_BY_NAME.format("billing").replace(ACCOUNT, PROD_ACCOUNT)
    in_dev(program).inline(program.role("billing"), document(statement(arn)), name="reads")


@cases.violated("A secret lets in the account of another environment", at="opened", properties="policy", settings=ACCOUNTS)
def account_let_in(program):
    secret = in_dev(program).secret()
    text = document(statement("*", Principal={"AWS": f"arn:aws:iam::{PROD_ACCOUNT}:root"}))
    program.add(
        SECRET_POLICY, "opened", {"secretArn": program.later(program.arn_of(secret)), "policy": text}, made_from={"secretArn": [secret]}
    )


@cases.violated("A secret lets in the role that Keyturn made for another environment", at="database", properties="policy")
def role_let_in(program):
    role = f"arn:aws:iam::{ACCOUNT}:role/keyturn_prod_billing"
    in_dev(program).secret(policy=document(statement("*", Principal={"AWS": role})))


@cases.violated("The role that reads may be assumed from the account of another environment", at="billing", settings=ACCOUNTS)
def trust_of_another(program):
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": PROD_ACCOUNT}})
    role = in_dev(program).role("billing", assumeRolePolicy=trust)
    program.grant(role, program.secret())


@cases.holds("A role that reads no secret may be assumed from the account of another environment", settings=ACCOUNTS)
def trust_without_secrets(program):
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": PROD_ACCOUNT}})
    in_dev(program).role("logs", assumeRolePolicy=trust)
    program.secret()


@cases.violated("The team's own names speak of another environment", at="reads", settings=DASHES)
def own_prefixes(program):
    in_dev(program).inline(program.role("billing"), document(statement(ARN_BY_NAME.format("pd-billing-database"))), name="reads")


@cases.violated("Something is made from a stack of another environment", at="web", properties="environment", settings=STACKS)
def stack_of_another(program):
    program.stack_name = "main"
    inputs = {"name": "web", "environment": {"variables": {"HOST": "db.internal"}}}
    program.add(FUNCTION, "web", inputs, made_from={"environment": [STACK_REFERENCE.format("platform/shared")]})


@cases.holds("A role of dev reads a secret of dev")
def same_environment(program):
    secret = program.secret(physical=DEV, tags=tags("dev"))
    program.grant(program.role("billing", tags=tags("dev")), secret)


@cases.holds("Nothing says to which environment the program belongs")
def no_environment(program):
    program.inline(program.role("billing"), document(statement(Program.arn(PROD))))


@cases.holds("A document denies the secrets of another environment")
def denied(program):
    in_dev(program).inline(program.role("billing"), document(statement(ARN_BY_NAME.format(PROD), effect="Deny")))


@cases.holds("A policy of Vault denies a path of another environment, and a comment names it")
def vault_denied(program):
    text = '# path "kv/prod/a" { capabilities = ["read"] }\npath "kv/data/prod/*" {\n  capabilities = ["deny"]\n}'
    in_dev(program).add(VAULT_POLICY, "billing", {"name": "billing", "policy": text})


@cases.holds("A service has the name of an environment")
def service_called_prod(program):
    in_dev(program).inline(program.role("billing"), document(statement(ARN_BY_NAME.format("dev/prod/database"))))


@cases.holds("A name only begins like that of an environment")
def begins_alike(program):
    in_dev(program).inline(program.role("billing"), document(statement(ARN_BY_NAME.format("production-metrics/token"))))


@cases.holds("A name begins with something that is no environment")
def no_environment_in_the_name(program):
    in_dev(program).secret(physical="shop/billing/database")


@cases.holds("Tags of the secret outweigh what its name looks like to a reader", when=DEPLOYED)
def own_secret_by_tags(program):
    secret = program.secret(physical="test-suite", tags=tags("dev"))
    program.grant(program.role("billing", tags=tags("dev")), secret)


@cases.holds("A variable holds a path of a file, a URL and a table", cites=("checkov#6700", "trivy#3634"))
def other_variables(program):
    variables = {"TEMPLATES": "test/fixtures", "URL": "https://prod/billing/database", "TABLE": "prod"}
    in_dev(program).add(FUNCTION, "web", {"name": "web", "environment": {"variables": variables}})


@cases.holds("Every environment may use it, with the reason", settings={"allow": {"prod/platform/ca*": "one root for all"}})
def allowed(program):
    in_dev(program).inline(program.role("billing"), document(statement(ARN_BY_NAME.format("prod/platform/ca"))))


@cases.holds("An account that belongs to no environment is named", settings=ACCOUNTS)
def other_account(program):
    arn = ARN_BY_NAME.format("billing").replace(ACCOUNT, "123456789012")
    in_dev(program).inline(program.role("billing"), document(statement(arn)))


@cases.holds("An own prefix tells that it is the own environment", settings={"environments": {"dev": {"prefixes": ["prod/sandbox/"]}}})
def longer_prefix(program):
    in_dev(program).inline(program.role("billing"), document(statement(ARN_BY_NAME.format("prod/sandbox/database"))))


@cases.holds("Something is made from a stack of the same environment", settings=STACKS)
def stack_of_the_same(program):
    program.stack_name = "live"
    program.add(FUNCTION, "web", {"name": "web"}, made_from={"name": [STACK_REFERENCE.format("platform/shared")]})


@cases.cannot_decide("An invoke made the document, and leaves no trace of what it names", at="invoked", properties="policy")
def invoked(program):
    role = in_dev(program).role("billing")
    program.add(ROLE_POLICY, "invoked", {"role": "billing", "policy": UNKNOWN}, made_from={"role": [role]})


@cases.cannot_decide("A document is made from a secret of another environment, and may only name it", at="reads", properties="policy")
def made_from_another(program):
    secret = program.secret(physical="database", tags=tags("prod"))
    program.grant(program.role("billing", tags=tags("dev")), secret, name="reads")


@cases.cannot_decide("To which environment the role belongs is not known yet", at="reads", properties="tags", when=ALWAYS)
def own_environment_not_known(program):
    program.inline(program.role("billing", tags=UNKNOWN), document(statement(Program.arn(PROD))), name="reads")


@cases.cannot_decide("To which environment the named secret belongs is not known yet", at="reads", when=DEPLOYED)
def other_environment_not_known(program):
    secret = program.secret(physical="database", tags=UNKNOWN)
    program.grant(program.role("billing", tags=tags("dev")), secret, name="reads")


@cases.cannot_decide("The secret's own name is not known yet", at="database", properties="name", when=ALWAYS)
def name_not_known(program):
    in_dev(program).add("aws:secretsmanager/secret:Secret", "database", {"name": UNKNOWN}, outputs={"name": UNKNOWN})


@cases.cannot_decide("What a container gets is not known yet", at="task", properties="containerDefinitions", when=ALWAYS)
def container_not_known(program):
    in_dev(program).add("aws:ecs/taskDefinition:TaskDefinition", "task", {"family": "web", "containerDefinitions": UNKNOWN})


@cases.cannot_decide("The key that the operator fetches is not known yet", at="synced", properties="spec", when=ALWAYS)
def key_not_known(program):
    synced(in_dev(program), UNKNOWN)


@cases.cannot_decide("A policy of Vault is not known yet", at="billing", properties="policy", when=ALWAYS)
def vault_policy_not_known(program):
    in_dev(program).add(VAULT_POLICY, "billing", {"name": "billing", "policy": UNKNOWN})


@cases.cannot_decide(
    "Something is made from a stack that is called like another environment", at="web", properties="environment", when=ALWAYS
)
def stack_called_alike(program):
    inputs = {"name": "web", "environment": {"variables": {"HOST": "db.internal"}}}
    in_dev(program).add(FUNCTION, "web", inputs, made_from={"environment": [STACK_REFERENCE.format("platform/prod")]})
