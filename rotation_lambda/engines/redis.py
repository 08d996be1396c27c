"""Redis: one ACL user with two passwords (`dual-password`), so that no client is ever locked out.

The new password joins the current one, as its SHA-256; after the new one was published, every password goes but these two. The
server saves each change in the same breath. The admin of the admin secret needs `+acl +info +config|get +config|rewrite +multi
+exec`, and no key.
"""

import contextlib
import re
from collections.abc import Generator, Iterable, Sequence

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import Known, Value
from rotation_lambda.engines._redis_session import logged_in
from rotation_lambda.engines._redis_users import NOT_SAVED, SAVED, User, Users, hashed
from rotation_lambda.errors import AuthenticationError, ConfigurationError, ConflictError, PermissionRefusedError
from rotation_lambda.passwords import new_password
from rotation_lambda.targets import Target

DUAL = "dual-password"

# Redis takes neither blanks nor zero characters, and writes a quote into its configuration file with which it does not start again.
_NAME = re.compile(r"""[^\x00-\x20\x7f'"]+""")
# What a user may do. Not who it is: passwords, `on`, `off`, `nopass` and `reset` are the rotation's.
_RULE = re.compile(
    r"""[+-]@?[a-z0-9|._:-]+ | (?:~|&|%(?:r|w|rw|wr)~)[^\x00-\x20\x7f'"]+"""
    r""" | (?:all|reset)(?:keys|channels) | allcommands | nocommands | clearselectors | (?:skip-)?sanitize-payload""",
    re.IGNORECASE | re.VERBOSE,
)


def describe(target: Target, current: Value | None) -> Value:
    """Gives engine, host, port, username and masterarn: the keys that AWS documents."""
    target.knows_only("strategy", "host", "port", "username", "ca", "rules", "persistence")
    target.one_of("strategy", (DUAL,), DUAL)
    target.one_of("persistence", (SAVED, NOT_SAVED), SAVED)
    target.text("ca")
    _refuse_strange_rules(target)
    if not target.admin:
        raise ConfigurationError(f"the target {target.secret} has no 'admin' to set the user's passwords; name one")
    if not _NAME.fullmatch(target.text("username")):
        raise ConfigurationError(f"the target {target.secret} needs a 'username' without blanks, quotes and control characters")
    if current is not None:
        _login(target, current)
    return {
        "engine": "redis",
        "host": target.text("host"),
        "port": target.whole_number("port", least=1, most=65535),
        "username": target.text("username"),
        "masterarn": target.admin,
    }


def generate(target: Target, known: Known, deadline: Deadline) -> Value:  # noqa: ARG001 - other engines look at what there is
    """Gives a new password."""
    return {"password": new_password()}


def set_credential(target: Target, pending: Value, known: Known, deadline: Deadline) -> None:
    """Makes the server accept the new password besides those that it has; a user that is not there is made by the target's rules."""
    username, password = _login(target, pending)
    refused = _refusal_of_current(target, known, deadline)
    with _as_admin(target, known, deadline) as users:
        user = users.find(username)
        if user is None:
            users.change(username, "on", *_rules(target), f"#{hashed(password)}")
            return
        _refuse_unusable(user, username)
        # Whoever cannot log in has no business with the admin's power, unless the user has no password yet or one that was ours.
        if refused and user.passwords and not user.passwords & _hashes(_ours(known)):
            raise refused.final()
        users.change(username, f"#{hashed(password)}")


def verify(target: Target, pending: Value, deadline: Deadline) -> None:
    """Logs in, asks the server who it is, sees that a wrong password is refused, and writes nothing."""
    username, password = _login(target, pending)
    with logged_in(target, username, password, deadline) as session:
        # A user need not be allowed to ask.
        with contextlib.suppress(PermissionRefusedError):
            if session.run("ACL", "WHOAMI") != username.encode():
                raise ConfigurationError(
                    f"the login {username} ends as another user; is there a proxy in between that logs in with a user of its own?"
                )
        # Costs a line in ACL LOG, and is the only proof that the password counts which does not need the admin.
        with contextlib.suppress(AuthenticationError):
            session.log_in(username, new_password())
            raise _takes_any_password(username)


