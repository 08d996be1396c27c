"""The function's zip: the same bytes everywhere, only what it needs, and it starts (rule 30)."""

import importlib.util
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from components import _bundle, prebuild
from components._bundle import BundleError, bundle, engines
from components._cache import cache as cache_folder
from components._platform import PLATFORMS, Platform
from components._wheels import requirements
from tests.components.code_of_functions import make_wheel

ROOT = Path(__file__).parents[2]
LOCKS = ROOT / "rotation_lambda" / "engines"

PURE = [engine for engine in engines() if engine != "signing_key"]
"""Engines whose wheels, if any, hold no machine code."""

PROCESSORS = {"x86_64": 0x3E, "arm64": 0xB7}
"""What an ELF file says that it runs on."""


@pytest.mark.parametrize("engine", engines())
def test_rule_30_two_builds_from_two_caches_are_the_same_bytes_on_every_platform(cache, built, rds_authority, engine):
    cache()

    for platform in PLATFORMS:
        again = bundle(engine, {"rds.pem": rds_authority}, architecture=platform.architecture, runtime=platform.runtime)
        first = built[engine, platform]
        assert (again != first, again.name == first.name, again.read_bytes() == first.read_bytes()) == (True, True, True), platform


@pytest.mark.parametrize("engine", PURE)
def test_pure_wheels_and_none_at_all_give_one_zip_for_every_platform(built, engine):
    assert len({built[engine, platform] for platform in PLATFORMS}) == 1


@pytest.mark.parametrize("engine", ["postgres", "mysql"])
def test_rule_30_the_zip_for_a_database_is_below_5_mb(built, engine):
    assert built[engine, PLATFORMS[0]].stat().st_size < 5_000_000


def test_rule_30_the_zip_is_small_and_holds_only_what_runs(built):
    path = built["postgres", PLATFORMS[0]]

    with zipfile.ZipFile(path) as opened:
        entries = opened.infolist()
    names = [entry.filename for entry in entries]
    assert path.stat().st_size <= 400_000
    assert names == sorted(names)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {(entry.external_attr >> 16, entry.create_system, entry.compress_type) for entry in entries} == {
        (0o100644, 3, zipfile.ZIP_DEFLATED)
    }
    assert {Path(name).suffix for name in names if ".dist-info" not in name} == {".py", ".pem"}
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {
        "asn1crypto",
        "dateutil",
        "pg8000",
        "rds.pem",
        "rotation_lambda",
        "scramp",
        "six.py",
    }
    assert [name for name in names if "test" in name or "tzdata" in name or name.endswith((".lock", ".pyc", "RECORD"))] == []


def test_an_engine_without_a_driver_is_its_sources_and_its_authorities(built):
    with zipfile.ZipFile(built["random_value", PLATFORMS[0]]) as opened:
        assert {name.split("/")[0] for name in opened.namelist()} == {"rds.pem", "rotation_lambda"}


@pytest.mark.parametrize("platform", PLATFORMS, ids=str)
def test_machine_code_is_the_platforms_own_and_may_be_run(built, platform):
    with zipfile.ZipFile(built["signing_key", platform]) as opened:
        shared = {entry.filename: entry for entry in opened.infolist() if ".so" in Path(entry.filename).name}
        processors = {struct.unpack_from("<H", opened.read(entry), 18)[0] for entry in shared.values()}

    backend = f"_cffi_backend.cpython-{platform.python.replace('.', '')}-{platform.machine}-linux-gnu.so"
    assert sorted(shared) == [backend, "cryptography/hazmat/bindings/_rust.abi3.so"]
    assert {entry.external_attr >> 16 for entry in shared.values()} == {0o100755}
    assert processors == {PROCESSORS[platform.architecture]}


def test_a_bundle_is_built_once(cache, authority):
    cache()
    first = bundle("postgres", {"rds.pem": authority})
    written = first.stat()
    _bundle._bundle.cache_clear()

    again = bundle("postgres", {"rds.pem": authority})

    assert (again, again.stat().st_ino, again.stat().st_mtime_ns) == (first, written.st_ino, written.st_mtime_ns)


def test_a_bundle_that_somebody_changed_is_written_again(cache, authority):
    cache()
    first = bundle("postgres", {"rds.pem": authority})
    content = first.read_bytes()
    first.write_bytes(content[:-1])
    _bundle._bundle.cache_clear()

    assert bundle("postgres", {"rds.pem": authority}).read_bytes() == content
    assert [path.name for path in first.parent.iterdir()] == [first.name]


def test_another_certificate_makes_another_bundle(cache, authority):
    cache()

    named = {bundle("postgres", certificates) for certificates in ({}, {"a.pem": authority}, {"b.pem": authority})}

    assert len(named) == 3


