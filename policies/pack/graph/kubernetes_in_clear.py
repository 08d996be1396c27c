"""What Kubernetes keeps in clear: objects whose data anybody with a right to read them sees, and what stands beside their names."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from policies.pack.graph.kubernetes_tokens import CONFIG_MAPS, HELM_RELEASE
from policies.pack.graph.kubernetes_tokens import WORKLOADS as KUBERNETES_WORKLOADS
from policies.pack.graph.leaks import Place
from policies.pack.graph.leaves import Leaf, asked, leaves, unknown_among
from policies.pack.graph.texts_in_clear import notes
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Value

_IN_CLEAR: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(CONFIG_MAPS, ("data", "binaryData")),
    HELM_RELEASE: ("values",),
    "kubernetes:helm.sh/v4:Chart": ("values",),
    "kubernetes:yaml/v2:ConfigGroup": ("yaml", "objs"),
}
_NAMES = ("apiVersion", "kind", "metadata")
# How a checksum of a secret calls itself: it is there so that pods are replaced when the secret changes.
_CHECKSUM = ("checksum", "hash", "sha", "digest", "fingerprint")


def places(resource: Resource) -> Iterator[Place]:
    """Gives the places of a Kubernetes object that are kept in clear; variables and commands of pods are those of `texts_in_clear`."""
    for name in _IN_CLEAR.get(resource.type, ()):
        yield from _place(resource, name, leaves(asked(resource, name), name))
    if _is_custom(resource.type):
        for name in resource.outputs if resource.inputs is None else resource.inputs:
            if name not in _NAMES:
                yield from _place(resource, name, leaves(asked(resource, name), name))
    if resource.type in KUBERNETES_WORKLOADS:
        for name in ("spec", "template"):
            yield from _notes(resource, name, asked(resource, name))
    yield from _notes(resource, "metadata", asked(resource, "metadata"))


def is_kubernetes(resource: Resource) -> bool:
    """Tells whether a resource is an object of Kubernetes, or makes some."""
    return resource.type.startswith("kubernetes:")


def _is_custom(token: str) -> bool:
    # kubernetes:<group>/<version>:<kind>; the groups of pods, Secrets and ConfigMaps have no dot. A login for charts stays outside.
    group = token.split(":")[1].partition("/")[0]
    return "." in group and group != "helm.sh"


def _place(resource: Resource, name: str, found: Iterator[Leaf]) -> Iterator[Place]:
    texts = tuple(found)
    if texts:
        yield Place(resource, name, resource.label, texts)


def _notes(resource: Resource, name: str, value: Value) -> Iterator[Place]:
    texts = [_unmarked(leaf) for leaf in notes(value, name) if not (leaf.text and _is_checksum(leaf))]
    if texts:
        others = unknown_among(leaves(value, name)) - unknown_among(texts)
        # What is unknown as a whole has no name yet, and may be a checksum as well.
        others += sum(leaf.value is UNKNOWN and (not leaf.name or _says_checksum(leaf)) for leaf in texts)
        yield Place(resource, name, f"an annotation or label of {resource.label}", tuple(texts), others_unknown=others)


def _is_checksum(leaf: Leaf) -> bool:
    """Tells whether a value is the checksum that its name says it is."""
    is_digest = len(leaf.text) in (32, 40, 56, 64, 96, 128) and all(character in "0123456789abcdef" for character in leaf.text.lower())
    return is_digest and _says_checksum(leaf)


def _unmarked(leaf: Leaf) -> Leaf:
    """Gives a checksum that is not known yet without its mark: one of a secret is marked like the secret itself."""
    return replace(leaf, is_marked=False) if leaf.value is UNKNOWN and _says_checksum(leaf) else leaf


def _says_checksum(leaf: Leaf) -> bool:
    return any(word in leaf.name.lower() for word in _CHECKSUM)
