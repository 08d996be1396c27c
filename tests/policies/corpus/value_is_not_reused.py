"""Values of secrets, and where else they are."""

import base64
import json

from policies.pack.values import UNKNOWN, Marked
from tests.policies.cases import ALWAYS, DEPLOYED, Cases
from tests.policies.program import SECRET_VERSION

cases = Cases("value-is-not-reused")

PASSWORD = "random:index/randomPassword:RandomPassword"
RANDOM_STRING = "random:index/randomString:RandomString"
PRIVATE_KEY = "tls:index/privateKey:PrivateKey"
PARAMETER = "aws:ssm/parameter:Parameter"
KV_SECRET = "vault:kv/secretV2:SecretV2"
KUBERNETES_SECRET = "kubernetes:core/v1:Secret"
STACK_REFERENCE = "urn:pulumi:dev::shop::pulumi:pulumi:StackReference::acme/platform/dev"
TEXT = "vT7-q0Lx2p_93"


def generator(program, name="shared", text=TEXT):
    """A password that the provider makes: it is known after the deployment, and marked."""
    return program.add(PASSWORD, name, {"length": 13}, outputs={"result": Marked(program.later(text))})


def version(program, name, value, made_from=(), **options):
    """A value of a secret of its own."""
    secret = program.secret(f"{name}-secret", f"dev/{name}/database")
    inputs = {"secretId": program.later(program.arn_of(secret)), "secretString": Marked(value)}
    origins = {"secretId": [secret], **({"secretString": list(made_from)} if made_from else {})}
    return program.add(SECRET_VERSION, name, inputs, made_from=origins, **options)


def fields(**more):
    return json.dumps({"username": "app", "host": "db.internal.example.com", "dbname": "app", **more})


@cases.violated("One generator makes the values of two secrets", at="reports", properties="secretString")
def one_generator(program):
    shared = generator(program)
    for name in ("billing", "reports"):
        version(program, name, program.later(TEXT), [shared])


@cases.violated("It stands in a JSON object beside the address of a database", at="reports", properties="secretString")
def inside_json(program):
    shared = generator(program)
    database = program.add("aws:rds/instance:Instance", "db", {"password": Marked(program.later(TEXT))}, made_from={"password": [shared]})
    for name in ("billing", "reports"):
        version(program, name, program.later(fields(username=name, password=TEXT)), [shared, database])


@cases.violated("A parameter and a Secret of Kubernetes get it, too", at={"a-pod", "parameter"})
def other_stores(program):
    shared = generator(program)
    version(program, "billing", program.later(TEXT), [shared])
    value = {"type": "SecureString", "name": "/dev/reports/database", "value": Marked(program.later(TEXT))}
    program.add(PARAMETER, "parameter", value, made_from={"value": [shared]})
    data = {"data": {"password": Marked(program.later(base64.b64encode(TEXT.encode()).decode()))}}
    program.add(KUBERNETES_SECRET, "a-pod", data, made_from={"data": [shared]})


@cases.violated("The program writes one text into two secrets", at="reports", properties="secretString")
def one_text(program):
    for name in ("billing", "reports"):
        version(program, name, TEXT)


@cases.violated("One password stands in two JSON objects", at="reports")
def one_field(program):
    version(program, "billing", fields(password=TEXT))
    version(program, "reports", fields(username="reports", password=TEXT, port=5432))


@cases.violated("Vault gets the text that Secrets Manager has", at="vault")
def text_in_vault(program):
    version(program, "billing", fields(password=TEXT))
    program.add(KV_SECRET, "vault", {"mount": "kv", "name": "billing", "dataJson": Marked(json.dumps({"token": TEXT}))})


@cases.violated("A secret is a copy of another", at="reports", when=DEPLOYED)
def copy(program):
    first = version(program, "billing", fields(password=TEXT))
    version(program, "reports", program.later(fields(password=TEXT)), [first])


@cases.violated("A value is made from two generators and holds the one of another secret", at="reports", when=DEPLOYED)
def one_of_two(program):
    shared, own = generator(program), generator(program, "own", "n0-Kd8_qqT41z")
    version(program, "billing", program.later(TEXT), [shared])
    version(program, "reports", program.later(fields(password=TEXT)), [own, shared])


@cases.holds("Each secret has a generator of its own")
def own_generators(program):
    for name in ("billing", "reports"):
        text = f"{TEXT}-{name}"
        version(program, name, program.later(fields(password=text)), [generator(program, name, text)])


@cases.holds("One generator makes the password of a database and the secret that keeps it")
def database_and_secret(program):
    own = generator(program)
    program.add("aws:rds/instance:Instance", "db", {"password": Marked(program.later(TEXT))}, made_from={"password": [own]})
    version(program, "billing", program.later(TEXT), [own])


@cases.holds("Two versions are of one secret")
def two_versions(program):
    own, secret = generator(program), program.secret()
    for name in ("first", "second"):
        inputs = {"secretId": program.later(program.arn_of(secret)), "secretString": Marked(program.later(TEXT))}
        program.add(SECRET_VERSION, name, inputs, made_from={"secretId": [secret], "secretString": [own]})


