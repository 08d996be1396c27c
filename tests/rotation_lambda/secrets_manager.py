"""Secrets Manager by its documented rules, in process: versions, labels, tokens, retries, lag, and faults where a test wants them.

It has the shape of boto3's client, and drives a rotation the way the service does. What AWS does not document is not assumed:
where two behaviours are possible, a knob chooses.
"""

import datetime
import itertools
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
WRITES = ("put_secret_value", "update_secret_version_stage")
_PAGE = 2


class KilledError(BaseException):
    """The function is gone: no handler of it runs, as after a timeout or a crash of the machine."""


class RotationFailedError(Exception):
    """What a person sees as the event RotationFailed; the cause is the last attempt's."""


@dataclass
class Version:
    value: str | None
    labels: set[str]
    created: datetime.datetime
    unseen: int = 0


@dataclass
class Secret:
    arn: str
    versions: dict[str, Version] = field(default_factory=dict)
    rotates: bool = True
    rotated: datetime.datetime | None = None
    earlier: dict[str, list[str]] = field(default_factory=dict)
    lagging: int = 0

    def labelled(self) -> dict[str, list[str]]:
        return {version: sorted(kept.labels) for version, kept in self.versions.items() if kept.labels}

    def about_to_change(self, lag: int) -> None:
        """The next few that ask for the labels are told those of before."""
        self.earlier, self.lagging = self.labelled(), lag

    def holder(self, label: str) -> str | None:
        return next((version for version, kept in self.versions.items() if label in kept.labels), None)


