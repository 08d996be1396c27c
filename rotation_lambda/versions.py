"""All that the function says to Secrets Manager: versions, labels and values of one secret, during one step."""

import contextlib
import functools
import json
import time
import uuid
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, cast

import botocore.config
import botocore.exceptions
import botocore.session

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import Value
from rotation_lambda.errors import (
    ConfigurationError,
    ConflictError,
    NetworkError,
    PermissionRefusedError,
    Redaction,
    RotationError,
)

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
NEXT = "AWSNEXT"  # ours: what the rotation after this one publishes

# A version may not be readable yet where the next call lands; together 6.3 seconds.
_PAUSES_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
_NOT_YET = frozenset({"ResourceNotFoundException", "InvalidRequestException"})
# Old values worth a try, newest first: an abandoned rotation leaves one behind, and each try is a login.
_MOST_OLD_VERSIONS = 10


class SecretsManager(Protocol):
    """The calls of boto3's and botocore's client that a rotation needs."""

    def describe_secret(self, **request: Any) -> dict[str, Any]: ...  # noqa: D102
    def get_secret_value(self, **request: Any) -> dict[str, Any]: ...  # noqa: D102
    def put_secret_value(self, **request: Any) -> dict[str, Any]: ...  # noqa: D102
    def update_secret_version_stage(self, **request: Any) -> dict[str, Any]: ...  # noqa: D102
    def list_secret_version_ids(self, **request: Any) -> dict[str, Any]: ...  # noqa: D102


