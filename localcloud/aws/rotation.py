"""RotateSecret as AWS documents it: the function is really called, step by step, and what it did is looked at.

Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_how.html and the API's RotateSecret.
What is left unfinished (AWSPENDING on a version that is not current) is taken up again with its token when the server starts and
when the next window opens.

Assumed, not found in AWS's documentation:
- a secret without any version can be rotated;
- a rotation is tried ROTATION_ATTEMPTS times (3), ROTATION_RETRY_SECONDS (1) apart and then twice as long, from the first step on,
  with one RotationStarted and one RotationFailed for each try;
- the same ClientRequestToken while its rotation is under way answers as the first call did; the token of any other version is refused;
- with RotateImmediately=false the temporary version holds a copy of AWSCURRENT, and the answer names no version;
- a finished rotation takes AWSPENDING off the version that it made current;
- taking AWSPENDING away by hand ends a rotation without an event.
"""

import asyncio
import json
import logging
import os
import time
from collections.abc import Coroutine
from typing import Any
from urllib.parse import quote

from ministack import app as ministack
from ministack.core.responses import new_uuid, request_scope
from ministack.services import lambda_svc, secretsmanager

from localcloud.aws import caller, conditions, containers, persistence, schedule, trail, versions
from localcloud.aws.answers import RefusedError, living, named, secret_of

_STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
_ATTEMPTS = int(os.environ.get("ROTATION_ATTEMPTS", "3"))
_RETRY_SECONDS = float(os.environ.get("ROTATION_RETRY_SECONDS", "1"))
_TICK_SECONDS = float(os.environ.get("ROTATION_TICK_SECONDS", "1"))
_NOT_INVOKABLE = (
    "Secrets Manager cannot invoke the specified Lambda function. "
    "Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com."
)

_log = logging.getLogger("rotation")
_running: dict[str, asyncio.Task[None]] = {}


class _StoppedError(Exception):
    """The rotation is no longer wanted: cancelled, deleted, or its label is gone."""


def rotate(data: dict[str, Any]) -> dict[str, Any]:
    """RotateSecret: refuses, or marks a new version as pending and starts the function on it."""
    secret = living(secret_of(data, changes=True))
    function = data.get("RotationLambdaARN") or secret.get("RotationLambdaARN")
    rules = data.get("RotationRules") or secret.get("RotationRules") or {}
    token, immediately = versions.token_of(data), data.get("RotateImmediately", True)
    if not function:
        raise RefusedError("InvalidRequestException", "No Lambda rotation function ARN is associated with this secret.")
    if wrong := schedule.fault(rules):
        raise RefusedError("InvalidParameterException", wrong)
    waiting = versions.pending(secret)
    if token in (waiting, versions.labelled(secret, "AWSCURRENT")):
        return named(secret, VersionId=token)
    if waiting:
        raise RefusedError("InvalidRequestException", "A previous rotation isn't complete. That rotation will be reattempted.")
    if token in secret["Versions"]:
        raise RefusedError("InvalidParameterException", f"ClientRequestToken {token} is already the id of a version of this secret.")
    if not _invokable(function, secret):
        raise RefusedError("AccessDeniedException", _NOT_INVOKABLE)
    if not caller.may("lambda:InvokeFunction", "lambda", function):
        raise RefusedError("AccessDeniedException", f"The caller is not authorized to perform: lambda:InvokeFunction on {function}")

    secret.update(RotationLambdaARN=function, RotationRules=rules, RotationEnabled=True)
    schedule.set_next(secret, secret.get("LastRotatedDate") or time.time())
    _mark_pending(secret, token, copied=not immediately)
    _begin(secret, _rotate(secret, token) if immediately else _test(secret, token))
    return named(secret, **({"VersionId": token} if immediately else {}))


def cancel(data: dict[str, Any]) -> dict[str, Any]:
    """CancelRotateSecret: no further step, no further window; labels stay where they are."""
    secret = living(secret_of(data, changes=True))
    secret["RotationEnabled"] = False
    schedule.set_next(secret, 0)
    waiting = versions.labelled(secret, "AWSPENDING")
    return named(secret, **({"VersionId": waiting} if waiting else {}))


async def watch() -> None:
    """Takes up what a stopped server left, then starts each rotation whose window has opened; never ends."""
    for secret in _each():
        waiting = versions.pending(secret)
        if waiting and secret["Versions"][waiting].get("_Test"):
            del secret["Versions"][waiting]
        elif waiting:
            _begin(secret, _rotate(secret, waiting))
    while True:
        for secret in _each():
            if (secret.get("_NextRotationStart") or time.time() + 1) <= time.time():
                token = versions.pending(secret) or _mark_pending(secret, new_uuid(), copied=False)
                schedule.set_next(secret, time.time())
                _begin(secret, _rotate(secret, token))
        containers.remove_expired()
        await asyncio.sleep(_TICK_SECONDS)