def cleanup(target: Target, *, keep: Sequence[Value], gone: Iterable[Value], known: Known, deadline: Deadline) -> None:  # noqa: ARG001 - the server says what it accepts
    """Removes every password but those to keep, once the server accepts the first of them; who is logged in stays so."""
    username = target.text("username")
    with _as_admin(target, known, deadline) as users:
        user = users.find(username)
        if user is None or not user.passwords & _hashes(keep[:1]):
            return
        users.save()
        if unwanted := sorted(user.passwords - _hashes(keep)):
            with contextlib.suppress(ConflictError):  # a duplicate was faster
                users.change(username, *(f"!{password}" for password in unwanted))


def _refusal_of_current(target: Target, known: Known, deadline: Deadline) -> AuthenticationError | None:
    if known.current is None:
        return None
    try:
        with logged_in(target, *_login(target, known.current), deadline):
            return None
    except AuthenticationError as error:
        return error


@contextlib.contextmanager
def _as_admin(target: Target, known: Known, deadline: Deadline) -> Generator[Users]:
    if known.admin is None:
        raise ConfigurationError(f"the target {target.secret} has no 'admin' to set the user's passwords; name one")
    admin = known.admin()
    username, password = admin.get("username"), admin.get("password")
    if not isinstance(username, str) or not isinstance(password, str):
        raise ConfigurationError(f"the admin secret of {target.secret} has no 'username' and 'password'")
    if username == target.text("username"):
        raise ConfigurationError(f"the admin secret's user is {username}, which this secret rotates; the admin needs a user of its own")
    with logged_in(target, username, password, deadline) as session:
        yield Users(session, target)


def _refuse_unusable(user: User, username: str) -> None:
    if not user.on:
        raise PermissionRefusedError(f"the user {username} is switched off at the server; switch it on, or end its rotation")
    if user.takes_any_password:
        raise _takes_any_password(username)


def _takes_any_password(username: str) -> ConfigurationError:
    return ConfigurationError(
        f"the server takes any password for {username} (nopass); give the user a password there and in the secret, then rotate"
    )


def _refuse_strange_rules(target: Target) -> None:
    for rule in target.texts("rules"):
        inner = rule[1:-1].split(" ") if rule.startswith("(") and rule.endswith(")") else [rule]
        if not all(_RULE.fullmatch(part) for part in inner):
            raise ConfigurationError(
                f"the target {target.secret} has the rule {rule!r}, which says nothing about keys, channels or commands; passwords, `on`,"
                f" `off` and `reset` are the rotation's"
            )


def _rules(target: Target) -> tuple[str, ...]:
    rules = target.texts("rules")
    if not rules:
        raise ConfigurationError(
            f"the server has no user {target.text('username')}, and the target {target.secret} no 'rules' to make it by; make the user, or"
            f" declare its rules"
        )
    return rules


def _ours(known: Known) -> Iterable[Value]:
    """What this secret held, and the server may hold still or again, after it was restored."""
    for value in (known.current, known.previous()):
        if value is not None:
            yield value
    yield from known.older()


def _hashes(values: Iterable[Value]) -> frozenset[str]:
    passwords = (value.get("password") for value in values)
    return frozenset(hashed(password) for password in passwords if isinstance(password, str))


def _login(target: Target, value: Value) -> tuple[str, str]:
    username, password = value.get("username"), value.get("password")
    if username != target.text("username"):
        raise ConfigurationError(f"the secret's 'username' is not that of {target.secret}, which is {target.text('username')}")
    if not isinstance(password, str) or not password:
        raise ConfigurationError(f"the value of {target.secret} has no 'password'; put the keys that AWS documents for databases")
    return str(username), password
