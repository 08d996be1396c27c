"""What the engine may be told about a rule's settings: the model's own schema, without references, which the engine does not follow."""

from collections.abc import Mapping
from typing import Any, cast

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from policies.pack.settings import Settings


def schema_of(settings: type[Settings], defaults: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Gives the schema of each setting by its name in the configuration.

    Args:
        settings: the model.
        defaults: what a rule itself says where the model leaves it open.
    """
    whole = settings.model_json_schema(schema_generator=_Plain)
    properties = _inlined(whole["properties"], whole.get("$defs", {}))
    for name, default in defaults.items():
        properties[name]["default"] = default
    return properties


class _Plain(GenerateJsonSchema):
    """A setting that may be left out is not one that may be null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"]) if schema.get("default", ...) is None else super().default_schema(schema)


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(element, definitions) for element in cast(list[Any], schema)]
    if not isinstance(schema, dict):
        return schema
    node = cast(dict[str, Any], schema)
    if "$ref" in node:
        node = {**definitions[node["$ref"].rpartition("/")[2]], **{key: value for key, value in node.items() if key != "$ref"}}
    # What a setting inside a setting lacks, or has too much, the pack says: it knows what was meant, and the engine does not.
    is_object = isinstance(node.get("properties"), dict)
    kept = {key: value for key, value in node.items() if not (is_object and key in ("required", "additionalProperties"))}
    return {key: _inlined(value, definitions) for key, value in kept.items()}
