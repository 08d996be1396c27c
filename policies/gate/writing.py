"""Files that are there as a whole or not at all, several at once: a report beside one that failed would pass for its pair."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from policies.gate.errors import GateError


def write(texts: Mapping[Path, str]) -> None:
    """Writes all files, or leaves all as they were; a link stays one, and who may read a file, too.

    Raises:
        GateError: one of them cannot be written.
    """
    parts: dict[Path, str] = {}
    path = Path()
    try:
        for path, text in texts.items():
            if _is_replaceable(path):
                parts[path] = _part(path.resolve(), text)
        for path, text in texts.items():
            if path not in parts:
                path.write_text(text, encoding="utf-8")
        for path, part in parts.items():
            Path(part).replace(path.resolve())
    except OSError as error:
        raise GateError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        for part in parts.values():
            Path(part).unlink(missing_ok=True)


def _is_replaceable(path: Path) -> bool:
    # A pipe or a device takes what is written and nothing in its place, and so does a file that a container mounts by itself.
    is_stream = path.absolute().is_relative_to("/dev") or (path.exists() and not path.is_file())
    return not is_stream and not path.is_mount() and os.access(path.resolve().parent, os.W_OK)


def _part(target: Path, text: str) -> str:
    descriptor, part = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(part).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    return part
