"""Packages come verified, complete, once, without root and without a trace on the machine; each failure names its way out."""

import platform
import stat
import subprocess

import pytest

from localcloud import debian
from localcloud.debian import command, unpacked
from localcloud.errors import LocalCloudError


@pytest.fixture
def apt(tmp_path, monkeypatch):
    """Replaces apt-get by one that knows a mirror, and for the rest says the given line and fails."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("KEYTURN_CACHE", str(tmp_path / "cache"))
    suite = platform.freedesktop_os_release()["VERSION_CODENAME"]

    def says(line, mirrored=suite):
        program = programs / "apt-get"
        program.write_text(
            f"""#!/bin/sh
case "$*" in
*--print-uris*) echo "'mirror://of.tests/debian/dists/{mirrored}/InRelease' of.tests 0 " ;;
*) echo "{line}"; exit 100 ;;
esac
"""
        )
        program.chmod(0o755)

    return says


def ran(root, program, *arguments):
    return subprocess.run([*command(root, program), *arguments], check=True, capture_output=True, text=True).stdout


def test_a_server_of_the_machines_own_suite_runs_without_being_installed():
    root = unpacked("redis-server")

    assert ran(root, "usr/bin/redis-server", "--version").startswith("Redis server v=")


def test_a_program_of_another_suite_runs_with_its_own_loader_and_libraries():
    root = unpacked("python3.13", suite="trixie")

    said = ran(root, "usr/bin/python3.13", "-c", "import ctypes, hashlib, ssl, sys, zipfile; print(*sys.version_info[:2], sys.prefix)")

    assert said == f"3 13 {root}/usr\n"


def test_the_versions_that_were_taken_are_written_down():
    root = unpacked("redis-server")

    suite, *packages = (root / "versions").read_text().splitlines()

    assert suite == f"Debian {platform.freedesktop_os_release()['VERSION_CODENAME']}"
    assert {"redis-server", "libc6", "libssl3"} <= {line.split(" ")[0] for line in packages}
    assert all(len(line.split(" ")) == 2 for line in packages)


def test_no_file_is_setuid():
    root = unpacked("redis-server")

    privileged = stat.S_ISUID | stat.S_ISGID
    assert [path for path in root.rglob("*") if not path.is_symlink() and path.stat().st_mode & privileged] == []


def test_a_second_call_fetches_nothing(apt):
    apt("E: nothing is fetched twice")
    suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
    made = debian.cache_root() / "debian" / f"{suite}-{platform.machine()}" / "one+two"
    made.mkdir(parents=True)

    assert [unpacked("one", "two"), unpacked("two", "one")] == [made, made]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("E: Unable to locate package nonesuch", "no such package in sid"),
        ("E: Package 'nonesuch' has no installation candidate", "no such package in sid"),
        ("E: The repository 'mirror://of.tests/debian sid Release' does not have a Release file.", "no suite sid"),
        ("W: GPG error: the following signatures couldn't be verified: NO_PUBKEY 0", "Update debian-archive-keyring"),
        ("E: The repository 'mirror://of.tests/debian sid InRelease' is not signed.", "Update debian-archive-keyring"),
        ("E: Failed to fetch mirror://of.tests/debian/dists/sid/InRelease  Could not connect", "Check the network"),
        ("E: You don't have enough free space in /tmp/", "TMPDIR"),
        (" one : Depends: two but it is not installable", "another day"),
        ("E: something else", "apt says:\n  E: something else"),
    ],
)
def test_what_apt_says_becomes_a_cause_and_a_way_out_and_nothing_half_made_stays(apt, line, says):
    apt(line)

    with pytest.raises(LocalCloudError) as caught:
        unpacked("nonesuch", suite="sid")

    assert says in str(caught.value)
    assert line.strip() in str(caught.value)
    assert [path for path in (debian.cache_root() / "debian").glob("*/*") if path.suffix != ".lock"] == []


@pytest.mark.parametrize("content", [b"no package", None], ids=["broken", "gone"])
def test_a_package_that_cannot_be_unpacked_is_named(tmp_path, content):
    package = tmp_path / "one_1.0_all.deb"
    if content:
        package.write_bytes(content)

    with pytest.raises(LocalCloudError, match=r"package one_1\.0_all\.deb cannot be unpacked"):
        debian._unpack(package, tmp_path)


def test_without_apt_it_says_that_a_debian_is_needed(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(LocalCloudError, match="no apt-get"):
        unpacked("redis-server")


def test_another_system_says_that_a_debian_is_needed(monkeypatch):
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "fedora"})

    with pytest.raises(LocalCloudError, match="no Debian but fedora"):
        unpacked("redis-server")


def test_sources_without_debian_are_named(apt):
    apt("", mirrored="elsewhere")

    with pytest.raises(LocalCloudError, match="apt's sources name no mirror"):
        unpacked("redis-server")


def test_without_debians_keys_nothing_is_fetched(apt, monkeypatch, tmp_path):
    apt("E: fetched")
    monkeypatch.setattr(debian, "_KEYRINGS", (tmp_path / "missing.gpg",))

    with pytest.raises(LocalCloudError, match="Install the package debian-archive-keyring"):
        unpacked("redis-server")


def test_an_archive_that_nobody_signed_is_refused(monkeypatch, tmp_path):
    """The real apt, and a mirror that claims to be Debian's."""
    monkeypatch.setenv("KEYTURN_CACHE", str(tmp_path / "cache"))
    architecture = subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True).stdout.strip()
    suite = tmp_path / "mirror" / "dists" / "sid"
    (suite / "main" / f"binary-{architecture}").mkdir(parents=True)
    (suite / "main" / f"binary-{architecture}" / "Packages").write_text("Package: redis-server\nVersion: 666\n")
    (suite / "Release").write_text(f"Suite: sid\nCodename: sid\nComponents: main\nArchitectures: {architecture}\n")
    monkeypatch.setattr(debian, "_mirror", lambda _own: f"file:{tmp_path / 'mirror'}")

    with pytest.raises(LocalCloudError, match="do not verify sid"):
        unpacked("redis-server", suite="sid")


@pytest.mark.parametrize("program", ["usr/bin/nonesuch", "etc/redis/redis.conf"])
def test_what_is_no_program_is_named(tmp_path, program):
    (tmp_path / "etc/redis").mkdir(parents=True)
    (tmp_path / "etc/redis/redis.conf").write_text("port 6379")

    with pytest.raises(LocalCloudError, match=f"{program} is no program"):
        command(tmp_path, program)
