"""One named change to a compliant estate makes exactly its rule speak; without a change none does."""

import json
from dataclasses import replace
from functools import partial

import pytest

from policies.pack.values import UNKNOWN, Marked
from policies.rules import rules
from tests.policies import compliant
from tests.policies.compliant import ACCOUNT
from tests.policies.corpus.failures_raise_alarms import everything as alarms_for_all
from tests.policies.hearing import hear

RULES = {rule.name: rule for rule in rules()}
MUTATIONS = {}

SECRET = "aws:secretsmanager/secret:Secret"
SECRET_POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
KEY = "aws:kms/key:Key"
FUNCTION = "aws:lambda/function:Function"
PERMISSION = "aws:lambda/permission:Permission"
VIA_SECRETS_MANAGER = {
    "Condition": {
        "StringEquals": {"kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com"},
        "StringLike": {
            "kms:EncryptionContext:SecretARN": f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:prod/billing/database-??????"
        },
    }
}
BILLING = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:prod/billing/database-??????"


def breaks(rule, changed):
    """The function makes an estate break one rule; the text says how."""

    def add(change):
        MUTATIONS[rule, changed] = change
        return change

    return add


def find(program, type_token, name):
    return next(each for each in program.resources if each.type == type_token and each.name == name)


def change(program, type_token, name, **inputs):
    """Changes inputs; what the outputs repeat changes with them."""
    old = find(program, type_token, name)
    new = replace(old, inputs={**old.inputs, **inputs}, outputs={**old.outputs, **inputs})
    program.resources = [new if each is old else each for each in program.resources]


def remove(program, type_token, name):
    gone = find(program, type_token, name)
    program.resources = [each for each in program.resources if each is not gone]


def static(program, name, physical, **tags):
    """A secret beside the components, which a person renews."""
    own = find(program, SECRET, "billing/database")
    said = {"keyturn:kind": "static", "keyturn:reason": "the vendor's dashboard", "keyturn:review-by": "2026-12-01"}
    inputs = {**own.inputs, "name": physical, "tags": {**said, **tags}}
    urn = f"urn:pulumi:{program.stack_name}::keyturn::{SECRET}::{name}"
    outputs = {**own.outputs, **inputs, "tagsAll": UNKNOWN}
    program.resources.append(replace(own, urn=urn, name=name, inputs=inputs, outputs=outputs, parent="", protect=True))


def generated(program):
    """A generator of passwords; what is made from it is not known yet."""
    return program.add("random:index/randomPassword:RandomPassword", "password", {"length": 32})


def grant(program, role, statement, name="more"):
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})
    holder = find(program, ROLE, role)
    program.add(ROLE_POLICY, name, {"role": holder.inputs["name"], "policy": document}, made_from={"role": [holder.urn]})


def tagged(program, type_token, name, **tags):
    """Changes tags; `None` takes one away."""
    old = find(program, type_token, name).inputs["tags"]
    kept = {**old, **{key.replace("_", ":"): value for key, value in tags.items()}}
    change(program, type_token, name, tags={key: value for key, value in kept.items() if value is not None})


# Sharing


@breaks("secret-has-one-reader", "another service may read it")
def secret_has_one_reader(program):
    grant(program, "reports", {"Action": "secretsmanager:GetSecretValue", "Resource": BILLING})
    grant(program, "reports", {"Action": "kms:Decrypt", "Resource": "*", **VIA_SECRETS_MANAGER}, "key")


@breaks("secret-has-an-owner", "a secret says nothing about whose it is")
def secret_has_an_owner(program):
    static(program, "stray", "prod/stray")


@breaks("secret-stays-in-its-environment", "a role of production may read a secret of dev")
def secret_stays_in_its_environment(program):
    other = BILLING.replace("prod/billing", "dev/billing")
    grant(program, "billing", {"Action": "secretsmanager:GetSecretValue", "Resource": other})


@breaks("secret-is-not-shared-across-stacks", "another stack declares the same secret")
def secret_is_not_shared_across_stacks(program):
    own = {"keyturn:environment": "prod", "keyturn:service": "billing"}
    static(program.beside("second", "keyturn"), "copy", "prod/billing/database", **own)


