"""AWS's two published rotation algorithms for PostgreSQL, as a baseline: what they ask, in which order, and what they give up on.

Written from their description, not from their code: the order of calls and checks is theirs; driver, sessions and password generator
are ours, since they are not what is compared. Left out, because nothing here could meet it: the way back to a session without TLS
when no `ssl` key forbids it, the read replicas that the RDS API knows of, and GetRandomPassword, a call more for createSecret.
"""

import contextlib
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from botocore.exceptions import ClientError
from pg8000.native import literal

from rotation_lambda.passwords import new_password

Value = dict[str, Any]

_CURRENT, _PENDING, _PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"


class Session(Protocol):
    """A login at the server."""

    def run(self, statement: str, **values: str) -> Any: ...


class Algorithm:
    """One rotation function: `single user`, or alternating users when there is a master secret."""

    def __init__(self, service: Any, connect: Callable[[Value], AbstractContextManager[Session]], *, alternating: bool) -> None:
        self._service, self._connect, self._alternating = service, connect, alternating

    def __call__(self, event: dict[str, Any]) -> None:
        """Does one step."""
        self._arn, self._token = event["SecretId"], event["ClientRequestToken"]
        secret = self._service.describe_secret(SecretId=self._arn)
        labels = secret["VersionIdsToStages"].get(self._token)
        if not secret["RotationEnabled"] or labels is None:
            raise ValueError("the secret does not rotate, or has no such version")
        if _CURRENT in labels:
            return
        if _PENDING not in labels:
            raise ValueError("the version is not set as AWSPENDING")
        steps = {"createSecret": self._create, "setSecret": self._set, "testSecret": self._test, "finishSecret": self._finish}
        steps[event["Step"]]()

    def _create(self) -> None:
        current = self._value(_CURRENT)
        try:
            self._value(_PENDING)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            pending = {**current, "password": new_password(length=32)}
            if self._alternating:
                pending["username"] = _alternate(current["username"])
            self._service.put_secret_value(
                SecretId=self._arn, ClientRequestToken=self._token, SecretString=json.dumps(pending), VersionStages=[_PENDING]
            )

    def _set(self) -> None:
        previous = None if self._alternating else self._value_or_none(_PREVIOUS)
        current, pending = self._value(_CURRENT), self._value(_PENDING)
        if self._try(pending):
            return
        expected = _alternate(current["username"]) if self._alternating else current["username"]
        if (pending["username"], pending["host"]) != (expected, current["host"]):
            raise ValueError("the pending value is of another user or host")
        if self._alternating:
            self._set_as_the_master(current, pending)
        else:
            self._set_as_the_user(current, previous, pending)

    def _set_as_the_user(self, current: Value, previous: Value | None, pending: Value) -> None:
        for value in (current, previous):
            same = value is not None and (value["username"], value["host"]) == (pending["username"], pending["host"])
            if same and self._try(value, lambda session: _set_password(session, pending)):
                return
        raise ValueError("unable to log into the database with previous, current or pending secret")

    def _set_as_the_master(self, current: Value, pending: Value) -> None:
        if not self._try(current):
            raise ValueError("unable to log into the database with the current secret")
        answer = self._service.get_secret_value(SecretId=current["masterarn"], VersionStage=_CURRENT)
        master = json.loads(answer["SecretString"])
        if master["host"] != current["host"]:
            raise ValueError("the master secret is of another host")
        if not self._try(master, lambda session: _set_alternate(session, current, pending)):
            raise ValueError("unable to log into the database with the master secret")

    def _test(self) -> None:
        if not self._try(self._value(_PENDING), lambda session: session.run("SELECT NOW()")):
            raise ValueError("unable to log into the database with the pending secret")

    def _finish(self) -> None:
        labels = self._service.describe_secret(SecretId=self._arn)["VersionIdsToStages"]
        current = next((version for version, kept in labels.items() if _CURRENT in kept), None)
        if current != self._token:
            self._service.update_secret_version_stage(
                SecretId=self._arn, VersionStage=_CURRENT, MoveToVersionId=self._token, RemoveFromVersionId=current
            )

    def _value(self, label: str) -> Value:
        version = {"VersionId": self._token} if label == _PENDING else {}
        return json.loads(self._service.get_secret_value(SecretId=self._arn, VersionStage=label, **version)["SecretString"])

    def _value_or_none(self, label: str) -> Value | None:
        try:
            return self._value(label)
        except ClientError:
            return None

    def _try(self, value: Value, work: Callable[[Session], object] = lambda _session: None) -> bool:
        """Says whether the login worked: whatever is wrong with it counts as a wrong password. What fails after it, fails."""
        with contextlib.ExitStack() as stack:
            try:
                session = stack.enter_context(self._connect(value))
            except Exception:
                return False
            work(session)
        return True


def _set_password(session: Session, pending: Value) -> None:
    session.run("BEGIN")
    session.run(f"ALTER USER {_quoted(session, pending)} WITH PASSWORD {literal(pending['password'])}")
    session.run("COMMIT")


def _set_alternate(session: Session, current: Value, pending: Value) -> None:
    session.run("BEGIN")
    user, password = _quoted(session, pending), literal(pending["password"])
    if session.run("SELECT 1 FROM pg_roles WHERE rolname = :name", name=pending["username"]):
        session.run(f"ALTER USER {user} WITH PASSWORD {password}")
    else:
        session.run(f"CREATE ROLE {user} WITH LOGIN PASSWORD {password}")
        session.run(f"GRANT {_quoted(session, current)} TO {user}")
    session.run("COMMIT")


def _quoted(session: Session, value: Value) -> str:
    return session.run("SELECT quote_ident(:name)", name=value["username"])[0][0]


def _alternate(username: str) -> str:
    return username.removesuffix("_clone") if username.endswith("_clone") else f"{username}_clone"
