"""The cache outside of the checkout, which every stack of a user shares."""

import os
import tempfile
from pathlib import Path

from components._errors import BundleError


def cache() -> Path:
    """Gives its folder: KEYTURN_CACHE, else XDG_CACHE_HOME/keyturn, else ~/.cache/keyturn."""
    if chosen := os.environ.get("KEYTURN_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "keyturn"


def write_at_once(path: Path, content: bytes) -> None:
    """Writes the file whole: whoever reads it meanwhile finds the old one, or none.

    Raises:
        BundleError: the cache cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as unfinished:
            unfinished.write(content)
        Path(unfinished.name).chmod(0o644)
        Path(unfinished.name).replace(path)
    except OSError as error:
        raise unwritable(path.parent, error) from None


def unwritable(folder: Path, error: OSError) -> BundleError:
    """Gives the error to raise when a folder of the cache cannot be written."""
    return BundleError(f"The cache {folder} cannot be written ({error.strerror}). Set KEYTURN_CACHE to a folder that can be.")
