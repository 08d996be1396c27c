"""Rotations: `up` is not done before every secret that rotates has a value that works."""

import json
import time
from typing import Any

from localcloud.errors import LocalCloudError
from localcloud.progress import say, step

# A rotation takes well under a second here; a step that fails is tried again by Secrets Manager.
_QUIET_SECONDS = 10
_WITHIN_SECONDS = 120


class Rotations:
    """Watches the rotating secrets of one environment."""

    def __init__(self, secrets: Any, logs: Any, environment: str) -> None:
        self._secrets = secrets
        self._logs = logs
        self._prefix = f"{environment}/"

    def wait(self) -> None:
        """Returns when every rotating secret has a current value and no rotation stands half done.

        A rotation that was cut off, because AWS was killed meanwhile, is begun anew: by itself it would wait for the next schedule.

        Raises:
            LocalCloudError: with the cause that the function's log tells.
        """
        if not (waiting := self._unfinished()):
            return
        helped: set[str] = set()
        with step(f"waiting for the rotation of {_named(waiting)}") as note:
            began = changed = time.monotonic()
            seen = waiting
            while waiting := self._unfinished():
                now = time.monotonic()
                if waiting != seen:
                    seen, changed = waiting, now
                if now - changed > _QUIET_SECONDS or now - began > _WITHIN_SECONDS:
                    if stuck := [name for name in waiting if name not in helped]:
                        for name in stuck:
                            self._begin_anew(name, waiting[name])
                        helped.update(stuck)
                        changed = time.monotonic()
                    else:
                        raise LocalCloudError(self._causes(list(waiting)))
                note(f"{_named(waiting)} still to come")
                time.sleep(0.2)

    def begin(self) -> None:
        """Begins a rotation of every secret that rotates."""
        for secret in self._rotating():
            self._secrets.rotate_secret(SecretId=secret["ARN"])

    def _rotating(self) -> list[dict[str, Any]]:
        listed = _all(self._secrets, "list_secrets", "SecretList")
        return [secret for secret in listed if secret["Name"].startswith(self._prefix) and secret.get("RotationEnabled")]

    def _unfinished(self) -> dict[str, dict[str, list[str]]]:
        """Gives the versions and labels of each secret whose rotation is not done, by name."""
        unfinished = {}
        for secret in self._rotating():
            versions = self._secrets.describe_secret(SecretId=secret["ARN"]).get("VersionIdsToStages", {})
            pending = any(labels == ["AWSPENDING"] for labels in versions.values())
            if pending or not any("AWSCURRENT" in labels for labels in versions.values()):
                unfinished[secret["Name"]] = versions
        return unfinished

    def _begin_anew(self, name: str, versions: dict[str, list[str]]) -> None:
        say(f"  the rotation of {name} does not move: it is begun anew")
        for version, labels in versions.items():
            if labels == ["AWSPENDING"]:
                self._secrets.update_secret_version_stage(SecretId=name, VersionStage="AWSPENDING", RemoveFromVersionId=version)
        self._secrets.rotate_secret(SecretId=name)

    def _causes(self, names: list[str]) -> str:
        told = [f"  {name}: {self._cause(name)}" for name in names]
        return "\n".join(["these rotations did not succeed:", *told, "Mend the cause and run `make up` again."])

    def _cause(self, name: str) -> str:
        function = self._secrets.describe_secret(SecretId=name).get("RotationLambdaARN", "").rpartition(":")[2]
        group = f"/aws/lambda/{function}"
        try:
            events = self._logs.filter_log_events(logGroupName=group).get("events", [])
        except self._logs.exceptions.ResourceNotFoundException:
            return f"the function {function} has written no log: it was never called, or could not start"
        for event in reversed(events):
            line = _line(event["message"])
            if line.get("secret") == name and line.get("outcome") == "failed":
                return f"{line.get('step')} failed ({line.get('errorClass')}): {line.get('message')}"
        return f"no failed step is in the log group {group}"


def _line(message: str) -> dict[str, Any]:
    try:
        line = json.loads(message)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}


def _all(client: Any, operation: str, key: str) -> list[dict[str, Any]]:
    return [entry for page in client.get_paginator(operation).paginate() for entry in page[key]]


def _named(waiting: dict[str, Any]) -> str:
    return f"{len(waiting)} secret{'s' if len(waiting) > 1 else ''}"
