"""The cache outside the clone: what takes minutes is made once on a machine, whole or not at all."""

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

from localcloud.errors import LocalCloudError
from localcloud.progress import step

_MOVE = "Free some space there, or name another folder with KEYTURN_CACHE."


def cache_root(environment: Mapping[str, str] = os.environ) -> Path:
    """Gives the folder that every clone of this user shares: KEYTURN_CACHE, else XDG_CACHE_HOME/keyturn, else ~/.cache/keyturn."""
    if named := environment.get("KEYTURN_CACHE"):
        return Path(named).expanduser().absolute()
    if base := environment.get("XDG_CACHE_HOME"):
        return Path(base).absolute() / "keyturn"
    return Path.home() / ".cache" / "keyturn"


def made_once(folder: Path, make: Callable[[Path], None], *, waiting_for: str) -> None:
    """Makes `folder` complete: `make` fills a draft beside it that is then renamed; whoever comes meanwhile waits and finds it.

    Raises:
        LocalCloudError: the cache cannot be written or is full. Whatever `make` raises passes through; the draft is removed.
    """
    if folder.is_dir():
        return
    with _explained(folder.parent), _locked(folder, waiting_for):
        if folder.is_dir():
            return
        # Only the holder of the lock makes drafts, so one that is here belongs to a build that was killed.
        for leftover in folder.parent.glob(f".{folder.name}-*.draft"):
            shutil.rmtree(leftover, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=".draft", dir=folder.parent))
        try:
            make(draft)
            draft.chmod(0o755)
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path, waiting_for: str) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    # The operating system drops the lock of a process that dies, however it dies: no stale lock keeps anybody out.
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        if not _taken(lock):
            with step(f"waiting for another clone that makes {waiting_for}") as note:
                while not _taken(lock):
                    note("it is still at work")
                    time.sleep(0.2)
        yield


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _explained(parent: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise LocalCloudError(f"The disk of the cache {parent} is full. {_MOVE}") from error
        reason = (error.strerror or str(error)).lower()
        raise LocalCloudError(f"The cache {parent} cannot be written: {reason}. Name another folder with KEYTURN_CACHE.") from error
