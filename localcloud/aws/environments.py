"""Two virtual environments outside the clone: one for the local AWS, one for the functions that run on it."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from localcloud.errors import LocalCloudError

_HERE = Path(__file__).parent
_LOCKS = {"server": _HERE / "requirements.lock", "functions": _HERE / "functions.lock"}


def prepare() -> Path:
    """Gives the folder with the environments `server` and `functions`; installs them from the locks when they are missing.

    The folder's name follows from the locks and the interpreter, so every clone of the same state shares it, and it appears
    under its name only when it is complete.

    Raises:
        LocalCloudError: a package could not be installed; nothing is left behind.
    """
    target = _cache() / "aws" / _key()
    if target.is_dir():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise LocalCloudError(
            f"the cache {target.parent} cannot be written ({error.strerror}); set KEYTURN_CACHE to a folder that can"
        ) from None
    try:
        for name, lock in _LOCKS.items():
            _uv("venv", "--quiet", "--no-config", "--python", sys.executable, str(building / name))
            _uv("pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode", "--python", str(python(building, name)), str(lock))
        _appear(building, target)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return target


def python(environments: Path, name: str) -> Path:
    """Gives the interpreter of one of the environments, `server` or `functions`."""
    return environments / name / "bin" / "python"


def _cache() -> Path:
    if named := os.environ.get("KEYTURN_CACHE"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "keyturn"


def _key() -> str:
    parts = [lock.read_text() for lock in _LOCKS.values()]
    parts += [sys.version, os.path.realpath(sys.executable), platform.platform()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _uv(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "uv", *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        last = " ".join(done.stderr.split())[-400:]
        raise LocalCloudError(f"the local AWS could not be installed into the cache; uv said: {last}")


def _appear(building: Path, target: Path) -> None:
    """Renames in one step; when another process was faster, its folder stays."""
    try:
        building.rename(target)
    except OSError:
        if not target.is_dir():
            raise