def _each() -> Any:
    """Gives every secret whose rotation is on and idle, each in the scope of its account and region."""
    for (account, region, _), secret in list(secretsmanager._secrets._data.items()):
        if secret.get("RotationEnabled") and not secret.get("DeletedDate") and secret["ARN"] not in _running:
            with request_scope(account, region):
                yield secret


def _mark_pending(secret: dict[str, Any], token: str, *, copied: bool) -> str:
    """Adds the version that a rotation works on: empty, or for a mere test a copy of the current one."""
    current = secret["Versions"].get(versions.labelled(secret, "AWSCURRENT")) if copied else None
    content = {key: (current or {}).get(key) for key in ("SecretString", "SecretBinary")}
    secret["Versions"][token] = {**content, "CreatedDate": int(time.time()), "Stages": [], **({"_Test": True} if copied else {})}
    versions.place(secret, "AWSPENDING", token)
    persistence.mark()
    return token


def _begin(secret: dict[str, Any], work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.get_running_loop().create_task(work)  # takes over the account and the region of the call
    _running[secret["ARN"]] = task
    task.add_done_callback(lambda done: _ended(secret["ARN"], done))


def _ended(arn: str, task: asyncio.Task[None]) -> None:
    _running.pop(arn, None)
    persistence.mark()
    if not task.cancelled() and (fault := task.exception()):
        _log.error("rotation of %s ended by a fault of the server: %s", arn, type(fault).__name__, exc_info=fault)


async def _rotate(secret: dict[str, Any], token: str) -> None:
    for attempt in range(_ATTEMPTS):
        if attempt:
            await asyncio.sleep(_RETRY_SECONDS * 2 ** (attempt - 1))
        if not _is_wanted(secret, token):
            return
        trail.service_event(secret, "RotationStarted", token)
        try:
            error = await _attempt(secret, token)
        except _StoppedError:
            if secret.pop("_Abandoned", None) == token:
                secretsmanager._remove_stage(secret, token, "AWSPENDING")  # the function may have put it back meanwhile
                trail.service_event(secret, "RotationAbandoned", token)
            return
        if error is None:
            secretsmanager._remove_stage(secret, token, "AWSPENDING")
            secret["LastRotatedDate"] = secret["LastChangedDate"] = int(time.time())
            schedule.set_next(secret, secret["LastRotatedDate"])
            secretsmanager._sync_replicas(secret)
            trail.service_event(secret, "RotationSucceeded", token)
            return
        trail.service_event(secret, "RotationFailed", token, error)


async def _test(secret: dict[str, Any], token: str) -> None:
    trail.service_event(secret, "TestRotationStarted", token)
    error = await _step(secret, token, "testSecret")
    secret["Versions"].pop(token, None)
    trail.service_event(secret, "TestRotationFailed" if error else "TestRotationSucceeded", token, error)


async def _attempt(secret: dict[str, Any], token: str) -> str | None:
    """Runs the four steps; gives what went wrong, or None."""
    for step in _STEPS:
        if error := await _step(secret, token, step):
            return error
        if not _is_wanted(secret, token):
            raise _StoppedError
        if step == "createSecret" and not versions.has_content(secret["Versions"].get(token)):
            return (
                f"Pending secret version {token} for Secret {secret['ARN']} was not created by Lambda {secret['RotationLambdaARN']}. "
                "Remove the AWSPENDING staging label and restart rotation."
            )
        persistence.mark()
        persistence.save()  # before the next step uses a password, it is on disk
    if versions.labelled(secret, "AWSCURRENT") != token:
        return f"The version {token} was not made current by Lambda {secret['RotationLambdaARN']} during finishSecret step"
    return None


async def _step(secret: dict[str, Any], token: str, step: str) -> str | None:
    """Calls the function once. Its own words stay in its log: they may hold what an event must not."""
    function = secret["RotationLambdaARN"]
    if not _invokable(function, secret):
        return _NOT_INVOKABLE
    event = {"Step": step, "SecretId": secret["ARN"], "ClientRequestToken": token, "RotationToken": new_uuid()}
    path = f"/2015-03-31/functions/{quote(function, safe=':')}/invocations"
    call = ministack.SERVICE_HANDLERS["lambda"]("POST", path, {"content-type": "application/json"}, json.dumps(event).encode(), {})
    status, headers, _ = await call
    if status >= 300 or "X-Amz-Function-Error" in headers:
        return f"Error when executing lambda {function} during {step} step"
    return None


def _is_wanted(secret: dict[str, Any], token: str) -> bool:
    version = secret["Versions"].get(token)
    return (
        secretsmanager._secrets.get(secret["Name"]) is secret
        and bool(secret.get("RotationEnabled"))
        and not secret.get("DeletedDate")
        and version is not None
        and bool({"AWSPENDING", "AWSCURRENT"} & set(version["Stages"]))
    )


def _invokable(function: str, secret: dict[str, Any]) -> bool:
    found = lambda_svc.function_policy_for_arn(function)
    return found is not None and conditions.allows_service(
        found[0], "secretsmanager.amazonaws.com", "lambda:InvokeFunction", function, secret["ARN"]
    )