@breaks("value-is-not-reused", "one generator feeds two parameters")
def value_is_not_reused(program):
    password = generated(program)
    for name in ("one", "two"):
        inputs = {"name": name, "type": "SecureString", "value": Marked("drawn"), "keyId": "alias/keyturn/prod"}
        program.add("aws:ssm/parameter:Parameter", name, inputs, made_from={"value": [password]})


@breaks("key-stays-in-its-environment", "the key of production encrypts a secret of dev")
def key_stays_in_its_environment(program):
    program.environment = None  # one stack for both environments, and alarms for both
    alarms_for_all(program)
    static(program, "dev", "dev/billing/token", **{"keyturn:environment": "dev", "keyturn:service": "billing"})


# Rotation


@breaks("secret-is-rotated", "its rotation is switched off")
def secret_is_rotated(program):
    change(program, ROTATION, "billing/database-rotation", rotationEnabled=False)


@breaks("rotation-is-frequent-enough", "it is rotated every 90 days in production")
def rotation_is_frequent_enough(program):
    change(program, ROTATION, "billing/database-rotation", rotationRules={"automaticallyAfterDays": 90})


@breaks("rotation-can-work", "Secrets Manager may not call the function")
def rotation_can_work(program):
    remove(program, PERMISSION, "billing/database-invocation")


@breaks("rotator-touches-only-its-secrets", "the function of billing may write the secret of reports")
def rotator_touches_only_its_secrets(program):
    other = BILLING.replace("billing", "reports")
    grant(program, "billing/postgres", {"Action": "secretsmanager:PutSecretValue", "Resource": other})


@breaks("nothing-fights-rotation", "the program writes a value of its own")
def nothing_fights_rotation(program):
    secret = find(program, SECRET, "billing/database").urn
    edges = {"secretId": [secret], "secretString": [generated(program)]}
    inputs = {"secretId": UNKNOWN, "secretString": UNKNOWN}
    program.add("aws:secretsmanager/secretVersion:SecretVersion", "seed", inputs, made_from=edges)


@breaks("key-is-rotated", "the key is not rotated")
def key_is_rotated(program):
    change(program, KEY, "prod", enableKeyRotation=False)


# Least privilege


@breaks("grant-names-exact-secrets", "a role may describe everything")
def grant_names_exact_secrets(program):
    grant(program, "billing", {"Action": "secretsmanager:DescribeSecret", "Resource": "*"})


@breaks("reader-cannot-write", "the reader may change its secret")
def reader_cannot_write(program):
    grant(program, "billing", {"Action": "secretsmanager:PutSecretValue", "Resource": BILLING})


@breaks("secret-policy-is-closed", "the resource policy lets a public policy pass")
def secret_policy_is_closed(program):
    change(program, SECRET_POLICY, "billing/database-readers", blockPublicPolicy=False)


@breaks("decrypt-is-scoped", "a role may decrypt with any key")
def decrypt_is_scoped(program):
    grant(program, "billing", {"Action": "kms:Decrypt", "Resource": "*"})


@breaks("role-is-assumed-by-one-service", "any service account of the cluster may take the role")
def role_is_assumed_by_one_service(program):
    trust = json.loads(find(program, ROLE, "billing").inputs["assumeRolePolicy"])
    for statement in trust["Statement"]:
        subjects = {key: value for key, value in statement["Condition"]["StringEquals"].items() if not key.endswith(":sub")}
        statement["Condition"] = {"StringEquals": subjects}
    change(program, ROLE, "billing", assumeRolePolicy=json.dumps(trust))


# Exposure


@breaks("no-secret-in-environment-variables", "a function gets a password as a variable")
def no_secret_in_environment_variables(program):
    password = generated(program)
    variables = {"variables": {"PASSWORD": UNKNOWN}}
    program.add(FUNCTION, "worker", {"name": "worker", "environment": variables}, made_from={"environment": [password]})


@breaks("no-plaintext-value", "a parameter holds a literal")
def no_plaintext_value(program):
    program.add("aws:ssm/parameter:Parameter", "token", {"name": "token", "type": "SecureString", "value": Marked("written by hand")})


@breaks("no-secret-in-outputs", "the stack exports a token in clear")
def no_secret_in_outputs(program):
    root = find(program, "pulumi:pulumi:Stack", "keyturn-prod")
    exported = replace(root, outputs={**root.outputs, "token": "ghp_" + 36 * "a"})
    program.resources = [exported if each is root else each for each in program.resources]


