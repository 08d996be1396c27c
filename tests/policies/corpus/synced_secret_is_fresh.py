"""What is synced, and who gets to see it when it was rotated."""

from policies.pack.values import UNKNOWN
from tests.policies.cases import ALWAYS, Cases
from tests.policies.cluster import synced, thing

cases = Cases("synced-secret-is-fresh")

RELOADED = {"reloader.stakater.com/auto": "true"}
ENV = [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "database", "key": "password"}}}]
VOLUME = {"name": "database", "secret": {"secretName": "database"}}


def workload(program, container, *, kind="Deployment", version="apps/v1", namespace="billing", volumes=(), **more):
    pod = {"spec": {"containers": [{"name": "app", **container}], "volumes": list(volumes)}}
    thing(program, kind, "app", {"template": pod}, version=version, namespace=namespace, **more)


@cases.violated("It is fetched once", at="database", properties="spec.refreshInterval")
def interval_of_nothing(program):
    synced(program, spec={"refreshInterval": "0"})


@cases.violated("It is fetched once a day", at="database", properties="spec.refreshInterval")
def seldom(program):
    synced(program, spec={"refreshInterval": "24h0m0s"})


@cases.violated("The operator's default is too seldom for this team", at="database", settings={"maxRefresh": "15m"})
def default_is_too_seldom(program):
    synced(program)


@cases.violated("Its interval is no duration", at="database", properties="spec.refreshInterval")
def no_duration(program):
    synced(program, spec={"refreshInterval": "hourly"})


@cases.violated("It is created once", at="database", properties="spec.refreshPolicy")
def created_once(program):
    synced(program, spec={"refreshPolicy": "CreatedOnce"})


@cases.violated("It is merged into a Secret of somebody else", at="database", properties="spec.target.creationPolicy")
def merged(program):
    synced(program, spec={"target": {"name": "database", "creationPolicy": "Merge"}})


@cases.violated("Its Secret cannot change", at="database", properties="spec.target.immutable")
def immutable(program):
    synced(program, spec={"target": {"immutable": True}})


@cases.violated("Something writes the cluster's Secrets back to a store", at="push", properties="metadata.name")
def pushed(program):
    thing(program, "PushSecret", "push", {}, version="external-secrets.io/v1alpha1")


@cases.violated("A workload gets it as an environment variable", at="app", properties="spec.template.spec.containers[0].env[0]")
def as_variable(program):
    synced(program)
    workload(program, {"env": ENV})


@cases.violated("A workload gets all of it as environment variables", at="app", properties="spec.template.spec.containers[0].envFrom[0]")
def as_variables(program):
    synced(program, spec={"target": {"name": "app-secrets"}})
    workload(program, {"envFrom": [{"secretRef": {"name": "app-secrets"}}]}, kind="StatefulSet")


@cases.violated("One file of it is mounted, and never changes", at="app", properties="spec.template.spec.containers[0].volumeMounts[0]")
def file_by_file(program):
    synced(program)
    mount = {"name": "database", "mountPath": "/etc/password", "subPath": "password"}
    workload(program, {"volumeMounts": [mount]}, volumes=[VOLUME])


@cases.holds("It is fetched every hour, as the operator does when nothing is said")
def default(program):
    synced(program)


@cases.holds("It is fetched every fifteen minutes", settings={"maxRefresh": "15m"})
def often(program):
    synced(program, spec={"refreshInterval": "15m"})


@cases.holds("A workload mounts it as files", cites="devantler-tech/platform#3018")
def as_files(program):
    synced(program)
    workload(program, {"volumeMounts": [{"name": "database", "mountPath": "/etc/database"}]}, volumes=[VOLUME])


@cases.holds("Something starts the workload anew when it changed", cites="apache/airflow#56532")
def reloaded(program):
    synced(program)
    workload(program, {"env": ENV}, annotations=RELOADED)


@cases.holds("A workload gets a Secret that nothing syncs")
def another_secret(program):
    synced(program)
    workload(program, {"env": ENV}, namespace="reports")


@cases.holds("A job begins anew each time")
def job(program):
    synced(program)
    workload(program, {"env": ENV}, kind="Job", version="batch/v1")


@cases.holds("A generated password is made once")
def generated(program):
    source = {"sourceRef": {"generatorRef": {"apiVersion": "generators.external-secrets.io/v1alpha1", "kind": "Password", "name": "new"}}}
    spec = {"refreshPolicy": "CreatedOnce", "target": {"immutable": True}, "dataFrom": [source]}
    thing(program, "ExternalSecret", "generated", spec)


@cases.holds("A PushSecret that the team named", settings={"allowPush": ["push-*"]})
def allowed_push(program):
    thing(program, "PushSecret", "push-certificate", {}, version="external-secrets.io/v1alpha1")


@cases.cannot_decide("How often it is fetched is not known yet", at="database", properties="spec.refreshInterval", when=ALWAYS)
def interval_unknown(program):
    synced(program, spec={"refreshInterval": UNKNOWN})


@cases.cannot_decide("Which Secret a workload gets is not known yet", at="app", when=ALWAYS)
def secret_unknown(program):
    synced(program)
    workload(program, {"envFrom": [{"secretRef": {"name": UNKNOWN}}]})


@cases.cannot_decide("The pods of a workload are not known yet", at="app", properties="spec.template.spec", when=ALWAYS)
def pods_unknown(program):
    synced(program)
    thing(program, "Deployment", "app", {"template": UNKNOWN}, version="apps/v1")


@cases.cannot_decide("Its annotations are not known yet", at="app", when=ALWAYS)
def annotations_unknown(program):
    synced(program)
    workload(program, {"env": ENV}, annotations=UNKNOWN)


@cases.cannot_decide("What it is is not known yet", at="odd", properties="kind", when=ALWAYS)
def kind_of_object_unknown(program):
    program.add("kubernetes:apiextensions.k8s.io:CustomResource", "odd", {"apiVersion": "external-secrets.io/v1", "kind": UNKNOWN})
