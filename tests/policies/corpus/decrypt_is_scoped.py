"""Who decrypts with which keys."""

from policies.pack.values import UNKNOWN
from tests.policies.cases import ALWAYS, DEPLOYED, FIRST_PREVIEW, Cases
from tests.policies.program import ACCOUNT, KEY, POLICY, READ, SECRET, document, statement

cases = Cases("decrypt-is-scoped")

ALIAS = "aws:kms/alias:Alias"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
NUMBER = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/{NUMBER}"
OTHER = "999988887777"
DECRYPT = ["kms:Decrypt"]

ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
THROUGH = {"kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com"}
OWN = {"kms:CallerAccount": ACCOUNT}


def key(program, **inputs):
    known = {"arn": program.later(KEY_ARN), "keyId": program.later(NUMBER)}
    return program.add(KEY, "key", inputs, outputs={**inputs, **known})


def secret(program, made_from, kms_key_id=KEY_ARN, name="database"):
    physical = f"dev/billing/{name}"
    inputs = {"name": physical, "kmsKeyId": program.later(kms_key_id)}
    outputs = {**inputs, "arn": program.later(program.arn(physical))}
    return program.add(SECRET, name, inputs, outputs=outputs, made_from={"kmsKeyId": [made_from]})


def with_policy(program, *statements):
    return secret(program, key(program, policy=document(*statements)))


def inline(program, *statements):
    program.inline(program.role("billing"), document(*statements), name="policy")


def usable(condition):
    return statement("*", DECRYPT, Principal="*", Condition={"StringEquals": condition})


@cases.violated("It allows decrypting with every key", at="policy", properties="policy")
def every_key(program):
    inline(program, statement("*", DECRYPT))


