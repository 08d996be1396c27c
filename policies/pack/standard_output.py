"""Standard output, kept for the one line that the engine reads there: the port."""

import os
import sys


def claim() -> int:
    """Gives a descriptor for the port line; whatever else is printed, by a rule or by a child process, goes to standard error.

    The engine refuses a pack whose first line is no number.
    """
    port_line = os.dup(1)
    sys.stdout.flush()
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return port_line
