"""The account that PostgreSQL runs as when the local cloud runs as root, and the places that it can reach."""

import contextlib
import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.errors import LocalCloudError

# For root only: a checkout below /root, or a virtual environment there, is closed to every other account.
ELSEWHERE = Path("/var/lib/keyturn-localcloud")


@dataclass(frozen=True)
class Account:
    """An account without privileges."""

    name: str
    uid: int
    gid: int

    def as_arguments(self) -> dict[str, Any]:
        """Arguments with which `subprocess` becomes this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def may(self, right: str, path: Path) -> bool:
        """Whether the account gets to the path and may read (`r`) or run or walk through it (`x`): tried, not computed."""
        command = ["/bin/sh", "-c", f'test -{right} "$1"', "sh", str(path)]
        return subprocess.run(command, check=False, cwd="/", **self.as_arguments()).returncode == 0


def account() -> Account | None:
    """Gives the account for PostgreSQL, which refuses to run as root; None when the caller's own will do."""
    if os.geteuid() != 0:
        return None
    try:
        found = pwd.getpwnam("nobody")
    except KeyError as problem:
        raise LocalCloudError(
            "PostgreSQL refuses to run as root, and this system has no account `nobody` to run it as. Run `make up` as an ordinary user."
        ) from problem
    return Account(found.pw_name, found.pw_uid, found.pw_gid)


def home(wanted: Path, user: Account | None) -> Path:
    """Gives a folder of the account's own: the wanted one, or one elsewhere when the account cannot get there."""
    if user is None:
        wanted.mkdir(mode=0o700, exist_ok=True)
        return wanted
    if user.may("x", wanted.parent):
        chosen = wanted
    else:
        chosen = ELSEWHERE / hashlib.sha256(str(wanted).encode()).hexdigest()[:12]
        ELSEWHERE.mkdir(mode=0o755, parents=True, exist_ok=True)
    chosen.mkdir(mode=0o700, exist_ok=True)
    os.chown(chosen, user.uid, user.gid)
    return chosen


def programs(installed: Path, version: str, user: Account | None) -> Path:
    """Gives the folder of programs, copied to a place that the account reaches if it cannot run them where they are."""
    if user is None or user.may("x", installed / "bin" / "postgres"):
        return installed
    copy = ELSEWHERE / f"postgresql-{version}"
    if not copy.exists():
        ELSEWHERE.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(installed, fresh, symlinks=True)
        for path in [fresh, *fresh.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        with contextlib.suppress(OSError):  # another local cloud was first; its copy is the same
            fresh.rename(copy)
        shutil.rmtree(fresh, ignore_errors=True)
    return copy
