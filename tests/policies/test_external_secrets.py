"""What the External Secrets Operator fetches, and as whom."""

import pytest

from policies.pack.graph.external_secrets import ExternalSecrets
from policies.pack.graph.patterns import Match
from policies.pack.values import UNKNOWN, Marked
from tests.policies.cluster import ESO, account, aws, cluster_store, store, synced, thing
from tests.policies.program import Program

YAML = "kubernetes:apiextensions.k8s.io:CustomResource"


def uses(program):
    graph = program.stack().part(ExternalSecrets)
    found = {}
    for reference in (reference for one in graph.synced for reference in one.references):
        for secret, certainty in graph.secrets_of(reference):
            found.setdefault(secret.resource.name, []).append((reference.at(), certainty))
    return found


def identity(program):
    graph = program.stack().part(ExternalSecrets)
    return graph.identity_of(graph.stores[0])


@pytest.mark.parametrize("type_token", [f"kubernetes:{ESO}:ExternalSecret", f"kubernetes:{ESO}:ExternalSecretPatch", YAML])
def test_an_external_secret_is_seen_whichever_way_it_is_written(any_program, type_token):
    any_program.secret()
    spec = {"secretStoreRef": {"name": "elsewhere"}, "dataFrom": [{"extract": {"key": "dev/billing/database"}}]}
    inputs = {"apiVersion": ESO, "kind": "ExternalSecret", "metadata": {"name": "database"}, "spec": spec}
    any_program.add(type_token, "synced", inputs)

    assert uses(any_program) == {"database": [("spec.dataFrom[0].extract", Match.MAYBE)]}


def test_an_object_of_which_the_kind_is_not_known_yet_may_be_anything(program):
    program.add(YAML, "odd", {"apiVersion": ESO, "kind": UNKNOWN})

    assert [one.name for one in program.stack().part(ExternalSecrets).unreadable] == ["odd"]


@pytest.mark.parametrize(
    ("key", "prefix", "certainty"),
    [
        ("dev/billing/database", None, Match.ALWAYS),
        (Marked("dev/billing/database"), None, Match.ALWAYS),
        ("database", "dev/billing/", Match.ALWAYS),
        (Program.arn("dev/billing/database"), None, Match.ALWAYS),
        ("database", UNKNOWN, Match.MAYBE),
    ],
)
def test_a_key_is_a_name_or_an_arn_behind_the_prefix_of_its_store(deployed, key, prefix, certainty):
    deployed.secret()
    deployed.secret("other", "dev/billing/other")
    store(deployed, spec=aws(**({} if prefix is None else {"prefix": prefix})))
    synced(deployed, "synced", key)

    assert uses(deployed) == {"database": [("spec.data[0].remoteRef", certainty)]}


def test_a_store_of_another_backend_reads_no_secret_of_aws(any_program):
    any_program.secret()
    store(any_program, spec={"provider": {"gcpsm": {"projectID": "shop"}}})
    synced(any_program)

    assert uses(any_program) == {}


def test_a_key_that_is_not_known_yet_is_the_secret_that_it_is_made_from(program):
    secret = program.secret()
    store(program)
    synced(program, "synced", UNKNOWN, made_from={"spec": [secret]})

    assert uses(program) == {"database": [("spec.data[0].remoteRef", Match.ALWAYS)]}


def test_a_key_that_is_made_from_nothing_is_open(program):
    program.secret()
    synced(program, "synced", UNKNOWN)

    graph = program.stack().part(ExternalSecrets)

    assert [graph.is_open(one) for one in graph.synced[0].references] == [True]
    assert uses(program) == {}


@pytest.mark.parametrize(
    ("search", "certainty"),
    [
        ({"path": "dev/billing/"}, Match.MAYBE),
        ({"name": {"regexp": ".*"}}, Match.ALWAYS),
        ({"path": "dev/billing/", "name": {"regexp": "data.*"}}, Match.ALWAYS),
        ({"path": UNKNOWN, "name": {"regexp": "data.*"}}, Match.MAYBE),
        ({"name": {"regexp": "(a+)+$"}}, Match.MAYBE),
        ({"name": {"regexp": "["}}, Match.MAYBE),
        ({"tags": {"team": "billing"}}, Match.MAYBE),
        (UNKNOWN, Match.MAYBE),
        ({"path": "prod/"}, None),
        ({"name": {"regexp": "^reports"}}, None),
    ],
)
def test_a_search_finds_by_path_and_by_name(any_program, search, certainty):
    any_program.secret()
    store(any_program)
    synced(any_program, "synced", spec={"data": [], "dataFrom": [{"find": search}]})

    assert uses(any_program) == ({} if certainty is None else {"database": [("spec.dataFrom[0].find", certainty)]})


