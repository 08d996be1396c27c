"""Outputs of stacks and components."""

import json

from policies.pack.values import Marked
from tests.policies.cases import DEPLOYED, Cases
from tests.policies.planted import DATABASE, GITHUB_TOKEN, VALUE, password, version
from tests.policies.program import ACCOUNT

cases = Cases("no-secret-in-outputs")


def exports(program, **outputs):
    return program.add("pulumi:pulumi:Stack", "shop-dev", {}, outputs=outputs)


def component(program, **outputs):
    return program.add("acme:platform:Database", "orders", {}, outputs=outputs)


@cases.violated("A generated password is exported in clear", at="shop-dev", properties="password", when=DEPLOYED)
def generated_password(program):
    password(program)
    exports(program, password=VALUE)


@cases.violated("A secret's value is exported in clear, as a field", at="shop-dev", properties="database.password", when=DEPLOYED)
def field_of_an_object(program):
    version(program, program.later(VALUE), [password(program)])
    exports(program, database={"host": "db.internal", "password": VALUE})


@cases.violated("A JSON text that is exported holds the password", at="shop-dev", properties="settings", when=DEPLOYED)
def field_of_a_text(program):
    program.add(DATABASE, "db", {"password": Marked(VALUE)})
    exports(program, settings=json.dumps({"host": "db.internal", "password": VALUE}))


@cases.violated("A token is exported", at="shop-dev", properties="deploy")
def known_token(program):
    exports(program, deploy=GITHUB_TOKEN)


@cases.violated("A component gives a password out in clear", at="orders", properties="password", when=DEPLOYED)
def component_in_clear(program):
    password(program)
    component(program, password=VALUE)


@cases.violated("No output at all may be a secret", at="shop-dev", properties="password", settings={"allowSecretOutputs": False})
def marked_output(program):
    exports(program, password=Marked(VALUE))


@cases.violated("A secret of the configuration leaves in clear", at="shop-dev", properties="login")
def secret_of_the_configuration(program):
    program.configure(VALUE)
    exports(program, login=VALUE)


@cases.cannot_decide("An output is unknown, in a stack that makes a password", at="shop-dev", properties="login")
def unknown_output(program):
    password(program)
    exports(program, login=program.later(Marked(VALUE)), secretArn=program.later(program.arn("dev/billing/database")))


@cases.cannot_decide("An output of a component that makes a password is unknown", at="orders", properties="login")
def unknown_output_of_a_component(program):
    made = component(program, login=program.later(Marked(VALUE)))
    program.add("random:index/randomPassword:RandomPassword", "password", {"length": 20}, parent=made)


@cases.holds("A marked output is stored encrypted", when=DEPLOYED)
def marked(program):
    password(program)
    exports(program, password=Marked(VALUE))


@cases.holds("ARNs and names of secrets", cites=("checkov#6700", "kics#7023"))
def arns_and_names(program):
    secret = program.secret()
    password(program)
    exports(
        program,
        databaseSecretArn=program.later(program.arn_of(secret)),
        databaseSecretName="dev/billing/database",
        tokenUrl=program.later("https://login.example.com/oauth/token"),
        passwordRotationDays=30,
    )


@cases.holds("Outputs are unknown, and no secret has a value in the stack")
def no_value_in_the_stack(program):
    secret = program.secret()
    program.rotation(secret)
    exports(program, database=program.later(program.arn_of(secret)), account=program.later(ACCOUNT))


@cases.holds("What a resource of another provider answers is no output of a component", when=DEPLOYED)
def no_component(program):
    made = password(program)
    provider = "urn:pulumi:dev::shop::pulumi:providers:acme::default::1"
    program.add("acme:index:Login", "login", {}, outputs={"password": VALUE}, made_from={"password": [made]}, provider=provider)


@cases.holds("A host and a user that stand beside the password in a secret")
def host_and_user(program):
    version(program, json.dumps({"username": "billing-app-01", "host": "db-01.internal", "password": VALUE}))
    exports(program, hostName="db-01.internal", user="billing-app-01")


@cases.holds("Forty characters that are a commit or a bucket", cites=("checkov#7310", "checkov#6917"))
def forty_characters(program):
    exports(program, commit="9fceb02d0ae598e95dc970b74767f19372d61af8", bucket="acme-Billing-exports-0123456789-eu-centr")


@cases.holds("An output that the team allows", settings={"allowOutputs": ["public*"]}, when=DEPLOYED)
def allowed_output(program):
    password(program)
    exports(program, publicToken=VALUE)
