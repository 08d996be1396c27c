"""Environment variables, commands and start-up scripts."""

import base64
import json

from policies.pack.values import UNKNOWN, Marked
from tests.policies.cases import ALWAYS, DEPLOYED, FIRST_PREVIEW, Cases
from tests.policies.planted import (
    ACCESS_KEY_ID,
    COMMAND,
    DATABASE,
    DEPLOYMENT,
    ELSEWHERE,
    GITHUB_TOKEN,
    INSTANCE,
    KUBERNETES_SECRET,
    PARAMETER,
    PEM,
    RANDOM_STRING,
    SECRET_ACCESS_KEY,
    VALUE,
    access_key,
    function,
    password,
    private_key,
    table,
    version,
)
from tests.policies.program import FUNCTION

cases = Cases("no-secret-in-environment-variables")

TASK = "aws:ecs/taskDefinition:TaskDefinition"
PROJECT = "aws:codebuild/project:Project"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


def container(**more):
    return json.dumps([{"name": "api", "image": "api:1", **more}])


def pods(containers, **metadata):
    return {"replicas": 2, "template": {"metadata": metadata, "spec": {"containers": containers}}}


@cases.violated("A generated password goes into a function's environment", at="api")
def generated_password(program):
    function(program, {"PASSWORD": program.later(Marked(VALUE))}, [password(program)])


@cases.violated("A generated password and a table's ARN go into one environment", at="api")
def password_beside_an_arn(program):
    variables = {"PASSWORD": program.later(Marked(VALUE)), "TABLE": program.later("arn:aws:dynamodb:::orders")}
    function(program, variables, [password(program), table(program)])


@cases.violated("A secret of the configuration goes into a function's environment", at="api", properties="environment.variables.PASSWORD")
def secret_of_the_configuration(program):
    function(program, {"PASSWORD": Marked("hunter3"), "LEVEL": "info"})


@cases.violated("A password inside a longer text, unmarked by the program", at="api", when=DEPLOYED)
def unmarked_inside_a_text(program):
    function(program, {"DSN": f"host=db password={VALUE}"}, [password(program)])


@cases.violated("The value of a secret stands in an environment once more, as plain text", at="api", when=DEPLOYED)
def value_of_a_secret_again(program):
    version(program)
    function(program, {"PASSWORD": VALUE})


@cases.violated("The password inside a secret's JSON stands in an environment once more", at="api")
def field_of_a_secret_again(program):
    version(program, json.dumps({"username": "billing", "host": "db.internal", "password": VALUE}))
    function(program, {"HOST": "db.internal", "PASSWORD": VALUE})


@cases.violated("A generated password in base64, which hides nothing", at="api")
def password_in_base64(program):
    function(program, {"PASSWORD": program.later(base64.b64encode(VALUE.encode()).decode())}, [password(program)])


@cases.violated("A marked URL holds a token in its query", at="api", properties="environment.variables.HOOK")
def token_in_a_query(program):
    function(program, {"HOOK": Marked("https://hooks.example.com/deploy?token=hunter3")})


@cases.violated("A container's log driver gets a password", at="api")
def password_of_a_log_driver(program):
    text = container(logConfiguration={"logDriver": "splunk", "options": {"splunk-token": VALUE}})
    program.add(TASK, "api", {"containerDefinitions": program.later(text)}, made_from={"containerDefinitions": [password(program)]})


@cases.violated(
    "The key of a variable is the value of a secret, and no message shows it", at="api", properties="environment", when=DEPLOYED
)
def value_as_a_key(program):
    version(program)
    function(program, {VALUE: VALUE})


@cases.violated("A token that GitHub made to be recognised", at="api", properties="environment.variables.TOKEN")
def known_token(program):
    function(program, {"TOKEN": GITHUB_TOKEN})


@cases.violated("A URL with a password in it", at="api")
def url_with_a_password(program):
    function(program, {"DATABASE_URL": f"postgres://billing:{VALUE}@db.internal/billing"})


@cases.violated("An AWS access key beside its secret", at="api", properties="environment")
def access_key_and_secret(program):
    function(program, {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY})


@cases.violated("A container's environment is made from a password, so the whole document is unknown", at="api")
def container_made_from_a_password(program):
    text = program.later(Marked(container(environment=[{"name": "PASSWORD", "value": VALUE}])))
    program.add(TASK, "api", {"containerDefinitions": text}, made_from={"containerDefinitions": [password(program)]})


