"""One IAM user's access keys: listed, made, taken out of use; and a note at the user before a key is made.

CreateAccessKey tells the secret once, and a key takes no tags. If the function is cut off before it has stored the key, nothing in
the secret tells that key from one that a person made; and that a key is young and was never used proves nothing, since a person
may have made it for tomorrow. So the user gets a tag first, as databases write their log first: a key that is not on the note and
was made in the minutes after it is this function's own.
"""

import contextlib
import datetime
import functools
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import botocore.config
import botocore.session

from rotation_lambda.calls import ask
from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import Value
from rotation_lambda.errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    PermissionRefusedError,
    RotationError,
)
from rotation_lambda.targets import Target

_TAG = "keyturn:creating-access-key"
_NOTE = re.compile(r"(?P<moment>[0-9]{10}) beside(?P<keys>( [A-Za-z0-9]+)*)")
# Clocks differ a little; and no function of Lambda lives longer than a quarter of an hour.
_EARLY_SECONDS, _LATE_SECONDS = 60, 900
# A key that was just made may be unknown where the next call lands.
_NOT_ACCEPTED = frozenset({"InvalidClientTokenId", "SignatureDoesNotMatch"})
_GONE = frozenset({"NoSuchEntity"})


@functools.cache  # one client for all invocations of a warm function
def client(service: str, region: str, *, attempts: int = 3) -> Any:
    """Gives a client under the function's own role."""
    session: Any = botocore.session.Session()
    return session.create_client(service, region_name=region, config=_config(attempts))


def client_of(region: str, key: str, secret: str) -> Any:
    """Gives a client of the region's own STS under an access key."""
    session: Any = botocore.session.Session()
    session.set_config_variable("sts_regional_endpoints", "regional")
    return session.create_client("sts", region_name=region, aws_access_key_id=key, aws_secret_access_key=secret, config=_config(2))


def _config(attempts: int) -> Any:
    return botocore.config.Config(connect_timeout=4, read_timeout=5, retries={"total_max_attempts": attempts, "mode": "standard"})


@dataclass(frozen=True)
class Key:
    """One access key as IAM lists it."""

    identity: str
    active: bool
    created: datetime.datetime


@dataclass(frozen=True)
class Note:
    """What stood at the user before a key was made."""

    moment: int
    keys: frozenset[str]

    def covers(self, key: Key) -> bool:
        """Says whether the key was made by the function that wrote this."""
        age = key.created.timestamp() - self.moment
        return key.identity not in self.keys and -_EARLY_SECONDS <= age <= _LATE_SECONDS


class User:
    """The calls that a rotation makes about one user."""

    def __init__(self, target: Target, deadline: Deadline) -> None:
        self._name = target.text("username")
        self._region = target.arn.split(":")[3]
        self._deadline = deadline

    def listed(self) -> list[Key]:
        """Gives the user's keys; there are two at most."""
        listed = self._ask("list_access_keys").get("AccessKeyMetadata", [])
        return [Key(key["AccessKeyId"], key["Status"] == "Active", key["CreateDate"]) for key in listed]

    def note(self) -> Note | None:
        """Gives the note of a function that was going to make a key."""
        tags = {tag["Key"]: tag["Value"] for tag in self._ask("list_user_tags").get("Tags", [])}
        read = _NOTE.fullmatch(tags.get(_TAG, ""))
        return Note(int(read["moment"]), frozenset(read["keys"].split())) if read else None

    def write_note(self, keys: Sequence[Key]) -> None:
        """Notes which keys there are before one is made."""
        text = " ".join([f"{int(time.time())} beside", *(key.identity for key in keys)])
        self._ask("tag_user", Tags=[{"Key": _TAG, "Value": text}])

    def remove_note(self) -> None:
        """Leaves the user's tags as they were."""
        self._ask("untag_user", TagKeys=[_TAG])

    def create(self) -> Value:
        """Gives a new key. It is asked for once: a second request after a lost answer would make a second key."""
        try:
            key = self._ask("create_access_key", attempts=1)["AccessKey"]
        except (PermissionRefusedError, ConfigurationError):
            with contextlib.suppress(RotationError):
                self.remove_note()  # none was made: the next one is a person's, who helps out
            raise
        return {"AccessKeyId": key["AccessKeyId"], "SecretAccessKey": key["SecretAccessKey"]}

    def delete(self, key: Key) -> None:
        """Takes a key out of use and deletes it; one that is gone already is no error."""
        self._ask("update_access_key", unless=_GONE, AccessKeyId=key.identity, Status="Inactive")
        self._ask("delete_access_key", unless=_GONE, AccessKeyId=key.identity)

    def _ask(self, call: str, *, attempts: int = 3, unless: frozenset[str] = frozenset(), **request: Any) -> dict[str, Any]:
        iam = client("iam", self._region, attempts=attempts)
        return ask(getattr(iam, call), self._deadline, unless=unless, service="IAM", says=self._iam_says, UserName=self._name, **request)

    def _iam_says(self, call: str, code: str) -> RotationError | None:
        match call, code:
            case _, "NoSuchEntity":
                return ConfigurationError(f"there is no IAM user {self._name}, or not in this account; look at 'username'")
            case "CreateAccessKey", "LimitExceeded":
                return ConflictError(f"the user {self._name} has two keys, since somebody made one at the same time; it is tried again")
            case _, "LimitExceeded":
                return ConfigurationError(f"{call} is refused: the user {self._name} has as many tags as IAM allows; take one off")
            case _, "ConcurrentModification" | "EntityTemporarilyUnmodifiable":
                return ConflictError(f"{call} meets another change of the user ({code}); it is tried again")
            case _:
                return _denied(call, code)


def caller(region: str, key: str, secret: str, deadline: Deadline) -> str:
    """Gives the ARN of whoever the key belongs to.

    Raises:
        AuthenticationError: AWS does not accept the key.
    """

    def says(call: str, code: str) -> RotationError | None:
        if code in _NOT_ACCEPTED:
            return AuthenticationError(f"AWS does not accept the key {key} ({code})")
        return _denied(call, code)

    identity = client_of(region, key, secret).get_caller_identity
    return str(ask(identity, deadline, service=f"STS in {region}", says=says)["Arn"])


def _denied(call: str, code: str) -> RotationError | None:
    if code in {"AccessDenied", "AccessDeniedException", "ExpiredToken", *_NOT_ACCEPTED}:
        return PermissionRefusedError(f"{call} is denied ({code}); the function's role needs it for this user")
    return None
