"""Checks a resource's arguments against its declaration and fills in what the real provider fills in: defaults, names, tags."""

from collections.abc import Mapping
from typing import Any

from localcloud.providers.naming import Autonaming
from localcloud.providers.provider import Checked, Failure
from localcloud.providers.resource import Resource
from localcloud.providers.shapes import shaped, strangers
from localcloud.providers.wire import Properties

DEFAULTS = "__defaults"  # the bridge's own mark: which arguments the program left to the provider


def checked(
    resource: Resource, logical: str, olds: Properties, news: Properties, *, autonaming: Autonaming, tags: Mapping[str, str]
) -> Checked:
    """Gives the arguments with all defaults and the physical name; or every failure at once."""
    failures = strangers("", news, resource.inputs, resource.type)
    inputs: Properties = {}
    for name, declared in resource.inputs.items():
        value = shaped(name, news.get(name), declared, failures)
        if value is not None:
            inputs[name] = value
        elif declared.required:
            failures.append(Failure(name, "is required"))
    failures.extend(_combinations(resource, inputs))

    if resource.tagged and tags:
        inputs["tags"] = {**tags, **(inputs.get("tags") or {})} if isinstance(inputs.get("tags", {}), Mapping) else inputs["tags"]
    filled = _defaults(resource, inputs)
    failures.extend(_named(resource, logical, olds, inputs, filled=filled, autonaming=autonaming))
    if not failures:
        failures.extend(resource.check(inputs))
    return Checked({**inputs, DEFAULTS: sorted(filled)}, failures)


def _combinations(resource: Resource, inputs: Properties) -> list[Failure]:
    failures: list[Failure] = []
    for group in resource.conflicts:
        first, *others = [name for name in group if name in inputs] or [""]
        failures.extend(Failure(name, f"conflicts with {first}: give one of the two") for name in others)
    for group in resource.needs_one:
        if not any(name in inputs for name in group):
            failures.append(Failure(group[0], f"is missing: one of {', '.join(group)} must be given"))
    return failures


def _defaults(resource: Resource, inputs: Properties) -> set[str]:
    filled: set[str] = set()
    excluded = {name for group in resource.conflicts if any(member in inputs for member in group) for name in group}
    for name, declared in resource.inputs.items():
        if declared.default is not None and name not in inputs and name not in excluded:
            inputs[name] = declared.default
            filled.add(name)
    return filled


def _named(
    resource: Resource, logical: str, olds: Properties, inputs: Properties, *, filled: set[str], autonaming: Autonaming
) -> list[Failure]:
    name = resource.name
    if name is None or name.property in inputs or (name.prefix and name.prefix in inputs):
        return []
    kept = olds.get(name.property) if name.property in olds.get(DEFAULTS, []) else None
    if kept and name.shape(kept, inputs) != kept:
        kept = None  # another argument wants another shape of name, and so another resource
    if kept is None and autonaming.disabled:
        return [Failure(name.property, "is required: automatic names are switched off by the autonaming configuration")]
    made: Any = kept or name.made(logical, inputs, autonaming)
    inputs[name.property] = made
    filled.add(name.property)
    check = resource.inputs[name.property].check
    reason = check(made) if check else None
    return [Failure(name.property, f"cannot be made from the resource's name: it {reason}; give it")] if reason else []
