"""How long a step may still take, so that it ends with a cause and not with the platform's timeout."""

import time
from collections.abc import Callable

from rotation_lambda.errors import NetworkError

# What stays for writing the log line and the answer.
_RESERVE_SECONDS = 5.0


class Deadline:
    """Counts down from what the platform says is left, less five seconds."""

    def __init__(self, remaining_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + remaining_seconds - _RESERVE_SECONDS

    def check(self) -> None:
        """Lets nothing more begin once the time is up.

        Raises:
            NetworkError: nothing is left.
        """
        if not self.allows(0):
            raise NetworkError("the function's time is used up; nothing more was tried. Look for a slow database or endpoint")

    def allows(self, seconds: float) -> bool:
        """Says whether more than this is left."""
        return self._end - self._clock() > seconds

    def limit(self, seconds: float) -> float:
        """Gives the given time, or less when less is left.

        Raises:
            NetworkError: nothing is left.
        """
        self.check()
        return min(seconds, self._end - self._clock())
