"""Resources as the engine shows them: one by one when they are asked for, and all together at the end."""

from pulumi.runtime.proto import analyzer_pb2

from policies.pack.resource import Resource
from policies.pack.values import WireProperties


def asked(request: analyzer_pb2.AnalyzeRequest) -> Resource:
    """Gives a resource that is asked for: its inputs, and nothing of what will come of them."""
    return Resource(
        urn=request.urn,
        type=request.type,
        name=request.name,
        inputs=WireProperties(request.properties),
        parent=request.options.parent,
        provider=request.provider.urn,
        protect=request.options.protect,
        ignore_changes=tuple(request.options.ignoreChanges),
    )


def answered(shown: analyzer_pb2.AnalyzerResource, request: analyzer_pb2.AnalyzeRequest | None) -> Resource:
    """Gives a resource of the whole stack, with its inputs where the engine showed them before."""
    return Resource(
        urn=shown.urn,
        type=shown.type,
        name=shown.name,
        inputs=None if request is None else WireProperties(request.properties),
        outputs=WireProperties(shown.properties),
        parent=shown.parent or shown.options.parent,
        dependencies=tuple(shown.dependencies),
        property_dependencies={name: tuple(edges.urns) for name, edges in shown.propertyDependencies.items()},
        provider=shown.provider.urn,
        protect=shown.options.protect,
        ignore_changes=tuple(shown.options.ignoreChanges),
    )
