"""Previews of Kubernetes objects: built-in kinds as the SDK knows them, custom ones as they are, names and namespaces filled in."""
# ruff: noqa: ARG002 (names and arguments are the protocol's)

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from localcloud.providers.difference import difference
from localcloud.providers.naming import Autonaming
from localcloud.providers.provider import Change, Checked, Difference, Failure, Subject
from localcloud.providers.sdk.provider import PreviewProvider
from localcloud.providers.sdk.source import modules
from localcloud.providers.sdk.types import sdk_type
from localcloud.providers.shapes import strangers
from localcloud.providers.wire import UNKNOWN, Properties, is_marked, is_unknown

_DIGITS = 8
_RELEASE = "kubernetes:helm.sh/v3:Release"
_CUSTOM = {"apiVersion", "kind"}
_OF_THE_CLUSTER = {
    "APIService", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "ClusterTrustBundle", "ComponentStatus", "CSIDriver",
    "CSINode", "CustomResourceDefinition", "DeviceClass", "FlowSchema", "IngressClass", "IPAddress", "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume", "PodSecurityPolicy",
    "PriorityClass", "PriorityLevelConfiguration", "ResourceSlice", "RuntimeClass", "SelfSubjectAccessReview", "SelfSubjectReview",
    "SelfSubjectRulesReview", "ServiceCIDR", "StorageClass", "StorageVersion", "StorageVersionMigration", "SubjectAccessReview",
    "TokenReview", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "VolumeAttachment",
    "VolumeAttributesClass",
}  # fmt: skip


class KubernetesProvider(PreviewProvider):
    """Serves previews of the package `kubernetes`; the objects' texts are judged by the cluster, so here by nobody."""

    accepts_secrets = True  # as the real one: markers stay where they stand in a manifest

    def __init__(self) -> None:
        super().__init__("kubernetes")
        self._namespace = "default"
        self.functions = {"kubernetes:yaml:decode": _decoded}

    def configure(self, config: Properties) -> None:
        """Takes the namespace of what names none."""
        self._namespace = str(config.get("namespace") or "default")

    def check(self, subject: Subject, olds: Properties, news: Properties, autonaming: Autonaming) -> Checked:
        """Refuses fields that a built-in kind does not have, and names the object."""
        if subject.token == _RELEASE:
            return super().check(subject, olds, news, autonaming)
        kind = subject.token.rpartition(":")[2]
        if is_custom(subject.token):
            failures = [Failure(name, "is required") for name in sorted(_CUSTOM - news.keys())]
        else:
            failures = strangers("", news, sdk_type(self.name, subject.token).inputs, subject.token)
        metadata = news.get("metadata") or {}
        if is_unknown(metadata) or is_marked(metadata):
            return Checked(news, failures)
        metadata = dict(metadata)
        if not metadata.get("name") and not metadata.get("generateName"):
            if kind.endswith("Patch"):
                failures.append(Failure("metadata.name", "is required: it says which object is patched"))
            elif not kind.endswith("List"):
                _name(metadata, subject.name, olds, autonaming)
        plain = kind.removesuffix("Patch")
        if not metadata.get("namespace") and not is_custom(subject.token) and plain not in _OF_THE_CLUSTER and not kind.endswith("List"):
            metadata["namespace"] = self._namespace
        return Checked({**news, "metadata": metadata}, failures)

    def diff(self, subject: Subject, olds: Properties, old_inputs: Properties, news: Properties) -> Difference:
        """Compares field by field."""
        if is_custom(subject.token):
            return Difference({name: Change("update", replaces=False) for name in {*olds, *news} if olds.get(name) != news.get(name)})
        return difference(sdk_type(self.name, subject.token), olds, news)

    def planned(self, subject: Subject, olds: Properties | None, news: Properties) -> Properties:
        """Gives the object as the program writes it; what the cluster writes, such as the status, is unknown."""
        if is_custom(subject.token):
            return {**news}
        if subject.token == _RELEASE:
            return super().planned(subject, olds, news)
        kind = sdk_type(self.name, subject.token)
        return kind.secrets_marked({**dict.fromkeys(kind.outputs, UNKNOWN), **(olds or {}), **news})


def is_custom(token: str) -> bool:
    """Says whether the SDK has nothing of the token's group and version: then a custom resource definition does."""
    group = token.rpartition(":")[0]
    return not any(known.rpartition(":")[0] == group for known in modules("kubernetes"))


def _name(metadata: dict[str, Any], logical: str, olds: Properties, autonaming: Autonaming) -> None:
    before = olds.get("metadata") or {}
    marks = before.get("annotations") or {} if isinstance(before, Mapping) else {}
    if marks.get("pulumi.com/autonamed"):
        name = before["name"]
    elif autonaming.proposed:
        name = autonaming.proposed
    else:
        digits = hashlib.sha256(autonaming.seed).hexdigest() if autonaming.seed else secrets.token_hex(_DIGITS)
        name = f"{logical}-{digits[:_DIGITS]}"
    annotations = metadata.get("annotations") or {}
    metadata["name"] = name
    if isinstance(annotations, Mapping) and not is_marked(annotations):
        metadata["annotations"] = {**annotations, "pulumi.com/autonamed": "true"}


def _decoded(arguments: Mapping[str, Any]) -> Checked:
    import yaml  # noqa: PLC0415 (few programs need it, and every start would wait for it)

    class Loader(yaml.SafeLoader):
        """YAML as Kubernetes reads it: a date is a text."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        documents = [document for document in yaml.load_all(arguments.get("text") or "", Loader) if document]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        return Checked({}, [Failure("text", f"is not YAML{where}")])
    return Checked({"result": documents}, ())
