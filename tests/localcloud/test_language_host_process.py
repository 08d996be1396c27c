"""The language host as a process: what it answers on the wire, and that nothing of it stays behind."""

import importlib.metadata
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from localcloud.pulumi.engine import pinned_version

SCRIPT = Path(__file__).parents[2] / "localcloud" / "pulumi" / "bin" / "pulumi-language-python"
ENDLESS = """
import os, time

print(os.getpid(), flush=True)
while True:
    time.sleep(1)
"""


@pytest.fixture
def host():
    """A running language host whose standard input the test holds, as the engine does."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, SCRIPT, "127.0.0.1:1"], stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            process.calls = language_pb2_grpc.LanguageRuntimeStub(channel)
            yield process
        process.kill()


@pytest.fixture
def endless(host, tmp_path):
    """A plugin that runs until it is stopped, started through the host: its call and its process."""
    (tmp_path / "__main__.py").write_text(ENDLESS)
    info = language_pb2.ProgramInfo(root_directory=str(tmp_path), program_directory=str(tmp_path), entry_point=".")
    call = host.calls.RunPlugin(language_pb2.RunPluginRequest(pwd=str(tmp_path), kind="resource", info=info))
    return call, int(next(call).stdout)


def gone(pid):
    """Waits for the process to end; says whether it did."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_it_says_which_cli_it_belongs_to(host):
    assert f"v{host.calls.GetPluginInfo(empty_pb2.Empty()).version}" == pinned_version()


def test_it_says_which_python_runs_the_program(host):
    about = host.calls.About(language_pb2.AboutRequest())

    assert about.executable == sys.executable
    assert sys.version.startswith(about.version)


def test_it_lists_the_packages_of_the_environment(host):
    listed = host.calls.GetProgramDependencies(language_pb2.GetProgramDependenciesRequest()).dependencies

    assert {package.name: package.version for package in listed}["pulumi"] == importlib.metadata.version("pulumi")


def test_it_asks_for_no_plugin_before_a_resource_does(host):
    assert host.calls.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest()) == language_pb2.GetRequiredPackagesResponse()


def test_a_virtualenv_runs_the_program_that_names_it(host, tmp_path):
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to(sys.executable)
    info = language_pb2.ProgramInfo(root_directory=str(tmp_path))
    info.options.update({"virtualenv": "venv"})

    about = host.calls.About(language_pb2.AboutRequest(info=info))

    assert about.executable == str(tmp_path / "venv" / "bin" / "python")


def test_a_plugin_ends_with_its_call(endless):
    call, pid = endless

    call.cancel()

    assert gone(pid)


def test_cancelling_stops_what_runs(host, endless):
    call, pid = endless

    host.calls.Cancel(empty_pb2.Empty())

    assert gone(pid)
    assert [said.exitcode for said in call if said.HasField("exitcode")] == [-signal.SIGTERM]


@pytest.mark.parametrize("end", ["input", "interrupt", "terminate"])
def test_nothing_stays_behind_when_the_engine_is_gone(host, endless, end):
    _, pid = endless
    if end == "input":
        host.stdin.close()
    else:
        host.send_signal(signal.SIGINT if end == "interrupt" else signal.SIGTERM)

    assert host.wait(timeout=10) == 0
    assert gone(pid)
    assert host.stderr.read() == ""


def test_a_python_without_the_sdk_is_told_apart_in_one_sentence():
    # -S: without site-packages, as the system's Python would be.
    refused = subprocess.run([sys.executable, "-S", SCRIPT], capture_output=True, text=True, check=False)

    assert refused.returncode == 1
    assert "the first Python on PATH, lacks" in refused.stderr
    assert "Keyturn's .venv/bin has to come before it" in refused.stderr
    assert "Traceback" not in refused.stderr
