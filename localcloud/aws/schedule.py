"""When a secret rotates next: `rate()`, `cron()` or days, in windows that open on the hour, in UTC.

Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
"""

import datetime
import re
from typing import Any

from ministack.services import eventbridge

_DAY = 86400
_RATE = re.compile(r"rate\(\d+ (hours?|days?)\)")


def fault(rules: dict[str, Any]) -> str | None:
    """Gives what is wrong with the rules of a rotation, or None."""
    days, expression, duration = (rules.get(key) for key in ("AutomaticallyAfterDays", "ScheduleExpression", "Duration"))
    if days is not None and expression:
        return "You can't specify both ScheduleExpression and AutomaticallyAfterDays."
    if days is not None and not 1 <= int(days) <= 1000:
        return "AutomaticallyAfterDays must be between 1 and 1000."
    if expression and (wrong := _expression_fault(expression)):
        return wrong
    if duration is None:
        return None
    hours = int(duration[:-1]) if re.fullmatch(r"\d{1,2}h", duration) else 0
    if not 1 <= hours <= 24:
        return f"Duration must be 1h to 24h, not {duration}."
    interval = _interval(rules)
    return "The rotation window must not run into the next one." if interval and hours * 3600 > interval else None


def next_window(rules: dict[str, Any], after: float) -> tuple[int, int] | None:
    """Gives when the next window opens and closes, in seconds since 1970; None without a schedule."""
    expression = rules.get("ScheduleExpression") or ""
    interval = _interval(rules)
    if interval:
        start = int(after) + interval
        start -= start % (_DAY if interval % _DAY == 0 else 3600)
    elif expression:
        moment = datetime.datetime.fromtimestamp(after, datetime.UTC)
        fires = eventbridge._cron_next_fire(eventbridge._parse_cron_fields(expression), moment)
        if fires is None:
            return None
        start = int(fires.timestamp())
    else:
        return None
    if rules.get("Duration"):
        return start, start + int(rules["Duration"][:-1]) * 3600
    if "hour" in expression:
        return start, start + 3600
    return start, (start // _DAY + 1) * _DAY - 1


def set_next(secret: dict[str, Any], after: float) -> None:
    """Writes into a secret when it rotates next; nothing when its rotation is off."""
    window = next_window(secret.get("RotationRules") or {}, after) if secret.get("RotationEnabled") else None
    secret["_NextRotationStart"], secret["NextRotationDate"] = window or (None, None)


def _interval(rules: dict[str, Any]) -> int | None:
    if days := rules.get("AutomaticallyAfterDays"):
        return int(days) * _DAY
    expression = rules.get("ScheduleExpression") or ""
    return eventbridge._parse_rate_seconds(expression) if expression.startswith("rate") else None


def _expression_fault(expression: str) -> str | None:
    if expression.startswith("rate"):
        seconds = eventbridge._parse_rate_seconds(expression) if _RATE.fullmatch(expression) else None
        if not seconds or not 4 * 3600 <= seconds <= 1000 * _DAY:
            return "Invalid ScheduleExpression: the rate must be whole hours or days, from 4 hours to 1000 days."
        return None
    fields = expression.removeprefix("cron(").split()
    if not eventbridge._parse_cron_fields(expression) or fields[0] != "0" or fields[-1] != "*)":
        return "Invalid ScheduleExpression: cron(0 hours day-of-month month day-of-week *) is expected."
    return None
