"""A user's access keys: two at most, and none of a user who is not there.

ministack makes as many as asked for, and lists a missing user's as empty.
"""

from typing import Any

from ministack.services import iam

_MOST = 2

_create, _list = iam._create_access_key, iam._list_access_keys


def install() -> None:
    """Makes IAM count."""
    iam._IAM_HANDLERS.update({"CreateAccessKey": create, "ListAccessKeys": listed})


def create(parameters: dict[str, Any]) -> Any:
    """CreateAccessKey: refuses a third key."""
    name = iam._p(parameters, "UserName")
    if len([key for key in iam._access_keys.values() if key["UserName"] == name]) >= _MOST:
        return iam._error(409, "LimitExceeded", f"Cannot exceed quota for AccessKeysPerUser: {_MOST}", ns="iam")
    return _create(parameters)


def listed(parameters: dict[str, Any]) -> Any:
    """ListAccessKeys: refuses a user who is not there."""
    name = iam._p(parameters, "UserName")
    if name and name not in iam._users:
        return iam._error(404, "NoSuchEntity", f"The user with name {name} cannot be found.", ns="iam")
    return _list(parameters)
