"""What else writes a rotated secret."""

from policies.pack.values import UNKNOWN, Marked
from tests.policies.cases import ALWAYS, FIRST_PREVIEW, Cases
from tests.policies.program import ROTATION, SECRET_VERSION

cases = Cases("nothing-fights-rotation")

PASSWORD = "random:index/randomPassword:RandomPassword"


def version(program, secret, made_from=None, ignore_changes=(), **inputs):
    given = {"secretId": program.later(program.arn_of(secret)), **inputs}
    program.add(SECRET_VERSION, "seed", given, made_from={"secretId": [secret], **(made_from or {})}, ignore_changes=ignore_changes)


def rotated(program):
    secret = program.secret()
    program.rotation(secret)
    return secret


@cases.violated("The program gives the value of a secret that a rotation renews", at="seed", properties="secretString")
def own_value(program):
    version(program, rotated(program), secretString=Marked('{"password": "first"}'))


@cases.violated("The value comes from a generator, and is not known yet", at="seed", properties="secretString")
def generated_value(program):
    password = program.add(PASSWORD, "password", {"length": 32})
    version(program, rotated(program), {"secretString": [password]}, secretString=program.later(Marked("generated")))


@cases.violated("The value is binary", at="seed", properties="secretBinary")
def binary_value(program):
    version(program, rotated(program), secretBinary=Marked("Zmlyc3Q="))


@cases.violated("Changes of something else are ignored", at="seed", properties="secretString")
def ignores_something_else(program):
    version(program, rotated(program), ignore_changes=("versionStages",), secretString=Marked("first"))


@cases.violated("It holds on to AWSCURRENT, which each rotation moves", at="seed", properties="versionStages")
def holds_on_to_the_label(program):
    version(program, rotated(program), ignore_changes=("secretString",), secretString=Marked("first"), versionStages=["AWSCURRENT"])


@cases.violated("Two rotations rotate one secret", at="second", properties="secretId")
def two_rotations(program):
    secret = rotated(program)
    given = {"secretId": program.later(program.arn_of(secret)), "rotationRules": {"automaticallyAfterDays": 7}}
    program.add(ROTATION, "second", given, made_from={"secretId": [secret]})


@cases.holds("A first value that the program lets go of")
def first_value(program):
    version(program, rotated(program), ignore_changes=("secretString",), secretString=Marked("first"))


@cases.holds("Every change of the version is ignored")
def ignores_everything(program):
    version(program, rotated(program), ignore_changes=("*",), secretString=Marked("first"), versionStages=["AWSCURRENT"])


@cases.holds("A first value that is only written")
def write_only(program):
    version(program, rotated(program), secretStringWo=Marked("first"), secretStringWoVersion=1)


@cases.holds("The secret is not rotated")
def not_rotated(program):
    version(program, program.secret(), secretString=Marked("first"))


@cases.holds("Another secret is rotated")
def another_is_rotated(program):
    rotated(program)
    version(program, program.secret("vendor", "dev/billing/vendor"), secretString=Marked("first"))


@cases.holds("Its rotation is switched off")
def switched_off(program):
    secret = program.secret()
    program.rotation(secret, rotationEnabled=False)
    version(program, secret, secretString=Marked("first"))


@cases.holds("The version stands under a label of its own")
def label_of_its_own(program):
    version(program, rotated(program), secretString=Marked("notes"), versionStages=["BREAKGLASS"])


@cases.holds("The second of two rotations is switched off")
def second_is_off(program):
    secret = rotated(program)
    given = {"secretId": program.later(program.arn_of(secret)), "rotationEnabled": False}
    program.add(ROTATION, "second", given, made_from={"secretId": [secret]})


@cases.cannot_decide("Which of two secrets the value is for is not known yet", at="seed", properties="secretString")
def one_of_two(program):
    secrets = [rotated(program), program.secret("vendor", "dev/billing/vendor")]
    program.add(SECRET_VERSION, "seed", {"secretId": UNKNOWN, "secretString": Marked("first")}, made_from={"secretId": secrets})


@cases.cannot_decide("Whether the rotation is switched on is not known yet", at="seed", properties="secretString", when=ALWAYS)
def perhaps_switched_on(program):
    secret = program.secret()
    program.rotation(secret, rotationEnabled=UNKNOWN)
    version(program, secret, secretString=Marked("first"))


@cases.cannot_decide("Which labels it holds on to is not known yet", at="seed", when=ALWAYS)
def unknown_labels(program):
    version(program, rotated(program), ignore_changes=("secretString",), secretString=Marked("first"), versionStages=UNKNOWN)


@cases.cannot_decide("A second rotation may be for the same secret", at="second", properties="secretId", when=FIRST_PREVIEW)
def perhaps_second(program):
    secrets = [rotated(program), program.secret("vendor", "dev/billing/vendor")]
    program.add(ROTATION, "second", {"secretId": UNKNOWN}, made_from={"secretId": secrets})
