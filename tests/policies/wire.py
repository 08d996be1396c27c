"""The shipped pack as the engine meets it: a process that prints a port and speaks Pulumi's Analyzer protocol."""

import os
import subprocess
import sys
from pathlib import Path

import grpc
from google.protobuf.struct_pb2 import Struct, Value
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from policies.pack.values import UNKNOWN, Marked

PACK = Path(__file__).parents[2] / "policies"

_SIGNATURE, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def encoded(value):
    """A value on the wire."""
    if value is UNKNOWN:
        return Value(string_value=_UNKNOWN)
    if isinstance(value, Marked):
        return Value(struct_value=Struct(fields={_SIGNATURE: Value(string_value=_SECRET), "value": encoded(value.value)}))
    if isinstance(value, dict):
        return Value(struct_value=struct(value))
    if isinstance(value, (list, tuple)):
        wire = Value()
        wire.list_value.values.extend(encoded(element) for element in value)
        return wire
    kind = {bool: "bool_value", int: "number_value", float: "number_value", str: "string_value"}
    return Value(null_value=0) if value is None else Value(**{kind[type(value)]: value})


def struct(values):
    """The properties of a resource on the wire."""
    return Struct(fields={key: encoded(value) for key, value in values.items()})


def requests(program):
    """What the engine sends for a program: a request for each resource, and one for the stack."""
    single, whole = [], analyzer_pb2.AnalyzeStackRequest()
    for resource in program.resources:
        options = analyzer_pb2.AnalyzerResourceOptions(parent=resource.parent)
        single.append(
            analyzer_pb2.AnalyzeRequest(
                type=resource.type, urn=resource.urn, name=resource.name, properties=struct(resource.inputs), options=options
            )
        )
        shown = whole.resources.add(
            type=resource.type,
            urn=resource.urn,
            name=resource.name,
            parent=resource.parent,
            properties=struct(resource.outputs),
            dependencies=resource.dependencies,
        )
        for name, urns in resource.property_dependencies.items():
            shown.propertyDependencies[name].urns.extend(urns)
    return single, whole


class Pack:
    """A pack that runs. Use it in a `with` statement."""

    def __init__(self, command, **environment):
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **environment}, cwd=PACK.parent
        )
        self.first_line = self.process.stdout.readline()

    @classmethod
    def as_executable(cls, **environment):
        """The pack as `--policy-pack policies/__main__.py` starts it."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return cls([str(PACK / "__main__.py")], PATH=path, **environment)

    @classmethod
    def as_folder(cls, **environment):
        """The pack as Pulumi's language host starts it for `--policy-pack policies`."""
        return cls([sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(PACK)], **environment)

    @classmethod
    def of(cls, folder, body):
        """Another pack on the same ground: `body` is a Python text that has `serve` and `port_line`."""
        head = "from policies.pack.standard_output import claim\nport_line = claim()\nfrom policies.pack.serving import serve\n"
        (folder / "pack.py").write_text(head + body)
        return cls([sys.executable, "-u", str(folder / "pack.py")], PYTHONPATH=str(PACK.parent))

    def __enter__(self):
        self.channel = grpc.insecure_channel(f"127.0.0.1:{int(self.first_line)}")
        self.stub = analyzer_pb2_grpc.AnalyzerStub(self.channel)
        return self

    def __exit__(self, *_):
        self.channel.close()
        self.end()

    def end(self):
        """Ends the process and keeps what it wrote behind the port."""
        self.process.terminate()
        self.output, self.errors = (written.decode() for written in self.process.communicate(timeout=30))

    def judge(self, program):
        """What the pack answers when the engine shows it a program: to each resource, and to the stack."""
        single, whole = requests(program)
        return [self.stub.Analyze(request, timeout=60) for request in single], self.stub.AnalyzeStack(whole, timeout=60)
