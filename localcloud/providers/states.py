"""The state of a resource as the engine keeps it: what was read, in the program's words where they mean the same."""

from collections.abc import Mapping
from typing import Any

from localcloud.providers.checking import DEFAULTS
from localcloud.providers.difference import difference, same
from localcloud.providers.resource import Resource
from localcloud.providers.wire import UNKNOWN, Properties, root


def settled(resource: Resource, said: Mapping[str, Any], read: Mapping[str, Any], region: str) -> Properties:
    """Gives the state after a call: `read`, but as `said` by the program (or kept before) where the service sees no difference."""
    state: Properties = {name: value for name, value in read.items() if value is not None and name not in resource.inputs}
    for name, declared in resource.inputs.items():
        value = read.get(name)
        if name in said and (declared.unread or not declared.modelled or same(declared, said[name], value)):
            value = said[name]
        elif value is None and not declared.unread:
            value = declared.default
        if value is not None:
            state[name] = value
    return _completed(resource, state, region)


def planned(resource: Resource, olds: Properties | None, news: Properties, region: str) -> Properties:
    """Gives the state that a create or an update would leave: what only the service can tell is unknown."""
    given = {name: value for name, value in news.items() if name != DEFAULTS}
    if olds is None:
        silent = [name for name, declared in resource.inputs.items() if declared.computed and declared.modelled and name not in given]
        return _completed(resource, {**dict.fromkeys([*silent, *resource.outputs], UNKNOWN), **given}, region)
    changed = {root(path) for path in difference(resource, olds, news).changes}
    renewed = {output for name in changed for output in resource.renews.get(name, ())}
    dropped = changed - given.keys()
    kept = {name: value for name, value in olds.items() if name not in dropped}
    return _completed(resource, {**kept, **given, **dict.fromkeys(renewed, UNKNOWN)}, region)


def adopted(resource: Resource, state: Properties, old_inputs: Properties, *, importing: bool) -> Properties:
    """Gives the arguments that describe the state: those of before as they are now, and others that are not the default.

    What the service fills in by itself is an argument only where the program said something about it.
    """
    inputs: Properties = {DEFAULTS: [] if importing else old_inputs.get(DEFAULTS, [])}
    for name, declared in resource.inputs.items():
        value = state.get(name)
        wanted = name in old_inputs or (name != "region" if importing else not declared.computed)
        plain = value in (None, "", [], {}) or (value == declared.default and name not in old_inputs)
        if wanted and not plain:
            inputs[name] = value
    return inputs


def _completed(resource: Resource, state: Properties, region: str) -> Properties:
    if resource.regional:
        state["region"] = region
    if resource.tagged:
        state["tagsAll"] = state.get("tags") or {}
    return state
