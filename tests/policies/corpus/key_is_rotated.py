"""Whether keys get new material."""

from policies.pack.values import UNKNOWN, Marked
from tests.policies.cases import ALWAYS, Cases
from tests.policies.program import KEY

cases = Cases("key-is-rotated")


def key(program, **inputs):
    program.add(KEY, "secrets", inputs)


@cases.violated("Rotation is not mentioned, and off by default", at="secrets", properties="enableKeyRotation")
def silent(program):
    key(program, description="secrets of dev")


@cases.violated("Rotation is switched off", at="secrets", properties="enableKeyRotation")
def switched_off(program):
    key(program, enableKeyRotation=False)


@cases.violated("A period without the switch rotates nothing", at="secrets", properties="enableKeyRotation")
def period_without_switch(program):
    key(program, rotationPeriodInDays=90)


@cases.violated("It is rotated every second year", at="secrets", properties="rotationPeriodInDays")
def every_second_year(program):
    key(program, enableKeyRotation=True, rotationPeriodInDays=730)


@cases.violated("The team wants it every half year", at="secrets", properties="rotationPeriodInDays", settings={"maxDays": 180})
def not_often_enough_for_the_team(program):
    key(program, enableKeyRotation=True)


@cases.violated("The first of a multi-region key is not rotated", at="secrets", properties="enableKeyRotation")
def multi_region(program):
    key(program, multiRegion=True)


@cases.violated("What it is for is spelt out, and is what AWS can rotate", at="secrets", properties="enableKeyRotation")
def spelt_out(program):
    key(program, keyUsage="ENCRYPT_DECRYPT", customerMasterKeySpec="SYMMETRIC_DEFAULT", isEnabled=True)


@cases.holds("It is rotated every year")
def yearly(program):
    key(program, enableKeyRotation=True)


@cases.holds("It is rotated every quarter")
def quarterly(program):
    key(program, enableKeyRotation=True, rotationPeriodInDays=90)


@cases.holds("The switch is marked secret")
def marked(program):
    key(program, enableKeyRotation=Marked(value=True))


@cases.holds("AWS cannot rotate an asymmetric key")
def asymmetric(program):
    key(program, customerMasterKeySpec="RSA_4096", keyUsage="ENCRYPT_DECRYPT")


@cases.holds("AWS cannot rotate a key for signatures")
def for_signatures(program):
    key(program, customerMasterKeySpec="ECC_NIST_P256", keyUsage="SIGN_VERIFY")


@cases.holds("AWS cannot rotate an HMAC key")
def hmac(program):
    key(program, customerMasterKeySpec="HMAC_256", keyUsage="GENERATE_VERIFY_MAC")


@cases.holds("AWS cannot rotate a key in a custom key store")
def custom_key_store(program):
    key(program, customKeyStoreId="cks-1234567890abcdef0")


@cases.holds("AWS cannot rotate a key in an external key store")
def external_key_store(program):
    key(program, customKeyStoreId="cks-1234567890abcdef0", xksKeyId="bb8562717f809024")


@cases.holds("AWS cannot rotate imported material, and a replica follows its primary")
def other_kinds(program):
    program.add("aws:kms/externalKey:ExternalKey", "imported", {})
    program.add("aws:kms/replicaKey:ReplicaKey", "replica", {"primaryKeyArn": "arn:aws:kms:eu-west-1:111122223333:key/mrk-1"})


@cases.holds("Nothing is encrypted with a key that is switched off")
def disabled(program):
    key(program, isEnabled=False)


@cases.cannot_decide("Whether it is rotated is not known yet", at="secrets", properties="enableKeyRotation", when=ALWAYS)
def unknown_switch(program):
    key(program, enableKeyRotation=UNKNOWN)


@cases.cannot_decide("How often it is rotated is not known yet", at="secrets", properties="rotationPeriodInDays", when=ALWAYS)
def unknown_period(program):
    key(program, enableKeyRotation=True, rotationPeriodInDays=UNKNOWN)


@cases.cannot_decide(
    "It is not rotated, and whether it is in a key store is not known yet", at="secrets", properties="customKeyStoreId", when=ALWAYS
)
def unknown_store(program):
    key(program, customKeyStoreId=UNKNOWN)
