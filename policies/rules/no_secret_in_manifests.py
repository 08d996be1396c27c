"""No secret's value stands in a Kubernetes manifest.

A Secret that Pulumi writes has its value in Pulumi's state, in the memory of every machine that deploys, and for ever the same: nothing
rotates it. The External Secrets Operator (an ExternalSecret that names the secret) brings the value from where it is kept and renewed, so a
Secret with `data` or `stringData` breaks the rule, whatever they hold. `allowTypes` names the types that other tools expect there.

In everything else a secret value breaks it: the data of a ConfigMap, the values of a Helm release or chart, the manifests of a ConfigGroup,
any property of an object of a custom definition, annotations and labels, those of pods included. What is a secret value is told as for
environment variables: by the program's mark, by what the property is made from, by a secret value of the stack, or of its configuration,
found again, by a known format. A marked annotation that calls itself a checksum and has the form of one holds.

Variables and commands of pods are the business of `no-secret-in-environment-variables`. It does not see what a Helm chart or a file of
manifests makes up by itself, unless its objects are resources of the stack.
"""

from collections.abc import Iterator

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.kubernetes_in_clear import is_kubernetes, places
from policies.pack.graph.kubernetes_tokens import CONFIG_MAPS, HELM_RELEASE
from policies.pack.graph.kubernetes_tokens import SECRETS as KUBERNETES_SECRETS
from policies.pack.graph.leaks import Leaks
from policies.pack.graph.leaves import asked, leaves
from policies.pack.graph.taint import Taint
from policies.pack.resource import Resource
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN


class ManifestSettings(Settings):
    """Knobs of the rule."""

    allow_types: tuple[str, ...] = ("kubernetes.io/tls", "kubernetes.io/service-account-token", "helm.sh/release.v1")
    """Types of Secrets that Pulumi may write."""


@rule(
    id="no-secret-in-manifests",
    title="No secret stands in a Kubernetes manifest",
    severity=Severity.HIGH,
    group=Group.EXPOSURE,
    mend="Let the External Secrets Operator bring the value: an ExternalSecret that names the secret. "
    "Charts take the name of that Secret (existingSecret), pods read it by secretKeyRef or as a file.",
    references=["NIST 800-53 IA-5(7)", "PCI DSS 8.6.2", "ISO 27001 A.8.12", "CIS Kubernetes 5.4.2"],
    of=lambda stack: [resource for resource in stack.resources if is_kubernetes(resource)],
    settings=ManifestSettings,
    undecided="advisory",
    early=(*KUBERNETES_SECRETS, *CONFIG_MAPS, HELM_RELEASE),
)
def policy(resource: Resource, stack: Stack, settings: ManifestSettings) -> Iterator[Finding]:
    """Looks at Secrets that Pulumi writes, and for secret values in everything else."""
    if resource.type in KUBERNETES_SECRETS:
        yield from _written(resource, stack, settings)
    for place in places(resource):
        yield from stack.part(Leaks).at(place)


def _written(secret: Resource, stack: Stack, settings: ManifestSettings) -> Iterator[Finding]:
    kind = secret.read("type")
    if isinstance(kind, str) and kind in settings.allow_types:
        return
    for name in ("data", "stringData"):
        if not any(True for _ in leaves(asked(secret, name), name)):
            continue
        text = f"Pulumi writes {name} of {secret.label}, so the value is in its state and nothing renews it"
        if kind is UNKNOWN:
            yield cannot_decide(secret.urn, f"{text}; its type, which may allow that, is not known yet", property="type")
        elif secret.read(name) is UNKNOWN and not stack.part(Taint).of(secret, name).certain:
            yield cannot_decide(secret.urn, f"what Pulumi writes into {secret.label}, if anything, is not known yet", property=name)
        else:
            yield violated(secret.urn, text, property=name)
