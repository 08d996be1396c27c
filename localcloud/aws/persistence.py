"""State on disk that survives a kill: every change is written within half a second, each file in one step.

ministack itself saves on a clean stop only. Written is what changed; reads cost nothing.
"""

import asyncio
import hashlib
import json
import logging
from pathlib import Path

from ministack import app as ministack
from ministack.core import persistence

TICK_SECONDS = 0.5

_log = logging.getLogger("state")
_written: dict[str, bytes] = {}
_changed = False


def mark() -> None:
    """Notes that something changed; the next tick writes it."""
    global _changed  # noqa: PLW0603 (one server, one event loop)
    _changed = True


def save() -> None:
    """Writes what changed since the last call, now."""
    global _changed  # noqa: PLW0603 (one server, one event loop)
    if not _changed:
        return
    _changed = False
    folder = Path(persistence.STATE_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    for service, get_state in ministack._build_persistence_save_dict().items():
        if (state := get_state()) is not None:
            _write(folder / f"{service}.json", service, state)


async def save_forever() -> None:
    """Saves at every tick; a disk that refuses is told in the log and tried again."""
    while True:
        await asyncio.sleep(TICK_SECONDS)
        try:
            save()
        except OSError as error:
            mark()
            _log.error("state is not on disk: %s", error)


def _write(file: Path, service: str, state: object) -> None:
    wrapped = {"__ministack_format__": persistence._state_format_version(service), "payload": state}
    text = json.dumps(wrapped, default=persistence._json_default).encode()
    digest = hashlib.sha256(text).digest()
    if _written.get(service) == digest:
        return
    beside = file.with_suffix(".new")
    beside.write_bytes(text)
    beside.replace(file)
    _written[service] = digest
