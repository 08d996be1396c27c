"""All that the function says to Secrets Manager: versions, labels and values of one secret, during one step."""

import contextlib
import functools
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, cast

import botocore.config
import botocore.session

from rotation_lambda.calls import ask
from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import Value
from rotation_lambda.errors import ConfigurationError, ConflictError, Redaction, StrangeValueError

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
NEXT = "AWSNEXT"  # ours: what the rotation after this one publishes

# A version may not be readable yet where the next call lands; together 6.3 seconds.
_PAUSES_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
_NOT_YET = frozenset({"ResourceNotFoundException", "InvalidRequestException"})
# The labels moved since they were read: a duplicate invocation, or a read that lagged.
_MOVED = _NOT_YET | {"InvalidParameterException"}
_STORED_ALREADY = frozenset({"ResourceExistsException"})
# Values from before the current one that are worth a try, newest first: a server may be restored from a backup, and each try is a login.
_MOST_OLD_VERSIONS = 10
# Secrets Manager keeps about a hundred versions, and puts that many on a page.
_MOST_PAGES = 20


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
    # Three attempts of at most eight seconds: a service that never answers is told before the platform ends the function.
    config = botocore.config.Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"})
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

    def before_publishing(self, token: str) -> "State":
        """Gives the state without an AWSCURRENT that no rotation published.

        PutSecretValue makes a secret's first version current at once. That says nothing about the server, so it does not count as
        long as the rotation goes on, nor when it was given up.
        """
        first = self.holder_of(CURRENT) in {token, _ahead_of(token)} and self.holder_of(PREVIOUS) is None
        if not first or (self.rotated and PENDING not in self.labels[token]):
            return self
        return replace(self, labels={version: labels - {CURRENT} for version, labels in self.labels.items()})

    def refuse_abandoned(self, token: str) -> None:
        """Refuses to go on with a rotation that somebody ended by taking AWSPENDING off its version."""
        if PENDING not in self.labels[token]:
            raise ConflictError("the version is not AWSPENDING any more: the rotation was abandoned, and a new one starts afresh")


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
        for _ in self._attempts():
            state = self._describe()
            if self._token in state.labels:
                return state
        raise ConflictError("the secret has no version of this token; the rotation was started for another secret or is gone")

    def confirm(self, state: State) -> State:
        """Reads the labels once more, right before something is written, and gives them.

        Raises:
            ConflictError: the rotation was abandoned, or what is current is not what was looked at.
        """
        now = self.state()
        now.refuse_abandoned(self._token)
        if now.before_publishing(self._token).holder_of(CURRENT) not in {state.holder_of(CURRENT), self._token}:
            raise ConflictError("another version became AWSCURRENT while this step ran, so it changed nothing; it is tried again")
        return now

    def is_latest(self) -> bool:
        """Says whether no other rotation began since."""
        now = self._describe()
        return self._token == (now.holder_of(PENDING) or now.holder_of(CURRENT))

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

    def pending(self, *, wait: bool = False) -> Value | None:
        """Gives the new value by token and label, so that no other version is taken for it.

        Raises:
            StrangeValueError: it holds nothing, or no JSON object, so it is not the function's.
        """
        value = self._value(wait=wait, unreadable=StrangeValueError, VersionId=self._token, VersionStage=PENDING)
        if value == {}:
            raise StrangeValueError("the new value is an empty object, which holds no credential; the next rotation makes another")
        return value

    def older(self, state: State) -> Iterator[Value]:
        """Gives values that carry no label any more, newest first: what an abandoned rotation may have set."""
        versions: list[dict[str, Any]] = []
        next_page: dict[str, Any] = {}
        for _ in range(_MOST_PAGES):
            page = self._ask(self._service.list_secret_version_ids, IncludeDeprecated=True, **next_page)
            versions += page.get("Versions", [])
            if not page.get("NextToken"):
                break
            next_page = {"NextToken": page["NextToken"]}
        # Neither labelled when the step began nor now: a rotation that began meanwhile has a version, too.
        known = {self._token, *(version for version, labels in state.labels.items() if labels)}
        unlabelled = [version for version in versions if not version.get("VersionStages") and version["VersionId"] not in known]
        newest_first = sorted(unlabelled, key=lambda version: version["CreatedDate"], reverse=True)
        # Any rotation that was abandoned since the current value was made may be the one that set its own, however many came after it.
        current = [version["CreatedDate"] for version in versions if version["VersionId"] == state.holder_of(CURRENT)]
        since = [version for version in newest_first if not current or version["CreatedDate"] >= current[0]]
        for version in newest_first[: len(since) + _MOST_OLD_VERSIONS]:
            with contextlib.suppress(ConfigurationError):  # somebody's note from before is no credential
                if value := self._value(VersionId=version["VersionId"]):
                    yield value

    def admin(self, arn: str) -> Value:
        """Gives the admin secret's current value."""
        answer = ask(self._service.get_secret_value, self._deadline, on=" on the admin secret", SecretId=arn, VersionStage=CURRENT)
        return self._parsed(answer, "the admin secret")

    def put(self, value: Value) -> bool:
        """Stores the new value under the token, labelled AWSPENDING only; says no when another invocation was first."""
        return self._put(value, self._token, PENDING)

    def announced(self, state: State) -> Value | None:
        """Gives the value that was kept ahead when the current version was made."""
        current = state.holder_of(CURRENT)
        if current is None:
            return None
        version = _ahead_of(current)
        return self._value(wait=version in state.labels, VersionId=version)

    def keep_ahead(self, value: Value) -> Value:
        """Stores a value labelled AWSNEXT beside the token's version; gives what is stored, a duplicate's if that was faster."""
        version = _ahead_of(self._token)
        if self._put(value, version, NEXT):
            return value
        kept = self._value(wait=True, VersionId=version)
        if kept is None:
            raise ConflictError("the value made ahead cannot be read back; it is tried again")
        return kept

    def publish(self) -> str | None:
        """Moves AWSCURRENT to the token's version, unless another invocation or a repeated call was faster.

        Gives the version that the label moved off; nothing when it was the first that carries it.
        """
        for _ in self._attempts():
            state = self.state()
            holder = state.holder_of(CURRENT)
            if holder == self._token:
                return state.holder_of(PREVIOUS)
            state.refuse_abandoned(self._token)
            off = {"RemoveFromVersionId": holder} if holder else {}
            if self._ask(self._service.update_secret_version_stage, _MOVED, VersionStage=CURRENT, MoveToVersionId=self._token, **off):
                return holder
        raise ConflictError("AWSCURRENT moved each time before it could be moved; nothing was published, and it is tried again")

    def release(self, state: State) -> None:
        """Takes AWSPENDING off the token's version: this value is given up, and the next rotation makes another."""
        now = self.confirm(state)
        # A first version that was current at once would look finished without the label, and stands in nobody's way with it.
        if CURRENT not in now.labels[self._token]:
            self._ask(self._service.update_secret_version_stage, VersionStage=PENDING, RemoveFromVersionId=self._token)

    def _put(self, value: Value, version: str, label: str) -> bool:
        self._redaction.learn(value)
        source = {"RotationToken": self._rotation_token} if self._rotation_token else {}
        answer = self._ask(
            self._service.put_secret_value,
            _STORED_ALREADY,
            ClientRequestToken=version,
            SecretString=json.dumps(value),
            VersionStages=[label],
            **source,
        )
        return bool(answer)

    def _describe(self) -> State:
        answer = self._ask(self._service.describe_secret)
        if answer.get("ARN", self._arn) != self._arn:
            raise ConflictError("Secrets Manager described another secret than it asked to rotate")
        if answer.get("DeletedDate"):
            raise ConfigurationError("the secret is scheduled for deletion; restore it, or cancel its rotation")
        labels: dict[str, list[str]] = answer.get("VersionIdsToStages") or {}
        stages = {version: frozenset(names) for version, names in labels.items()}
        return State(bool(answer.get("RotationEnabled")), stages, answer.get("LastRotatedDate"))

    def _value(self, *, wait: bool = False, unreadable: type[ConfigurationError] = ConfigurationError, **version: str) -> Value | None:
        for _ in self._attempts() if wait else [None]:
            answer = self._ask(self._service.get_secret_value, _NOT_YET, **version)
            if answer.get("SecretString") or answer.get("SecretBinary"):
                return self._parsed(answer, "the secret", unreadable)
        return None

    def _parsed(self, answer: Mapping[str, Any], whose: str, unreadable: type[ConfigurationError] = ConfigurationError) -> Value:
        with contextlib.suppress(KeyError, ValueError, RecursionError):
            value: Value | list[Any] | str | float | None = json.loads(answer["SecretString"])
            if isinstance(value, dict):
                self._redaction.learn(value)
                return value
        self._redaction.learn(answer.get("SecretString"))
        raise unreadable(f"the value of {whose} is no JSON object; put one with the keys that AWS documents for databases")

    def _ask(self, call: Callable[..., dict[str, Any]], unless: frozenset[str] = frozenset(), **request: Any) -> dict[str, Any]:
        return ask(call, self._deadline, unless=unless, SecretId=self._arn, **request)

    def _attempts(self) -> Iterator[None]:
        """Comes once, and again after each of a few longer and longer pauses."""
        yield
        for pause in _PAUSES_SECONDS:
            time.sleep(self._deadline.limit(pause))
            yield


def _ahead_of(version: str) -> str:
    """By this the version that was made beside another one is found again, whatever labels were moved meanwhile."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"keyturn:{NEXT}:{version}"))
