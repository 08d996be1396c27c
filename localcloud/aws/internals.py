"""The names inside ministack that this local AWS builds on: checked at start, not met in the middle of a rotation."""

import importlib
import importlib.metadata
import sys

VERSION = "1.5.33"

_NEEDED = {
    "ministack.app": "SERVICE_HANDLERS",
}


def check() -> None:
    """Ends the process with a message when another ministack is installed or one of its names is gone."""
    found = importlib.metadata.version("ministack")
    missing = [
        f"{module}.{name}"
        for module, names in _NEEDED.items()
        for name in names.split()
        if not hasattr(importlib.import_module(module), name)
    ]
    if found != VERSION or missing:
        sys.exit(
            f"this local AWS is made for ministack {VERSION} and found {found}; missing in it: {', '.join(missing) or 'nothing'}. "
            "Pin that version in localcloud/aws/requirements.in, or look through every part of localcloud/aws for the new one."
        )
