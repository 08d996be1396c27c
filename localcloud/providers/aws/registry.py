"""All resource types of the stand-in, by token; and the schema that describes them to the engine."""

import json
from typing import Any, ClassVar

from localcloud.providers.aws import events, functions, iam, iam_policies, kms, logs, permissions, secret_versions, secrets, sns, sqs
from localcloud.providers.properties import Kind, Property
from localcloud.providers.resource import Resource

_SERVICES = (events, functions, iam, iam_policies, kms, logs, permissions, secret_versions, secrets, sns, sqs)
RESOURCES: dict[str, Resource] = {kind.type: kind() for service in _SERVICES for kind in service.TYPES}
_LIST = {"type": "array", "items": {"type": "string"}}
_ANY = {"$ref": "pulumi.json#/Any"}
_TYPES: dict[Kind, dict[str, Any]] = {
    Kind.TEXT: {"type": "string"},
    Kind.WHOLE: {"type": "integer"},
    Kind.FLAG: {"type": "boolean"},
    Kind.TEXTS: _LIST,
    Kind.SET: _LIST,
    Kind.MAP: {"type": "object", "additionalProperties": {"type": "string"}},
    Kind.OBJECT: _ANY,
    Kind.OBJECTS: {"type": "array", "items": _ANY},
    Kind.JSON: {"type": "string"},
    Kind.ARCHIVE: {"$ref": "pulumi.json#/Archive"},
    Kind.ANY: _ANY,
}


def schema(name: str, version: str) -> str:
    """Gives the package's schema: enough for programs without types, such as YAML, and for `pulumi import`."""
    resources = {token: _described(resource) for token, resource in RESOURCES.items()}
    return json.dumps({"name": name, "version": version, "resources": resources, "provider": {}})


def _described(resource: Resource) -> dict[str, Any]:
    inputs: ClassVar = {name: _property(declared) for name, declared in resource.inputs.items()}
    outputs: ClassVar = {name: _TYPES[kind] for name, kind in resource.outputs.items()}
    if "tags" in inputs:
        outputs["tagsAll"] = _TYPES[Kind.MAP]
    required = [name for name, declared in resource.inputs.items() if declared.required]
    return {"inputProperties": inputs, "requiredInputs": required, "properties": {**inputs, **outputs}, "required": sorted(outputs)}


def _property(declared: Property) -> dict[str, Any]:
    return {
        **_TYPES[declared.kind],
        **({"secret": True} if declared.sensitive else {}),
        **({"replaceOnChanges": True} if declared.replaces else {}),
    }
