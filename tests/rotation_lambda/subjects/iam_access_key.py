"""A service with an access key, and the IAM user that it is of: for the crash matrix, and for the engine's own tests."""

import contextlib
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import botocore.exceptions
import pytest

from rotation_lambda import versions
from rotation_lambda.engines import _iam_user
from tests.rotation_lambda.access_keys import AccessKeys
from tests.rotation_lambda.generated import Generated
from tests.rotation_lambda.matrix import Around, Row
from tests.rotation_lambda.secrets_manager import SecretsManager

_users = itertools.count(1)


@contextlib.contextmanager
def running() -> Iterator[None]:
    """IAM lives in the subject."""
    yield None


class Service(Generated):
    """One secret of one service, with everything that a test does to it."""

    most_live = 2

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        manager = SecretsManager()
        monkeypatch.setattr(versions, "client", lambda: manager)
        self.username = f"billing{next(_users)}"
        super().__init__(manager, monkeypatch, "prod/billing/aws", {"kind": "aws-access-key", "username": self.username})
        self.iam = AccessKeys(self.username, "/services/")
        self.attempts: list[int] = []
        monkeypatch.setattr(_iam_user, "client", self._client)
        monkeypatch.setattr(_iam_user, "client_of", lambda _region, key, secret: self.iam.as_key(key, secret))

    def _client(self, service: str, region: str, *, attempts: int = 3) -> AccessKeys:
        assert (service, region) == ("iam", "eu-central-1")
        self.attempts.append(attempts)
        return self.iam

    def write_key(self) -> dict[str, str]:
        """A person makes a key and puts it into the secret."""
        key = self.iam.make()
        value = {"UserName": self.username, "AccessKeyId": key.identity, "SecretAccessKey": key.secret}
        self.write(value)
        return value

    def pending(self, token: str) -> dict[str, Any]:
        return json.loads(self.manager.secrets[self.arn].versions[token].value)

    def tamper(self, token: str, **changes: object) -> None:
        """Somebody with PutSecretValue changes the new value."""
        self.manager.secrets[self.arn].versions[token].value = json.dumps({**self.pending(token), **changes})

    def secrets_ever(self) -> list[str]:
        values = [json.loads(version.value) for version in self.manager.secrets[self.arn].versions.values() if version.value]
        return ["canary-of-iam", *(value["SecretAccessKey"] for value in values if value["SecretAccessKey"])]

    def works(self, value: dict[str, Any]) -> bool:
        return self.iam.accepts(value["AccessKeyId"], value["SecretAccessKey"])

    def live(self) -> int:
        return len(self.iam.live())

    def install(self, monkeypatch: pytest.MonkeyPatch, around: Around) -> None:
        for call in ("list_access_keys", "create_access_key", "update_access_key", "delete_access_key", *_TAGGING):
            monkeypatch.setattr(self.iam, call, _watched(getattr(self.iam, call), call, around))
        as_key = self.iam.as_key

        def watched(key: str, secret: str) -> Any:
            caller = as_key(key, secret)
            caller.get_caller_identity = _watched(caller.get_caller_identity, "get_caller_identity", around)
            return caller

        monkeypatch.setattr(self.iam, "as_key", watched)

    def unanswered(self) -> Exception:
        return botocore.exceptions.ReadTimeoutError(endpoint_url="https://iam")


_TAGGING = ("list_user_tags", "tag_user", "untag_user")


def _watched(call: Callable[..., Any], name: str, around: Around) -> Callable[..., Any]:
    def watched(**request: Any) -> Any:
        with around(" ".join([name, request.get("Status", "")]).strip()):
            return call(**request)

    return watched


def _after(rotations: int) -> Callable[[None, pytest.MonkeyPatch], Service]:
    def prepare(_: None, monkeypatch: pytest.MonkeyPatch) -> Service:
        service = Service(monkeypatch)
        for _ in range(rotations):
            service.rotate_after(3_600)
        return service

    return prepare


def _rows() -> Iterator[Row]:
    for rotations, start in enumerate(("empty secret", "second rotation", "third rotation")):
        yield Row(
            engine="aws-access-key",
            strategy="two keys",
            start=start,
            overlap=True,
            prepare=_after(rotations),
            reads=("list", "get"),
        )


ROWS = [*_rows()]
