"""The person's AWS account and region, spoken to with their own credentials: the one place where boto3's answers get types."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, cast

import boto3
from botocore.config import Config

from keyturn.operations.errors import LOCAL_HINT, DeniedError, NotFoundError, OperationError, explained
from keyturn.operations.secret import Secret

# A person waits in front of this: fail in seconds, not in the minutes of botocore's defaults.
_PATIENCE = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 4})


@dataclass(frozen=True)
class RotationFunction:
    """The Lambda function that rotates a secret, as far as the person may see it."""

    name: str
    log_group: str
    timeout_seconds: int = 60
    """How long one step may take. Default 60, what Keyturn gives its functions, where it cannot be read."""
    strategies: Mapping[str, str] = field(default_factory=dict[str, str])
    """Strategy by secret name, as the stack configured it; empty where it cannot be read."""


@dataclass(frozen=True)
class LogEvent:
    """One event of a log group."""

    id: str
    timestamp: float
    """Seconds since 1970."""
    message: str


class Account:
    """Gives what the commands need of Secrets Manager, Lambda and CloudWatch Logs.

    Every method raises OperationError, with the cause and the way out, when AWS refuses or does not answer.
    """

    def __init__(self, *, secrets: Any, functions: Any, logs: Any, region: str) -> None:
        self._secrets = secrets
        self._functions = functions
        self._logs = logs
        self.region = region

    @classmethod
    def connect(cls) -> Self:
        """Gives the account that the usual variables, profile and AWS_ENDPOINT_URL point at."""
        with explained("Connecting", "AWS"):
            try:
                # AWS_REGION is what every other SDK reads, and what a shell with AWS's own command line has set.
                session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
                clients = [cast("Any", session).client(service, config=_PATIENCE) for service in ("secretsmanager", "lambda", "logs")]
            except ValueError as error:  # botocore's only word for a malformed endpoint
                raise OperationError(f"AWS_ENDPOINT_URL: {error}. It must be a URL such as http://127.0.0.1:4566") from None
            return cls(secrets=clients[0], functions=clients[1], logs=clients[2], region=str(clients[0].meta.region_name))

    def describe(self, name: str) -> Secret:
        """Gives what is known of the secret with this name or ARN."""
        try:
            with explained("secretsmanager:DescribeSecret", name):
                return Secret.from_description(self._secrets.describe_secret(SecretId=name))
        except NotFoundError:
            raise NotFoundError(
                f"Secrets Manager in {self.region} has no secret {name}. Check the name, the account and the region; "
                f"`pulumi up` creates what the stack file declares. {LOCAL_HINT}"
            ) from None

    def begin_rotation(self, secret: Secret, token: str) -> None:
        """Asks for a rotation now; its version id is the token, so asking twice begins one.

        Raises:
            RotationUnfinishedError: an earlier rotation stands in the way.
        """
        with explained("secretsmanager:RotateSecret", secret.name):
            self._secrets.rotate_secret(SecretId=secret.arn, ClientRequestToken=token)

    def take_pending_label(self, secret: Secret, version: str) -> None:
        """Takes AWSPENDING off the version; its value stays, unlabelled, for at least a day."""
        with explained("secretsmanager:UpdateSecretVersionStage", secret.name):
            self._secrets.update_secret_version_stage(SecretId=secret.arn, VersionStage="AWSPENDING", RemoveFromVersionId=version)

    def restore(self, secret: Secret) -> None:
        """Cancels the deletion of the secret."""
        with explained("secretsmanager:RestoreSecret", secret.name):
            self._secrets.restore_secret(SecretId=secret.arn)

    def rotation_function(self, arn: str) -> RotationFunction:
        """Gives where the function logs and how long its steps may take; the defaults where the person may not read it."""
        name = arn.split(":")[6]
        log_group = f"/aws/lambda/{name}"
        try:
            with explained("lambda:GetFunctionConfiguration", name):
                answer: dict[str, Any] = self._functions.get_function_configuration(FunctionName=arn)
        except DeniedError:
            return RotationFunction(name=name, log_group=log_group)
        except NotFoundError:
            raise NotFoundError(f"The rotation function {name} does not exist any more. `pulumi up` brings it back.") from None
        return RotationFunction(
            name=name,
            log_group=answer.get("LoggingConfig", {}).get("LogGroup") or log_group,
            timeout_seconds=int(answer.get("Timeout", 60)),
            strategies=_strategies(answer.get("Environment", {}).get("Variables", {}).get("KEYTURN_TARGETS", "{}")),
        )

    def log_events(self, log_group: str, *, pattern: str, since: float) -> list[LogEvent]:
        """Gives the events of the log group since then that match, oldest first."""
        events: list[LogEvent] = []
        query: dict[str, Any] = {"logGroupName": log_group, "filterPattern": pattern, "startTime": int(since * 1000)}
        with explained("logs:FilterLogEvents", log_group):
            while True:
                page: dict[str, Any] = self._logs.filter_log_events(**query)
                events += [_log_event(event) for event in page.get("events", [])]
                # A page may be empty and have a successor: CloudWatch Logs hands over what it has scanned so far.
                if not page.get("nextToken"):
                    return sorted(events, key=lambda event: event.timestamp)
                query["nextToken"] = page["nextToken"]


def _log_event(event: Mapping[str, Any]) -> LogEvent:
    # The id is optional in the API; time and text tell lines of one version apart as well.
    return LogEvent(event.get("eventId") or f"{event['timestamp']} {event['message']}", event["timestamp"] / 1000, event["message"])


def _strategies(targets: str) -> dict[str, str]:
    try:
        by_name: dict[str, dict[str, Any]] = json.loads(targets)
        return {name: str(target["strategy"]) for name, target in by_name.items() if "strategy" in target}
    except (ValueError, AttributeError, TypeError):
        return {}  # a function that is not ours: its strategies are not known
