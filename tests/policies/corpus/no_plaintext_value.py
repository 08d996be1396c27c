"""Values of secrets in the program."""

import base64
import json

from policies.pack.values import UNKNOWN, Marked
from tests.policies.cases import ALWAYS, DEPLOYED, FIRST_PREVIEW, Cases
from tests.policies.planted import (
    DATABASE,
    ELSEWHERE,
    GITHUB_TOKEN,
    KUBERNETES_SECRET,
    PARAMETER,
    RANDOM_STRING,
    VALUE,
    access_key,
    password,
    table,
    version,
)
from tests.policies.program import SECRET_VERSION

cases = Cases("no-plaintext-value")

VAULT_SECRET = "vault:kv/secretV2:SecretV2"


def parameter(program, kind, value, made_from=(), **more):
    inputs = {"name": "/dev/billing/token", "type": kind, **({} if value is None else {"value": value}), **more}
    return program.add(PARAMETER, "token", inputs, made_from={"value": list(made_from)} if made_from else {})


@cases.violated("A secret's value is known and not marked", at="value", properties="secretString")
def unmarked_value(program):
    program.add(SECRET_VERSION, "value", {"secretId": "dev/billing/database", "secretString": "hunter3"})


@cases.violated("A database's password is known and not marked", at="db", properties="password")
def unmarked_password(program):
    program.add(DATABASE, "db", {"username": "billing", "password": "hunter3"})


@cases.violated("A Secret of Kubernetes is written out in clear", at="database", properties="stringData.password")
def unmarked_kubernetes_secret(program):
    program.add(KUBERNETES_SECRET, "database", {"stringData": {"password": "hunter3", "username": Marked("billing")}})


@cases.violated("A generated password goes into a parameter of the type String", at="token", properties="value")
def generated_password_in_a_string(program):
    parameter(program, "String", program.later(Marked(VALUE)), [password(program)])


@cases.violated("A token goes into a parameter of the type String", at="token", properties="value")
def token_in_a_string(program):
    parameter(program, "String", Marked(GITHUB_TOKEN))


@cases.violated("The value of a secret goes into a parameter of the type String", at="token", properties="value", when=DEPLOYED)
def value_of_a_secret_in_a_string(program):
    version(program, program.later(VALUE), [password(program)])
    parameter(program, "String", Marked(VALUE))


@cases.violated("A secret of the configuration goes into `insecureValue`", at="token", properties="insecureValue")
def insecure_value(program):
    parameter(program, "String", None, insecureValue=Marked("hunter3"))


@cases.violated("A literal, in a stack whose configuration is known", at="value", properties="secretString")
def literal(program):
    program.configure("another-secret")
    version(program)


@cases.violated("A literal stands beside a secret of the configuration", at={"login", "pod"}, properties={"dataJson", "stringData.token"})
def literal_beside_a_secret(program):
    program.configure("hunter3-hunter3")
    login = {"username": "billing", "password": "hunter3-hunter3", "api_key": "hunter4"}
    program.add(VAULT_SECRET, "login", {"dataJson": Marked(json.dumps(login))})
    program.add(KUBERNETES_SECRET, "pod", {"stringData": {"password": Marked("hunter3-hunter3"), "token": Marked("hunter4")}})


@cases.cannot_decide("A secret of the configuration passes through Pulumi", at={"value", "url", "pod", "db"}, when=ALWAYS)
def secret_of_the_configuration(program):
    program.configure(VALUE, "hunter3")
    version(program)
    program.add(PARAMETER, "url", {"type": "SecureString", "value": Marked(f"postgres://billing:{VALUE}@db.internal/billing")})
    program.add(KUBERNETES_SECRET, "pod", {"data": Marked({"password": base64.b64encode(VALUE.encode()).decode()})})
    program.add(DATABASE, "db", {"password": Marked("hunter3\n")})


@cases.cannot_decide("A member of an object in the configuration", at="value", properties="secretString", when=ALWAYS)
def member_of_the_configuration(program):
    program.configure(json.dumps({"user": "billing", "password": VALUE}))
    version(program)


@cases.cannot_decide("Where the engine keeps a property, the state is shown, not the program", at="value", when=ALWAYS)
def kept_value(program):
    program.configure()
    program.add(SECRET_VERSION, "value", {"secretString": Marked("hunter3")}, ignore_changes=("secretString",))


@cases.cannot_decide("What is written to an endpoint of Vault may be settings", at="quota", properties="dataJson", when=ALWAYS)
def settings_of_vault(program):
    program.configure()
    program.add("vault:generic/endpoint:Endpoint", "quota", {"path": "sys/quotas/x", "dataJson": Marked(json.dumps({"token": "hunter3"}))})


@cases.cannot_decide("A random string that its provider keeps in clear", at="value", properties="secretString", when=ALWAYS)
def random_string(program):
    program.configure()
    made = program.add(RANDOM_STRING, "login", {"length": 20}, outputs={"result": program.later(VALUE)})
    version(program, program.later(VALUE), [made])


@cases.cannot_decide(
    "In a state a literal and a secret of the configuration look the same", at="value", properties="secretString", when=ALWAYS
)
def known_value(program):
    version(program)


@cases.cannot_decide("A write-only value is in the program all the same", at="db", properties="passwordWo", when=ALWAYS)
def write_only(program):
    program.add(DATABASE, "db", {"username": "billing", "passwordWo": Marked("hunter3"), "passwordWoVersion": 1})


