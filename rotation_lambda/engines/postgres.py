"""PostgreSQL: two logins that take turns (`alternating-users`), or one login that changes its own password (`single-user`).

A password never stands in a statement: the server gets the SCRAM verifier. TLS is verified against the target's authority, and
there is no other way in. The admin of the admin secret needs no superuser: CREATEROLE, and CREATE on the database.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import Known, Value
from rotation_lambda.engines._postgres_roles import any_login, establish
from rotation_lambda.engines._postgres_session import Session, identifier, literal, logged_in
from rotation_lambda.engines._scram import scram_verifier
from rotation_lambda.engines._user_names import Names
from rotation_lambda.errors import AuthenticationError, ConfigurationError, PermissionRefusedError, PolicyError
from rotation_lambda.passwords import new_password
from rotation_lambda.targets import Target

ALTERNATING, SINGLE = "alternating-users", "single-user"

# PostgreSQL cuts names off after 63 bytes, silently; `_clone` and `_owner` take six of them.
_LONGEST_USER = 57


def describe(target: Target, current: Value | None) -> Value:
    """Gives engine, host, port, dbname, username and, with an admin, masterarn: the keys that AWS documents."""
    target.knows_only("strategy", "host", "port", "database", "username", "ca")
    target.text("ca")
    if target.one_of("strategy", (ALTERNATING, SINGLE)) == ALTERNATING and not target.admin:
        raise ConfigurationError(f"the target {target.secret} alternates users and has no 'admin' to make them; name one, or use {SINGLE}")
    return {
        "engine": "postgres",
        "host": target.text("host"),
        "port": target.whole_number("port", least=1, most=65535),
        "dbname": target.text("database"),
        "username": _next_user(target, current),
        **({"masterarn": target.admin} if target.admin else {}),
    }


def generate(target: Target, known: Known, deadline: Deadline) -> Value:  # noqa: ARG001 - other engines look at what there is
    """Gives a new password."""
    return {"password": new_password()}


def set_credential(target: Target, pending: Value, known: Known, deadline: Deadline) -> None:
    """Makes the server accept the pending login; with alternating users the current login stays as it is."""
    if target.text("strategy") == SINGLE and known.current is not None:
        _change_own_password(target, pending, known, deadline)
        return
    refused = None
    if known.current is not None:
        try:
            with logged_in(target, *_login(target, known.current), deadline):
                pass
        except AuthenticationError as error:
            refused = error
    _establish(target, pending, known, deadline, refused)


def verify(target: Target, pending: Value, deadline: Deadline) -> None:
    """Logs in, asks the server who it is and what it may do, and writes nothing."""
    username, password = _login(target, pending)
    owner = _names(target).owner
    with logged_in(target, username, password, deadline, read_only=True) as session:
        rows = session.run(
            "SELECT session_user::text, current_user::text,"
            " (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = $1)",
            owner,
        )
        me, acting_as, may_create = rows[0]
    if me != username:
        raise ConfigurationError(
            f"the login {username} ends as another user; is there a proxy in between that logs in with a user of its own?"
        )
    if target.text("strategy") == ALTERNATING and (acting_as != owner or not may_create):
        raise PermissionRefusedError(f"the user {username} logs in and does not act as {owner}, or may not create in its schema")


def cleanup(target: Target, *, keep: Sequence[Value], gone: Iterable[Value], known: Known, deadline: Deadline) -> None:
    """Nothing is left over: a role has one password, and the other login's is the one before."""


def _change_own_password(target: Target, pending: Value, known: Known, deadline: Deadline) -> None:
    username, _ = _login(target, pending)
    statement = f"ALTER ROLE {identifier(username)} PASSWORD {literal(_new_verifier(pending))}"
    for candidate in _candidates(pending, known):
        try:
            with logged_in(target, username, candidate, deadline) as session:
                session.run("SET ROLE NONE")  # a login that acts as its owner role may not change the login's password
                if _set_own_password(session, statement, known):
                    return
                break
        except AuthenticationError:
            continue
    if known.admin is None:
        raise AuthenticationError(
            f"the server accepts neither the current, the previous nor an abandoned password of user {username}; name an 'admin' in the"
            f" declaration to repair it, or put the right password into the secret"
        )
    _establish(target, pending, known, deadline)


def _set_own_password(session: Session, statement: str, known: Known) -> bool:
    """Says no where only an admin sets passwords, and there is one: RDS with `rds.restrict_password_commands` is such a server."""
    try:
        session.set_password(statement)
    except PermissionRefusedError:
        if known.admin is None:
            raise
        return False
    return True


def _candidates(pending: Value, known: Known) -> Iterator[str]:
    """Passwords of the pending user that may still be in force, the likeliest first; the pending one, if a duplicate was faster."""
    for read in (lambda: [known.current], lambda: [known.previous()], known.older, lambda: [pending]):
        for value in read():
            if value and value.get("username") == pending["username"] and isinstance(value.get("password"), str):
                yield value["password"]


def _establish(target: Target, pending: Value, known: Known, deadline: Deadline, refused: AuthenticationError | None = None) -> None:
    """Lets the admin make what is missing. `refused` is how the current login failed, if it did."""
    if known.admin is None:
        raise ConfigurationError(
            f"the target {target.secret} has no 'admin' to make the user {pending['username']}; name one, or put the user's password"
            f" into the secret first"
        )
    admin = known.admin()
    username, password = admin.get("username"), admin.get("password")
    if not isinstance(username, str) or not isinstance(password, str):
        raise ConfigurationError(f"the admin secret of {target.secret} has no 'username' and 'password'")
    names = _names(target)
    if username in {*names.logins, names.owner}:
        raise ConfigurationError(f"the admin secret's user is {username}, which this secret rotates; the admin needs a user of its own")
    verifiers = {pending["username"]: _new_verifier(pending)}
    # A user that was there before gets a fresh login under its name: with the password that it has.
    if known.current is not None:
        with contextlib.suppress(ValueError):
            verifiers.setdefault(known.current["username"], scram_verifier(known.current["password"]))
    with logged_in(target, username, password, deadline) as session:
        # Whoever cannot log in has no business with the admin's power, unless there are no such users that could be locked out:
        # the first rotation failed after its value had become current, or the database is a new one.
        if refused and any_login(session, names):
            raise refused.final()
        establish(session, names, verifiers, pending=pending["username"])


def _new_verifier(pending: Value) -> str:
    try:
        return scram_verifier(pending["password"])
    except ValueError:
        raise PolicyError("the new password is not printable ASCII, so this function did not make it; the next rotation does") from None


def _names(target: Target) -> Names:
    return Names(target.text("username"))


def _next_user(target: Target, current: Value | None) -> str:
    names = _names(target)
    if len(names.user.encode()) > _LONGEST_USER or names.user in {"none", "public"} or names.user.startswith("pg_"):
        raise ConfigurationError(
            f"the target {target.secret} needs a 'username' of at most {_LONGEST_USER} bytes that PostgreSQL does not reserve"
        )
    if current is None:
        return names.user
    username, _ = _login(target, current)
    return names.clone if target.text("strategy") == ALTERNATING and username == names.user else names.user


def _login(target: Target, value: Value) -> tuple[str, str]:
    username, password = value.get("username"), value.get("password")
    if username not in _names(target).logins:
        raise ConfigurationError(
            f"the secret's 'username' is none of the users of {target.secret}; the declaration says {target.text('username')}"
        )
    if not isinstance(password, str) or not password:
        raise ConfigurationError(f"the value of {target.secret} has no 'password'; put the keys that AWS documents for databases")
    return str(username), password