@cases.holds("Host, user and database are the same, and the password is not")
def same_host(program):
    for name in ("billing", "reports"):
        version(program, name, fields(password=f"{TEXT}-{name}"))


@cases.holds("Both hold the same place holder until somebody sets the value")
def placeholders(program):
    for name in ("billing", "reports"):
        version(program, name, "change-me", ignore_changes=("secretString",))


@cases.holds("Both begin with the same text, and the engine leaves what somebody sets later")
def seeds(program):
    for name in ("billing", "reports"):
        version(program, name, TEXT, ignore_changes=("secretString",))


@cases.holds("A parameter that is there to be read has the same text")
def plain_parameter(program):
    version(program, "billing", TEXT)
    program.add(PARAMETER, "plain", {"type": "String", "value": TEXT})


@cases.holds("One holds the private key, the other the public one", when=DEPLOYED)
def public_key(program):
    outputs = {name: Marked(f"-----BEGIN {name}-----") for name in ("privateKeyPem", "privateKeyOpenssh", "privateKeyPemPkcs8")}
    key = program.add(PRIVATE_KEY, "key", {"algorithm": "ED25519"}, outputs={**outputs, "publicKeyOpenssh": "ssh-ed25519 AAAA"})
    version(program, "billing", "-----BEGIN privateKeyPem-----", [key])
    version(program, "reports", "ssh-ed25519 AAAA", [key])


@cases.holds("A value is made from two generators and holds its own", when=DEPLOYED)
def other_of_two(program):
    shared, own = generator(program), generator(program, "own", "n0-Kd8_qqT41z")
    version(program, "billing", program.later(TEXT), [shared])
    version(program, "reports", program.later(fields(password="n0-Kd8_qqT41z")), [own, shared])


@cases.holds("The end of a name is random, and in both")
def random_end_of_a_name(program):
    end = program.add(RANDOM_STRING, "end", {"length": 6}, outputs={"result": program.later("x8f3ka")})
    for name in ("billing", "reports"):
        text = f"{TEXT}-{name}"
        version(program, name, program.later(fields(dbname="app-x8f3ka", password=text)), [generator(program, name, text), end])


@cases.holds("It is meant to be equal, with a reason", settings={"allow": {"dev/reports/*": "the bundle is public"}})
def allowed(program):
    for name in ("billing", "reports"):
        version(program, name, TEXT)


@cases.holds("There is one secret only, and what it holds comes from another stack")
def only_one(program):
    version(program, "billing", UNKNOWN, [STACK_REFERENCE])


@cases.cannot_decide("It is made from two generators, one of them another secret's", at="reports", properties="secretString")
def two_generators(program):
    shared, own = generator(program), generator(program, "own", "n0-Kd8_qqT41z")
    version(program, "billing", program.later(TEXT), [shared])
    version(program, "reports", program.later(TEXT), [own, shared])


@cases.cannot_decide("One private key is in both, or its public half is", at="reports")
def private_or_public(program):
    key = program.add(PRIVATE_KEY, "key", {"algorithm": "ED25519"}, outputs={"privateKeyPem": UNKNOWN})
    for name in ("billing", "reports"):
        version(program, name, program.later("-----BEGIN"), [key])


@cases.cannot_decide("A value comes from another stack", at="reports", when=ALWAYS)
def from_another_stack(program):
    version(program, "billing", TEXT)
    version(program, "reports", UNKNOWN, [STACK_REFERENCE])


@cases.cannot_decide("A value comes from an invoke, which leaves no trace", at="reports", when=ALWAYS)
def from_an_invoke(program):
    version(program, "billing", TEXT)
    version(program, "reports", UNKNOWN)


@cases.cannot_decide("A long random text may be in both", at="reports")
def random_text(program):
    text = program.add(RANDOM_STRING, "text", {"length": 24}, outputs={"result": UNKNOWN})
    for name in ("billing", "reports"):
        version(program, name, program.later("x" * 24), [text])


@cases.cannot_decide("A state is judged without its passphrase", at={"billing", "reports"}, when=DEPLOYED)
def without_passphrase(program):
    for name in ("billing", "reports"):
        version(program, name, "[secret]")


@cases.holds("Two secrets say the same about themselves, and are told apart by their passwords", when=ALWAYS)
def same_description(program):
    about = {
        "authMechanism": "SCRAM-SHA-256",
        "tokenType": "client_secret_post",
        "keyId": "kt-2026-billing",
        "tokenUrl": "https://id/token",
    }
    for name in ("billing", "reports"):
        version(program, name, fields(**about, password=f"{name}-{TEXT}"))


@cases.holds("Two secrets begin with the same place holder", when=ALWAYS)
def same_place_holder(program):
    for name in ("billing", "reports"):
        version(program, name, fields(password="changeme"))


@cases.violated("Two secrets hold one short password in the same JSON", at="reports", properties="secretString")
def same_short_password(program):
    for name in ("billing", "reports"):
        version(program, name, fields(password="x7k2"))