class SecretsManager:
    def __init__(self, account: str = "123456789012") -> None:
        self.account = account
        self.secrets: dict[str, Secret] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.lag = 0  # how many reads of a new value fail
        self.labels_lag = 0  # how many reads of the labels see those of before the last change
        self.first_is_current = False  # PutSecretValue attaches AWSCURRENT to a first version; whether a rotation's counts is not said
        self.clears_pending = True  # AWS: "our backend cleans up the pending label"; both end states are legal
        self.before: Callable[[str, dict[str, Any]], None] = lambda _call, _request: None
        self.after: Callable[[str, dict[str, Any]], None] = lambda _call, _request: None
        self._ticks = itertools.count()

    # What a person or the service does.

    def create(self, name: str, value: object = None) -> str:
        arn = f"arn:aws:secretsmanager:eu-central-1:{self.account}:secret:{name}-a1B2c3"
        self.secrets[arn] = Secret(arn)
        if value is not None:
            self.write(arn, value)
        return arn

    def write(self, arn: str, value: object) -> str:
        """PutSecretValue by hand: moves AWSCURRENT."""
        version = str(uuid.uuid4())
        text = value if isinstance(value, str) else json.dumps(value)
        self.secrets[arn].versions[version] = Version(text, set(), self.now())
        self._move(self.secrets[arn], CURRENT, version)
        return version

    def value(self, arn: str, label: str = CURRENT) -> dict[str, Any]:
        secret = self.secrets[arn]
        return json.loads(secret.versions[secret.holder(label)].value)

    def abandon(self, arn: str) -> None:
        """What AWS's runbook says about a rotation that is stuck: take AWSPENDING off."""
        for version in self.secrets[arn].versions.values():
            version.labels.discard(PENDING)

    def start(self, arn: str, token: str | None = None) -> str:
        """RotateSecret: refused while AWSPENDING is on a version that is not AWSCURRENT."""
        token = token or str(uuid.uuid4())
        secret = self.secrets[arn]
        pending = secret.holder(PENDING)
        if pending not in {None, token, secret.holder(CURRENT)}:
            raise _error(
                "InvalidRequestException", "RotateSecret", "A previous rotation isn't complete. That rotation will be reattempted."
            )
        if token not in secret.versions:
            secret.about_to_change(self.labels_lag)
            secret.versions[token] = Version(None, set(), self.now())
            self._move(secret, PENDING, token)
        return token

    def event(self, arn: str, token: str, step: str) -> dict[str, Any]:
        return {"Step": step, "SecretId": arn, "ClientRequestToken": token, "RotationToken": f"rotation-of-{token}"}

    def rotate(self, arn: str, handler: Callable, context: object, token: str | None = None, attempts: int = 1) -> str:
        """RotateSecret and all that follows: the whole process again after a failure, then RotationFailed."""
        token = self.start(arn, token)
        for attempt in itertools.count(1):
            try:
                for step in STEPS:
                    handler(self.event(arn, token, step), context)
            except Exception as error:
                if attempt == attempts:
                    raise RotationFailedError(str(error)) from error
            else:
                break
        if CURRENT not in self.secrets[arn].versions[token].labels:
            raise RotationFailedError("the function did not publish the new version")
        self.secrets[arn].rotated = self.now()
        if self.clears_pending:
            self.abandon(arn)
        return token

    def rotate_test_only(self, arn: str, handler: Callable, context: object, *, copy: bool = True) -> None:
        """RotateSecret with RotateImmediately=false: testSecret alone, on a temporary version."""
        secret, token = self.secrets[arn], str(uuid.uuid4())
        current = secret.holder(CURRENT)
        secret.versions[token] = Version(secret.versions[current].value if copy and current else None, set(), self.now())
        self._move(secret, PENDING, token)
        try:
            handler(self.event(arn, token, "testSecret"), context)
        finally:
            del secret.versions[token]

    # The client.

    def describe_secret(self, **request: Any) -> dict[str, Any]:
        with self._called("describe_secret", request):
            secret = self._secret(request)
            labelled = secret.labelled()
            if secret.lagging > 0:
                secret.lagging -= 1
                labelled = secret.earlier
            rotated = {"LastRotatedDate": secret.rotated} if secret.rotated else {}
            return {"ARN": secret.arn, "RotationEnabled": secret.rotates, "VersionIdsToStages": labelled, **rotated}

    def get_secret_value(self, **request: Any) -> dict[str, Any]:
        with self._called("get_secret_value", request):
            secret = self._secret(request)
            version = request.get("VersionId") or secret.holder(request.get("VersionStage", CURRENT))
            kept = secret.versions.get(version)
            stage = request.get("VersionStage")
            if kept is None or (stage and stage not in kept.labels):
                raise _error("ResourceNotFoundException", "GetSecretValue", "Secrets Manager can't find the specified secret value")
            if kept.unseen > 0:
                kept.unseen -= 1
                raise _error("ResourceNotFoundException", "GetSecretValue", "Secrets Manager can't find the specified secret value")
            if kept.value is None:
                raise _error("ResourceNotFoundException", "GetSecretValue", "Secrets Manager can't find the specified secret value")
            return {"ARN": secret.arn, "VersionId": version, "SecretString": kept.value, "VersionStages": sorted(kept.labels)}

    def put_secret_value(self, **request: Any) -> dict[str, Any]:
        with self._called("put_secret_value", request):
            secret, token = self._secret(request), request["ClientRequestToken"]
            kept = secret.versions.setdefault(token, Version(None, set(), self.now()))
            if kept.value is not None and kept.value != request["SecretString"]:
                raise _error("ResourceExistsException", "PutSecretValue", "You can't modify an existing version, only create")
            if kept.value is not None:  # the same again is ignored: a label that was taken off meanwhile does not come back
                return {"ARN": secret.arn, "VersionId": token}
            kept.value, kept.unseen = request["SecretString"], self.lag
            secret.about_to_change(self.labels_lag)
            first = self.first_is_current and secret.holder(CURRENT) is None
            for label in [*request.get("VersionStages", [CURRENT]), *([CURRENT] if first else [])]:
                self._move(secret, label, token)
            return {"ARN": secret.arn, "VersionId": token}

    def update_secret_version_stage(self, **request: Any) -> dict[str, Any]:
        with self._called("update_secret_version_stage", request):
            secret, label = self._secret(request), request["VersionStage"]
            to, off, holder = request.get("MoveToVersionId"), request.get("RemoveFromVersionId"), secret.holder(request["VersionStage"])
            if to is not None and to not in secret.versions:
                raise _error("ResourceNotFoundException", "UpdateSecretVersionStage", "no such version")
            if off != holder and not (off is None and holder == to):
                raise _error("InvalidParameterException", "UpdateSecretVersionStage", "RemoveFromVersionId must name the holder")
            secret.about_to_change(self.labels_lag)
            if to is None:
                secret.versions[off].labels.discard(label)
            elif holder != to:
                self._move(secret, label, to)
            return {"ARN": secret.arn}

    def list_secret_version_ids(self, **request: Any) -> dict[str, Any]:
        with self._called("list_secret_version_ids", request):
            every = self._secret(request).versions.items()
            shown = [
                {"VersionId": version, "VersionStages": sorted(kept.labels), "CreatedDate": kept.created}
                for version, kept in every
                if kept.labels or request.get("IncludeDeprecated")
            ]
            begin = int(request.get("NextToken", 0))
            more = {"NextToken": str(begin + _PAGE)} if begin + _PAGE < len(shown) else {}
            return {"Versions": shown[begin : begin + _PAGE], **more}

    def writes(self, *, releases: bool = True) -> list[str]:
        """What was written; `releases` are the calls that only take a label off."""
        written = [(call, request) for call, request in self.calls if call in WRITES]
        return [call for call, request in written if releases or call == "put_secret_value" or "MoveToVersionId" in request]

    def _called(self, call: str, request: dict[str, Any]) -> "_Call":
        return _Call(self, call, request)

    def _secret(self, request: dict[str, Any]) -> Secret:
        if request["SecretId"] not in self.secrets:
            raise _error("ResourceNotFoundException", "DescribeSecret", "Secrets Manager can't find the specified secret.")
        return self.secrets[request["SecretId"]]

    def _move(self, secret: Secret, label: str, to: str) -> None:
        holder = secret.holder(label)
        if holder == to:
            return
        if holder:
            secret.versions[holder].labels.discard(label)
            if label == CURRENT:
                self._move(secret, PREVIOUS, holder)
        secret.versions[to].labels.add(label)

    def now(self) -> datetime.datetime:
        return datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=next(self._ticks))


class _Call:
    def __init__(self, service: SecretsManager, call: str, request: dict[str, Any]) -> None:
        self._service, self._call, self._request = service, call, request

    def __enter__(self) -> None:
        self._service.calls.append((self._call, self._request))
        self._service.before(self._call, self._request)

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._service.after(self._call, self._request)


def _error(code: str, call: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, call)
