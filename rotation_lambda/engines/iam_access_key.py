"""An IAM user's access key: two live keys, the new one beside the current one, and inactive before deleted.

The key that was replaced stays active until the next rotation needs its place: AWS gives a user two. What is current is never
touched. A key that no version of the secret ever held is deleted only if a note at the user says that this function made it
(`_iam_user`); any other is somebody's, and the rotation refuses instead. The function's role needs, on this one user:
iam:ListAccessKeys, CreateAccessKey, UpdateAccessKey, DeleteAccessKey, ListUserTags; and TagUser, UntagUser where aws:TagKeys is
keyturn:creating-access-key, since a user's other tags may decide what it is allowed to do.
"""

import re
import time
from collections.abc import Iterable, Sequence

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import Known, Value
from rotation_lambda.engines._iam_user import Key, User, caller
from rotation_lambda.errors import ConfigurationError, LostValueError
from rotation_lambda.targets import Target

_MOST_KEYS = 2  # not adjustable: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_USER_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_KEY = re.compile(r"\w{16,128}", re.ASCII)
# A key that was just made may not be listed yet; together 7.5 seconds.
_PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0)
# A key that AWS does not accept after this time never will be: its secret is not the one that AWS gave.
_SETTLING_SECONDS = 300


def describe(target: Target, current: Value | None) -> Value:  # noqa: ARG001 - the user stays the same
    """Gives the user's name."""
    target.knows_only("username")
    if not _USER_NAME.fullmatch(target.text("username")):
        raise ConfigurationError(
            f"the target {target.secret} needs a 'username' as IAM has it: without its path, and no ARN; the root user's keys do not rotate"
        )
    return {"UserName": target.text("username")}


def generate(target: Target, known: Known, deadline: Deadline) -> Value:
    """Makes room and gives a new key; or gives the one that this rotation has stored already."""
    user = User(target, deadline)
    keys = user.listed()
    held = {_id(known.current), _id(known.previous())}
    strange = [key for key in keys if key.identity not in held]
    if strange:
        # Secrets Manager may show late what was stored: a key must not go because its value could not be read.
        pending = known.pending()
        if pending and _id(pending) in {key.identity for key in keys}:
            return {name: pending.get(name) for name in ("AccessKeyId", "SecretAccessKey")}
        ours = _ours(strange, user, known)
        for key in ours:
            user.delete(key)
        keys = [key for key in keys if key not in ours]
    if len(keys) >= _MOST_KEYS:
        replaced = _dispensable(target, keys, known)
        user.delete(replaced)
        keys = [key for key in keys if key != replaced]
    user.write_note(keys)
    return user.create()


def set_credential(target: Target, pending: Value, known: Known, deadline: Deadline) -> None:  # noqa: ARG001 - the key says it all
    """Looks for the key that AWS does not accept: a new one needs a moment.

    Raises:
        LostValueError: the key is gone or out of use, or AWS will never accept it with this secret.
    """
    user = User(target, deadline)
    key = _listed(user, pending, deadline)
    if key is None or not key.active:
        raise LostValueError(f"somebody deleted the new key of {target.secret} or took it out of use; rotate again for another one")
    if time.time() - key.created.timestamp() > _SETTLING_SECONDS:
        raise LostValueError(f"AWS does not accept the key {key.identity} with the secret in the new value; rotate again for another one")


def verify(target: Target, pending: Value, deadline: Deadline) -> None:
    """Asks AWS whose key it is: this user's, in the secret's own account."""
    key, secret = pending.get("AccessKeyId"), pending.get("SecretAccessKey")
    if not isinstance(key, str) or not _KEY.fullmatch(key) or not isinstance(secret, str) or not secret:
        raise ConfigurationError(f"the value of {target.secret} has no 'AccessKeyId' and 'SecretAccessKey'; put them, or rotate from empty")
    _, _, _, region, account, *_ = target.arn.split(":")
    arn = caller(region, key, secret, deadline)
    *_, owner_account, resource = arn.split(":", 5)
    owner = resource.rsplit("/", 1)[-1] if resource.startswith("user/") else resource
    if (owner_account, resource.startswith("user/"), owner) != (account, True, target.text("username")):
        raise ConfigurationError(
            f"the key {key} belongs to {owner} of account {owner_account}, and not to the user {target.text('username')} of {account}"
        )


def cleanup(target: Target, *, keep: Sequence[Value], gone: Iterable[Value], known: Known, deadline: Deadline) -> None:
    """Deletes the keys of the values in `gone`, and takes the note away; a key that no value holds is left alone."""
    user = User(target, deadline)
    # Where somebody emptied the value, the key before is still in use.
    kept = {*map(_id, keep), _id(known.current) or _id(known.previous())}
    others = [key for key in user.listed() if key.identity not in kept]
    if others:
        withdrawn = {_id(value) for value in gone}
        for key in others:
            if key.identity in withdrawn:
                user.delete(key)
    user.remove_note()


def _ours(strange: Sequence[Key], user: User, known: Known) -> list[Key]:
    """Gives the keys that an abandoned rotation made: a version holds it still, or the note tells of it."""
    older = {_id(value) for value in known.older()}
    unknown = [key for key in strange if key.identity not in older]
    note = user.note() if unknown else None
    return [key for key in strange if key not in unknown or (note and note.covers(key))]


def _dispensable(target: Target, keys: Sequence[Key], known: Known) -> Key:
    """Gives the key before the current one, as long as the current one is there and active."""
    current, previous = _id(known.current), _id(known.previous())
    strangers = [key.identity for key in keys if key.identity not in {current, previous}]
    if strangers:
        raise ConfigurationError(
            f"the user {target.text('username')} has no place for another key, and no version of {target.secret} ever held"
            f" {' and '.join(strangers)}; if nobody uses it, run: aws iam delete-access-key --access-key-id <it>. Else that person or"
            f" program needs a user of its own"
        )
    if not all(key.active for key in keys if key.identity == current):
        raise ConfigurationError(
            f"somebody took the current key {current} out of use, and the other one may be in use instead; activate it, or put the key"
            f" that is in use into the secret"
        )
    return next(key for key in keys if key.identity == previous)


def _listed(user: User, pending: Value, deadline: Deadline) -> Key | None:
    for pause in (*_PAUSES_SECONDS, None):
        for key in user.listed():
            if key.identity == _id(pending):
                return key
        if pause is not None:
            time.sleep(deadline.limit(pause))
    return None


def _id(value: Value | None) -> str | None:
    identity = (value or {}).get("AccessKeyId")
    return identity if isinstance(identity, str) else None
