"""The rotation function's code as a zip: the same bytes from the same sources, built without Docker and cached outside the checkout.

Deflate is the one part that another build of zlib may write differently; sources, wheels, order, dates and modes are fixed.
"""

import functools
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from components._cache import cache, write_at_once
from components._certificates import authorities
from components._errors import BundleError
from components._platform import ARCHITECTURES, RUNTIMES, Platform
from components._wheels import is_machine_code, modules, wheels

__all__ = ["BundleError", "bundle", "engines"]

_FUNCTION = Path(__file__).resolve().parent.parent / "rotation_lambda"
_CERTIFICATE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.(?:pem|crt)")
# A zip cannot hold an earlier date.
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
# The most that zlib can takes three times as long, and saves less than 1 %.
_EFFORT = 6


def bundle(engine: str, certificates: Mapping[str, Path], *, architecture: str = ARCHITECTURES[0], runtime: str = RUNTIMES[0]) -> Path:
    """Gives the zip of the function for one engine, with the certificate authorities of its servers under the given names.

    Wheels that are missing are fetched first. Equal sources, wheels and certificates give the same file, byte for byte; an engine
    whose wheels are pure Python, or that has none, has one file for every architecture and runtime.

    Raises:
        BundleError: the code cannot be packed.
    """
    given = tuple(sorted((name, Path(path)) for name, path in certificates.items()))
    return _bundle(engine, given, Platform(runtime, architecture), cache())


def engines() -> list[str]:
    """Gives every engine that there is."""
    return sorted(path.stem for path in (_FUNCTION / "engines").glob("[!_]*.py"))


@functools.cache  # one stack declares many functions of one engine, and its sources do not change meanwhile
def _bundle(engine: str, certificates: tuple[tuple[str, Path], ...], platform: Platform, cached: Path) -> Path:
    entries = dict(_sources(engine))
    for wheel in wheels(_FUNCTION / "engines" / f"{engine}.lock", platform):
        for name, content in modules(wheel):
            if entries.setdefault(name, content) != content:
                raise BundleError(f"A wheel of {engine}.lock brings {name}, which is there already; take that package out of the lock.")
    for name, path in certificates:
        if not _CERTIFICATE_NAME.fullmatch(name) or name in entries:
            raise BundleError(f"A certificate is called {name!r} in the bundle; give a plain file name that ends in .pem or .crt.")
        entries[name] = authorities(path)
    content = _zipped(entries)
    bundled = cached / "bundles" / f"{engine}-{hashlib.sha256(content).hexdigest()[:32]}.zip"
    if not bundled.is_file() or bundled.read_bytes() != content:
        write_at_once(bundled, content)
    return bundled


def _sources(engine: str) -> Iterator[tuple[str, bytes]]:
    """All modules of the function, those of other engines too.

    They weigh little and are never imported. To leave them out, somebody would have to keep a list of whose helper is whose.
    """
    if engine not in engines():
        raise BundleError(f"There is no rotation engine {engine!r}; there are: {', '.join(engines())}.")
    for path in _FUNCTION.rglob("*.py"):
        yield path.relative_to(_FUNCTION.parent).as_posix(), path.read_bytes()


def _zipped(entries: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        for name in sorted(entries):
            entry = zipfile.ZipInfo(name, date_time=_LONG_AGO)
            entry.create_system = 3  # Unix, wherever it is built
            entry.external_attr = (0o100755 if is_machine_code(name) else 0o100644) << 16
            opened.writestr(entry, entries[name], compress_type=zipfile.ZIP_DEFLATED, compresslevel=_EFFORT)
    return packed.getvalue()
