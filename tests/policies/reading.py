"""Which properties a rule reads, and programs in which one of them is another."""

from dataclasses import replace
from unittest.mock import patch

from policies.pack import values
from policies.pack.resource import Resource


def paths_read(rule, program, settings):
    """Gives (URN, path) of each value that the rule reads: leaves, and what holds them."""
    read = Resource.read
    seen = {}

    def noted(self, *path):
        seen.setdefault((self.urn, *path[:1]), self)
        return read(self, *path)

    with patch.object(Resource, "read", noted):
        rule.findings(program.stack(), settings)
    return [
        (resource.urn, path)
        for (_, *top), resource in seen.items()
        if top and top[0] in (resource.inputs or {})
        for path in _inner(resource.inputs[top[0]], tuple(top))
    ]


def _inner(value, path):
    """Gives the path of a value and those of everything inside it."""
    yield path
    value = values.plain(value)
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _inner(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _inner(inner, (*path, position))


def with_value(program, urn, path, change):
    """Gives the program with one input of one resource changed; an output that repeats the input changes with it."""
    changed = program.copy()
    changed.resources = [_with(each, path, change) if each.urn == urn else each for each in program.resources]
    return changed


def _with(each, path, change):
    inputs = _put(dict(each.inputs), path, change)
    top = path[0]
    outputs = dict(each.outputs)
    if top in outputs:
        outputs[top] = inputs[top]
    return replace(each, inputs=inputs, outputs=outputs)


def _put(container, path, change):
    first, *rest = path
    inner = container[first]
    if isinstance(inner, values.Marked) and rest:
        new = values.Marked(_put(_copy(values.plain(inner)), rest, change))
    else:
        new = _put(_copy(inner), rest, change) if rest else change(inner)
    container[first] = new
    return container


def _copy(value):
    return dict(value) if isinstance(value, dict) else list(value)