_RUN = """
import json, sys
sys.path[:0] = [{zip!r}]
sys.path.append({botocore!r})
from rotation_lambda.handler import handler
assert "pg8000" not in sys.modules, "the driver is imported when it is needed"
from rotation_lambda.certificates import context_for
from rotation_lambda.engines import engine_for
engine_for("postgres")
import pg8000, scramp
assert len(context_for("rds.pem").get_ca_certs()) == 1
assert all({zip!r} in module.__file__ for module in (pg8000, scramp)), pg8000.__file__
print(pg8000.__version__)
try:
    handler({{"Step": "createSecret"}}, None)
except Exception as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize("unpacked", [False, True])
def test_rule_30_the_function_runs_from_its_zip_and_the_runtimes_botocore_alone(built, tmp_path, unpacked):
    path = built["postgres", PLATFORMS[0]]
    if unpacked:
        shutil.unpack_archive(path, tmp_path / "task")
        path = tmp_path / "task"
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    for package in ("botocore", "jmespath", "urllib3", "dateutil", "six"):  # what botocore itself brings to a Lambda runtime
        origin = Path(importlib.util.find_spec(package).origin)
        (runtime / (origin.name if package == "six" else package)).symlink_to(origin if package == "six" else origin.parent)
    program = _RUN.format(zip=str(path), botocore=str(runtime))

    finished = subprocess.run([sys.executable, "-I", "-S", "-B", "-c", program], capture_output=True, text=True, check=False)

    assert finished.stderr == ""
    version, line, error = finished.stdout.splitlines()
    assert version == "1.31.6"
    assert '"errorClass": "configuration"' in line
    assert error == "ConfigurationError"


def test_once_built_ahead_no_deployment_asks_for_a_network(cache, authority, monkeypatch):
    cache()
    monkeypatch.setattr("components._wheels.subprocess.run", lambda *_, **__: pytest.fail("pip was started"))

    assert all(bundle(engine, {"rds.pem": authority}) for engine in engines())


def test_every_engine_is_built_ahead_for_every_platform(built, monkeypatch, capsys):
    """The zips are there already: what is asked for is enough."""
    monkeypatch.setattr(prebuild, "bundle", lambda engine, _, *, architecture, runtime: built[engine, Platform(runtime, architecture)])

    assert prebuild.main() == 0
    assert [line.split(", ")[0] for line in capsys.readouterr().err.splitlines()] == [
        f"setup: code of the {engine} rotation for {'every platform' if engine in PURE else '4 platforms'}" for engine in engines()
    ]


@pytest.mark.usefixtures("offline", "empty_cache")
def test_building_ahead_in_vain_fails_with_the_cause(capsys):
    assert prebuild.main() == 1
    assert "With a network" in capsys.readouterr().err


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KEYTURN_CACHE", str(tmp_path / "file"))
    _bundle._bundle.cache_clear()

    for engine in ("postgres", "random_value"):
        with pytest.raises(BundleError, match="KEYTURN_CACHE"):
            bundle(engine, {})


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"KEYTURN_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, "/a"),
        ({"XDG_CACHE_HOME": "/b"}, "/b/keyturn"),
        ({"HOME": "/c"}, "/c/.cache/keyturn"),
    ],
)
def test_the_cache_is_where_the_environment_says(monkeypatch, environment, expected):
    for name in ("KEYTURN_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert cache_folder() == Path(expected)


def test_an_unknown_engine_is_named_with_those_there_are(cache):
    cache()

    with pytest.raises(BundleError, match=r"no rotation engine 'cobol'; there are: .*postgres"):
        bundle("cobol", {})


def test_a_helper_is_no_engine(cache):
    cache()

    with pytest.raises(BundleError, match="no rotation engine '_scram'"):
        bundle("_scram", {})


@pytest.mark.parametrize("name", ["../ca.pem", "a/b.pem", "six.py", "ca", ".pem", ""])
def test_a_certificate_has_a_plain_name_in_the_bundle(cache, authority, name):
    cache()

    with pytest.raises(BundleError, match="plain file name"):
        bundle("postgres", {name: authority})


def test_a_wheel_never_takes_the_place_of_the_functions_own_code(empty_cache, tmp_path, monkeypatch):
    digest = make_wheel(empty_cache / "wheels", "py3-none-any", files={"rotation_lambda/handler.py": b"stolen"})
    (tmp_path / "rotation_lambda" / "engines").mkdir(parents=True)
    (tmp_path / "rotation_lambda" / "handler.py").write_text("ours")
    (tmp_path / "rotation_lambda" / "engines" / "postgres.py").touch()
    (tmp_path / "rotation_lambda" / "engines" / "postgres.lock").write_text(f"driver==1.0 --hash=sha256:{digest}\n")
    monkeypatch.setattr(_bundle, "_FUNCTION", tmp_path / "rotation_lambda")

    with pytest.raises(BundleError, match=r"rotation_lambda/handler\.py"):
        bundle("postgres", {})


def test_the_locks_name_no_index():
    for lock in LOCKS.glob("*.lock"):
        assert [word for word in ("http", "--index", "--find-links", "-i ") if word in lock.read_text()] == []


def test_a_lock_belongs_to_an_engine():
    assert {lock.stem for lock in LOCKS.glob("*.lock")} <= set(engines())


def test_the_locks_wheels_are_those_that_the_projects_own_tests_use():
    """One version of a driver: tests talk through the one that Lambda gets. Of wheels with machine code the test machine has another."""
    project = (ROOT / "requirements.lock").read_text()
    for lock in LOCKS.glob("*.lock"):
        for requirement in requirements(lock):
            assert f"\n{requirement.name}=={requirement.version} " in project, requirement.name
            assert [digest for digest in requirement.digests if digest not in project] == [], requirement.name
