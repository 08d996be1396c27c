"""The directory of one local cloud: where its parts keep data, logs and what they remember of each other."""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.errors import LocalCloudError

CHECKOUT = Path(__file__).resolve().parent.parent
_MARKER = "localcloud.json"


@dataclass(frozen=True)
class Directory:
    """Paths of one local cloud. Nothing of it lies outside, except what `PostgreSQL` says it had to put elsewhere."""

    path: Path

    @classmethod
    def chosen(cls, given: str | None = None) -> "Directory":
        """Gives the directory of `--directory`, else of LOCALCLOUD_DIR, else `.localcloud` of the checkout."""
        return cls(Path(given or os.environ.get("LOCALCLOUD_DIR") or CHECKOUT / ".localcloud").expanduser().resolve())

    @property
    def logs(self) -> Path:
        """Logs of every part."""
        return self.path / "logs"

    @property
    def state(self) -> Path:
        """Backend of the engine: the stack's state."""
        return self.path / "state"

    @property
    def pulumi_home(self) -> Path:
        """What the engine keeps for itself; the person's `~/.pulumi` is never touched."""
        return self.path / "pulumi-home"

    @property
    def exists(self) -> bool:
        """Whether a local cloud was made here."""
        return (self.path / _MARKER).is_file()

    def claim(self) -> None:
        """Makes the directory a local cloud's own, and refuses one that holds somebody else's files."""
        if not self.exists and self.path.exists() and not (self.path.is_dir() and not any(self.path.iterdir())):
            raise LocalCloudError(f"{self.path} is not empty and is no local cloud. Name another with --directory or LOCALCLOUD_DIR.")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            # PostgreSQL does not run as root: its user must be able to walk through, though not to look around.
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            for folder in (self.logs, self.state, self.pulumi_home):
                folder.mkdir(mode=0o700, exist_ok=True)
            if not self.exists:
                self.remember({})
        except OSError as problem:
            raise LocalCloudError(
                f"the local cloud cannot write to {self.path}: {problem.strerror}. Name another place with --directory or LOCALCLOUD_DIR."
            ) from problem

    def remembered(self) -> dict[str, Any]:
        """Gives what earlier commands noted here: ports, processes."""
        try:
            return json.loads((self.path / _MARKER).read_text())
        except FileNotFoundError:
            return {}
        except ValueError as problem:
            raise LocalCloudError(f"{self.path / _MARKER} is damaged. `make down` and `make up` start afresh.") from problem

    def remember(self, noted: dict[str, Any]) -> None:
        """Notes it in one move, so that a killed command leaves the old or the new, never a half."""
        write_private(self.path / _MARKER, json.dumps(noted, indent=2) + "\n")

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the directory for one command; the system lets go when the command ends, however it ends."""
        with (self.path / "lock").open("a+") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as problem:
                held.seek(0)
                raise LocalCloudError(
                    f"another command (process {held.read().strip() or 'unknown'}) is at work on the local cloud in {self.path}. "
                    "Wait until it ends, or end it."
                ) from problem
            held.seek(0)
            held.truncate()
            held.write(str(os.getpid()))
            held.flush()
            yield

    def remove(self) -> None:
        """Removes the directory; only one that is marked as a local cloud's."""
        if not self.exists:
            raise LocalCloudError(f"{self.path} is no local cloud: nothing was removed.")
        # The marker goes last: removal that was interrupted can be repeated.
        for entry in sorted(self.path.iterdir(), key=lambda found: found.name == _MARKER):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        self.path.rmdir()


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner reads, whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)