@pytest.mark.parametrize(
    ("name", "kind", "namespace", "found"),
    [
        ("billing", None, "billing", Match.ALWAYS),
        ("billing", None, "reports", None),
        ("billing", None, UNKNOWN, Match.MAYBE),
        ("billing", "ClusterSecretStore", "billing", None),
        ("shared", "ClusterSecretStore", "reports", Match.ALWAYS),
        (UNKNOWN, None, "billing", Match.MAYBE),
        (None, None, "billing", None),
    ],
)
def test_a_store_is_meant_by_name_kind_and_namespace(any_program, name, kind, namespace, found):
    store(any_program)
    cluster_store(any_program)
    synced(any_program, "synced", to=name, kind=kind, namespace=namespace)

    graph = any_program.stack().part(ExternalSecrets)
    stores = [match for reference in graph.synced[0].references for _, match in graph.stores_of(reference)]

    assert stores == ([] if found is None else [found])


def test_a_store_of_another_cluster_is_none_of_this_one(any_program):
    store(any_program, provider="urn:pulumi:dev::shop::pulumi:providers:kubernetes::one")
    synced(any_program, "synced", provider="urn:pulumi:dev::shop::pulumi:providers:kubernetes::other")

    graph = any_program.stack().part(ExternalSecrets)

    assert [graph.stores_of(reference) for reference in graph.synced[0].references] == [[]]


def test_default_providers_of_two_versions_speak_to_one_cluster(any_program):
    store(any_program, provider="urn:pulumi:dev::shop::pulumi:providers:kubernetes::default")
    synced(any_program, "synced", provider="urn:pulumi:dev::shop::pulumi:providers:kubernetes::default_4_23_0")

    graph = any_program.stack().part(ExternalSecrets)

    assert [len(graph.stores_of(reference)) for reference in graph.synced[0].references] == [1]


def test_a_store_reads_as_the_role_of_its_service_account(any_program):
    role = any_program.role("billing")
    made_from = {"metadata": [role]}
    account(any_program, role=any_program.later("arn:aws:iam::111122223333:role/billing"), made_from=made_from)
    store(any_program)

    assert identity(any_program).key == role


def test_a_store_reads_as_the_role_that_it_assumes_last(any_program):
    account(any_program)
    store(any_program, spec=aws(role="arn:aws:iam::111122223333:role/reader"))

    assert identity(any_program).label == 'role "reader" (not of this stack)'


@pytest.mark.parametrize(
    ("spec", "known"),
    [
        (aws(service_account=None), None),
        ({"provider": {"aws": {"auth": {"secretRef": {"accessKeyIDSecretRef": {"name": "key"}}}}}}, None),
        (aws(service_account="elsewhere"), UNKNOWN),
        (aws(role=UNKNOWN), UNKNOWN),
        ({"provider": UNKNOWN}, UNKNOWN),
    ],
)
def test_as_whom_a_store_reads_is_not_guessed(any_program, spec, known):
    account(any_program)
    store(any_program, spec=spec)

    assert identity(any_program) is known


def test_a_namespace_is_that_of_the_object_or_of_its_provider(any_program):
    provider = any_program.add("pulumi:providers:kubernetes", "cluster", {"namespace": "billing"})
    store(any_program, namespace=None, provider=provider)
    store(any_program, "default", namespace=None)

    assert [store.namespace for store in any_program.stack().part(ExternalSecrets).stores] == ["billing", "default"]


def test_a_cluster_external_secret_fetches_what_its_template_says(any_program):
    any_program.secret()
    cluster_store(any_program)
    inner = {
        "secretStoreRef": {"name": "shared", "kind": "ClusterSecretStore"},
        "data": [{"secretKey": "a", "remoteRef": {"key": "dev/billing/database"}}],
    }
    thing(any_program, "ClusterExternalSecret", "everywhere", {"externalSecretSpec": inner, "externalSecretName": "own"}, namespace=None)

    graph = any_program.stack().part(ExternalSecrets)

    assert uses(any_program) == {"database": [("spec.externalSecretSpec.data[0].remoteRef", Match.ALWAYS)]}
    assert graph.synced[0].target == "own"