@cases.violated("A container's command holds a private key", at="api", properties="containerDefinitions[0].command[1]")
def private_key_in_a_command(program):
    program.add(TASK, "api", {"containerDefinitions": container(command=["serve", PEM])})


@cases.violated("A build gets a token as PLAINTEXT", at="build")
def build_with_a_token(program):
    variables = [{"name": "TOKEN", "value": Marked("hunter3")}, {"name": "STAGE", "type": "PLAINTEXT", "value": "dev"}]
    program.add(PROJECT, "build", {"environment": {"type": "LINUX_CONTAINER", "environmentVariables": Marked(variables)}})


@cases.violated("A start-up script in base64 holds a token", at="workers", properties="userData")
def script_in_base64(program):
    script = f"#!/bin/sh\nexport TOKEN={GITHUB_TOKEN}\n"
    program.add(LAUNCH_TEMPLATE, "workers", {"userData": base64.b64encode(script.encode()).decode()})


@cases.violated("A start-up script is made from a password", at="worker", properties="userData")
def script_made_from_a_password(program):
    script = program.later(Marked(f"#!/bin/sh\necho {VALUE} > /etc/password\n"))
    program.add(INSTANCE, "worker", {"userData": script}, made_from={"userData": [password(program)]})


@cases.violated("A pod gets a password as a value", at="api", properties="spec.template.spec.containers[0].env[0].value")
def pod_with_a_password(program):
    spec = pods([{"name": "api", "image": UNKNOWN, "env": [{"name": "PASSWORD", "value": program.later(Marked(VALUE))}]}])
    program.add(DEPLOYMENT, "api", {"spec": spec}, made_from={"spec": [password(program)]})


@cases.violated("An Elastic Beanstalk setting holds a password", at="web")
def beanstalk_setting(program):
    setting = {"namespace": "aws:elasticbeanstalk:application:environment", "name": "PASSWORD", "value": Marked("hunter3")}
    program.add("aws:elasticbeanstalk/environment:Environment", "web", {"settings": [setting]})


@cases.violated("App Runner gets a password", at="web")
def app_runner(program):
    image = {"imageIdentifier": "api:1", "imageConfiguration": {"runtimeEnvironmentVariables": {"PASSWORD": Marked("hunter3")}}}
    program.add("aws:apprunner/service:Service", "web", {"sourceConfiguration": {"imageRepository": image}})


@cases.violated("A token of a format that the team added", at="api", settings={"formats": ["jwt"]})
def added_format(program):
    function(program, {"TOKEN": "eyJ" + "hbGciOiJFUzI1NiJ9" + ".eyJ" + "zdWIiOiJiaWxsaW5nIn0." + "c2lnbmF0dXJlLXNpZ25hdHVyZQ"})


@cases.cannot_decide("A random string that is a secret's value, too", at="api", properties="environment.variables.LOGIN")
def random_string_of_a_secret(program):
    made = program.add(RANDOM_STRING, "login", {"length": 20}, outputs={"result": program.later(VALUE)})
    version(program, program.later(VALUE), [made])
    function(program, {"LOGIN": program.later(VALUE)}, [made])


@cases.cannot_decide("A command between the password and the environment may or may not print it", at="api")
def command_in_between(program):
    inputs = {"create": "mint", "stdin": program.later(Marked(VALUE))}
    made = program.add(COMMAND, "mint", inputs, outputs={**inputs, "stdout": program.later("ok")}, made_from={"stdin": [password(program)]})
    function(program, {"ANSWER": program.later("ok")}, [made])


@cases.cannot_decide("An access key gives an id that is public, and a secret", at="api")
def one_answer_of_an_access_key(program):
    function(program, {"AWS_KEY": program.later(ACCESS_KEY_ID)}, [access_key(program)])


@cases.cannot_decide("An invoke brings the value in and leaves no trace", at="api", when=ALWAYS)
def invoke(program):
    function(program, {"PASSWORD": UNKNOWN})


@cases.cannot_decide("More is unknown than the resources of the stack account for, and another stack is asked", at="api", when=ALWAYS)
def another_stack(program):
    function(program, {"TABLE": UNKNOWN, "TOKEN": UNKNOWN}, [table(program), ELSEWHERE])


@cases.cannot_decide("Beside the password's checksum another value of the pods is unknown", at="api")
def checksum_beside_an_unknown_value(program):
    variables = [{"name": "TABLE", "value": program.later("arn:aws:dynamodb:::orders")}]
    spec = pods([{"name": "api", "env": variables}], annotations={"checksum/secret": program.later("0" * 64)})
    program.add(DEPLOYMENT, "api", {"spec": spec}, made_from={"spec": [password(program), table(program)]})