@cases.cannot_decide("`ignoreChanges` keeps later updates away, not the first value", at="value", when=ALWAYS)
def ignored_changes(program):
    inputs = {"secretId": "dev/billing/database", "secretString": Marked("hunter3")}
    program.add(SECRET_VERSION, "value", inputs, ignore_changes=("secretString",))


@cases.cannot_decide("JSON with an address that is unknown may hold a password that is not", at="value")
def document_with_an_address(program):
    database = program.add(DATABASE, "db", {"manageMasterUserPassword": True}, outputs={"address": program.later("db.internal")})
    text = json.dumps({"host": "db.internal", "username": "billing"})
    program.add(SECRET_VERSION, "value", {"secretString": program.later(Marked(text))}, made_from={"secretString": [database]})


@cases.cannot_decide("A value in Vault is known", at="token", properties="dataJson", when=ALWAYS)
def known_value_in_vault(program):
    program.add(VAULT_SECRET, "token", {"mount": "kv", "name": "billing", "dataJson": Marked(json.dumps({"token": "hunter3"}))})


@cases.cannot_decide("A URL that opens something is a value like any other", at={"slack", "hook"}, properties="value", when=ALWAYS)
def url_that_opens_something(program):
    slack = "https://hooks.slack.com/services/" + "T0A1B2C3D/B0A1B2C3D/" + "a1B2c3D4e5" * 2
    program.add(PARAMETER, "slack", {"type": "SecureString", "value": Marked(slack)})
    program.add(PARAMETER, "hook", {"type": "SecureString", "value": Marked("https://hooks.example.com/deploy?token=hunter3")})


@cases.cannot_decide("An encrypted parameter gets a known value", at="token", properties="value", when=ALWAYS)
def known_parameter(program):
    parameter(program, "SecureString", Marked("hunter3"))


@cases.cannot_decide("Whether the parameter of a generated password is encrypted is not known yet", at="token", properties="type")
def parameter_of_an_unknown_type(program):
    parameter(program, program.later("SecureString"), program.later(Marked(VALUE)), [password(program)])


@cases.cannot_decide("A known value of a parameter whose type is not known yet", at="token", properties="value", when=ALWAYS)
def known_parameter_of_an_unknown_type(program):
    parameter(program, UNKNOWN, Marked(VALUE))


@cases.cannot_decide("A parameter of the type String is made by an invoke, which leaves no trace", at="token", properties="value")
def invoked_parameter(program):
    parameter(program, "String", program.later(Marked("/aws/lambda/token-service")))


@cases.holds("The container is empty: its rotation makes the first value")
def empty_container(program):
    program.rotation(program.secret())


@cases.holds("The value is generated, and unknown at first")
def generated_value(program):
    made = password(program)
    version(program, program.later(VALUE), [made])


@cases.holds("JSON of a user, an address and a generated password")
def document_with_a_generated_password(program):
    made = password(program)
    database = program.add(DATABASE, "db", {"manageMasterUserPassword": True}, outputs={"address": program.later("db.internal")})
    text = json.dumps({"username": "billing", "host": "db.internal", "password": VALUE})
    version(program, program.later(text), [made, database])


@cases.holds("The secret of an access key, stored where it belongs")
def access_key_stored(program):
    version(program, program.later(VALUE), [access_key(program)])


@cases.holds("A value that another stack hands over")
def value_of_another_stack(program):
    inputs = {"secretString": Marked(VALUE)}
    program.add(SECRET_VERSION, "value", inputs, made_from={"secretString": [ELSEWHERE]})


@cases.holds("A place holder until somebody sets the value")
def place_holder(program):
    program.configure()
    version(program, "CHANGE_ME")
    program.add(DATABASE, "db", {"password": Marked("<placeholder>")})
    program.add(VAULT_SECRET, "token", {"dataJson": Marked(json.dumps({"token": "to-be-set"}))})
    program.add(VAULT_SECRET, "login", {"dataJson": Marked(json.dumps({"username": "billing", "password": "initial"}))})
    program.add(VAULT_SECRET, "empty", {"dataJson": Marked("{}")})
    program.add(KUBERNETES_SECRET, "token", {"data": Marked({"token": "Y2hhbmdlbWU="})})


@cases.holds("The database's own service keeps its password", cites="floci-io/floci#2378")
def managed_password(program):
    program.add(DATABASE, "db", {"username": "billing", "manageMasterUserPassword": True})


@cases.holds("A parameter of the type String holds an ordinary setting, which its SDK marks all the same", cites="prowler#1760")
def ordinary_parameter(program):
    parameter(program, "String", Marked("/aws/lambda/token-service"))
    program.add(PARAMETER, "level", {"type": "String", "value": Marked("info")})


@cases.holds("A parameter holds the ARN of a table, and that of a secret's version")
def parameter_with_an_arn(program):
    orders = table(program)
    written = version(program, "changeme")
    parameter(program, "String", program.later(Marked("arn:aws:dynamodb:::orders")), [orders])
    inputs = {"type": "String", "value": program.later(Marked(program.arn("dev/billing/database")))}
    program.add(PARAMETER, "version", inputs, made_from={"value": [written]})


@cases.holds("An exported state without its passphrase shows no value", when=(FIRST_PREVIEW, DEPLOYED))
def state_without_its_passphrase(program):
    program.add(SECRET_VERSION, "value", {"secretString": Marked("[secret]")})
