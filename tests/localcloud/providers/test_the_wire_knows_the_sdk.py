"""The stand-in takes what programs send: its arguments and outputs are those of the installed pulumi_aws."""

import importlib
import inspect
import re

import pytest

from localcloud.providers.aws.registry import RESOURCES

# pulumi_aws warns about an empty module of its own when lambda_ is imported; pyproject.toml ignores that one.
MODULES = {"lambda": "lambda_", "cloudwatch": "cloudwatch"}


def of_sdk(type_token):
    service, rest = type_token.removeprefix("aws:").split("/")
    module = importlib.import_module(f"pulumi_aws.{MODULES.get(service, service)}")
    name = rest.rpartition(":")[2]
    return getattr(module, name), getattr(module, f"{name}Args", None)


def names_of(described):
    """Gives the camelCase names of a class's properties, as the SDK puts them on the wire."""
    names = set()
    for name, member in inspect.getmembers(described, lambda member: isinstance(member, property)):
        pulumi_name = getattr(member.fget, "_pulumi_name", None)
        names.add(pulumi_name or re.sub(r"_(\w)", lambda letter: letter.group(1).upper(), name))
    return names - {"urn", "id", "pulumiResourceName", "pulumiResourceType"}


@pytest.mark.parametrize("kind", sorted(RESOURCES))
def test_every_argument_and_output_of_the_sdk_is_known_and_no_other(kind):
    sdk, arguments = of_sdk(kind)
    resource = RESOURCES[kind]
    tags = {"tagsAll"} if "tags" in resource.inputs else set()

    assert set(resource.inputs) == names_of(arguments or sdk)
    assert {*resource.inputs, *resource.outputs, *tags} == names_of(sdk)
