"""Starts the server: `python -I __main__.py <directory> <the functions' python>`, in an environment without the project."""

import fcntl
import json
import os
import shutil
import sys
import time
from pathlib import Path


def main() -> None:
    """Takes the directory's lock, then serves until it is told to end."""
    directory, functions_python = Path(sys.argv[1]), Path(sys.argv[2])
    os.umask(0o077)  # state and function code hold secrets in clear
    with (directory / "aws.lock").open("a+") as lock:
        if not _locked(lock.fileno()):
            sys.exit(f"another local AWS runs in {directory}")
        lock.truncate(0)
        lock.write(json.dumps({"pid": os.getpid(), "port": int(os.environ["GATEWAY_PORT"])}))
        lock.flush()
        _empty(Path(os.environ["TMPDIR"]))

        # Behind the server's own packages, and never in the path of a function, which is a process of its own.
        sys.path.append(str(Path(__file__).resolve().parents[2]))
        from localcloud.aws import server  # noqa: PLC0415 (its packages are not the project's)

        server.run(directory, functions_python)


def _locked(file: int) -> bool:
    """Takes the lock; somebody who only looks holds it for a moment."""
    for _ in range(20):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            return True
    return False


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)  # code of functions that a killed server left
    folder.mkdir()


if __name__ == "__main__":
    main()
