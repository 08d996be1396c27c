import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from localcloud.directory import Directory
from localcloud.pulumi.engine import find_or_build
from localcloud.pulumi.plugins import offer_language_host

BIN = Path(__file__).parents[2] / "localcloud" / "pulumi" / "bin"


@pytest.fixture
def directory():
    """A claimed directory that every account can walk to, as in a checkout of an ordinary place."""
    above = Path(tempfile.mkdtemp(prefix="keyturn-"))
    above.chmod(0o755)
    made = Directory(above / "cloud")
    made.claim()
    yield made
    shutil.rmtree(above)


@pytest.fixture(scope="session")
def engine():
    """The engine that `make up` would take; the first test that asks for it may have to build it."""
    return find_or_build()


@pytest.fixture
def pulumi(engine, tmp_path):
    """Runs the real CLI with our language host, in a project and an environment of this test's own."""
    return Pulumi(engine, tmp_path)


class Pulumi:
    """A project folder, its backend and the CLI."""

    def __init__(self, engine, root):
        self.root = root
        self.project = root / "project"
        self.home = root / "home"
        (root / "state").mkdir()
        offer_language_host(self.home, engine)
        # A released CLI prefers the host beside it to the one in PULUMI_HOME; what PATH says goes before both.
        host = [] if engine.built else [str(BIN)]
        self.environment = {
            "HOME": str(root),
            "PATH": os.pathsep.join([*host, str(engine.executable.parent), str(Path(sys.executable).parent), os.defpath]),
            "PULUMI_HOME": str(self.home),
            "PULUMI_BACKEND_URL": f"file://{root / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "local",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def write(self, files, folder=None):
        """Writes files into the project, or into another folder beside it, by their relative names; gives the folder."""
        target = self.root / folder if folder else self.project
        for name, text in files.items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_text(text)
        return target

    def start(self, *arguments, **environment):
        """Starts a command in the project, as the leader of a process group as a shell's job is."""
        return subprocess.Popen(
            ["pulumi", "--non-interactive", *arguments],
            executable=shutil.which("pulumi", path=self.environment["PATH"]),
            cwd=self.project,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments, exits=0, **environment):
        """Runs a command to its end and gives what it printed; fails with that when it does not exit as said."""
        with self.start(*arguments, **environment) as process:
            try:
                output, _ = process.communicate(timeout=120)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        assert process.returncode == exits, output
        return output
