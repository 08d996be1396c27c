"""A program as the state that `pulumi stack export` gives, for `pulumi policy analyze --file`."""

import json

from localcloud.providers.wire import MARK, SIGNATURE
from policies.pack.values import UNKNOWN, Marked

_STACK = "pulumi:pulumi:Stack"
_ID = "an-id"
_WHEN = "2026-06-15T12:00:00Z"


def exported(program):
    """The state after the program was deployed.

    Raises:
        ValueError: something in it is unknown, as in no state.
    """
    resources = [resource for home in sorted(_homes(program)) for resource in _of(program, home)]
    manifest = {"time": _WHEN, "magic": "", "version": ""}
    return json.dumps({"version": 3, "deployment": {"manifest": manifest, "resources": resources}})


def _homes(program):
    return {(resource.stack, resource.project) for resource in program.resources}


def _of(program, home):
    """The resources of one stack: the stack itself, a default provider for each package, and what the program declares."""
    stack, project = home
    root = f"urn:pulumi:{stack}::{project}::{_STACK}::{project}-{stack}"
    own = [resource for resource in program.resources if (resource.stack, resource.project) == home]
    if not any(resource.type == _STACK for resource in own):
        yield {"urn": root, "custom": False, "type": _STACK}
    for package in sorted({_package(resource) for resource in own if _is_custom(resource)}):
        yield {"urn": _default(package, home), "custom": True, "id": _ID, "type": f"pulumi:providers:{package}"}
    for resource in _in_order(own):
        of_a_provider = {"provider": f"{resource.provider or _default(_package(resource), home)}::{_ID}"}
        yield {
            "urn": resource.urn,
            "custom": _is_custom(resource) or _is_provider(resource),
            **({"id": _ID} if _is_custom(resource) or _is_provider(resource) else {}),
            **(of_a_provider if _is_custom(resource) else {}),
            "type": resource.type,
            "inputs": _plain(resource.inputs),
            "outputs": _plain(resource.outputs),
            "parent": "" if resource.type == _STACK else resource.parent or root,
            "dependencies": list(resource.dependencies),
            "propertyDependencies": {name: list(urns) for name, urns in resource.property_dependencies.items()},
            "protect": bool(resource.protect),
        }


def _in_order(resources):
    """Whatever is referred to comes first, as in every state."""
    done, waiting = [], list(resources)
    while waiting:
        missing = {resource.urn for resource in waiting}
        ready = [one for one in waiting if not {*one.dependencies, one.parent, one.provider} & missing]
        done += ready or waiting
        waiting = [one for one in waiting if one not in done]
    return done


def _package(resource):
    return resource.type.split(":")[0]


def _is_custom(resource):
    return _package(resource) in ("aws", "kubernetes", "random", "tls", "vault")


def _is_provider(resource):
    return resource.type.startswith("pulumi:providers:")


def _default(package, home):
    return f"urn:pulumi:{home[0]}::{home[1]}::pulumi:providers:{package}::default"


def _plain(value):
    if value is UNKNOWN:
        raise ValueError("a state knows everything")
    if isinstance(value, Marked):
        return {SIGNATURE: MARK, "plaintext": json.dumps(_plain(value.value))}
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