@cases.violated("It allows everything in KMS on the keys of an account", at="policy")
def keys_of_an_account(program):
    program.add(POLICY, "policy", {"policy": document(statement(f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/*", "kms:*"))})


@cases.violated("It allows taking what any key has encrypted under another key", at="policy")
def re_encrypts(program):
    inline(program, statement("*", "kms:ReEncrypt*"))


@cases.violated("It demands the way through any service", at="policy")
def through_any_service(program):
    inline(program, statement("*", DECRYPT, Condition={"StringLike": {"kms:ViaService": "*.eu-central-1.amazonaws.com"}}))


@cases.violated("It demands the encryption context of any secret", at="policy")
def context_of_any_secret(program):
    condition = {"StringLike": {"kms:EncryptionContext:SecretARN": "arn:aws:secretsmanager:*:*:secret:*"}}
    inline(program, statement("*", DECRYPT, Condition=condition))


@cases.violated("The key's policy lets everybody decrypt", at="key", properties="policy")
def policy_for_everybody(program):
    with_policy(program, statement("*", DECRYPT, Principal="*"))


@cases.violated("The key's policy lets everybody of an account decrypt, past Secrets Manager", at="key")
def policy_past_secrets_manager(program):
    with_policy(program, usable(OWN))


@cases.violated("The key's policy lets everybody on AWS decrypt through Secrets Manager", at="key")
def policy_for_everybody_through(program):
    with_policy(program, usable(THROUGH))


@cases.violated("A policy beside the key lets another account do everything with it", at="beside", when=DEPLOYED)
def policy_beside(program):
    made = key(program)
    secret(program, made)
    said = document(statement("*", "kms:*", Principal=ROOT), statement("*", "kms:*", Principal={"AWS": OTHER}))
    program.add(KEY_POLICY, "beside", {"keyId": NUMBER, "policy": said}, made_from={"keyId": [made]})


@cases.violated("The key's policy spares whom NotPrincipal names, and lets in the rest", at="key")
def policy_not_principal(program):
    with_policy(program, statement("*", DECRYPT, NotPrincipal=ROOT))


@cases.violated("The key has AWS's default policy, where kms:ViaService is required", at="key", settings={"requireViaService": True})
def default_where_required(program):
    secret(program, key(program))


@cases.violated(
    "The key's policy leaves decrypting to IAM, where kms:ViaService is required", at="key", settings={"requireViaService": True}
)
def left_to_iam_where_required(program):
    with_policy(program, statement("*", "kms:*", Principal=ROOT))


@cases.violated("A role reads a secret and may not use its key", at="billing", properties="policy", when=DEPLOYED)
def reader_without_a_key(program):
    program.grant(program.role("billing"), secret(program, key(program)))


@cases.violated("A role reads a secret, and the key's policy does not let IAM decide", at="billing", when=DEPLOYED)
def reader_kept_out(program):
    made = with_policy(program, statement("*", "kms:Put*", Principal=ROOT))
    role = program.role("billing")
    program.inline(role, document(statement(program.arn_of(made)), statement(KEY_ARN, DECRYPT)), made_from=[made])


@cases.holds("It names the key", when=DEPLOYED)
def names_the_key(program):
    made = key(program)
    database = secret(program, made)
    program.inline(program.role("billing"), document(statement(program.arn_of(database)), statement(KEY_ARN, DECRYPT)))


@cases.holds("A key has AWS's default policy, which leaves it to IAM")
def default_policy(program):
    secret(program, key(program))


@cases.holds("A key's policy spells AWS's default out", when=DEPLOYED)
def default_spelt_out(program):
    with_policy(program, statement("*", "kms:*", Principal=ROOT))


@cases.holds("A key's policy lets the account in through Secrets Manager only", settings={"requireViaService": True})
def through_secrets_manager(program):
    usable_by_account = statement("*", DECRYPT, Principal=ROOT, Condition={"StringEquals": {**THROUGH, **OWN}})
    with_policy(program, statement("*", "kms:Describe*", Principal=ROOT), usable_by_account)


@cases.holds("Everybody of the account decrypts through Secrets Manager, as with AWS's own key", when=DEPLOYED)
def like_the_key_of_aws(program):
    with_policy(program, usable({**THROUGH, **OWN}))


@cases.holds("Everybody decrypts through Secrets Manager, and only for one secret")
def for_one_secret(program):
    with_policy(program, usable({**THROUGH, "kms:EncryptionContext:SecretARN": program.arn("dev/billing/database")}))


@cases.holds("A key's policy denies everybody", cites="checkov#4394")
def denial(program):
    with_policy(program, statement("*", "kms:*", "Deny", Principal="*", Condition={"StringNotEquals": OWN}))


@cases.holds("It decrypts with any key, through one service only")
def through_one_service(program):
    inline(program, statement("*", DECRYPT, Condition={"StringLike": {"kms:ViaService": "secretsmanager.*.amazonaws.com"}}))


@cases.holds("It decrypts with any key, and only one secret")
def one_secret(program):
    context = {"kms:EncryptionContext:SecretARN": program.arn("dev/billing/database")[:-6] + "??????"}
    inline(program, statement("*", DECRYPT, Condition={"StringLike": context}))


@cases.holds("It names the key by an alias, in a condition")
def by_alias(program):
    inline(program, statement("*", DECRYPT, Condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/shop"}}))


@cases.holds("A key of two regions is named with a wildcard for the region")
def multi_region(program):
    inline(program, statement(f"arn:aws:kms:*:{ACCOUNT}:key/mrk-1234abcd12ab34cd56ef1234567890ab", DECRYPT))


@cases.holds("It encrypts with any key, and lists them")
def only_encrypts(program):
    inline(program, statement("*", ["kms:Encrypt", "kms:GenerateDataKey*", "kms:List*", "kms:Describe*"]))


@cases.holds("A key that encrypts no secret is open")
def key_of_something_else(program):
    key(program, policy=document(statement("*", DECRYPT, Principal="*")))


@cases.holds("A secret of AWS's own key needs no grant for it", when=DEPLOYED)
def key_of_aws(program):
    program.grant(program.role("billing"), program.secret(kmsKeyId="alias/aws/secretsmanager"))


@cases.holds("A role reads, and the key's policy lets it decrypt by itself", when=DEPLOYED)
def by_the_keys_policy(program):
    made = with_policy(program, statement("*", DECRYPT, Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/billing"}))
    program.grant(program.role("billing"), made)


@cases.holds("A role reads, and decrypts with the key behind an alias", when=DEPLOYED)
def behind_an_alias(program):
    made = key(program)
    program.add(ALIAS, "alias", {"name": "alias/shop", "targetKeyId": NUMBER}, made_from={"targetKeyId": [made]})
    database = secret(program, made, "alias/shop")
    program.inline(program.role("billing"), document(statement(program.arn_of(database)), statement(KEY_ARN, DECRYPT)))


@cases.cannot_decide("A document is made from secret and key, and not known yet", at="policy", properties="policy")
def not_known_yet(program):
    made = key(program)
    database = secret(program, made)
    text = document(statement(program.arn_of(database)), statement(KEY_ARN, DECRYPT))
    program.inline(program.role("billing"), text, made_from=[database, made], name="policy")


@cases.cannot_decide("A document is made from a secret and from no key, and not known yet", at=["policy", "billing"], when=FIRST_PREVIEW)
def made_from_no_key(program):
    program.grant(program.role("billing"), secret(program, key(program)), name="policy")


@cases.cannot_decide("The key's policy is not known yet", at="key", properties="policy", when=ALWAYS)
def policy_not_known(program):
    secret(program, key(program, policy=UNKNOWN))


@cases.cannot_decide("The key is of another stack, and no document of the role decrypts", at="billing", when=ALWAYS)
def key_of_another_stack(program):
    name = program.arn("dev/billing/database")[:-6] + "??????"
    program.secret(kmsKeyId=UNKNOWN)
    inline(program, statement(name, READ))


@cases.cannot_decide("The key's policy names an account before anybody knows its own", at="key", when=FIRST_PREVIEW)
def whose_account(program):
    with_policy(program, statement("*", "kms:*", Principal=ROOT))
