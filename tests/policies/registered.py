"""A program of the corpus as a Pulumi program, which registers it with the real engine."""

import json
from dataclasses import replace

from policies.pack.values import UNKNOWN, Marked
from tests.policies.program import ACCOUNT, FUNCTION, ROLE, document

_TRUST = document({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})
# What the provider demands and the corpus leaves out, where it says nothing about the case.
_NEEDED = {
    ROLE: {"assumeRolePolicy": _TRUST},
    FUNCTION: {
        "handler": "rotate.handler",
        "runtime": "python3.13",
        "role": f"arn:aws:iam::{ACCOUNT}:role/elsewhere",
        "s3Bucket": "code",
        "s3Key": "rotate.zip",
    },
}

PROGRAM = '''
import json, pathlib
import pulumi

made = {}
stack = {}

def after(origins, value):
    """A known value that was made from something."""
    return pulumi.Output.all(*(made[urn].urn for urn in origins)).apply(lambda _: value)

def unknown(origins):
    """What only a deployment makes known, made from something or from nothing that can be seen."""
    if origins:
        return pulumi.Output.all(*(getattr(made[urn], "id", made[urn].urn) for urn in origins)).apply(lambda _: "later")
    return pulumi.Output(set(), _soon(None), _soon(False))

async def _soon(value):
    return value

def filled(value, origins):
    if isinstance(value, dict) and "~" in value:
        return unknown(origins) if value["~"] == "unknown" else pulumi.Output.secret(filled(value["value"], origins))
    if isinstance(value, dict):
        return {key: filled(item, origins) for key, item in value.items()}
    return [filled(item, origins) for item in value] if isinstance(value, list) else value

def properties(resource):
    return {
        name: after(origins, filled(value, origins)) if origins else filled(value, origins)
        for name, value in resource["inputs"].items()
        for origins in [resource["made_from"].get(name, [])]
    }

def component(resource, options):
    registered = pulumi.ComponentResource(resource["type"], resource["name"], properties(resource), options)
    registered.register_outputs({name: filled(value, []) for name, value in resource["outputs"].items()})
    return registered

for resource in json.loads(pathlib.Path("wanted.json").read_text()):
    if resource["type"] == "pulumi:pulumi:Stack":
        for name, value in resource["outputs"].items():
            pulumi.export(name, filled(value, []))
        continue
    options = pulumi.ResourceOptions(
        parent=made.get(resource["parent"]),
        protect=resource["protect"],
        ignore_changes=resource["ignore_changes"],
        version=resource["version"],
    )
    if resource["version"] is None:
        made[resource["urn"]] = component(resource, options)
    else:
        made[resource["urn"]] = pulumi.CustomResource(resource["type"], resource["name"], properties(resource), options)
'''


def completed(program):
    """The program with what the provider demands: a role's trust, a function's code."""
    same = program.copy()
    same.resources = [
        replace(
            resource,
            inputs={**_NEEDED.get(resource.type, {}), **resource.inputs},
            outputs={**_NEEDED.get(resource.type, {}), **resource.outputs},
        )
        for resource in program.resources
    ]
    return same


def wanted(program, versions):
    """What the Pulumi program registers, in the order in which it was declared."""
    return json.dumps(
        [
            {
                "urn": resource.urn,
                "type": resource.type,
                "name": resource.name,
                "version": versions.get(resource.type.split(":")[0]),
                "inputs": _encoded(resource.inputs),
                "outputs": _encoded(resource.outputs),
                "made_from": {name: list(urns) for name, urns in resource.property_dependencies.items()},
                "parent": resource.parent,
                "protect": bool(resource.protect),
                "ignore_changes": list(resource.ignore_changes),
            }
            for resource in program.resources
        ]
    )


def _encoded(value):
    if value is UNKNOWN:
        return {"~": "unknown"}
    if isinstance(value, Marked):
        return {"~": "secret", "value": _encoded(value.value)}
    if isinstance(value, dict):
        return {name: _encoded(inner) for name, inner in value.items()}
    return [_encoded(inner) for inner in value] if isinstance(value, list | tuple) else value
