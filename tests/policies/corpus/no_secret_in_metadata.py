"""Names, tags, descriptions, filters and policies."""

import json

from policies.pack.values import UNKNOWN, Marked
from tests.policies.cases import ALWAYS, DEPLOYED, Cases
from tests.policies.planted import GITHUB_TOKEN, PARAMETER, RANDOM_STRING, SECRET_ACCESS_KEY, VALUE, access_key, password, version
from tests.policies.program import KEY, ROLE_POLICY, SECRET, SECRET_POLICY, document, statement

cases = Cases("no-secret-in-metadata")

AWS_PROVIDER = "pulumi:providers:aws"
ALIAS = "aws:kms/alias:Alias"
FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"


@cases.violated("A tag is made from a generated password", at="database", properties="tags.initial")
def password_in_a_tag(program):
    inputs = {"name": "dev/billing/database", "tags": {"initial": program.later(Marked(VALUE))}}
    program.add(SECRET, "database", inputs, made_from={"tags": [password(program)]})


@cases.violated("A description holds a secret of the configuration", at="key", properties="description")
def description(program):
    program.add(KEY, "key", {"description": Marked("password: hunter3")})


@cases.violated("The name of a key's alias is made from a generated password", at="alias", properties="name")
def alias_name(program):
    program.add(ALIAS, "alias", {"name": program.later(Marked(f"alias/{VALUE}"))}, made_from={"name": [password(program)]})


@cases.violated("A filter of logs looks for a password", at="leaks", properties="pattern")
def metric_filter(program):
    inputs = {"name": "leaks", "pattern": program.later(Marked(f'"{VALUE}"')), "logGroupName": "/aws/lambda/api"}
    program.add(FILTER, "leaks", inputs, made_from={"pattern": [password(program)]})


@cases.violated("A secret's policy is made from a generated password", at="opened", properties="policy")
def password_in_a_policy(program):
    text = document(statement("*", Condition={"StringEquals": {"sts:ExternalId": VALUE}}))
    program.add(SECRET_POLICY, "opened", {"policy": program.later(Marked(text))}, made_from={"policy": [password(program)]})


@cases.violated("The value of a secret stands in a tag once more, as plain text", at="web", when=DEPLOYED)
def value_again(program):
    version(program, program.later(VALUE), [password(program)])
    program.add(TARGET_GROUP, "web", {"name": "web", "tags": {"token": VALUE}})


@cases.violated("A comment holds a token", at="web", properties="tags.note")
def token_in_a_tag(program):
    program.add(TARGET_GROUP, "web", {"name": "web", "tags": {"note": f"deployed with {GITHUB_TOKEN}"}})


@cases.violated("A token is the key of a tag", at="web", properties="tags")
def token_as_a_key(program):
    program.add(TARGET_GROUP, "web", {"name": "web", "tags": {GITHUB_TOKEN: "deployed"}})


@cases.violated("A provider puts a password on every resource, as a tag", at="tagging", properties="defaultTags")
def tags_of_a_provider(program):
    tags = json.dumps({"tags": {"made-with": VALUE}})
    program.add(AWS_PROVIDER, "tagging", {"defaultTags": program.later(Marked(tags))}, made_from={"defaultTags": [password(program)]})


@cases.holds("A provider logs in with a secret of the configuration, and tags resources by service")
def login_of_a_provider(program):
    tags = json.dumps({"tags": {"keyturn:service": "billing"}})
    program.add(AWS_PROVIDER, "tagging", {"defaultTags": tags, "secretKey": Marked(SECRET_ACCESS_KEY)})


@cases.cannot_decide("A tag is unknown and comes from an access key, which has a public id, too", at="web", properties="tags.robot")
def one_answer_of_an_access_key(program):
    inputs = {"name": "web", "tags": {"robot": program.later("robot")}}
    program.add(TARGET_GROUP, "web", inputs, made_from={"tags": [access_key(program)]})


@cases.cannot_decide("All tags are unknown, and nothing says what they are made from", at="web", properties="tags", when=ALWAYS)
def unknown_tags(program):
    program.add(TARGET_GROUP, "web", {"name": "web", "tags": UNKNOWN})


@cases.holds("A secret's name and tags say whose it is", cites=("checkov#6700", "detect-secrets#266"))
def telling_names(program):
    tags = {"keyturn:environment": "dev", "keyturn:service": "billing", "keyturn:secret": "api-key", "password-policy": "strong"}
    program.secret(tags=tags, description="The password of the billing service, rotated every 30 days")


@cases.holds("A name with a random suffix that is no password")
def random_suffix(program):
    suffix = program.add(RANDOM_STRING, "suffix", {"length": 6}, outputs={"result": program.later("x7k2p9")})
    program.add(TARGET_GROUP, "web", {"name": program.later("web-x7k2p9")}, made_from={"name": [suffix]})


@cases.holds("Forty characters that are a name", cites=("checkov#7542", "checkov#5405"))
def forty_characters(program):
    program.add("aws:s3/bucket:Bucket", "exports", {"bucket": "acme-Billing-exports-0123456789-eu-centr"})


@cases.holds("A policy names an encrypted parameter and the version of a secret")
def policy_with_arns(program):
    written = version(program, program.later(VALUE), [password(program)])
    parameter = program.add(PARAMETER, "token", {"type": "SecureString", "value": Marked("changeme")})
    role = program.role("billing")
    text = document(statement("arn:aws:ssm:eu-central-1:111122223333:parameter/token", action="ssm:GetParameter"))
    inputs = {"role": "billing", "policy": program.later(text)}
    program.add(ROLE_POLICY, "reads", inputs, made_from={"role": [role], "policy": [written, parameter]})


@cases.holds("A policy that an invoke makes is unknown, and other rules ask for it")
def invoked_policy(program):
    program.add(ROLE_POLICY, "reads", {"role": "billing", "policy": program.later(document(statement("arn:aws:s3:::x", "s3:GetObject")))})


@cases.violated("The description of a Helm release is marked", at="postgres", properties="description")
def description_of_a_release(program):
    program.add("kubernetes:helm.sh/v3:Release", "postgres", {"chart": "postgresql", "description": Marked("hunter3")})


@cases.violated("A description repeats a secret of the configuration", at="key", properties="description")
def secret_of_the_configuration_again(program):
    program.configure(VALUE)
    program.add(KEY, "key", {"description": VALUE})


@cases.holds("A tag with the ARN of a secret's version")
def tag_with_an_arn(program):
    written = version(program, program.later(VALUE), [password(program)])
    inputs = {"name": "web", "tags": {"secret-arn": program.later(program.arn("dev/billing/database"))}}
    program.add(TARGET_GROUP, "web", inputs, made_from={"tags": [written]})
