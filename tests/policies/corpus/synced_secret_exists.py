"""What ExternalSecrets fetch."""

from policies.pack.graph.manifest import Manifest
from policies.pack.values import UNKNOWN
from tests.policies.cases import ALWAYS, Cases
from tests.policies.cluster import aws, cluster_store, store, synced, thing, vault
from tests.policies.program import Program

cases = Cases("synced-secret-exists")


def manifest_of_another_stack():
    other = Program(stack="dev", project="platform")
    other.secret("mail", "dev/platform/mail")
    return Manifest(other.stack()).as_json()


MANIFEST = manifest_of_another_stack()
KEY = "spec.data[0].remoteRef.key"
MEMBER = "spec.data[0].remoteRef.property"
STORE = "spec.secretStoreRef"


def postgres(program):
    return program.secret(tags={"keyturn:kind": "postgres"})


def in_vault(program, key, *, mount="kv/dev/billing"):
    program.add("vault:index/mount:Mount", "kv", {"path": mount, "type": "kv", "options": {"version": "2"}})
    store(program, spec=vault())
    synced(program, "synced", key)


@cases.violated("Its key is one letter off", at="synced", properties=KEY)
def misspelt(program):
    program.secret()
    store(program)
    synced(program, "synced", "dev/billing/databse")


@cases.violated("Its key is one letter off behind the prefix of its store", at="synced", properties=KEY)
def misspelt_behind_a_prefix(program):
    program.secret()
    store(program, spec=aws(prefix="dev/billing/"))
    synced(program, "synced", "datbase")


@cases.violated("The stacks that are shown declare no such secret", at="synced", properties=KEY, settings={"others": [MANIFEST]})
def nowhere(program):
    program.secret()
    store(program)
    synced(program, "synced", "dev/reports/warehouse")


@cases.violated("It takes a member that a database's secret does not have", at="synced", properties=MEMBER)
def no_such_member(program):
    postgres(program)
    store(program)
    synced(program, "synced", part="user")


@cases.violated("Its store is in another namespace", at="synced", properties=STORE)
def store_of_another_namespace(program):
    program.secret()
    store(program, namespace="platform")
    synced(program, "synced")


@cases.violated("Its store is one of the cluster, and it asks for one of its namespace", at="synced", properties=f"{STORE}.kind")
def store_of_another_kind(program):
    program.secret()
    cluster_store(program, "billing")
    synced(program, "synced")


@cases.violated("The name of its store is one letter off", at="synced", properties=f"{STORE}.name")
def misspelt_store(program):
    program.secret()
    store(program)
    synced(program, "synced", to="biling")


@cases.violated("It names no store", at="synced", properties=STORE)
def no_store(program):
    program.secret()
    synced(program, "synced", spec={"secretStoreRef": {}})


@cases.violated("Its store of the cluster leaves its namespace out", at="synced", properties=STORE)
def left_out(program):
    program.secret()
    cluster_store(program)
    synced(program, "synced", to="shared", kind="ClusterSecretStore", namespace="reports")


@cases.violated("Its mount in Vault is one letter off", at="synced", properties=KEY)
def misspelt_mount(program):
    in_vault(program, "database", mount="kv/dev/biling")


@cases.violated("Its path in Vault is one letter off one that the stack writes", at="synced", properties=KEY)
def misspelt_path(program):
    program.add("vault:kv/secretV2:SecretV2", "value", {"mount": "kv/dev/billing", "name": "database"})
    in_vault(program, "databases")


@cases.holds("It fetches a secret of the stack, by its name")
def by_name(program):
    postgres(program)
    store(program)
    synced(program, "synced", part="password")


@cases.holds("It fetches a secret of the stack by its ARN, which is unknown at first")
def by_arn(program):
    secret = postgres(program)
    store(program)
    synced(program, "synced", program.later(Program.arn("dev/billing/database")), made_from={"spec": [secret]})


@cases.holds("A whole secret is extracted")
def extracted(program):
    postgres(program)
    store(program)
    synced(program, "synced", spec={"data": [], "dataFrom": [{"extract": {"key": "dev/billing/database"}}]})


@cases.holds("It takes a member of a secret that a person sets")
def member_of_a_static_secret(program):
    program.secret(tags={"keyturn:kind": "static"})
    store(program)
    synced(program, "synced", part="anything")


@cases.holds("Another stack declares its secret", settings={"others": [MANIFEST]})
def in_another_stack(program):
    store(program)
    synced(program, "synced", "dev/platform/mail")


@cases.holds(
    "Its secret and its store are said to be made elsewhere", settings={"externalAllow": ["dev/vendor/*"], "externalStores": ["v-*"]}
)
def allowed(program):
    synced(program, "synced", "dev/vendor/mail", to="v-mail")


@cases.holds("It lies in a mount of the stack, where values are written out of band")
def in_a_mount(program):
    in_vault(program, "database")


@cases.holds("A store of the cluster lets its namespace in")
def let_in(program):
    program.secret()
    cluster_store(program)
    synced(program, "synced", to="shared", kind="ClusterSecretStore")


@cases.holds("It is fetched by a generator, and names no secret")
def generated(program):
    spec = {"dataFrom": [{"sourceRef": {"generatorRef": {"apiVersion": "generators.external-secrets.io/v1alpha1", "kind": "Password"}}}]}
    thing(program, "ExternalSecret", "synced", {**spec, "secretStoreRef": {"name": "billing"}})
    store(program)


@cases.cannot_decide("Nothing says whether another stack declares its secret", at="synced", properties=KEY, when=ALWAYS)
def perhaps_elsewhere(program):
    program.secret()
    store(program)
    synced(program, "synced", "dev/reports/warehouse")


@cases.cannot_decide("Its number is another one than that of the secret of the stack", at="synced", properties=KEY, when=ALWAYS)
def another_number(program):
    program.secret("key-1", "dev/billing/key-1")
    store(program)
    synced(program, "synced", "dev/billing/key-2")


@cases.cannot_decide("Its store is not part of the stack", at="synced", properties=f"{STORE}.name", when=ALWAYS)
def store_elsewhere(program):
    program.secret()
    synced(program, "synced")


@cases.cannot_decide("Its key comes from an invoke, which says nothing about its origin", at="synced", properties=KEY)
def open_key(program):
    program.secret()
    store(program)
    synced(program, "synced", program.later("dev/billing/database"))


@cases.cannot_decide("Two keys are not known yet, and only one of them can be the secret", at="synced")
def more_keys_than_secrets(program):
    secret = program.secret()
    store(program)
    keys = [program.later(program.arn_of(secret)), program.later("dev/billing/database")]
    data = [{"secretKey": f"key-{position}", "remoteRef": {"key": key}} for position, key in enumerate(keys)]
    synced(program, "synced", spec={"data": data}, made_from={"spec": [secret]})


@cases.cannot_decide("The kind of its secret is not known yet", at="synced", properties=MEMBER, when=ALWAYS)
def kind_unknown(program):
    program.secret(tags={"keyturn:kind": UNKNOWN})
    store(program)
    synced(program, "synced")


@cases.cannot_decide("The mount of its store is not known yet", at="synced", properties="spec.data[0].remoteRef", when=ALWAYS)
def mount_unknown(program):
    store(program, spec=vault(path=UNKNOWN))
    synced(program, "synced", "database")


@cases.cannot_decide("What it is is not known yet", at="odd", properties="kind", when=ALWAYS)
def kind_of_object_unknown(program):
    program.add("kubernetes:apiextensions.k8s.io:CustomResource", "odd", {"apiVersion": "external-secrets.io/v1", "kind": UNKNOWN})
