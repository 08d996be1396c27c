"""The rotation function's code as a zip: the same bytes from the same sources, built without Docker and cached outside the checkout.

Deflate is the one part that another build of zlib may write differently; sources, wheels, order, dates and modes are fixed.
"""

import functools
import hashlib
import io
import os
import re
import ssl
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

_FUNCTION = Path(__file__).resolve().parent.parent / "rotation_lambda"
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)==(\S+) --hash=sha256:([0-9a-f]{64})$")
_CERTIFICATE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.(?:pem|crt)")
_PEM_BLOCK = re.compile(r"-----BEGIN ([^-\n]+)-----.*?-----END \1-----", re.DOTALL)
# A zip cannot hold an earlier date.
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


class BundleError(Exception):
    """Says what keeps the function from being packed, and the way out."""


def bundle(engine: str, certificates: Mapping[str, Path]) -> Path:
    """Gives the zip of the function for one engine, with the certificate authorities of its databases under the given names.

    Wheels that are missing are fetched first. Equal sources, wheels and certificates give the same file, byte for byte.
    """
    return _bundle(engine, tuple(sorted((name, Path(path)) for name, path in certificates.items())), _cache())


@functools.cache  # one stack declares many functions of one engine, and its sources do not change meanwhile
def _bundle(engine: str, certificates: tuple[tuple[str, Path], ...], cache: Path) -> Path:
    entries = dict(_sources(engine))
    for wheel in _wheels(engine, cache) or fetch(engine):
        entries.update(_needed_of(wheel))
    for name, path in certificates:
        if not _CERTIFICATE_NAME.fullmatch(name) or name in entries:
            raise BundleError(f"A certificate is called {name!r} in the bundle; give a plain file name that ends in .pem or .crt.")
        entries[name] = _certificate(path)
    content = _zipped(entries)
    bundled = cache / "bundles" / f"{engine}-{hashlib.sha256(content).hexdigest()[:32]}.zip"
    if not bundled.is_file() or bundled.read_bytes() != content:
        _write_at_once(bundled, content)
    return bundled


def fetch(engine: str) -> list[Path]:
    """Downloads the wheels in the engine's lock into the cache, unless they are there, and gives their paths."""
    cache = _cache()
    if there := _wheels(engine, cache):
        return there
    folder = cache / "wheels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as download:
            _download(engine, Path(download))
            for wheel in Path(download).glob("*.whl"):
                wheel.replace(folder / f"{hashlib.sha256(wheel.read_bytes()).hexdigest()}.whl")
    except OSError as error:
        raise BundleError(f"The cache {cache} cannot be written ({error.strerror}). Set KEYTURN_CACHE to a folder that can be.") from None
    if there := _wheels(engine, cache):
        return there
    raise BundleError(f"pip downloaded other wheels than rotation_lambda/engines/{engine}.lock names; clear {folder} and try again.")


def engines_with_wheels() -> list[str]:
    """Gives the engines that bring a driver along."""
    return sorted(lock.stem for lock in (_FUNCTION / "engines").glob("*.lock"))


def main() -> int:
    """Fetches the wheels of every engine, with one line each; what `make setup` runs."""
    for engine in engines_with_wheels():
        print(f"setup: wheels of the {engine} rotation", file=sys.stderr, flush=True)  # noqa: T201 - a command's progress
        try:
            fetch(engine)
        except BundleError as error:
            print(error, file=sys.stderr)  # noqa: T201 - and its error
            return 1
    return 0


