"""Type tokens and property names of the provider SDKs that are installed, read from their source: importing them takes seconds."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

TOKEN = re.compile(r"(aws|kubernetes|random|tls|vault):([\w.]+(?:/\w+)?):(\w+)")
"""A type token; `aws:secretsmanager:owningService` and the like have its form, and are tags."""

_FOLDERS = {"index": "", "lambda": "lambda_", "helm.sh": "helm"}
_GETTER = re.compile(r'@pulumi\.getter(?:\(name="(\w+)"\))?\n(?:\s+@.*\n)*\s+def (\w+)\(')


def properties(token):
    """The properties that a type has, inputs and outputs; None when no SDK has the type."""
    source = _source(token)
    return None if source is None else frozenset(named or plain for named, plain in _GETTER.findall(source.read_text()))


def nested(token):
    """The names inside of the properties of a type, and of all types beside it."""
    source = _source(token)
    files = [source.parent / name for name in ("_inputs.py", "outputs.py")]
    if token.startswith("kubernetes:"):
        files += [_folder("kubernetes") / place / "_inputs.py" for place in ("core/v1", "meta/v1", "batch/v1")]
    return frozenset().union(*(_names_in(file) for file in files if file.exists()))


@cache
def _names_in(file):
    return frozenset(named or plain for named, plain in _GETTER.findall(file.read_text()))


@cache
def _source(token):
    match = TOKEN.fullmatch(token)
    if match is None:
        return None
    package, module, name = match.groups()
    place, _, stem = module.partition("/")
    folder = _folder(package) / _FOLDERS.get(place, place if package == "kubernetes" else place.lower())
    file = folder / stem / f"{name}.py" if package == "kubernetes" else folder / f"{_snake(stem)}.py"
    return file if file.exists() and re.search(re.escape(token) + "[\"']", file.read_text()) else None


def _snake(text):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text).lower()


@cache
def _folder(package):
    return Path(find_spec(f"pulumi_{package}").origin).parent
