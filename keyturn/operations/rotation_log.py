"""What the rotation function says while it works: one structured line a step, read from its log group."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from keyturn.operations.account import Account, LogEvent, RotationFunction
from keyturn.operations.errors import DeniedError, NotFoundError

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")

# CloudWatch's clock and the laptop's differ; the version id in the pattern keeps out what is not ours.
_LOOK_BACK_SECONDS = 900
_LONGEST_MESSAGE = 500


@dataclass(frozen=True)
class Step:
    """One step of one attempt, as the function reported it."""

    step: str
    outcome: str
    """`done`, `unchanged` or `failed`."""
    attempt: int
    """Secrets Manager repeats the whole process after a failure: 1 is the first run."""
    timestamp: float
    milliseconds: int
    error_class: str | None = None
    message: str | None = None

    @property
    def failed(self) -> bool:
        """Whether this step ended its attempt."""
        return self.outcome == "failed"

    def as_json(self) -> dict[str, object]:
        """The step for machines, under the names that the function's own line has."""
        return {
            "time": datetime.fromtimestamp(self.timestamp, UTC).isoformat(timespec="milliseconds"),
            "attempt": self.attempt,
            "step": self.step,
            "outcome": self.outcome,
            "errorClass": self.error_class,
            "message": self.message,
            "milliseconds": self.milliseconds,
        }


class RotationLog:
    """Gives the steps of a version as they become readable.

    `unreadable` says why there are none when the log group cannot be read: a rotation can be followed without it.
    """

    def __init__(self, account: Account, function: RotationFunction | None, *, now: float) -> None:
        self._account = account
        self._function = function
        self._since = now - _LOOK_BACK_SECONDS
        self._seen: dict[str, dict[str, Step]] = {}
        self.unreadable: str | None = None if function else "an AWS service rotates this secret itself"

    def steps(self, version: str) -> Sequence[Step]:
        """All steps of the version that were read so far."""
        return tuple(self._seen.get(version, {}).values())

    def new_steps(self, version: str) -> Sequence[Step]:
        """Looks again and gives the steps of the version that were not there before."""
        if not self._function:
            return ()
        try:
            events = self._account.log_events(
                self._function.log_group,
                pattern=f'{{ $.keyturn = "rotation" && $.version = "{version}" }}',
                since=self._since,
            )
        except (DeniedError, NotFoundError) as error:
            self.unreadable = str(error)
            return ()
        self.unreadable = None
        seen = self._seen.setdefault(version, {})
        known = len(seen)
        for event in events:
            attempt = 1 + sum(step.failed for step in seen.values())
            if event.id not in seen and (step := _step(event, version, attempt)):
                seen[event.id] = step
        return tuple(seen.values())[known:]


def _step(event: LogEvent, version: str, attempt: int) -> Step | None:
    """The step that a line reports; none for what a person or a library printed."""
    try:
        parsed: object = json.loads(event.message)
    except ValueError:
        return None
    if not isinstance(parsed, dict):
        return None
    line = cast("dict[str, Any]", parsed)
    if line.get("keyturn") != "rotation" or line.get("version") != version or line.get("step") not in STEPS:
        return None
    milliseconds = line.get("milliseconds")
    return Step(
        step=line["step"],
        outcome=_plain(line.get("outcome")) or "done",
        attempt=attempt,
        timestamp=event.timestamp,
        milliseconds=int(milliseconds) if isinstance(milliseconds, int | float) else 0,
        error_class=_plain(line.get("errorClass")),
        message=_plain(line.get("message")),
    )


def _plain(text: object) -> str | None:
    """One printable line: a database server writes part of these messages, and they end on a terminal."""
    if not isinstance(text, str) or not text:
        return None
    return "".join(character if character.isprintable() else " " for character in text)[:_LONGEST_MESSAGE]