@cases.cannot_decide("All of a workload is made from a password: a variable, or a checksum", at="api", properties="spec")
def unknown_workload(program):
    spec = pods([{"name": "api"}], annotations={"checksum/secret": "0" * 64})
    program.add(DEPLOYMENT, "api", {"spec": program.later(spec)}, made_from={"spec": [password(program)]})


@cases.holds("The ARN of a secret is no secret, whatever the variable is called", cites=("checkov#6700", "kics#7023"))
def arn_of_a_secret(program):
    secret = program.secret()
    function(program, {"DB_PASSWORD_SECRET": program.later(program.arn_of(secret))}, [secret])


@cases.holds(
    "Names with secret, password and token in them, and harmless values",
    cites=("kubescape/regolibrary#697", "trivy#3634", "prowler#1760", "detect-secrets#266"),
)
def telling_names(program):
    variables = {
        "SECRET_NAME": "dev/billing/database",
        "SERVER_TOKENS": "off",
        "PASSWORD_FILE": "/run/secrets/database",
        "TOKEN_URL": "https://login.example.com/oauth/token",
        "API_KEY_HEADER": "x-api-key",
        "PASSWORD": "{{resolve:secretsmanager:dev/billing/database:SecretString:password}}",
        "SECRET_TTL_SECONDS": "3600",
    }
    function(program, variables)


@cases.holds(
    "Forty characters that are a bucket, a handler, a URL or a commit",
    cites=("checkov#7542", "checkov#7310", "checkov#6917", "checkov#5405"),
)
def forty_characters(program):
    variables = {
        "BUCKET": "acme-Billing-exports-0123456789-eu-centr",
        "HANDLER": "services/Billing/handlers/orderCreated01",
        "COMMIT": "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "BASE64LIKE": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef01234567",
        "URL": "https://sqs.eu-central-1.amazonaws.com/111122223333/Billing",
    }
    function(program, variables)


@cases.holds("The id of an access key alone opens nothing")
def id_of_an_access_key(program):
    function(program, {"AWS_ACCESS_KEY_ID": program.later(ACCESS_KEY_ID)}, [access_key(program)])


@cases.holds("The public half of a private key")
def public_key(program):
    function(program, {"JWT_PUBLIC_KEY": program.later("-----BEGIN PUBLIC KEY-----")}, [private_key(program)])


@cases.holds("The address of a database whose password is generated")
def address_of_a_database(program):
    generated = password(program)
    inputs = {"password": program.later(Marked(VALUE)), "username": "billing"}
    database = program.add(
        DATABASE, "db", inputs, outputs={**inputs, "address": program.later("db.internal")}, made_from={"password": [generated]}
    )
    function(program, {"DB": program.later("db.internal"), "USER": "billing"}, [database])


@cases.holds("A host and a user that stand in a secret's JSON, too")
def host_and_user(program):
    version(program, json.dumps({"username": "billing-app-01", "host": "db-01.internal", "password": VALUE}))
    function(program, {"DB": "db-01.internal", "DB_USER": "billing-app-01"})


@cases.holds("A marked value that is an ARN, a URL or a switch")
def marked_references(program):
    function(
        program,
        {
            "SECRET": Marked("arn:aws:secretsmanager:eu-central-1:111122223333:secret:x"),
            "DEBUG": Marked(False),
            "URL": Marked(""),
            "QUEUE": Marked("https://sqs.eu-central-1.amazonaws.com/111122223333/orders"),
        },
    )


@cases.holds("What a secret says about itself stands in an environment, too")
def description_of_a_secret(program):
    version(program, json.dumps({"authMechanism": "SCRAM-SHA-256", "password": VALUE}))
    function(program, {"AUTH": "SCRAM-SHA-256"})


@cases.holds("A container reads its secret by `valueFrom`")
def value_from(program):
    secret = program.secret()
    text = container(secrets=[{"name": "PASSWORD", "valueFrom": program.arn_of(secret)}], environment=[{"name": "LEVEL", "value": "info"}])
    program.add(TASK, "api", {"containerDefinitions": program.later(text)}, made_from={"containerDefinitions": [secret]})


