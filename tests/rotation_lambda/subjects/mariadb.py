"""MariaDB in the crash matrix: a real server, a user of its own for each point."""

from functools import partial
from typing import Any

from tests.rotation_lambda.mariadb_server import running
from tests.rotation_lambda.matrix import Row
from tests.rotation_lambda.subjects.mysql import READS, prepare

__all__ = ["ROWS", "running"]


def _row(strategy: str, start: str, name: str, *, overlap: bool = True, **how: Any) -> Row:
    return Row("mariadb", strategy, start, overlap=overlap, prepare=partial(prepare, strategy=name, **how), reads=READS)


ROWS = [
    _row("alternating users", "empty secret", "alternating-users"),
    _row("alternating users", "empty secret, current at once", "alternating-users", at_once=True),
    _row("alternating users", "second rotation", "alternating-users", rotations=1),
    _row("alternating users", "third rotation", "alternating-users", rotations=2),
    _row("single user, own password", "second rotation", "single-user", overlap=False, rotations=1, admin=False),
    _row("single user, with admin", "empty secret", "single-user", overlap=False),
    _row("single user, with admin", "second rotation", "single-user", overlap=False, rotations=1),
]
