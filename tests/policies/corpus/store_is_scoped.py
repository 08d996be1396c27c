"""Stores of the External Secrets Operator, and whom they serve."""

from policies.pack.values import UNKNOWN
from tests.policies.cases import ALWAYS, Cases
from tests.policies.cluster import ROLE_ARN, account, aws, cluster_store, store, synced, thing, vault
from tests.policies.program import ACCOUNT

cases = Cases("store-is-scoped")

CONDITIONS = "spec.conditions"
MANY = [{"namespaces": ["billing", "reports"]}]
OTHER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/reports"


def searching(program, search, spec=None):
    account(program)
    store(program, spec=spec)
    synced(program, "synced", spec={"data": [], "dataFrom": [{"find": search}]})


@cases.violated("It serves the whole cluster without conditions", at="shared", properties=CONDITIONS)
def no_conditions(program):
    cluster_store(program, conditions=None)


@cases.violated("Its list of conditions is empty", at="shared", properties=CONDITIONS)
def empty_conditions(program):
    cluster_store(program, conditions=())


@cases.violated("A selector of its conditions is empty", at="shared", settings={"allowCluster": True})
def empty_selector(program):
    cluster_store(program, conditions=[{"namespaceSelector": {"matchLabels": {}}}])


@cases.violated("A selector of its conditions only excludes", at="shared", settings={"allowCluster": True})
def excluding_selector(program):
    expression = {"key": "team", "operator": "NotIn", "values": ["reports"]}
    cluster_store(program, conditions=[{"namespaceSelector": {"matchExpressions": [expression]}}])


@cases.violated("A regular expression of its conditions is not anchored", at="shared", settings={"allowCluster": True})
def unanchored(program):
    cluster_store(program, conditions=[{"namespaceRegexes": ["team-a"]}])


@cases.violated("Each half of a regular expression has one anchor only", at="shared", settings={"allowCluster": True})
def half_anchored(program):
    cluster_store(program, conditions=[{"namespaceRegexes": ["^team-a|team-b$"]}])


@cases.violated("A regular expression of its conditions fits kube-system", at="shared", settings={"allowCluster": True})
def fits_the_system(program):
    cluster_store(program, conditions=[{"namespaceRegexes": ["^.*$"]}])


@cases.violated("It serves kube-system", at="shared", properties="spec.conditions[0].namespaces")
def serves_the_system(program):
    cluster_store(program, conditions=[{"namespaces": ["kube-system"]}])


@cases.violated("It serves two namespaces as one role", at="shared", properties=CONDITIONS)
def two_namespaces(program):
    cluster_store(program, conditions=MANY)


@cases.violated("It serves a namespace that the team did not name", at="billing", settings={"namespaces": ["reports"]})
def unnamed_namespace(program):
    store(program)


@cases.violated("A SecretStore has conditions, which count for nothing", at="billing", properties=CONDITIONS)
def ignored_conditions(program):
    store(program, spec={**aws(), "conditions": [{"namespaces": ["billing"]}]})


@cases.violated("It logs in with access keys", at="billing", properties="spec.provider.aws.auth.secretRef")
def access_keys(program):
    store(program, spec={"provider": {"aws": {"auth": {"secretRef": {"accessKeyIDSecretRef": {"name": "keys", "key": "id"}}}}}})


@cases.violated("It reads as the operator itself", at="billing", properties="spec.provider.aws.auth")
def as_the_operator(program):
    store(program, spec=aws(service_account=None))


@cases.violated("It logs in with a Vault token", at="billing", properties="spec.provider.vault.auth.tokenSecretRef")
def vault_token(program):
    store(program, spec=vault(auth={"tokenSecretRef": {"name": "token"}}))


@cases.violated("It asks Vault without TLS", at="billing", properties="spec.provider.vault.server")
def plain_http(program):
    store(program, spec=vault(server="http://vault.internal:8200"))


@cases.violated("Stores of two namespaces read as one role of AWS", at=["billing", "reports"], properties="spec.provider")
def one_role(program):
    account(program)
    account(program, "reports", namespace="reports")
    store(program)
    store(program, "reports", aws("reports"), namespace="reports")


@cases.violated("Stores of two namespaces log in to Vault as one role", at=["billing", "reports"], properties="spec.provider")
def one_vault_role(program):
    store(program, spec=vault())
    store(program, "reports", vault(), namespace="reports")


@cases.violated("It is written for a version that the operator serves no more", at="billing", properties="apiVersion")
def dead_version(program):
    account(program)
    store(program, version="external-secrets.io/v1beta1")


@cases.violated("A search has no path", at="synced", properties="spec.dataFrom[0].find.path")
def search_everywhere(program):
    searching(program, {"name": {"regexp": ".*"}})


@cases.violated("A search by tags alone goes through the whole account", at="synced", properties="spec.dataFrom[0].find.path")
def search_by_tags(program):
    searching(program, {"tags": {"team": "billing"}})


