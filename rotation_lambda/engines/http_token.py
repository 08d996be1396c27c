"""A token of any issuer with an HTTP API, described by the declaration: issue, verify, and revoke after a grace.

The token that was replaced stays valid while its grace runs, and is revoked by the first rotation step after that. When each was
replaced is kept in the value itself (`retired`, by id), so that a token never goes early and never stays for good, however often
the secret rotates. A token's name says whose it is: what was issued and never stored, because the function was cut off, is found
by it in the issuer's list and revoked. Nothing else is: what a person made, a person revokes.
"""

import hashlib
import time
from collections.abc import Iterable, Sequence
from typing import cast

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import Known, Value
from rotation_lambda.engines._http_client import Client
from rotation_lambda.engines._http_configuration import Issuer, issuer_of
from rotation_lambda.errors import ConfigurationError, LostValueError
from rotation_lambda.targets import Target

# An issuer that does not know its token after this time never will.
_SETTLING_SECONDS = 300


def describe(target: Target, current: Value | None) -> Value:  # noqa: ARG001 - nothing of a token's value is public
    """Checks the declaration; a token has no place and no user that the value would name."""
    issuer_of(target)
    return {}


def generate(target: Target, known: Known, deadline: Deadline) -> Value:
    """Revokes what has had its grace, which makes room at the issuer, and issues a new token.

    What an earlier call issued and did not store is left alone here: it may be what a duplicate is about to store.
    """
    issuer = issuer_of(target)
    client = Client(issuer, known.admin, deadline)
    replaced = _replaced(known)
    over = [identity for identity in replaced if not _in_grace(issuer, replaced, identity)]
    _revoke(client, target, over)
    token, identity = client.issue(_name(target, known.token), known.token)
    retired = {other: moment for other, moment in replaced.items() if other not in over}
    # An empty one is written only over one that is not.
    kept = {"retired": retired} if retired or "retired" in (known.current or {}) else {}
    return {"value": token, "id": identity, "issued": int(time.time()), **kept}


def set_credential(target: Target, pending: Value, known: Known, deadline: Deadline) -> None:  # noqa: ARG001 - there is nothing to set
    """Gives the issuer time to learn of its own token, and gives the token up when that time is over.

    Raises:
        LostValueError: it is refused for too long; somebody revoked or replaced it.
    """
    issued = _issued(pending)
    if issued is None or time.time() - issued > _SETTLING_SECONDS:
        raise LostValueError(
            f"the issuer of {target.secret} does not accept its new token, so somebody revoked or replaced it; rotate again for another one"
        )


def verify(target: Target, pending: Value, deadline: Deadline) -> None:
    """Makes the request that the declaration names with the new token."""
    token = pending.get("value")
    if not isinstance(token, str) or not token:
        raise ConfigurationError(f"the value of {target.secret} has no 'value', the token; put one, or let the secret rotate from empty")
    Client(issuer_of(target), None, deadline).verify(token, _id(pending) or "")


def cleanup(target: Target, *, keep: Sequence[Value], gone: Iterable[Value], known: Known, deadline: Deadline) -> None:
    """Revokes the tokens that are neither kept nor in their grace: all that bear this secret's name, or those in `gone`."""
    issuer = issuer_of(target)
    client = Client(issuer, known.admin, deadline)
    kept = {_id(value) for value in keep}
    replaced = _replaced(known)
    candidates = client.listed(_mark(target))
    if candidates is None:
        candidates = [identity for value in gone if (identity := _id(value))]
    for identity in dict.fromkeys(candidates):
        if identity not in kept and not _in_grace(issuer, replaced, identity):
            client.revoke(identity)


def _revoke(client: Client, target: Target, identities: Sequence[str]) -> None:
    """With a list, only what the issuer says is this secret's: who may write the secret must not choose what is revoked."""
    if identities:
        listed = client.listed(_mark(target))
        for identity in identities:
            if listed is None or identity in listed:
                client.revoke(identity)


def _replaced(known: Known) -> dict[str, int]:
    """Gives when each token stopped being the published one, by its id; only tokens that once were published."""
    current, previous = known.current or {}, known.previous()
    moments = current.get("retired")
    replaced = {**cast("dict[str, int]", moments)} if _are_moments(moments) else {}
    published, before = _issued(current), _issued(previous) if previous else 0
    ended = int(known.since.timestamp()) if known.since else 0
    if published is not None and before is not None and before <= published <= ended:
        # The rotation that published the current token replaced the previous one.
        moment = ended
    else:
        # A person wrote or emptied a value or moved a label, or a rotation was cut off after it had published: nobody knows when. What
        # may have been published until then has its grace from now.
        moment = int(time.time())
        replaced = {**{_id(value) or "": moment for value in known.older()}, **replaced}
    replaced[_id(previous or {}) or ""] = moment
    return {identity: moment for identity, moment in replaced.items() if identity not in {"", _id(current)}}


def _in_grace(issuer: Issuer, replaced: dict[str, int], identity: str) -> bool:
    return identity in replaced and time.time() < replaced[identity] + issuer.grace_seconds


def _name(target: Target, version: str) -> str:
    """Gives the token's name: whose it is, for people and for the next rotation, and of which version. Short: Twilio takes 64 letters."""
    return f"{_mark(target)}{version[:8]}"


def _mark(target: Target) -> str:
    """The secret of this name in another account or region, or one that was deleted since, has another mark."""
    return f"{target.secret} {hashlib.sha256(target.arn.encode()).hexdigest()[:12]} "


def _id(value: Value) -> str | None:
    identity = value.get("id")
    return identity if isinstance(identity, str) and identity else None


def _issued(value: Value) -> int | None:
    issued = value.get("issued")
    return issued if isinstance(issued, int) and not isinstance(issued, bool) else None


def _are_moments(moments: object) -> bool:
    return isinstance(moments, dict) and all(isinstance(moment, int) for moment in cast("dict[str, object]", moments).values())
