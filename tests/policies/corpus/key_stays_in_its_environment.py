"""Keys, and whose secrets they encrypt."""

from policies.pack.values import UNKNOWN
from tests.policies.cases import ALWAYS, Cases
from tests.policies.program import ACCOUNT, KEY, SECRET

cases = Cases("key-stays-in-its-environment")

ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/{ID}"
PROD_ACCOUNT = "999988887777"
BY_SERVICE = {"keyScope": "service"}


def tags(environment, service="billing"):
    return {"keyturn:environment": environment, "keyturn:service": service}


def key(program, **inputs):
    """A key of the stack; its ARN is known after the deployment."""
    return program.add(
        KEY, "key", inputs, outputs={**inputs, "arn": program.later(ARN), "keyId": program.later(ID), "id": program.later(ID)}
    )


def secret(program, name, environment, service="billing", *, made_from=None, **inputs):
    """A secret that a key encrypts."""
    inputs = {"name": f"{name}-secret", "tags": tags(environment, service), **inputs}
    if made_from:
        inputs["kmsKeyId"] = program.later(ARN)
    program.add(SECRET, name, inputs, made_from={"kmsKeyId": [made_from]} if made_from else None)


@cases.violated("One key of the stack encrypts secrets of two environments", at="second", properties="kmsKeyId")
def one_key(program):
    shared = key(program)
    secret(program, "first", "dev", made_from=shared)
    secret(program, "second", "prod", made_from=shared)


@cases.violated("The key belongs to another environment than the secret", at="first", properties="kmsKeyId")
def key_of_another(program):
    secret(program, "first", "dev", made_from=key(program, tags=tags("prod")))


@cases.violated("The alias is that of the key which Keyturn makes for another environment", at="first")
def alias_of_another(program):
    secret(program, "first", "dev", kmsKeyId="alias/keyturn/prod")


@cases.violated("A key of another stack is named in two environments: by ARN, and by id", at="second")
def by_arn_and_id(program):
    secret(program, "first", "dev", kmsKeyId=ARN)
    secret(program, "second", "prod", kmsKeyId=ID)


@cases.violated("A replica is encrypted with the key of another environment", at="first")
def replica(program):
    secret(program, "first", "dev", kmsKeyId="alias/keyturn/dev", replicas=[{"region": "eu-west-1", "kmsKeyId": "alias/keyturn/prod"}])


@cases.violated(
    "The key is in the account of another environment",
    at="first",
    settings={"environments": {"prod": {"accounts": [PROD_ACCOUNT]}}},
)
def account_of_another(program):
    secret(program, "first", "dev", kmsKeyId=ARN.replace(ACCOUNT, PROD_ACCOUNT))


@cases.violated("Two services of one environment have one key, and each should have its own", at="second", settings=BY_SERVICE)
def two_services(program):
    shared = key(program)
    secret(program, "first", "dev", "billing", made_from=shared)
    secret(program, "second", "dev", "reports", made_from=shared)


@cases.holds("One key encrypts two secrets of one environment")
def one_environment(program):
    shared = key(program, tags={"keyturn:environment": "dev"})
    secret(program, "first", "dev", "billing", made_from=shared)
    secret(program, "second", "dev", "reports", made_from=shared)


@cases.holds("Each environment has a key of its own")
def own_keys(program):
    secret(program, "first", "dev", kmsKeyId="alias/keyturn/dev")
    secret(program, "second", "prod", kmsKeyId="alias/keyturn/prod")


@cases.holds("Nothing says to which environment the secrets belong")
def no_environments(program):
    shared = key(program)
    for name in ("first", "second"):
        program.add(SECRET, name, {"name": name, "kmsKeyId": program.later(ARN)}, made_from={"kmsKeyId": [shared]})


@cases.holds("AWS's own key encrypts both, which secret-uses-customer-key refuses")
def key_of_aws(program):
    secret(program, "first", "dev", kmsKeyId="alias/aws/secretsmanager")
    secret(program, "second", "prod")


@cases.holds("An alias only begins like the name of an environment")
def alias_that_begins_alike(program):
    secret(program, "first", "dev", kmsKeyId="alias/production-like")


@cases.holds("Each service has a key of its own", settings=BY_SERVICE)
def own_key_of_each_service(program):
    secret(program, "first", "dev", "billing", kmsKeyId=ARN)
    secret(program, "second", "dev", "reports", kmsKeyId=ARN.replace("1234abcd", "5678abcd"))


@cases.holds("The key comes from another stack, and nothing says to which environment its secret belongs")
def key_of_another_stack(program):
    program.add(SECRET, "first", {"name": "first", "kmsKeyId": UNKNOWN})


@cases.cannot_decide("The key comes from another stack, and is not known yet", at="first", properties="kmsKeyId", when=ALWAYS)
def key_not_known(program):
    secret(program, "first", "dev", kmsKeyId=UNKNOWN)


@cases.cannot_decide("To which environment one of the secrets belongs is not known yet", at="second", properties="tags", when=ALWAYS)
def environment_not_known(program):
    shared = key(program)
    secret(program, "first", "dev", made_from=shared)
    program.add(SECRET, "second", {"name": "second", "tags": UNKNOWN, "kmsKeyId": program.later(ARN)}, made_from={"kmsKeyId": [shared]})


@cases.cannot_decide("To which environment the key belongs is not known yet", at="first", properties="tags", when=ALWAYS)
def environment_of_key_not_known(program):
    secret(program, "first", "dev", made_from=key(program, tags=UNKNOWN))


@cases.cannot_decide("One of two keys encrypts it", at="first")
def one_of_two_keys(program):
    dev = key(program, tags=tags("dev"))
    prod = program.add(KEY, "prod", {"tags": tags("prod")}, outputs={"arn": UNKNOWN})
    inputs = {"name": "first", "tags": tags("dev"), "kmsKeyId": program.later(ARN)}
    program.add(SECRET, "first", inputs, made_from={"kmsKeyId": [dev, prod]})
