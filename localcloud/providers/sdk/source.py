"""What an installed Python SDK says about a resource type, read from its source: to import a whole SDK would take seconds."""

import ast
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from localcloud.providers.properties import Kind

_NAMES_OF_SCALARS = {"str": Kind.TEXT, "int": Kind.WHOLE, "bool": Kind.FLAG}
_OF_THE_SDK = {"__self__", "resource_name", "opts", "__props__"}


@dataclass(frozen=True)
class Argument:
    """One argument of a type."""

    kind: Kind
    required: bool
    secret: bool
    filled: bool
    """Whether there is always an output of this name: then the service fills in what the program leaves out."""


@dataclass(frozen=True)
class Described:
    """A resource type in the words of the wire."""

    arguments: Mapping[str, Argument]
    outputs: tuple[str, ...]
    """What is no argument."""
    secret_outputs: frozenset[str]


@cache
def modules(package: str) -> Mapping[str, str]:
    """Gives for each type token of the package the Python module and class, e.g. `pulumi_aws.s3.Bucket`; empty without the SDK."""
    folder = _folder(package)
    if folder is None:
        return {}
    registered = next(
        ast.literal_eval(keyword.value)
        for node in ast.parse((folder / "__init__.py").read_bytes()).body
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        for keyword in node.value.keywords
        if keyword.arg == "resource_modules"
    )
    return {token: f"{module['fqn']}.{name}" for module in json.loads(registered) for token, name in module["classes"].items()}


@cache
def described(package: str, token: str) -> Described | None:
    """Gives what the SDK says about a type; None for one that it does not have. The provider itself is `pulumi:providers:<package>`."""
    folder = _folder(package)
    if folder and token == f"pulumi:providers:{package}":
        file, name = folder / "provider.py", "Provider"
    elif folder and token in modules(package):
        module, _, name = modules(package)[token].rpartition(".")
        file = _file(folder.joinpath(*module.split(".")[1:]), name)
    else:
        return None
    return _read(ast.parse(file.read_bytes()), name) if file.exists() else None


def _folder(package: str) -> Path | None:
    found = importlib.util.find_spec(f"pulumi_{package}")
    return Path(next(iter(found.submodule_search_locations))) if found and found.submodule_search_locations else None


def _file(folder: Path, name: str) -> Path:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    likely = [folder / f"{snake}.py", folder / f"{name}.py"]
    declared = f"class {name}(pulumi.CustomResource)".encode()
    return next((file for file in (*likely, *sorted(folder.glob("*.py"))) if file.exists() and declared in file.read_bytes()), likely[0])


def _read(module: ast.Module, name: str) -> Described | None:
    classes = {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}
    made = next((node for node in ast.walk(classes[name]) if isinstance(node, ast.FunctionDef) and node.name == "_internal_init"), None)
    if made is None:
        return None  # a component, which runs inside of the released provider or in the program
    getters = {python: getter for one in classes.values() for python, getter in _getters(one)}
    own = dict(_getters(classes[name]))
    said = ast.unparse(made)
    required = set(re.findall(r"Missing required property '(\w+)'", said))
    secret = set(re.findall(r"__dict__\['(\w+)'\] = None if \w+ is None else pulumi\.Output\.secret\(", said))
    everything = re.findall(r"__props__\.__dict__\['(\w+)'\]", said)
    secret_outputs = re.search(r"additional_secret_outputs=(\[[^]]*\])", said)

    def wire(python: str) -> str:
        return getters[python][0] if python in getters else _camel(python)

    parameters = [*made.args.args, *made.args.kwonlyargs]
    arguments = {
        wire(parameter.arg): Argument(
            kind=_kind(parameter.annotation),
            required=parameter.arg in required,
            secret=parameter.arg in secret,
            filled=parameter.arg in own and "Optional" not in own[parameter.arg][1],
        )
        for parameter in parameters
        if parameter.arg not in _OF_THE_SDK
    }
    outputs = tuple(output for output in dict.fromkeys(map(wire, everything)) if output not in arguments)
    return Described(arguments, outputs, frozenset(ast.literal_eval(secret_outputs[1]) if secret_outputs else ()))


def _getters(described_class: ast.ClassDef) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yields for each property its name in Python, on the wire, and the type that it gives."""
    for node in described_class.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(called, ast.Attribute) and called.attr == "getter":
                given = [ast.literal_eval(keyword.value) for keyword in getattr(decorator, "keywords", ()) if keyword.arg == "name"]
                yield node.name, (given[0] if given else node.name, ast.unparse(node.returns) if node.returns else "")


def _kind(annotation: ast.expr | None) -> Kind:
    text = ast.unparse(annotation).replace("pulumi.", "").replace("_builtins.", "") if annotation else ""
    while wrapped := re.fullmatch(r"(?:Input|Optional)\[(.*)\]", text):
        text = wrapped[1]
    if text in _NAMES_OF_SCALARS:
        return _NAMES_OF_SCALARS[text]
    if re.fullmatch(r"Sequence\[(Input\[)?str\]?\]", text):
        return Kind.TEXTS
    if re.fullmatch(r"Mapping\[str, (Input\[)?str\]?\]", text):
        return Kind.MAP
    if text.startswith("Union[str,") and "PolicyDocumentArgs" in text:
        return Kind.JSON
    return Kind.TEXT if re.fullmatch(r"Union\[str, '\w+'\]", text) and not text.endswith("Args']") else Kind.ANY


def _camel(python: str) -> str:
    return re.sub(r"_(\w)", lambda letter: letter[1].upper(), python)
