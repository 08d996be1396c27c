"""Two virtual environments outside the clone: one for the local AWS, one for the functions that run on it."""

import hashlib
import os
import platform
import subprocess
import sys
from pathlib import Path

from localcloud.cache import cache_root, made_once
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
    environments = cache_root() / "aws" / _key()
    made_once(environments, _install, waiting_for="the local AWS")
    return environments


def python(environments: Path, name: str) -> Path:
    """Gives the interpreter of one of the environments, `server` or `functions`."""
    return environments / name / "bin" / "python"


def _install(draft: Path) -> None:
    for name, lock in _LOCKS.items():
        _uv("venv", "--quiet", "--no-config", "--python", sys.executable, str(draft / name))
        _uv("pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode", "--python", str(python(draft, name)), str(lock))


def _key() -> str:
    parts = [lock.read_text() for lock in _LOCKS.values()]
    parts += [sys.version, os.path.realpath(sys.executable), platform.platform()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _uv(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "uv", *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        last = " ".join(done.stderr.split())[-400:]
        raise LocalCloudError(f"the local AWS could not be installed into the cache; uv said: {last}")
