"""Each fault at each call: the same token finishes, and so does a new one; what is published works (rules 26 and 27)."""

from collections.abc import Iterator

import pytest

from docs import _matrix
from tests.rotation_lambda.crash_matrix import Servers, line_of, rows
from tests.rotation_lambda.matrix import Row
from tests.rotation_lambda.matrix_points import outcome_of

# Each row goes to whichever worker is free.
_ROWS = [pytest.param(module, row, id=str(row), marks=pytest.mark.xdist_group(str(row))) for module, row in rows()]


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with Servers() as servers:
        yield servers


@pytest.mark.parametrize(("module", "row"), _ROWS)
def test_rules_26_and_27_a_rotation_that_any_fault_meets_anywhere_recovers(servers: Servers, module: str, row: Row):
    outcome = outcome_of(row, servers.of(module))

    assert [str(finding) for finding in outcome.findings] == []
    assert line_of(outcome) in _matrix.lines_in(_matrix.PAGE.read_text()), "the table says otherwise; write it with `make matrix`"


def test_the_table_has_a_line_for_each_row_and_no_other():
    written = [line.strip("| ").split(" | ")[:3] for line in _matrix.lines_in(_matrix.PAGE.read_text())]

    assert written == [[row.engine, row.strategy, row.start] for _, row in rows()]
