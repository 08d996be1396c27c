"""Pulumi's language host for Python, as far as a CLI needs it that was built from its module and so came without one.

It runs programs, and policy packs and component plugins that are folders. It generates no code (`pulumi package add` for a
Python program) and installs nothing: what runs here runs in the environment that is there already.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator, Sequence
from concurrent import futures
from pathlib import Path

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from localcloud.pulumi.children import Children
from localcloud.pulumi.engine import pinned_version

_RUN_PROGRAM = Path(__file__).with_name("run_program.py")
_LARGEST_MESSAGE = 400 * 1024 * 1024  # as in Pulumi's own SDK
_BAIL = 32  # a program's exit code for "the person was told already"; Pulumi's own host has the same
_PACKAGES = (
    "import importlib.metadata, json; "
    "print(json.dumps(sorted({(d.metadata['Name'], d.version) for d in importlib.metadata.distributions()})))"
)


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers the engine."""

    def __init__(self, engine: str, children: Children) -> None:
        self._engine = engine
        self._children = children

    def Handshake(self, request, _context):
        """Takes the engine's address from an engine that attached to a running host."""
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, _request, _context):
        """Gives the version of the CLI that this host belongs to."""
        return plugin_pb2.PluginInfo(version=pinned_version().removeprefix("v"))

    def GetRequiredPackages(self, _request, _context):
        """Names none: a provider is looked for when a resource of it is declared, not because its SDK is installed."""
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, _request, _context):
        """Names none, as above; engines before packages ask this way."""
        return language_pb2.GetRequiredPluginsResponse()

    def About(self, request, context):
        """Says which Python runs the program."""
        python = _python(request.info, context)
        asked = subprocess.run([python, "--version"], capture_output=True, text=True, check=True)
        return language_pb2.AboutResponse(executable=python, version=asked.stdout.split()[-1])

    def GetProgramDependencies(self, request, context):
        """Gives every package of the environment; which ones are transitive is not told apart."""
        asked = subprocess.run([_python(request.info, context), "-c", _PACKAGES], capture_output=True, text=True, check=True)
        packages = [language_pb2.DependencyInfo(name=name, version=version) for name, version in json.loads(asked.stdout)]
        return language_pb2.GetProgramDependenciesResponse(dependencies=packages)

    def InstallDependencies(self, request, context):
        """Installs nothing and says so."""
        line = f"nothing to install: it runs with what {_python(request.info, context)} has\n"
        yield language_pb2.InstallDependenciesResponse(stdout=line.encode())

    def Run(self, request, context):
        """Runs a program in a process of its own."""
        settings = {
            "monitor": request.monitor_address,
            "engine": self._engine,
            "project": request.project,
            "stack": request.stack,
            "organization": request.organization,
            "root": request.info.root_directory,
            "pwd": request.pwd,
            "dry-run": "true" if request.dryRun else "false",
            "parallel": str(request.parallel),
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        command = [_python(request.info, context), "-u", str(_RUN_PROGRAM), *options, "--", request.info.entry_point, *request.args]
        environment = {
            **os.environ,
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        code = self._children.run(command, environment, context.add_callback)
        if code == _BAIL:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=_ended(code))

    def RunPlugin(self, request, context) -> Iterator[language_pb2.RunPluginResponse]:
        """Runs a policy pack or a component plugin that is a folder; passes on what it says, the port on its first line included."""
        folder, python = request.info.program_directory, _python(request.info, context)
        if request.kind == "analyzer":
            command = [python, "-u", "-m", "pulumi.policy", *request.args, folder]
        elif (Path(folder) / "__main__.py").exists():
            command = [python, "-u", folder, *request.args]
        else:
            command = [python, "-u", "-m", "pulumi.run.plugin", _distribution(Path(folder), context), *request.args]
        environment = {**os.environ, **dict(pair.split("=", 1) for pair in request.env if "=" in pair)}
        for said in self._children.stream(command, request.pwd, environment, context.add_callback):
            if isinstance(said, int):
                yield language_pb2.RunPluginResponse(exitcode=said)
            else:
                yield language_pb2.RunPluginResponse(**dict([said]))

    def GeneratePackage(self, _request, context):
        """Says what is missing: the generators are written in Go, inside the released language host."""
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            "this language host runs Python programs and generates no SDK for them: that takes a released Pulumi CLI on PATH",
        )

    def Cancel(self, _request, _context):
        """Stops what runs."""
        self._children.stop()
        return empty_pb2.Empty()


def main(arguments: Sequence[str]) -> None:
    """Serves until the engine interrupts it or is gone."""
    stop = threading.Event()
    for interruption in (signal.SIGINT, signal.SIGTERM):
        signal.signal(interruption, lambda *_: stop.set())
    children = Children()
    # A call occupies a thread as long as its program or plugin lives.
    server = grpc.server(
        futures.ThreadPoolExecutor(64),
        options=[("grpc.max_receive_message_length", _LARGEST_MESSAGE), ("grpc.max_send_message_length", _LARGEST_MESSAGE)],
    )
    engine = arguments[-1] if arguments and not arguments[-1].startswith("-") else ""
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(engine, children), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    threading.Thread(target=_wait_for_end_of_input, args=(stop,), daemon=True).start()
    stop.wait()
    children.close()
    # Threads that wait for the engine would keep a regular exit waiting, and there is nothing left to tidy up.
    os._exit(0)


def _wait_for_end_of_input(stop: threading.Event) -> None:
    # The engine holds the other end and never writes: its end is the engine's, also when that was killed.
    with contextlib.suppress(OSError):
        while os.read(sys.stdin.fileno(), 4096):
            pass
    stop.set()


def _python(info: language_pb2.ProgramInfo, context: grpc.ServicerContext) -> str:
    named = dict(info.options).get("virtualenv")
    if not named:
        return sys.executable
    python = Path(info.root_directory, str(named), "bin", "python")
    if not python.exists():
        context.abort(
            grpc.StatusCode.FAILED_PRECONDITION,
            f"the runtime option virtualenv names {python.parent.parent}, and there is no Python in it: make it, or remove the option",
        )
    return str(python)


def _distribution(folder: Path, context: grpc.ServicerContext) -> str:
    try:
        return tomllib.loads((folder / "pyproject.toml").read_text())["project"]["name"]
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        context.abort(
            grpc.StatusCode.FAILED_PRECONDITION,
            f"{folder} cannot be run: it has neither a __main__.py nor a project name in a pyproject.toml",
        )


def _ended(code: int) -> str:
    if code < 0:
        return f"program was ended by {signal.Signals(-code).name}"
    return f"program exited with non-zero exit code: {code}" if code else ""