@cases.violated("A search goes through a whole environment", at="synced")
def search_of_an_environment(program):
    searching(program, {"path": "prod/", "name": {"regexp": ".*"}})


@cases.violated("The path of a search is the beginning of other services' names, too", at="synced")
def search_of_a_beginning(program):
    searching(program, {"path": "prod/pay", "name": {"regexp": ".*"}})


@cases.holds("A namespace has its own store, which reads as its own service account")
def own_store(program):
    account(program)
    store(program)


@cases.holds("Two namespaces have a store and a role each")
def two_stores(program):
    account(program)
    account(program, "reports", OTHER_ROLE, namespace="reports")
    store(program)
    store(program, "reports", aws("reports"), namespace="reports")


@cases.holds("Two stores of one namespace read as one role")
def two_stores_of_one_namespace(program):
    account(program)
    store(program)
    store(program, "parameters", aws(service="ParameterStore"))


@cases.holds("A store of the cluster serves one namespace")
def one_namespace(program):
    cluster_store(program)


@cases.holds("A store of the cluster names its one namespace by a selector or a regular expression", when=ALWAYS)
def one_namespace_otherwise_named(program):
    label = "kubernetes.io/metadata.name"
    selected = {"matchExpressions": [{"key": label, "operator": "In", "values": ["billing"]}]}
    cluster_store(program, "labelled", conditions=[{"namespaceSelector": {"matchLabels": {label: "billing"}}}])
    cluster_store(program, "selected", conditions=[{"namespaceSelector": selected}, {"namespaces": ["billing"]}])
    cluster_store(program, "matched", conditions=[{"namespaceRegexes": ["^billing$"]}])


@cases.violated("Conditions that name one namespace each let in two", at="shared", properties=CONDITIONS)
def two_conditions(program):
    cluster_store(program, conditions=[{"namespaces": ["billing"]}, {"namespaceRegexes": ["^reports$"]}])


@cases.violated("A label lets in whatever namespace has it", at="shared", properties=CONDITIONS)
def labelled_namespaces(program):
    cluster_store(program, conditions=[{"namespaceSelector": {"matchLabels": {"team": "billing"}}}])


@cases.holds("A store of the cluster tells AWS for which namespace it reads", cites="external-secrets#163")
def session_tags(program):
    cluster_store(program, spec=aws(None, role=ROLE_ARN, sessionTagsPolicy="Simple"), conditions=MANY)


@cases.holds("A store of the cluster reads as the service account of each namespace")
def referent(program):
    cluster_store(program, spec=aws(), conditions=MANY)


@cases.holds("An anchored regular expression lets a team's namespaces in, as the team allows", settings={"allowCluster": True})
def anchored(program):
    cluster_store(program, conditions=[{"namespaceRegexes": ["^(?:team-a|team-b)-[a-z]+$"]}])


@cases.holds("A label selects namespaces, as the team allows", settings={"allowCluster": True})
def selected(program):
    cluster_store(program, conditions=[{"namespaceSelector": {"matchLabels": {"team": "billing"}}}])


@cases.holds("A search stays below the path of one service", cites="external-secrets#1649")
def search_of_a_service(program):
    searching(program, {"path": "prod/billing/", "name": {"regexp": ".*"}})


@cases.holds("A search goes through a folder of Vault, which needs no slash behind it")
def search_in_vault(program):
    searching(program, {"path": "database", "name": {"regexp": ".*"}}, vault())


@cases.holds("A PushSecret is still of version v1alpha1")
def push_secret(program):
    account(program)
    store(program)
    thing(program, "PushSecret", "push", {}, version="external-secrets.io/v1alpha1")


@cases.cannot_decide("Its conditions are not known yet", at="shared", properties=CONDITIONS, when=ALWAYS)
def conditions_unknown(program):
    thing(program, "ClusterSecretStore", "shared", {**aws(role=ROLE_ARN), "conditions": UNKNOWN}, namespace=None)


@cases.cannot_decide("Where it reads is not known yet", at="billing", properties="spec.provider", when=ALWAYS)
def provider_unknown(program):
    store(program, spec={"provider": UNKNOWN})


@cases.cannot_decide("Service accounts of another stack may act as one role", at=["billing", "reports"], when=ALWAYS)
def accounts_elsewhere(program):
    store(program)
    store(program, "reports", aws("reports"), namespace="reports")


@cases.cannot_decide("The path of a search is not known yet", at="synced", properties="spec.dataFrom[0].find.path", when=ALWAYS)
def search_unknown(program):
    searching(program, {"path": UNKNOWN, "name": {"regexp": ".*"}})


@cases.cannot_decide("What it is is not known yet", at="odd", properties="kind", when=ALWAYS)
def kind_of_object_unknown(program):
    program.add("kubernetes:apiextensions.k8s.io:CustomResource", "odd", {"apiVersion": "external-secrets.io/v1", "kind": UNKNOWN})
