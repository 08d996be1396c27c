"""Kubernetes manifests."""

import base64

from policies.pack.values import UNKNOWN, Marked
from tests.policies.cases import ALWAYS, DEPLOYED, FIRST_PREVIEW, Cases
from tests.policies.planted import (
    CONFIG_MAP,
    DEPLOYMENT,
    GITHUB_TOKEN,
    KUBERNETES_SECRET,
    PEM,
    VALUE,
    access_key,
    password,
    private_key,
    table,
    version,
)

cases = Cases("no-secret-in-manifests")

RELEASE = "kubernetes:helm.sh/v3:Release"
EXTERNAL_SECRET = "kubernetes:external-secrets.io/v1:ExternalSecret"
APPLICATION = "kubernetes:argoproj.io/v1alpha1:Application"


def written(program, values, made_from=(), **more):
    inputs = {"metadata": {"name": "database"}, "stringData": Marked(values), **more}
    return program.add(KUBERNETES_SECRET, "database", inputs, made_from={"stringData": list(made_from)} if made_from else {})


@cases.violated("Pulumi writes a generated password into a Secret", at="database", properties="stringData")
def generated_password(program):
    written(program, {"password": program.later(VALUE)}, [password(program)])


@cases.violated("Pulumi writes a secret of the configuration into a Secret", at="database", properties="data")
def secret_of_the_configuration(program):
    program.add(KUBERNETES_SECRET, "database", {"type": "Opaque", "data": Marked({"password": "aHVudGVyMw=="})})


@cases.violated("All data of a Secret is made from a generated password", at="database", properties="stringData")
def data_made_as_a_whole(program):
    inputs = {"stringData": program.later(Marked({"password": VALUE}))}
    program.add(KUBERNETES_SECRET, "database", inputs, made_from={"stringData": [password(program)]})


@cases.violated("A ConfigMap is made from a generated password", at="settings", properties="data.password")
def password_in_a_config_map(program):
    inputs = {"data": {"password": program.later(Marked(VALUE)), "level": "info"}}
    program.add(CONFIG_MAP, "settings", inputs, made_from={"data": [password(program)]})


@cases.violated(
    "A real token stands among the examples of a ConfigMap", at="settings", properties="data.token", cites="devantler-tech/platform#3242"
)
def token_among_examples(program):
    program.add(CONFIG_MAP, "settings", {"data": {"example": "token: <your token>", "token": f"token: {GITHUB_TOKEN}"}})


@cases.violated("The value of a secret stands in a ConfigMap once more", at="settings", properties="data.password", when=DEPLOYED)
def value_again(program):
    version(program, program.later(VALUE), [password(program)])
    program.add(CONFIG_MAP, "settings", {"data": {"password": VALUE}})


@cases.violated("A Helm release gets a password as a value", at="postgres", properties="values.auth.password")
def helm_value(program):
    program.add(RELEASE, "postgres", {"chart": "postgresql", "values": {"auth": {"username": "billing", "password": Marked("hunter3")}}})


@cases.violated("An object of a custom definition holds a private key", at="web", properties="spec.source.helm.parameters[0].value")
def custom_object(program):
    spec = {"source": {"helm": {"parameters": [{"name": "tls.key", "value": PEM}]}}}
    program.add(APPLICATION, "web", {"metadata": {"name": "web"}, "spec": spec})


@cases.violated("Binary data holds a private key", at="settings", properties="binaryData.key")
def binary_data(program):
    program.add(CONFIG_MAP, "settings", {"binaryData": {"key": base64.b64encode(PEM.encode()).decode()}})


@cases.violated("An annotation is made from a generated password", at="api", properties="metadata.annotations.password")
def annotation(program):
    metadata = {"name": "api", "annotations": {"password": program.later(Marked(VALUE))}}
    program.add(DEPLOYMENT, "api", {"metadata": metadata}, made_from={"metadata": [password(program)]})


@cases.violated("An annotation of the pods is marked", at="api", properties="spec.template.metadata.annotations.token")
def annotation_of_pods(program):
    template = {"metadata": {"annotations": {"token": Marked("hunter3")}}, "spec": {"containers": [{"name": "api"}]}}
    program.add(DEPLOYMENT, "api", {"spec": {"template": template}})


@cases.violated("A type that the team does not allow", at="database", settings={"allowTypes": []})
def type_not_allowed(program):
    written(program, {"tls.crt": "certificate", "tls.key": VALUE}, type="kubernetes.io/tls")


@cases.violated("A ConfigMap holds a secret of the configuration in clear", at="settings", properties="data.login")
def plain_secret_of_the_configuration(program):
    program.configure(VALUE)
    program.add(CONFIG_MAP, "settings", {"data": {"login": VALUE}})


@cases.cannot_decide("Which type it has is not known yet", at="database", properties="type", when=ALWAYS)
def unknown_type(program):
    written(program, {"tls.key": VALUE}, type=UNKNOWN)


