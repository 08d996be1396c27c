"""The components' page, from the schema that other languages get."""

import inspect
import json
from collections.abc import Mapping

from pulumi.provider.experimental.component import ComponentProvider

from components.__main__ import HOSTED

_HEAD = "<!-- Written by `make docs` from the components' docstrings. Edit there. -->\n"


def components_page() -> str:
    """Gives what each component is, takes and gives."""
    schema = json.loads(ComponentProvider(HOSTED, "keyturn", None, "0.0.0").schema)
    resources = "\n".join(_resource(token.rsplit(":", 1)[1], found) for token, found in sorted(schema["resources"].items()))
    types = "\n".join(_type(token.rsplit(":", 1)[1], found) for token, found in sorted(schema.get("types", {}).items()))
    return f"""{_HEAD}
# Components
In Python: `from components import DatabaseCredential`; argument names are in snake_case there. In every other language of Pulumi:
`pulumi package add <this repository>.git/components@<version>`. How they fit together is in [compose.md](compose.md).

{resources}
# Types
{types}"""


def _resource(name: str, found: Mapping[str, object]) -> str:
    return f"""## {name}
{_about(found)}

| argument | type | |
|---|---|---|
{_rows(found["inputProperties"], found.get("requiredInputs", []))}

| output | type | |
|---|---|---|
{_rows(found["properties"], None)}
"""


def _type(name: str, found: Mapping[str, object]) -> str:
    return f"""## {name}
{_about(found)}

| key | type | |
|---|---|---|
{_rows(found["properties"], found.get("required", []))}
"""


def _about(found: Mapping[str, object]) -> str:
    about, _, raised = inspect.cleandoc(str(found.get("description", ""))).partition("Raises:")
    refusals = "".join(f"\n- {line.strip()}" for line in raised.splitlines() if line.strip())
    return f"{about.strip()}\n\nRaises:{refusals}" if refusals else about.strip()


def _rows(properties: Mapping[str, Mapping[str, object]], required: list[str] | None) -> str:
    return "\n".join(
        f"| `{name}`{'' if required is None or name in required else ' (optional)'} | {_shape(found)} | {_line(found)} |"
        for name, found in properties.items()
    )


def _shape(found: Mapping[str, object]) -> str:
    if "items" in found:
        return f"list of {_shape(found['items'])}"
    if "additionalProperties" in found:
        return f"map of {_shape(found['additionalProperties'])}"
    if "$ref" in found:
        name = str(found["$ref"]).rsplit(":", 1)[1]
        return f"[{name}](#{name.lower()})"
    return str(found["type"])


def _line(found: Mapping[str, object]) -> str:
    return str(found.get("description", "")).replace("\n", " ").replace("|", "\\|")
