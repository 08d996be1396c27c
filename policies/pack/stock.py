"""The stack as Pulumi's stock server shows it, for who runs the rules there: without marks, inputs and dangling edges."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from pulumi_policy import PolicyResource, StackValidationArgs

from policies.pack.resource import Resource
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Value


def stack_of(args: StackValidationArgs) -> Stack:
    """Gives the stack that the stock server hands to a policy."""
    return Stack((_resource(resource) for resource in args.resources), datetime.now(UTC).date())


def settings_of(args: StackValidationArgs) -> Mapping[str, Any]:
    """Gives the settings that the stock server hands to a policy."""
    return _object(args.get_config())


def _resource(resource: PolicyResource) -> Resource:
    return Resource(
        urn=resource.urn,
        type=resource.resource_type,
        name=resource.name,
        outputs=_object(resource.props),
        parent=resource.parent.urn if resource.parent else "",
        dependencies=_urns(resource.dependencies),
        property_dependencies={name: _urns(resources) for name, resources in resource.property_dependencies.items()},
        provider=resource.provider.urn if resource.provider else "",
        protect=resource.opts.protect,
        ignore_changes=tuple(resource.opts.ignore_changes),
    )


def _urns(resources: Iterable[PolicyResource]) -> tuple[str, ...]:
    return tuple(resource.urn for resource in resources)


def _object(properties: Mapping[str, object]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key in properties:
        try:
            found[key] = _value(properties[key])
        except Exception:  # the stock server raises an error of its own, which it does not export, for an unknown value
            found[key] = UNKNOWN
    return found


def _value(value: object) -> Value:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return _object(cast(Mapping[str, object], value))
    if isinstance(value, Sequence):
        return [_value(element) for element in cast(Sequence[object], value)]
    return UNKNOWN
