"""MySQL and MariaDB: two logins that take turns, one login with two passwords (MySQL), or one login that changes its own.

`dual-password`: the user itself sets the new password and keeps the current one as its second, and a password before these is gone.
`alternating-users`: two logins share a role, which the admin makes; what the role is granted later, both may do at once.
`single-user`: the user sets its own password.
The admin makes users, with TLS demanded of them, and repairs one that nobody can log in as. It needs CREATE USER, SELECT on the
database mysql, what it is to pass on WITH GRANT OPTION, and in MySQL ROLE_ADMIN or, for two passwords, APPLICATION_PASSWORD_ADMIN.
"""

import contextlib
from collections.abc import Generator, Iterable, Iterator, Sequence

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import Known, Value
from rotation_lambda.engines._mysql_dialects import dialect_of
from rotation_lambda.engines._mysql_own_password import OwnPassword
from rotation_lambda.engines._mysql_session import logged_in
from rotation_lambda.engines._mysql_users import Users
from rotation_lambda.engines._user_names import Names
from rotation_lambda.errors import AuthenticationError, ConfigurationError, PermissionRefusedError
from rotation_lambda.passwords import new_password
from rotation_lambda.targets import Target

ALTERNATING, DUAL, SINGLE = "alternating-users", "dual-password", "single-user"
_STRATEGIES = (ALTERNATING, DUAL, SINGLE)

# Accounts of the servers and of RDS, and words that are no names to them.
_RESERVED = frozenset({"root", "none", "public", "default", "all", "current_user", "current_role", "session_user", "event_scheduler"})
_RESERVED_BEGINNINGS = ("mysql.", "mariadb.", "rdsadmin", "rdsrepladmin", "rds_superuser")
# `_clone` and `_owner`.
_LONGEST_SUFFIX = 6
# What the servers' tables of users hold of Unicode.
_LAST_CHARACTER = "\uffff"


