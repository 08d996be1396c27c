"""Keys of secrets."""

from policies.pack.values import UNKNOWN
from tests.policies.cases import ALWAYS, Cases
from tests.policies.program import ACCOUNT, KEY, SECRET

cases = Cases("secret-uses-customer-key")

KEY_ARN = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@cases.violated("It names no key", at="database", properties="kmsKeyId")
def no_key(program):
    program.secret()


@cases.violated("It names the key that AWS manages by its alias", at="database")
def alias_of_aws(program):
    program.secret(kmsKeyId="alias/aws/secretsmanager")


@cases.violated("A replica names no key", at="database", properties="replicas[0].kmsKeyId")
def replica_without_key(program):
    program.secret(kmsKeyId=KEY_ARN, replicas=[{"region": "eu-west-1"}])


@cases.holds("It names a customer's key by ARN")
def key_by_arn(program):
    program.secret(kmsKeyId=KEY_ARN)


@cases.holds("Its key is made in the same stack, so its ARN is unknown at first")
def key_of_the_stack(program):
    key = program.add(KEY, "key", {}, outputs={"arn": program.later(KEY_ARN)})
    inputs = {"name": "dev/billing/database", "kmsKeyId": program.later(KEY_ARN)}
    program.add(SECRET, "database", inputs, made_from={"kmsKeyId": [key]})


@cases.holds("The alias of a customer's key has `aws` inside, and is none of AWS'")
def alias_that_only_looks_like_it(program):
    program.secret(kmsKeyId="alias/my-aws/secretsmanager")


@cases.cannot_decide("Its key comes from another stack", at="database", properties="kmsKeyId", when=ALWAYS)
def key_of_another_stack(program):
    program.secret(kmsKeyId=UNKNOWN)
