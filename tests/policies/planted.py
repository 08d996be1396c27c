"""What programs make the values of secrets with, and values that can be searched for."""

from policies.pack.values import UNKNOWN, Marked
from tests.policies.program import FUNCTION, SECRET_VERSION

RANDOM_PASSWORD = "random:index/randomPassword:RandomPassword"
RANDOM_STRING = "random:index/randomString:RandomString"
PRIVATE_KEY = "tls:index/privateKey:PrivateKey"
ACCESS_KEY = "aws:iam/accessKey:AccessKey"
PARAMETER = "aws:ssm/parameter:Parameter"
COMMAND = "command:local:Command"
INSTANCE = "aws:ec2/instance:Instance"
TABLE = "aws:dynamodb/table:Table"
DATABASE = "aws:rds/instance:Instance"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
KUBERNETES_SECRET = "kubernetes:core/v1:Secret"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
ELSEWHERE = "urn:pulumi:dev::shop::pulumi:pulumi:StackReference::acme/platform/dev"

VALUE = "Xk7-canary-7f3a-9QwZ"
# Put together here, so that no scanner finds a token in the sources.
GITHUB_TOKEN = "ghp_" + "a1B2c3D4e5" * 4
STRIPE_KEY = "sk_live" + "_" + "a1B2c3D4e5" * 3
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"
ACCESS_KEY_ID = "AK" + "IA" + "Q4Z7N2KX5MTP3RVB"
SECRET_ACCESS_KEY = "wJalrXUtnF3M" + "K7MDENGbPxRf1C9Yzq2Lk8Tt5v4A"


def password(program, name="password"):
    """A generated password: its value is secret, and known after the deployment."""
    return program.add(RANDOM_PASSWORD, name, {"length": 20}, outputs={"length": 20, "result": program.later(Marked(VALUE))})


def private_key(program):
    """A private key, whose public half is public."""
    outputs = {"privateKeyPem": program.later(Marked(PEM)), "publicKeyPem": program.later("-----BEGIN PUBLIC KEY-----")}
    return program.add(PRIVATE_KEY, "key", {"algorithm": "ED25519"}, outputs=outputs)


def access_key(program):
    """An access key, whose id is public."""
    outputs = {"id": program.later(ACCESS_KEY_ID), "secret": program.later(Marked(SECRET_ACCESS_KEY))}
    return program.add(ACCESS_KEY, "robot", {"user": "robot"}, outputs=outputs)


def version(program, value=VALUE, made_from=()):
    """A value that Pulumi writes into a secret. The SDK marks it, whatever it is."""
    secret = program.secret()
    arn = program.later(program.arn_of(secret))
    inputs = {"secretId": arn, "secretString": value if value is UNKNOWN else Marked(value)}
    origins = {"secretId": [secret], **({"secretString": list(made_from)} if made_from else {})}
    return program.add(SECRET_VERSION, "value", inputs, outputs={**inputs, "arn": arn}, made_from=origins)


def table(program):
    """A table: nothing about it is secret."""
    return program.add(TABLE, "orders", {"name": "orders"}, outputs={"name": "orders", "arn": program.later("arn:aws:dynamodb:::orders")})


def function(program, variables, made_from=(), name="api"):
    """A function with an environment."""
    inputs = {"environment": {"variables": variables}}
    return program.add(FUNCTION, name, inputs, made_from={"environment": list(made_from)} if made_from else {})