@cases.cannot_decide("What goes into it is not known yet, and made by an invoke", at="database", properties="stringData", when=ALWAYS)
def unknown_data(program):
    program.add(KUBERNETES_SECRET, "database", {"stringData": UNKNOWN})


@cases.cannot_decide("An access key gives an id that is public, and a secret", at="settings", properties="data.access-key")
def one_answer_of_an_access_key(program):
    inputs = {"data": {"access-key": program.later(VALUE)}}
    program.add(CONFIG_MAP, "settings", inputs, made_from={"data": [access_key(program)]})


@cases.cannot_decide("What calls itself a checksum of a password is not known yet", at="api", when=FIRST_PREVIEW)
def unknown_checksum(program):
    metadata = {"annotations": {"checksum/secret": program.later(Marked("0" * 64))}}
    program.add(DEPLOYMENT, "api", {"metadata": metadata}, made_from={"metadata": [password(program)]})


@cases.holds("The External Secrets Operator brings the value")
def external_secret(program):
    remote = {"secretKey": "password", "remoteRef": {"key": "dev/billing/database", "property": "password"}}
    template = {"data": {"dsn": "postgres://billing:{{ .password }}@db.internal/billing"}}
    spec = {"secretStoreRef": {"name": "aws"}, "target": {"name": "database", "template": template}, "data": [remote]}
    program.add(EXTERNAL_SECRET, "database", {"metadata": {"name": "database"}, "spec": spec})


@cases.holds("A Secret without data, which something else fills")
def empty_secret(program):
    program.add(KUBERNETES_SECRET, "database", {"metadata": {"name": "database"}, "type": "Opaque", "stringData": Marked({})})


@cases.holds("A certificate, whose type is allowed")
def certificate(program):
    values = {"tls.crt": "certificate", "tls.key": program.later(PEM)}
    written(program, values, [private_key(program)], type="kubernetes.io/tls")


@cases.holds("A ConfigMap whose keys tell of secrets and whose values are settings", cites=("trivy#3634", "kubescape/regolibrary#697"))
def telling_keys(program):
    data = {
        "nginx.conf": "server_tokens off;\nssl_certificate_key /etc/tls/tls.key;\n",
        "secretName": "dev/billing/database",
        "PASSWORD_MIN_LENGTH": "12",
        "token-url": "https://login.example.com/oauth/token",
    }
    program.add(CONFIG_MAP, "settings", {"data": data})


@cases.holds("A ConfigMap with a table's ARN and a secret's ARN")
def arns_in_a_config_map(program):
    secret = program.secret()
    data = {"table": program.later("arn:aws:dynamodb:::orders"), "secret": program.later(program.arn_of(secret))}
    program.add(CONFIG_MAP, "settings", {"data": data}, made_from={"data": [table(program), secret]})


@cases.holds("A Helm release takes the name of a Secret")
def existing_secret(program):
    secret = program.add(KUBERNETES_SECRET, "database", {}, outputs={"metadata": {"name": program.later("database-1a2b")}})
    values = {"auth": {"existingSecret": program.later("database-1a2b")}}
    program.add(RELEASE, "postgres", {"chart": "postgresql", "values": values}, made_from={"values": [secret]})


@cases.holds("A Helm release fetches its chart with a password, which stays out of the cluster")
def password_of_the_charts(program):
    options = {"repo": "https://charts.example.com", "username": "robot", "password": Marked("hunter3")}
    program.add(RELEASE, "postgres", {"chart": "postgresql", "repositoryOpts": options, "values": {"replicas": 2}})


@cases.holds("A checksum of the secret as an annotation", when=DEPLOYED)
def checksum(program):
    metadata = {"annotations": {"checksum/secret": Marked("0a" * 32)}}
    program.add(DEPLOYMENT, "api", {"metadata": metadata}, made_from={"metadata": [password(program)]})


@cases.holds("Sealed data may be read by everybody")
def sealed_secret(program):
    spec = {"encryptedData": {"password": "AgBy3i4OJSWK+PiTySYZZA9rO43cGDEq" * 4}}
    program.add("kubernetes:bitnami.com/v1alpha1:SealedSecret", "database", {"spec": spec})


@cases.holds("A workload whose names are made at deployment")
def names_made_at_deployment(program):
    metadata = {"name": program.later("api-1a2b"), "namespace": program.later("billing-3c4d"), "labels": {"app": "api"}}
    program.add(DEPLOYMENT, "api", {"metadata": metadata})


@cases.cannot_decide("A marked checksum of a generated password is not known yet", at="api")
def marked_checksum_that_is_unknown(program):
    template = {"metadata": {"annotations": {"checksum/login": Marked(program.later("ab" * 32))}}, "spec": {"containers": []}}
    program.add(DEPLOYMENT, "api", {"spec": {"template": template}}, made_from={"spec": [password(program)]})