@cases.holds("A build reads its token from a parameter and from a secret")
def build_reads_itself(program):
    variables = [
        {"name": "TOKEN", "type": "PARAMETER_STORE", "value": Marked("build-token")},
        {"name": "KEY", "type": "SECRETS_MANAGER", "value": "dev/build/key:password"},
    ]
    program.add(PROJECT, "build", {"environment": {"environmentVariables": variables}})


@cases.holds(
    "A pod reads its secret by `secretKeyRef` or `envFrom`; files over variables is another question",
    cites=("devantler-tech/platform#3018", "apache/airflow#56532"),
)
def secret_key_ref(program):
    secret = program.add(KUBERNETES_SECRET, "database", {}, outputs={"metadata": {"name": program.later("database-1a2b")}})
    name = program.later("database-1a2b")
    variables = [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": name, "key": "password"}}}]
    spec = pods([{"name": "api", "env": variables, "envFrom": [{"secretRef": {"name": name}}]}])
    program.add(DEPLOYMENT, "api", {"spec": spec}, made_from={"spec": [secret]})


@cases.holds("The checksum of a generated password replaces the pods")
def checksum(program):
    spec = pods([{"name": "api", "env": [{"name": "LEVEL", "value": "info"}]}], annotations={"checksum/secret": program.later("0" * 64)})
    program.add(DEPLOYMENT, "api", {"spec": spec}, made_from={"spec": [password(program)]})


@cases.holds("A parameter that everybody may read")
def plain_parameter(program):
    setting = program.add(PARAMETER, "level", {"type": "String"}, outputs={"type": "String", "value": program.later(Marked("verbose-1"))})
    function(program, {"LEVEL": program.later("verbose-1")}, [setting])


@cases.holds("A name ends in random characters that are no password")
def random_suffix(program):
    suffix = program.add(RANDOM_STRING, "suffix", {"length": 6}, outputs={"result": program.later("x7k2p9")})
    function(program, {"BUCKET": program.later("exports-x7k2p9")}, [suffix])


@cases.holds("A URL whose password is filled in at run time, and one of a database on the same machine")
def url_without_a_password(program):
    function(
        program, {"DATABASE_URL": "postgres://billing:${PASSWORD}@db/billing", "TEST_URL": "postgres://postgres:postgres@localhost/test"}
    )


@cases.holds("An output of another stack and a table of this one")
def output_of_another_stack(program):
    function(program, {"NETWORK": "vpc-0a1b2c", "TABLE": program.later("arn:aws:dynamodb:::orders")}, [table(program), ELSEWHERE])


@cases.holds("A variable that the team allows", settings={"allowNames": ["PUBLIC_*"]})
def allowed_name(program):
    function(program, {"PUBLIC_KEY": Marked("pk-0123456789")})


@cases.holds("A type that the team does not look at", settings={"types": [FUNCTION]})
def type_that_is_left_out(program):
    program.add(INSTANCE, "worker", {"userData": Marked("#!/bin/sh\necho hello\n")})


@cases.holds("A generated value was only counted: the text is known and holds nothing of it", when=(FIRST_PREVIEW, DEPLOYED))
def constant_made_from_a_password(program):
    function(program, {"READY": "yes"}, [password(program)])


@cases.cannot_decide("A marked value that is unknown is made from a table only", at="api", properties="environment.variables.ORDERS")
def marked_and_made_from_a_table(program):
    function(program, {"ORDERS": Marked(program.later("arn:aws:dynamodb:::orders"))}, [table(program)])


@cases.violated("A marked document that is unknown holds a secret of the configuration beside a table's name", at="api")
def marked_document(program):
    text = Marked(program.later(container(environment=[{"name": "PASSWORD", "value": "hunter3"}])))
    program.add(TASK, "api", {"containerDefinitions": text}, made_from={"containerDefinitions": [table(program)]})


@cases.violated("A secret of the configuration that the program read as plain text", at="api", properties="environment.variables.LOGIN")
def plain_secret_of_the_configuration(program):
    program.configure(json.dumps({"password": VALUE}))
    function(program, {"LOGIN": json.dumps({"user": "billing", "password": VALUE}), "LEVEL": "info"})


@cases.holds("Words that stand in the configuration as secrets, and everywhere", when=ALWAYS)
def words_of_the_configuration(program):
    program.configure("billing", "info", json.dumps({"host": "db.internal", "user": "billing-worker-1"}))
    function(program, {"SERVICE": "billing", "LEVEL": "info", "HOST": "db.internal", "USER": "billing-worker-1"})
