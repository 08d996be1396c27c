"""How the suite is spread over the cores: what shares something that is slow to start stays together, and the longest comes first."""

import signal
from pathlib import Path

import pytest

# A suite that runs in a shell's background inherits a deaf ear for Ctrl-C, and so would every command that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

_HERE = Path(__file__).parent
# Folders whose tests share a cloud, or a server of it.
_TOGETHER = ("stories", "localcloud/aws", "localcloud/providers")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group_of(item.path.relative_to(_HERE))))
    items.sort(key=lambda item: not item.path.is_relative_to(_HERE / "stories"))


def _group_of(file: Path) -> str:
    return next((folder for folder in _TOGETHER if file.is_relative_to(folder)), str(file))