def describe(target: Target, current: Value | None) -> Value:
    """Gives engine, host, port, dbname, username and, with an admin, masterarn: the keys that AWS documents."""
    target.knows_only("strategy", "host", "port", "database", "username", "ca")
    target.text("ca")
    strategy = target.one_of("strategy", _STRATEGIES)
    if strategy == DUAL and target.kind == "mariadb":
        raise ConfigurationError(f"the target {target.secret} wants {DUAL}, and MariaDB keeps one password a user; use {ALTERNATING}")
    if strategy == ALTERNATING and not target.admin:
        raise ConfigurationError(f"the target {target.secret} alternates users and has no 'admin' to make them; name one, or use {SINGLE}")
    if "\\" in target.text("database"):
        raise ConfigurationError(f"the target {target.secret} has a 'database' with a backslash, for which MySQL grants nothing; rename it")
    return {
        "engine": target.kind,
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
    """Makes the server accept the pending login; except with a single user, the current one stays accepted."""
    refused = None
    if known.current is not None:
        if target.text("strategy") != ALTERNATING:
            return _change_own_password(target, pending, known, deadline)
        try:
            with logged_in(target, *_login(target, known.current), deadline):
                pass
        except AuthenticationError as error:
            refused = error
    return _establish(target, pending, known, deadline, refused)


def verify(target: Target, pending: Value, deadline: Deadline) -> None:
    """Logs in to the database, asks the server who it is and which roles are active, and writes nothing."""
    username, password = _login(target, pending)
    with logged_in(target, username, password, deadline, database=target.text("database")) as session:
        [(me, active)] = session.run("SELECT CURRENT_USER(), CURRENT_ROLE()")
    if me.rpartition("@")[0] != username:
        raise ConfigurationError(
            f"the login {username} ends as another user; is there a proxy in between, or an account without a name at the server?"
        )
    owner = Names(target.text("username")).owner
    if target.text("strategy") == ALTERNATING and not dialect_of(target.kind).is_active(owner, active):
        raise PermissionRefusedError(f"the user {username} logs in without the role {owner}, which holds what both users may do")


def cleanup(target: Target, *, keep: Sequence[Value], gone: Iterable[Value], known: Known, deadline: Deadline) -> None:
    """Nothing is left over: a user has one password, or two, of which the next rotation pushes out the older one."""


def _change_own_password(target: Target, pending: Value, known: Known, deadline: Deadline) -> None:
    dual = target.text("strategy") == DUAL
    own = OwnPassword(target, pending, lambda: (value["password"] for value in _known_values(pending, known)), deadline)
    set_own = own.add if dual else own.replace
    for value in _known_values(pending, known):
        if value.get("username") != pending["username"]:
            continue
        try:
            return set_own(value["password"])
        except AuthenticationError:
            continue
        except PermissionRefusedError:
            if known.admin is None or not dual:
                raise
        # Somebody else made the user, who lacks perhaps no more than the right to a second password.
        with _as_admin(target, known, deadline) as users:
            users.allow_two_passwords(pending["username"])
        return set_own(value["password"])
    if known.admin is None:
        raise AuthenticationError(
            f"the server accepts neither the current, the previous nor an abandoned password of user {pending['username']}; name an"
            f" 'admin' in the declaration to repair it, or put the right password into the secret"
        )
    return _establish(target, pending, known, deadline)


@contextlib.contextmanager
def _as_admin(target: Target, known: Known, deadline: Deadline) -> Generator[Users]:
    if known.admin is None:
        raise ConfigurationError(
            f"the target {target.secret} has no 'admin' to make its user; name one, or put the user's password into the secret first"
        )
    admin, names = known.admin(), Names(target.text("username"))
    username, password = admin.get("username"), admin.get("password")
    if not isinstance(username, str) or not isinstance(password, str):
        raise ConfigurationError(f"the admin secret of {target.secret} has no 'username' and 'password'")
    if username in {*names.logins, names.owner}:
        raise ConfigurationError(f"the admin secret's user is {username}, which this secret rotates; the admin needs a user of its own")
    with logged_in(target, username, password, deadline) as session:
        yield Users(session, dialect_of(target.kind), target.text("database"))


def _establish(target: Target, pending: Value, known: Known, deadline: Deadline, refused: AuthenticationError | None = None) -> None:
    """Lets the admin make what is missing. `refused` is how the current login failed, if it did."""
    names, strategy = Names(target.text("username")), target.text("strategy")
    with _as_admin(target, known, deadline) as users:
        # Whoever cannot log in has no business with the admin's power, unless there are no such users that could be locked out:
        # the first rotation failed after its value had become current, or the database is a new one.
        if refused and users.of(*names.logins):
            raise refused.final()
        if strategy == ALTERNATING:
            users.establish_pair(names, pending["username"], pending["password"])
        else:
            users.establish(pending["username"], pending["password"], two_passwords=strategy == DUAL)


def _known_values(pending: Value, known: Known) -> Iterator[Value]:
    """Values that may still be in force, the likeliest first; the pending one, if a duplicate was faster."""
    for read in (lambda: [known.current], lambda: [known.previous()], known.older, lambda: [pending]):
        yield from (value for value in read() if value and isinstance(value.get("password"), str))


def _next_user(target: Target, current: Value | None) -> str:
    names, alternating = Names(target.text("username")), target.text("strategy") == ALTERNATING
    longest = dialect_of(target.kind).longest_name - (_LONGEST_SUFFIX if alternating else 0)
    name = names.user
    unfit = name != name.rstrip() or any(character > _LAST_CHARACTER for character in name)
    if len(name) > longest or unfit or name.lower() in _RESERVED or name.lower().startswith(_RESERVED_BEGINNINGS):
        raise ConfigurationError(
            f"the target {target.secret} needs a 'username' of at most {longest} characters of Unicode's basic plane that does not end in"
            f" a space and that the server does not reserve"
        )
    if current is None:
        return name
    username, _ = _login(target, current)
    return names.clone if alternating and username == name else name


def _login(target: Target, value: Value) -> tuple[str, str]:
    username, password = value.get("username"), value.get("password")
    names = Names(target.text("username"))
    if username not in names.logins:
        raise ConfigurationError(f"the secret's 'username' is none of the users of {target.secret}; the declaration says {names.user}")
    if not isinstance(password, str) or not password:
        raise ConfigurationError(f"the value of {target.secret} has no 'password'; put the keys that AWS documents for databases")
    return str(username), password
