import pytest

from localcloud.pulumi import engine as engine_module
from localcloud.pulumi.engine import Engine, find_or_build


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with nothing on PATH and a cache in which the pinned CLI is made without building it."""
    monkeypatch.setattr(engine_module, "find_or_install", lambda _environment: None)
    monkeypatch.setattr(engine_module, "build", lambda _go, _version, target, _environment: target.write_text("built"))
    return Machine(tmp_path)


class Machine:
    def __init__(self, root):
        self.root = root
        self.environment = {"PATH": "", "KEYTURN_CACHE": str(root / "cache")}

    def install(self, version_script, folder="bin", *, language_host=True):
        """Puts a `pulumi` that runs this script first on PATH."""
        target = self.root / folder
        target.mkdir(parents=True)
        script(target / "pulumi", version_script)
        if language_host:
            script(target / "pulumi-language-python", "exit 0")
        self.first_on_path(target)
        return target / "pulumi"

    def first_on_path(self, folder):
        self.environment["PATH"] = f"{folder}:{self.environment['PATH']}"


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_recent_pulumi_on_path_is_taken_as_it_is(machine):
    installed = machine.install("echo v3.260.1")

    found = find_or_build(machine.environment)

    assert found == Engine(installed, "v3.260.1", built=False)
    assert not (machine.root / "cache").exists()


def test_the_oldest_that_runs_an_executable_pack_is_recent_enough(machine):
    installed = machine.install("echo 3.255.0")

    found = find_or_build(machine.environment)

    assert found == Engine(installed, "v3.255.0", built=False)


@pytest.mark.parametrize(
    ("version_script", "reason"),
    [
        ("echo v3.254.9", "v3.254.9 is older than 3.255"),
        ("echo v2.300.0", "v2.300.0 is older than 3.255"),
        ("echo v3.260.0; exit 3", "`pulumi version` does not answer"),
        ("echo no version at all", "`pulumi version` does not answer"),
    ],
)
def test_a_pulumi_that_is_old_or_broken_is_passed_over_with_the_reason(machine, capfd, version_script, reason):
    installed = machine.install(version_script)

    found = find_or_build(machine.environment)

    assert found.built
    assert capfd.readouterr().err == f"{installed} is passed over: {reason}.\n"


def test_a_pulumi_without_its_language_host_is_passed_over(machine, capfd):
    machine.install("echo v3.260.0", language_host=False)

    found = find_or_build(machine.environment)

    assert found.built
    assert "no pulumi-language-python lies beside it" in capfd.readouterr().err


def test_a_link_to_pulumi_is_followed_to_the_language_host_beside_it(machine):
    installed = machine.install("echo v3.260.0", folder="opt/pulumi")
    links = machine.root / "links"
    links.mkdir()
    (links / "pulumi").symlink_to(installed)
    machine.first_on_path(links)

    found = find_or_build(machine.environment)

    assert found == Engine(installed, "v3.260.0", built=False)


def test_our_own_cli_on_path_is_not_mistaken_for_the_persons(machine):
    ours = find_or_build(machine.environment)
    machine.first_on_path(ours.executable.parent)
    (ours.executable.parent / "pulumi-language-python").touch()
    ours.executable.chmod(0o755)

    found = find_or_build(machine.environment)

    assert found == ours
    assert found.built


def test_a_pulumi_behind_our_own_on_path_is_still_found(machine):
    ours = find_or_build(machine.environment)
    installed = machine.install("echo v3.260.0")
    ours.executable.chmod(0o755)
    machine.first_on_path(ours.executable.parent)

    found = find_or_build(machine.environment)

    assert found == Engine(installed, "v3.260.0", built=False)