def _cache() -> Path:
    if chosen := os.environ.get("KEYTURN_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "keyturn"


def _sources(engine: str) -> Iterator[tuple[str, bytes]]:
    engines = sorted(path.stem for path in (_FUNCTION / "engines").glob("[!_]*.py"))
    if engine not in engines:
        raise BundleError(f"There is no rotation engine {engine!r}; there are: {', '.join(engines)}.")
    for path in _FUNCTION.rglob("*.py"):
        yield path.relative_to(_FUNCTION.parent).as_posix(), path.read_bytes()


def _requirements(engine: str) -> list[tuple[str, str, str]]:
    lock = _FUNCTION / "engines" / f"{engine}.lock"
    if not lock.is_file():
        return []
    joined = re.sub(r"\s*\\\n\s*", " ", lock.read_text(encoding="utf-8"))
    lines = [line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    found = [_REQUIREMENT.match(line) for line in lines]
    if bad := [line.split()[0] for line, match in zip(lines, found, strict=True) if not match]:
        raise BundleError(f"{lock.name} pins {bad[0]} otherwise than by `name==version --hash=sha256:…` of its one wheel.")
    return [(match[1], match[2], match[3]) for match in found if match]


def _wheels(engine: str, cache: Path) -> list[Path]:
    """All wheels of the lock, each read again and compared with its hash; nothing when one is missing or another file."""
    wheels = [(cache / "wheels" / f"{digest}.whl", digest) for _, _, digest in _requirements(engine)]
    sound = all(path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest for path, digest in wheels)
    return [path for path, _ in wheels] if sound else []


def _download(engine: str, into: Path) -> None:
    # Any platform, any interpreter: a wheel with machine code is refused here rather than on Lambda.
    pure = ["--only-binary=:all:", "--platform", "any", "--implementation", "py", "--abi", "none", "--python-version", "3.13"]
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--retries", "2"]
    lock = _FUNCTION / "engines" / f"{engine}.lock"
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        *quiet,
        *pure,
        "--require-hashes",
        "--no-deps",
        "--dest",
        str(into),
        "-r",
        str(lock),
    ]
    try:
        finished = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        last = (finished.stderr.strip().splitlines() or [""])[-1]
        failed = finished.returncode != 0
    except subprocess.TimeoutExpired:
        failed, last = True, "no answer within 10 minutes"
    if failed:
        raise BundleError(
            f"The wheels of the {engine} rotation are not in the cache and pip could not fetch them: {last}\n"
            f"With a network, run `python -m components._bundle` once (`make setup` does); after that no network is needed."
        )


def _needed_of(wheel: Path) -> Iterator[tuple[str, bytes]]:
    """The wheel's modules, its licences, and the three lines of metadata by which a driver finds its own version."""
    with zipfile.ZipFile(wheel) as opened:
        for name in opened.namelist():
            folders = name.split("/")[:-1]
            if ".dist-info" in name:
                if name.endswith(".dist-info/METADATA"):
                    yield name, b"".join(opened.read(name).splitlines(keepends=True)[:3])
                elif "LICENSE" in name:
                    yield name, opened.read(name)
            elif name.endswith(".py") and not {"tests", "test"} & set(folders):
                yield name, opened.read(name)


def _certificate(path: Path) -> bytes:
    if not path.is_file():
        raise BundleError(f"The certificate authority {path} does not exist; name the PEM file that signs the database's certificate.")
    content = path.read_bytes()
    text = content.decode("utf-8", errors="replace")
    blocks = list(_PEM_BLOCK.finditer(text))
    strangers = sorted({str(block[1]) for block in blocks} - {"CERTIFICATE"})
    if "PRIVATE KEY" in text or strangers:
        found = strangers[0] if strangers else "PRIVATE KEY"
        raise BundleError(f"{path} holds a {found}; a bundle takes certificates only. Give the authority's certificate alone.")
    try:
        for block in blocks:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=block[0])
    except (ssl.SSLError, ValueError):
        blocks = []
    if not blocks:
        raise BundleError(f"{path} is no PEM file of certificates; give the one that signs the database's certificate.")
    return content


def _zipped(entries: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        for name in sorted(entries):
            entry = zipfile.ZipInfo(name, date_time=_LONG_AGO)
            entry.create_system = 3  # Unix, wherever it is built
            entry.external_attr = 0o100644 << 16
            opened.writestr(entry, entries[name], compress_type=zipfile.ZIP_DEFLATED, compresslevel=9)
    return packed.getvalue()


def _write_at_once(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as unfinished:
            unfinished.write(content)
        Path(unfinished.name).chmod(0o644)
        Path(unfinished.name).replace(path)
    except OSError as error:
        raise BundleError(
            f"The cache {path.parent} cannot be written ({error.strerror}). Set KEYTURN_CACHE to a folder that can be."
        ) from None


if __name__ == "__main__":
    sys.exit(main())
