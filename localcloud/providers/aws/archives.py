"""Pulumi archives as the bytes of a zip, which is what Lambda takes."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from localcloud.providers.provider import RefusedError
from localcloud.providers.wire import ARCHIVE, SIGNATURE

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same files give the same bytes


def zipped(archive: Mapping[str, Any]) -> bytes:
    """Gives the zip of a file, a folder or a map of assets; a zip file is taken as it is."""
    path = archive.get("path")
    if archive.get(SIGNATURE) == ARCHIVE and path and Path(path).is_file():
        content = Path(path).read_bytes()
        if not zipfile.is_zipfile(io.BytesIO(content)):
            raise RefusedError("the function's code must be a zip file or a folder")
        return content
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in sorted(_files(archive, "")):
            entry = zipfile.ZipInfo(name or "code", _LONG_AGO)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(entry, content)
    return buffer.getvalue()


def _files(asset: Mapping[str, Any], name: str) -> Iterator[tuple[str, bytes]]:
    if asset.get("uri"):
        raise RefusedError("the local stand-in takes code from files and folders, not from an address")
    if "assets" in asset:
        for inner, part in asset["assets"].items():
            yield from _files(part, f"{name}/{inner}".strip("/"))
    elif "text" in asset:
        yield name, asset["text"].encode()
    elif Path(asset["path"]).is_dir():
        root = Path(asset["path"])
        for file in sorted(root.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield f"{name}/{file.relative_to(root).as_posix()}".strip("/"), file.read_bytes()
    else:
        yield name, Path(asset["path"]).read_bytes()