@breaks("no-secret-in-manifests", "a Kubernetes Secret is written by the program")
def no_secret_in_manifests(program):
    metadata = {"name": "written", "namespace": "billing"}
    inputs = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": UNKNOWN}
    program.add("kubernetes:core/v1:Secret", "written", inputs, made_from={"stringData": [generated(program)]})


@breaks("no-secret-in-metadata", "a tag holds a password")
def no_secret_in_metadata(program):
    password = generated(program)
    program.add("aws:s3/bucket:Bucket", "bucket", {"bucket": "bucket", "tags": {"password": UNKNOWN}}, made_from={"tags": [password]})


# Keeping, audit


@breaks("secret-uses-customer-key", "a secret is under the key of AWS")
def secret_uses_customer_key(program):
    change(program, SECRET, "billing/database", kmsKeyId="alias/aws/secretsmanager")


@breaks("deletion-is-recoverable", "a secret can be deleted at once")
def deletion_is_recoverable(program):
    change(program, SECRET, "billing/database", recoveryWindowInDays=0)


@breaks("reads-are-audited", "the trail records writes only")
def reads_are_audited(program):
    change(program, compliant.TRAIL, "trail", eventSelectors=[{"readWriteType": "WriteOnly"}])


@breaks("failures-raise-alarms", "nobody hears of failed rotations")
def failures_raise_alarms(program):
    remove(program, "aws:cloudwatch/eventTarget:EventTarget", "prod-rotation-failed-target")


# External Secrets, Vault


@breaks("synced-secret-exists", "an ExternalSecret fetches a misspelt secret")
def synced_secret_exists(program):
    spec = dict(find(program, compliant.EXTERNAL_SECRET, "database").inputs["spec"])
    spec["data"] = [{"secretKey": "password", "remoteRef": {"key": "prod/billing/databse", "property": "password"}}]
    change(program, compliant.EXTERNAL_SECRET, "database", spec=spec)


@breaks("store-is-scoped", "a store of the whole cluster has no conditions")
def store_is_scoped(program):
    spec = find(program, compliant.STORE, "billing").inputs["spec"]
    inputs = {"apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore", "metadata": {"name": "all"}, "spec": spec}
    program.add("kubernetes:external-secrets.io/v1:ClusterSecretStore", "all", inputs)


@breaks("synced-secret-is-fresh", "an ExternalSecret is refreshed once a day")
def synced_secret_is_fresh(program):
    spec = {**find(program, compliant.EXTERNAL_SECRET, "database").inputs["spec"], "refreshInterval": "24h"}
    change(program, compliant.EXTERNAL_SECRET, "database", spec=spec)


@breaks("vault-policy-is-exact", "a policy reads every path")
def vault_policy_is_exact(program):
    change(program, compliant.VAULT_POLICY, "billing", policy='path "*" {\n  capabilities = ["read"]\n}\n')


@breaks("vault-login-is-bound", "any service account may log in")
def vault_login_is_bound(program):
    change(program, compliant.VAULT_LOGIN, "billing", boundServiceAccountNames=["*"])


@breaks("vault-is-audited", "the audit devices are gone")
def vault_is_audited(program):
    for name in ("first", "second"):
        remove(program, compliant.VAULT_AUDIT, name)


# Hygiene


@breaks("nothing-is-undecided", "an exemption outlives what it exempted")
def nothing_is_undecided(program):
    exemption = {"urn": find(program, SECRET, "billing/database").urn, "reason": "mended", "owner": "billing", "expires": "2026-09-01"}
    program.before.append(partial(hear, given={"secret-is-rotated": {"exemptions": [exemption]}}))


def test_an_estate_of_our_own_is_silent():
    stack = compliant.estate().stack()

    assert {(rule, finding.text) for rule, policy in RULES.items() for finding in policy.findings(stack)} == set()


def test_every_rule_has_its_mutation():
    assert sorted({rule for rule, _ in MUTATIONS}) == sorted(RULES)


@pytest.mark.parametrize(("rule", "changed"), [pytest.param(*key, id=": ".join(key)) for key in MUTATIONS])
def test_one_change_makes_exactly_its_rule_speak(rule, changed):
    program = compliant.estate()

    MUTATIONS[rule, changed](program)

    stack = program.stack()
    assert {name for name, policy in RULES.items() if policy.findings(stack)} == {rule}
