"""Which functions a property names, and under which alias or version."""

from policies.pack.graph.edges import origin
from policies.pack.graph.tokens import FUNCTION, FUNCTION_ALIAS
from policies.pack.resource import Resource
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN, Unknown


def functions_of(resource: Resource, property_name: str, resources: Resources) -> list[Resource]:
    """Gives the functions of the stack that a property names: by name, by ARN, or by what it was made from."""
    value = resource.read(property_name)
    if isinstance(value, str):
        # `arn:aws:lambda:<region>:<account>:function:<name>[:<alias>]`, or a bare name.
        parts = value.split(":")[:7]
        named = resources.called(":".join(parts), FUNCTION, by=resource) or resources.called(parts[-1], FUNCTION, by=resource)
        # A function of another account may have the same name.
        if named is not None and (len(parts) == 1 or named.answer("arn") in (None, ":".join(parts))):
            return [named]
    made_from = origin(resource, property_name, resources)
    aliases = made_from.of_type(FUNCTION_ALIAS)
    found = made_from.of_type(FUNCTION) + [function for alias in aliases for function in functions_of(alias, "functionName", resources)]
    # A text that is known may be made from the ARN of one function and name another.
    return [function for function in found if value is UNKNOWN or function.answer("arn") is None]


def qualifier_in(resource: Resource, property_name: str, resources: Resources) -> str | Unknown | None:
    """Gives the alias or version that a function's ARN in a property ends in; None for the function as it is."""
    value = resource.read(property_name)
    if isinstance(value, str):
        return ":".join(value.split(":")[7:]) or None
    aliases = origin(resource, property_name, resources).of_type(FUNCTION_ALIAS)
    return name_among(aliases) if aliases and value is UNKNOWN else None


def name_among(aliases: list[Resource]) -> str | Unknown:
    """Gives the name of the one alias that a property is made from; UNKNOWN when it may be several."""
    return (aliases[0].text("name") or UNKNOWN) if len(aliases) == 1 else UNKNOWN
