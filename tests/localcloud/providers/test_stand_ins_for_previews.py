"""Kubernetes, Vault, random values, keys: stand-ins that answer previews with what the installed SDK says, and nothing else."""

import pytest
from pulumi.runtime.proto import provider_pb2

from localcloud.providers.sdk.source import described, modules
from localcloud.providers.wire import MARK, SIGNATURE, UNKNOWN, sent

MANIFEST = {"apiVersion": "v1", "kind": "Secret"}
OBJECT = "kubernetes:core/v1:Secret"
EXTERNAL = "kubernetes:external-secrets.io/v1:ExternalSecret"
GENERATOR = "random:index/randomPassword:RandomPassword"


def marked(value):
    return {SIGNATURE: MARK, "value": value}


@pytest.fixture
def kubernetes(started):
    return started({}, package="kubernetes", KEYTURN_OFFLINE="1")


@pytest.fixture
def vault(started):
    return started({}, package="vault", KEYTURN_OFFLINE="1")


@pytest.fixture
def random(started):
    return started({}, package="random", KEYTURN_OFFLINE="1")


class TestWhatTheSdkSays:
    @pytest.mark.parametrize("package", ["random", "tls", "vault"])
    def test_every_type_of_a_package_is_read(self, package):
        unread = [token for token in modules(package) if described(package, token) is None]

        assert unread == []

    def test_arguments_are_told_from_outputs_and_secrets_from_others(self):
        password = described("random", GENERATOR)
        instance = described("aws", "aws:rds/instance:Instance")

        assert (password.outputs, password.secret_outputs) == (("bcryptHash", "result"), {"bcryptHash", "result"})
        assert (password.arguments["length"].required, password.arguments["keepers"].required) == (True, False)
        assert (instance.arguments["password"].secret, instance.arguments["username"].secret) == (True, False)

    def test_components_are_no_resources(self):
        assert described("kubernetes", "kubernetes:yaml/v2:ConfigFile") is None


class TestAnyStandIn:
    def test_known_arguments_are_shown_and_outputs_are_unknown_secret_ones_marked(self, random):
        inputs, failures = random.check(GENERATOR, {"length": 16})
        state = random.preview(GENERATOR, inputs)

        assert failures == {}
        assert (state["length"], state["result"], state["special"]) == (16, marked(UNKNOWN), UNKNOWN)

    def test_a_misspelt_argument_and_a_missing_one_are_named(self, random):
        _, failures = random.check(GENERATOR, {"lenght": 16})

        assert failures == {
            "lenght": "is not an argument of random:index/randomPassword:RandomPassword; did you mean length?",
            "length": "is required",
        }

    def test_what_is_no_preview_is_refused(self, random):
        refusals = [
            random.refusal(lambda: random.create(GENERATOR, {"length": 16})),
            random.refusal(lambda: random.update(GENERATOR, "id", {"length": 16}, {"length": 17})),
            random.refusal(lambda: random.delete(GENERATOR, "id", {"length": 16})),
            random.refusal(lambda: random.read(GENERATOR, "id", {"length": 16}, {"length": 16})),
        ]

        doings = [refusal.split(":")[0] for refusal in refusals]
        assert doings == ["creating random", "updating random", "deleting random", "reading random"]
        assert all("this stand-in serves previews only, so nothing was done" in refusal for refusal in refusals)

    def test_what_exists_elsewhere_may_be_referred_to_in_an_offline_preview_only(self, random, started):
        online = started({}, package="random")

        found = random.read(GENERATOR, "there", {}, {})
        refusal = online.refusal(lambda: online.read(GENERATOR, "there", {}, {}))

        assert found == ("there", {}, {})
        assert "previews only" in refusal

    def test_a_function_that_asks_somebody_is_refused_by_name(self, vault):
        refusal = vault.refusal(lambda: vault.invoke("vault:index/getNamespaces:getNamespaces", {}))

        assert "vault:index/getNamespaces:getNamespaces is not answered offline" in refusal
        assert "what is: getPolicyDocument" in refusal

    def test_the_same_differs_in_nothing_and_another_argument_does(self, random):
        olds, _ = random.check(GENERATOR, {"length": 16})
        news, _ = random.check(GENERATOR, {"length": 17})

        assert [list(random.diff(GENERATOR, olds, wanted).diffs) for wanted in (olds, news)] == [[], ["length"]]

    def test_a_misspelt_argument_of_the_provider_is_named(self, vault):
        answer = vault.call.CheckConfig(provider_pb2.CheckRequest(news=sent({"address": "https://vault", "adress": "x"})))

        assert [failure.property for failure in answer.failures] == ["adress"]


