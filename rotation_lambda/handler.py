"""Where Lambda enters: reads AWS's rotation event, does the step, writes one line, and fails without a value in the failure."""

import time
from pathlib import Path
from typing import Any, cast

from rotation_lambda import log, versions
from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import engine_for
from rotation_lambda.errors import ConfigurationError, Redaction, RotationError, UnexpectedError
from rotation_lambda.steps import Rotation
from rotation_lambda.targets import name_in, target_of

# Without a context, as in a test by hand: what the stack sets.
_DEFAULT_SECONDS = 60.0


def handler(event: object, context: object) -> None:
    """Does one step of a rotation.

    Raises:
        RotationError: the step failed; Secrets Manager tries again and then reports RotationFailed.
    """
    began = time.monotonic()
    said = cast("dict[str, Any]", event) if isinstance(event, dict) else {}
    redaction = Redaction()
    outcome, failure = "failed", None
    try:
        outcome = _rotate(said, context, redaction)
    except RotationError as error:
        failure = type(error)(redaction.clean(str(error)))
    except Exception as error:  # whatever a driver says may hold a value: only its type and line leave
        failure = UnexpectedError(f"{type(error).__name__} at {_line_of(error)}; this is a fault of the function")
    secret_id = said.get("SecretId")
    log.report(
        secret=name_in(secret_id) if isinstance(secret_id, str) else None,
        version=_plain(said.get("ClientRequestToken")),
        step=_plain(said.get("Step")),
        outcome=outcome,
        error=failure,
        milliseconds=round((time.monotonic() - began) * 1000),
    )
    if failure is not None:
        raise failure  # outside the except block: the driver's exception does not travel along


def _rotate(event: dict[str, Any], context: object, redaction: Redaction) -> str:
    step, arn, token = (_required(event, key) for key in ("Step", "SecretId", "ClientRequestToken"))
    remaining: Any = getattr(context, "get_remaining_time_in_millis", None)
    deadline = Deadline(remaining() / 1000 if remaining else _DEFAULT_SECONDS)
    target = target_of(arn, getattr(context, "invoked_function_arn", None))
    secret = versions.Versions(
        versions.client(),
        arn=arn,
        token=token,
        rotation_token=event.get("RotationToken"),
        redaction=redaction,
        deadline=deadline,
    )
    return Rotation(secret, token=token, target=target, engine=engine_for(target.kind), deadline=deadline).run(step)


def _required(event: dict[str, Any], key: str) -> str:
    value = event.get(key)
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"the event has no {key}; this function is called by Secrets Manager only")
    return value


def _plain(value: object) -> str | None:
    return value[:64] if isinstance(value, str) else None


def _line_of(error: BaseException) -> str:
    traceback = error.__traceback__
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    return f"{Path(traceback.tb_frame.f_code.co_filename).name}:{traceback.tb_lineno}" if traceback else "an unknown line"