@functools.cache  # one client for all invocations of a warm function
def client() -> SecretsManager:
    """Gives the client, made from the runtime's own botocore at the first call."""
    config = botocore.config.Config(connect_timeout=5, read_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"})
    session: Any = botocore.session.Session()
    return cast("SecretsManager", session.create_client("secretsmanager", config=config))


@dataclass(frozen=True)
class State:
    """What DescribeSecret said: whether the secret rotates, and which version carries which labels."""

    rotates: bool
    labels: Mapping[str, frozenset[str]]
    rotated: datetime | None = None
    """When a rotation last succeeded."""

    def holder_of(self, label: str) -> str | None:
        """Gives the version that carries the label."""
        return next((version for version, labels in self.labels.items() if label in labels), None)

    def is_first(self, version: str) -> bool:
        """Says whether a rotation still works on the version and no other one was ever current."""
        return PENDING in self.labels[version] and self.holder_of(PREVIOUS) is None

    def without_current(self) -> "State":
        """Gives the state as if nothing were published yet."""
        return State(self.rotates, {version: labels - {CURRENT} for version, labels in self.labels.items()}, self.rotated)


class Versions:
    """The secret's versions as one step of one rotation sees and changes them."""

    def __init__(
        self, service: SecretsManager, *, arn: str, token: str, rotation_token: str | None, redaction: Redaction, deadline: Deadline
    ) -> None:
        self._service = service
        self._arn = arn
        self._token = token
        self._rotation_token = rotation_token
        self._redaction = redaction
        self._deadline = deadline

    def state(self) -> State:
        """Reads the labels; waits a bounded time for a version that was just made."""
        state = self._describe()
        for pause in _PAUSES_SECONDS:
            if self._token in state.labels:
                break
            self._wait(pause)
            state = self._describe()
        return state

    def labelled(self, state: State, label: str) -> Value | None:
        """Gives the value of the version that carries the label; nothing when none does, or when it is an empty object."""
        version = state.holder_of(label)
        if version is None:
            return None
        value = self._value(wait=True, VersionId=version)  # by its id alone: a label that moves meanwhile changes nothing
        if value is None:
            raise ConfigurationError(f"the version labelled {label} has no value; put one, or let the secret rotate from empty")
        return value or None

    def previous(self, state: State) -> Value | None:
        """Gives what AWSPREVIOUS holds; nothing when that is no JSON object, since it is one value to try among others."""
        with contextlib.suppress(ConfigurationError):
            return self.labelled(state, PREVIOUS)
        return None

    def pending(self, *, wait: bool) -> Value | None:
        """Gives the new value by token and label, so that no other version is taken for it."""
        return self._value(wait=wait, VersionId=self._token, VersionStage=PENDING)

    def older(self, state: State) -> Iterator[Value]:
        """Gives values that carry no label any more, newest first: what an abandoned rotation may have set."""
        versions: list[dict[str, Any]] = []
        request: dict[str, Any] = {"SecretId": self._arn, "IncludeDeprecated": True}
        with _told_apart("ListSecretVersionIds"):
            while True:
                page = self._service.list_secret_version_ids(**request)
                versions += page.get("Versions", [])
                if not page.get("NextToken"):
                    break
                request["NextToken"] = page["NextToken"]
        unlabelled = [version for version in versions if not state.labels.get(version["VersionId"]) and version["VersionId"] != self._token]
        newest_first = sorted(unlabelled, key=lambda version: version["CreatedDate"], reverse=True)
        for version in newest_first[:_MOST_OLD_VERSIONS]:
            with contextlib.suppress(ConfigurationError):  # somebody's note from before is no credential
                if value := self._value(wait=False, VersionId=version["VersionId"]):
                    yield value

    def admin(self, arn: str) -> Value:
        """Gives the admin secret's current value."""
        with _told_apart("GetSecretValue on the admin secret"):
            answer = self._service.get_secret_value(SecretId=arn, VersionStage=CURRENT)
        return self._parsed(answer, "the admin secret")

    def put(self, value: Value) -> bool:
        """Stores the new value under the token, labelled AWSPENDING only; says no when another invocation was first."""
        return self._put(value, self._token, PENDING)

    def announced(self, state: State) -> Value | None:
        """Gives the value that was kept ahead when the current version was made."""
        current = state.holder_of(CURRENT)
        return self._value(wait=False, VersionId=_ahead_of(current)) if current else None

    def keep_ahead(self, value: Value) -> Value:
        """Stores a value labelled AWSNEXT beside the token's version; gives what is stored, a duplicate's if that was faster."""
        version = _ahead_of(self._token)
        if self._put(value, version, NEXT):
            return value
        kept = self._value(wait=True, VersionId=version)
        if kept is None:
            raise ConflictError("the value made ahead cannot be read back; it is tried again")
        return kept

    def _put(self, value: Value, version: str, label: str) -> bool:
        self._redaction.learn(value)
        request = {
            "SecretId": self._arn,
            "ClientRequestToken": version,
            "SecretString": json.dumps(value),
            "VersionStages": [label],
        }
        if self._rotation_token:
            request["RotationToken"] = self._rotation_token
        try:
            self._service.put_secret_value(**request)
        except botocore.exceptions.ClientError as error:
            if _code(error) == "ResourceExistsException":
                return False
            raise _classified(error, "PutSecretValue") from None
        except botocore.exceptions.BotoCoreError as error:
            raise _unreachable(error) from None
        return True

    def publish(self) -> None:
        """Moves AWSCURRENT to the token's version, off the version that holds it."""
        for pause in (*_PAUSES_SECONDS, None):
            holder = self._describe().holder_of(CURRENT)
            if holder == self._token:
                return
            request = {"SecretId": self._arn, "VersionStage": CURRENT, "MoveToVersionId": self._token}
            if holder is not None:
                request["RemoveFromVersionId"] = holder
            try:
                self._service.update_secret_version_stage(**request)
            except botocore.exceptions.ClientError as error:
                # The labels moved since they were read: a duplicate invocation, or a read that lagged.
                if _code(error) not in {"InvalidParameterException", *_NOT_YET} or pause is None:
                    raise _classified(error, "UpdateSecretVersionStage") from None
                self._wait(pause)
            except botocore.exceptions.BotoCoreError as error:
                raise _unreachable(error) from None
            else:
                return

    def release(self) -> None:
        """Takes AWSPENDING off the token's version: this value is given up, and the next rotation makes another."""
        with _told_apart("UpdateSecretVersionStage"):
            self._service.update_secret_version_stage(SecretId=self._arn, VersionStage=PENDING, RemoveFromVersionId=self._token)

    def _describe(self) -> State:
        with _told_apart("DescribeSecret"):
            answer = self._service.describe_secret(SecretId=self._arn)
        if answer.get("ARN", self._arn) != self._arn:
            raise ConflictError("Secrets Manager described another secret than it asked to rotate")
        if answer.get("DeletedDate"):
            raise ConfigurationError("the secret is scheduled for deletion; restore it, or cancel its rotation")
        labels = cast("dict[str, list[str]]", answer.get("VersionIdsToStages") or {})
        stages = {version: frozenset(names) for version, names in labels.items()}
        return State(bool(answer.get("RotationEnabled")), stages, answer.get("LastRotatedDate"))

    def _value(self, *, wait: bool, **version: str) -> Value | None:
        for pause in (*(_PAUSES_SECONDS if wait else ()), None):
            try:
                answer = self._service.get_secret_value(SecretId=self._arn, **version)
            except botocore.exceptions.ClientError as error:
                if _code(error) not in _NOT_YET:
                    raise _classified(error, "GetSecretValue") from None
            except botocore.exceptions.BotoCoreError as error:
                raise _unreachable(error) from None
            else:
                if answer.get("SecretString") or answer.get("SecretBinary"):
                    return self._parsed(answer, "the secret")
            if pause is not None:
                self._wait(pause)
        return None

    def _parsed(self, answer: Mapping[str, Any], whose: str) -> Value:
        try:
            value: object = json.loads(answer.get("SecretString", ""))
        except ValueError:
            value = None
        if not isinstance(value, dict):
            self._redaction.learn(answer.get("SecretString"))
            raise ConfigurationError(f"the value of {whose} is no JSON object; put one with the keys that AWS documents for databases")
        self._redaction.learn(value)  # pyright: ignore[reportUnknownArgumentType] - any JSON
        return cast("Value", value)

    def _wait(self, seconds: float) -> None:
        time.sleep(self._deadline.limit(seconds))


def _ahead_of(version: str) -> str:
    """By this the version that was made beside another one is found again, whatever labels were moved meanwhile."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"keyturn:{NEXT}:{version}"))


@contextlib.contextmanager
def _told_apart(call: str) -> Generator[None]:
    try:
        yield
    except botocore.exceptions.ClientError as error:
        raise _classified(error, call) from None
    except botocore.exceptions.BotoCoreError as error:
        raise _unreachable(error) from None


def _code(error: botocore.exceptions.ClientError) -> str:
    return str(cast("dict[str, Any]", error.response).get("Error", {}).get("Code", ""))


def _classified(error: botocore.exceptions.ClientError, call: str) -> RotationError:
    """The service's own message is left out: it may repeat what was sent."""
    code = _code(error)
    match code:
        case "AccessDeniedException" | "AccessDenied":
            return PermissionRefusedError(f"{call} is denied; the function's role needs it, and the key through Secrets Manager")
        case "ThrottlingException" | "InternalServiceError" | "ServiceUnavailable":
            return NetworkError(f"{call} got no answer from Secrets Manager ({code}); it is tried again")
        case "ResourceExistsException" | "InvalidParameterException" | "InvalidRequestException":
            return ConflictError(f"{call} is refused ({code}): the secret's labels changed meanwhile")
        case "ResourceNotFoundException":
            return ConfigurationError(f"{call} found nothing; the secret or its value does not exist")
        case _:
            return ConfigurationError(f"{call} is refused ({code})")


def _unreachable(error: botocore.exceptions.BotoCoreError) -> RotationError:
    if isinstance(error, botocore.exceptions.NoCredentialsError):
        return PermissionRefusedError("the function has no credentials; it runs under its role on Lambda only")
    return NetworkError(
        f"Secrets Manager cannot be reached ({type(error).__name__}); a function in a VPC needs the service's endpoint or a NAT gateway"
    )
