"""What runs, and the texts that it gets in clear: environment variables, commands and start-up scripts."""

from collections.abc import Iterator, Mapping
from typing import Final

from policies.pack.graph.kubernetes_tokens import WORKLOADS as KUBERNETES_WORKLOADS
from policies.pack.graph.leaks import Place
from policies.pack.graph.leaves import Leaf, asked, from_json, leaves, unknown_among
from policies.pack.graph.tokens import FUNCTION, TASK_DEFINITION
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Marked, Value, at, plain

_CODE_BUILD = "aws:codebuild/project:Project"
_INSTANCE = "aws:ec2/instance:Instance"
_LAUNCH_CONFIGURATION = "aws:ec2/launchConfiguration:LaunchConfiguration"

_IN_CLEAR: Final[dict[str, tuple[str, ...]]] = {
    FUNCTION: ("environment",),
    TASK_DEFINITION: ("containerDefinitions",),
    _CODE_BUILD: ("environment",),
    "aws:amplify/app:App": ("environmentVariables",),
    "aws:amplify/branch:Branch": ("environmentVariables",),
    "aws:apprunner/service:Service": ("sourceConfiguration",),
    "aws:batch/jobDefinition:JobDefinition": ("containerProperties", "nodeProperties", "eksProperties"),
    "aws:elasticbeanstalk/configurationTemplate:ConfigurationTemplate": ("settings",),
    "aws:elasticbeanstalk/environment:Environment": ("settings",),
    "aws:lightsail/containerServiceDeploymentVersion:ContainerServiceDeploymentVersion": ("containers",),
    "aws:sagemaker/model:Model": ("primaryContainer", "containers"),
    _INSTANCE: ("userData", "userDataBase64"),
    _LAUNCH_CONFIGURATION: ("userData", "userDataBase64"),
    "aws:ec2/launchTemplate:LaunchTemplate": ("userData",),
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest": ("userData", "userDataBase64"),
    "aws:lightsail/instance:Instance": ("userData",),
    **dict.fromkeys(KUBERNETES_WORKLOADS, ("spec", "template")),
}
IN_CLEAR: Final = tuple(_IN_CLEAR)
"""Types of what runs."""

_SCRIPTS = ("userData", "userDataBase64")
# Names of what holds variables, and of what a container is started with, in the documents of all these services; in lower case.
# Options are those of a container's logging.
_VARIABLES = frozenset({"environment", "env", "environmentvariables", "runtimeenvironmentvariables", "variables", "settings", "options"})
_COMMANDS = frozenset({"command", "entrypoint", "args"})
# What may hold one of these while it is not known yet itself.
_AROUND = frozenset(
    {
        *("spec", "template", "jobtemplate", "containers", "initcontainers", "ephemeralcontainers"),
        *("container", "containerdefinitions", "containerproperties", "nodeproperties", "noderangeproperties"),
        *("eksproperties", "podproperties", "primarycontainer"),
        *("sourceconfiguration", "imagerepository", "imageconfiguration"),
        *("coderepository", "codeconfiguration", "codeconfigurationvalues"),
    }
)


def places(resource: Resource) -> Iterator[Place]:
    """Gives the properties of a resource in which something that runs gets texts in clear."""
    for name in _IN_CLEAR[resource.type]:
        value = asked(resource, name)
        if value is None:
            continue
        if name in _SCRIPTS:
            yield Place(resource, name, f"the start-up script of {resource.label}", tuple(leaves(value, name)))
            continue
        document = from_json(value)
        texts = tuple(_texts(document, name, name, is_marked=False))
        others = unknown_among(notes(document, name))
        yield Place(resource, name, f"the environment of {resource.label}", texts, others_unknown=others)


def notes(value: Value, path: str, *, is_marked: bool = False) -> Iterator[Leaf]:
    """Gives the annotations and labels in a document: a checksum of a secret often stands there, so that pods are replaced with it."""
    if isinstance(value, Marked):
        value, is_marked = plain(value), True
    if value is UNKNOWN and path.rpartition(".")[2] in ("metadata", "spec", "template"):
        yield Leaf(path, "", value, is_marked)
    elif isinstance(value, Mapping):
        for key, element in value.items():
            here = path if is_marked else f"{path}.{key}"
            if key in ("annotations", "labels"):
                yield from leaves(element, here, is_marked=is_marked)
            else:
                yield from notes(element, here, is_marked=is_marked)
    elif isinstance(value, list):
        for position, element in enumerate(value):
            yield from notes(element, path if is_marked else f"{path}[{position}]", is_marked=is_marked)


def _texts(value: Value, name: str, path: str, *, is_marked: bool) -> Iterator[Leaf]:
    """Gives the variables and commands in a document of any shape."""
    if isinstance(value, Marked):
        value, is_marked = plain(value), True
    key = name.lower()
    if value is UNKNOWN:
        if key in _AROUND or key in _VARIABLES or key in _COMMANDS:
            yield Leaf(path, "", value, is_marked)
    elif key in _COMMANDS:
        yield from leaves(value, path, is_marked=is_marked)
    elif key in _VARIABLES and not _has_variables_inside(value):
        yield from _variables(value, path, is_marked=is_marked)
    elif isinstance(value, Mapping):
        for inner, element in value.items():
            yield from _texts(element, inner, path if is_marked else f"{path}.{inner}", is_marked=is_marked)
    elif isinstance(value, list):
        for position, element in enumerate(value):
            yield from _texts(element, name, path if is_marked else f"{path}[{position}]", is_marked=is_marked)


def _has_variables_inside(value: Value) -> bool:
    """Tells whether what is called an environment only holds the variables, as in Lambda and CodeBuild."""
    return isinstance(value, Mapping) and any(
        key.lower() in ("variables", "environmentvariables") and (isinstance(plain(inner), (Mapping, list)) or plain(inner) is UNKNOWN)
        for key, inner in value.items()
    )


def _variables(value: Value, path: str, *, is_marked: bool) -> Iterator[Leaf]:
    """Gives variables that are written as an object, or as a list of names and values."""
    if not isinstance(value, list):
        yield from leaves(value, path, is_marked=is_marked)
        return
    for position, listed in enumerate(value):
        here, is_hidden = (path, True) if is_marked else (f"{path}[{position}]", isinstance(listed, Marked))
        entry = plain(listed)
        if not isinstance(entry, Mapping):
            yield from leaves(entry, here, is_marked=is_hidden)
            continue
        fields = {key.lower(): element for key, element in entry.items()}
        kind, name = at(fields, "type"), at(fields, "name")
        # CodeBuild reads the other types itself; the value is then a name.
        if kind is UNKNOWN:
            yield Leaf(here, "", kind, is_marked=False)
        elif kind in (None, "PLAINTEXT"):
            called = name if isinstance(name, str) else ""
            yield from leaves(fields.get("value"), here if is_hidden else f"{here}.value", called, is_marked=is_hidden)