class TestKubernetes:
    def test_an_object_gets_the_name_that_the_program_left_out_and_the_namespace_of_the_provider(self, started):
        kubernetes = started({"namespace": "billing"}, package="kubernetes")

        inputs, failures = kubernetes.check(OBJECT, MANIFEST)
        again, _ = kubernetes.check(OBJECT, MANIFEST, olds=inputs)

        assert failures == {}
        assert inputs["metadata"]["name"].startswith("thing-")
        assert inputs["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
        assert inputs["metadata"]["namespace"] == "billing"
        assert again == inputs

    def test_what_belongs_to_the_whole_cluster_gets_no_namespace(self, kubernetes):
        inputs, _ = kubernetes.check("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", {"metadata": {"name": "reader"}})

        assert inputs["metadata"] == {"name": "reader"}

    def test_a_marker_stays_where_it_stands(self, kubernetes):
        containers = [{"name": "app", "env": [{"name": "TOKEN", "value": marked("canary")}]}]
        pod = {"metadata": {"name": "app"}, "spec": {"containers": containers}}
        inputs, failures = kubernetes.check("kubernetes:core/v1:Pod", pod)

        state = kubernetes.preview("kubernetes:core/v1:Pod", inputs)

        assert failures == {}
        assert (inputs["spec"], state["spec"], state["status"]) == (pod["spec"], pod["spec"], UNKNOWN)

    def test_a_release_takes_marked_values_too(self, kubernetes):
        inputs, failures = kubernetes.check("kubernetes:helm.sh/v3:Release", {"chart": "database", "version": marked("1.2.3")})

        assert failures == {}
        assert (inputs["version"], inputs["name"][:6]) == (marked("1.2.3"), "thing-")

    def test_it_is_sent_markers_and_the_bridged_ones_are_not(self, kubernetes, random):
        handshakes = [wire.call.Handshake(provider_pb2.ProviderHandshakeRequest()) for wire in (kubernetes, random)]
        configured = [wire.configure({}) for wire in (kubernetes, random)]

        assert [answer.accept_secrets for answer in handshakes] == [True, False]
        assert [answer.acceptSecrets for answer in configured] == [True, False]

    def test_a_custom_resource_is_taken_as_it_is(self, kubernetes):
        manifest = {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": {"name": "database"},
            "spec": {"data": []},
        }

        inputs, failures = kubernetes.check(EXTERNAL, manifest)
        _, incomplete = kubernetes.check(EXTERNAL, {"spec": {}})

        assert (inputs, failures) == (manifest, {})
        assert incomplete == {"apiVersion": "is required", "kind": "is required"}

    def test_a_kind_that_its_group_does_not_have_is_refused(self, kubernetes):
        refusal = kubernetes.refusal(lambda: kubernetes.check("kubernetes:apps/v1:Deploymnt", {}))

        assert refusal.startswith("kubernetes:apps/v1:Deploymnt is no resource")

    def test_a_component_of_the_released_provider_is_refused_by_name(self, kubernetes):
        request = provider_pb2.ConstructRequest(type="kubernetes:yaml/v2:ConfigFile", name="manifests")

        refusal = kubernetes.refusal(lambda: kubernetes.call.Construct(request))

        assert refusal.startswith("kubernetes:yaml/v2:ConfigFile manifests is a component that runs inside of the released")

    def test_a_patch_says_what_it_patches(self, kubernetes):
        _, failures = kubernetes.check("kubernetes:core/v1:ConfigMapPatch", {"data": {}})

        assert list(failures) == ["metadata.name"]

    def test_yaml_is_decoded(self, kubernetes):
        decoded, _ = kubernetes.invoke("kubernetes:yaml:decode", {"text": "kind: A\n---\n---\nsince: 2020-01-01\n"})
        _, failures = kubernetes.invoke("kubernetes:yaml:decode", {"text": "kind: [\n"})

        assert decoded == {"result": [{"kind": "A"}, {"since": "2020-01-01"}]}
        assert list(failures) == ["text"]


class TestVault:
    def test_a_policy_document_is_written_in_vaults_language(self, vault):
        rule = {
            "path": "database/creds/billing",
            "capabilities": ["read"],
            "description": "billing's own",
            "requiredParameters": ["ttl"],
            "allowedParameters": [{"key": "ttl", "values": ["1h"]}],
        }

        written, failures = vault.invoke("vault:index/getPolicyDocument:getPolicyDocument", {"rules": [rule]})

        assert failures == {}
        assert written["hcl"] == (
            "# billing's own\n"
            'path "database/creds/billing" {\n'
            '  capabilities = ["read"]\n'
            '  required_parameters = ["ttl"]\n'
            "  allowed_parameters = {\n"
            '    "ttl" = ["1h"]\n'
            "  }\n"
            "}\n"
        )

    def test_an_unknown_capability_is_refused(self, vault):
        rules = [{"path": "a", "capabilities": ["reed"]}]

        _, failures = vault.invoke("vault:index/getPolicyDocument:getPolicyDocument", {"rules": rules})

        assert list(failures) == ["rules[0].capabilities"]
