"""IAM and STS by their documented rules for access keys, in process: two keys a user, inactive keys do not sign, and lag on a knob."""

import datetime
import time
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
_MOST = 2


@dataclass
class AccessKey:
    identity: str
    secret: str
    status: str
    created: float
    unseen: int = 0
    """How often AWS says yet that it does not know the key: it takes a moment until a new one is known everywhere."""


class AccessKeys:
    """The two clients at once, for one user."""

    def __init__(self, username: str, path: str = "/") -> None:
        self.username, self.arn = username, f"arn:aws:iam::{ACCOUNT}:user{path}{username}"
        self.keys: dict[str, AccessKey] = {}
        self.tags: dict[str, str] = {"team": "billing"}
        self.calls: list[str] = []
        self.lag = 0
        self._made = 0

    # What a person does.

    def make(self) -> AccessKey:
        self._made += 1
        key = AccessKey(f"KEYOFTESTS{self._made:010}", f"secret-of-access-key-{self._made:019}", "Active", time.time(), self.lag)
        self.keys[key.identity] = key
        return key

    def live(self) -> list[str]:
        return [key.identity for key in self.keys.values() if key.status == "Active"]

    def accepts(self, identity: str, secret: str) -> bool:
        key = self.keys.get(identity)
        return key is not None and (key.secret, key.status) == (secret, "Active")

    # The client of IAM.

    def list_access_keys(self, **request: Any) -> dict[str, Any]:
        self._begin("ListAccessKeys", request)
        listed = [
            {
                "UserName": self.username,
                "AccessKeyId": key.identity,
                "Status": key.status,
                "CreateDate": datetime.datetime.fromtimestamp(key.created, datetime.UTC),
            }
            for key in self.keys.values()
        ]
        return {"AccessKeyMetadata": listed, "IsTruncated": False}

    def create_access_key(self, **request: Any) -> dict[str, Any]:
        self._begin("CreateAccessKey", request)
        if len(self.keys) >= _MOST:
            raise refused("LimitExceeded", "CreateAccessKey", 409)
        key = self.make()
        return {"AccessKey": {"UserName": self.username, "AccessKeyId": key.identity, "SecretAccessKey": key.secret, "Status": "Active"}}

    def update_access_key(self, **request: Any) -> dict[str, Any]:
        self._begin("UpdateAccessKey", request)
        self._key(request, "UpdateAccessKey").status = request["Status"]
        return {}

    def delete_access_key(self, **request: Any) -> dict[str, Any]:
        self._begin("DeleteAccessKey", request)
        del self.keys[self._key(request, "DeleteAccessKey").identity]
        return {}

    def list_user_tags(self, **request: Any) -> dict[str, Any]:
        self._begin("ListUserTags", request)
        return {"Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()]}

    def tag_user(self, **request: Any) -> dict[str, Any]:
        self._begin("TagUser", request)
        self.tags |= {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        return {}

    def untag_user(self, **request: Any) -> dict[str, Any]:
        self._begin("UntagUser", request)
        for key in request["TagKeys"]:
            self.tags.pop(key, None)
        return {}

    # STS, under a key.

    def as_key(self, identity: str, secret: str) -> "_Caller":
        return _Caller(self, identity, secret)

    def _begin(self, call: str, request: dict[str, Any]) -> None:
        self.calls.append(f"{call} {request.get('Status', '')} {request.get('AccessKeyId', '')}".replace("  ", " ").strip())
        if request["UserName"] != self.username:
            raise refused("NoSuchEntity", call, 404)

    def _key(self, request: dict[str, Any], call: str) -> AccessKey:
        if request["AccessKeyId"] not in self.keys:
            raise refused("NoSuchEntity", call, 404)
        return self.keys[request["AccessKeyId"]]


class _Caller:
    def __init__(self, service: AccessKeys, identity: str, secret: str) -> None:
        self._service, self._identity, self._secret = service, identity, secret

    def get_caller_identity(self) -> dict[str, str]:
        self._service.calls.append(f"GetCallerIdentity {self._identity}")
        key = self._service.keys.get(self._identity)
        if key is None or key.status != "Active" or key.unseen > 0:
            if key is not None:
                key.unseen -= 1
            raise refused("InvalidClientTokenId", "GetCallerIdentity", 403)
        if key.secret != self._secret:
            raise refused("SignatureDoesNotMatch", "GetCallerIdentity", 403)
        return {"Account": self._service.arn.split(":")[4], "Arn": self._service.arn, "UserId": "AIDA0"}


def refused(code: str, call: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "canary-of-iam"}, "ResponseMetadata": {"HTTPStatusCode": status}}, call)
