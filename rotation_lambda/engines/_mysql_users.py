"""The users of one secret in MySQL or MariaDB: two logins that share one role, so that what the role is granted, both may do.

Each statement can be done again, and nothing is ever taken away from anybody: cut off anywhere, the next try goes on where this one
ended. The password of a login that was there before comes last, so that a login works only when all around it is complete.
"""

import contextlib
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from rotation_lambda.engines._mysql_dialects import Dialect
from rotation_lambda.engines._mysql_rights import Right, give, rights_of
from rotation_lambda.engines._mysql_session import Session, account, identifier
from rotation_lambda.engines._user_names import Names
from rotation_lambda.errors import ConfigurationError, PermissionRefusedError
from rotation_lambda.passwords import new_password

_TWO_PASSWORDS = Right("APPLICATION_PASSWORD_ADMIN ON *.*")
_ANYWHERE = "%"
_ENCRYPTION = {"": "NONE", "ANY": "SSL"}
_LIMITS = ("MAX_QUERIES_PER_HOUR", "MAX_UPDATES_PER_HOUR", "MAX_CONNECTIONS_PER_HOUR", "MAX_USER_CONNECTIONS")


@dataclass(frozen=True)
class Account:
    """A login as it is bound to a host, with what the server demands of it."""

    user: str
    host: str
    demands: str = "REQUIRE SSL"

    @property
    def name(self) -> str:
        """Gives the account as statements name it."""
        return account(self.user, self.host)


class Users:
    """The accounts that bear one of the names, seen and changed by the admin."""

    def __init__(self, session: Session, dialect: Dialect, database: str) -> None:
        dialect.refuse_unfit(session)
        self._session, self._dialect = session, dialect
        self._everything = Right(f"ALL PRIVILEGES ON {_pattern(database)}.*")

    def of(self, *names: str) -> list[Account]:
        """Gives the accounts of these names, on whatever hosts."""
        rows = self._session.run(
            "SELECT user, host, super_priv, ssl_type, max_questions, max_updates, max_connections, max_user_connections FROM mysql.user"
            " WHERE user IN %s AND host <> '' ORDER BY user, host",
            names,
        )
        return [_account(*row) for row in rows]

    def establish(self, username: str, password: str, *, two_passwords: bool) -> None:
        """Makes the user with this password, or sets it; who has no right at all gets all of them in the database."""
        # At first with a password that nobody knows: who logs in and has no right was stripped of them, and is not being made.
        accounts = self.of(username) or [self._created(Account(username, _ANYWHERE), new_password())]
        for each in accounts:
            held = rights_of(self._session, each.name)
            if two_passwords:
                self._give_new(_TWO_PASSWORDS, each.name, held)
            if held in ([], [_TWO_PASSWORDS]):
                self._give_new(self._everything, each.name, held)
        self._set_password(accounts, password)

    def allow_two_passwords(self, username: str) -> None:
        """Lets the user keep a second password."""
        for each in self.of(username):
            self._give_new(_TWO_PASSWORDS, each.name, rights_of(self._session, each.name))

    def establish_pair(self, names: Names, username: str, password: str) -> None:
        """Makes or completes the role and both logins, and sets the password of one of them."""
        if self._session.run(self._dialect.login_of_name, names.owner):
            raise ConfigurationError(f"{names.owner} can log in, so it is somebody's user; rename it, or choose another 'username'")
        accounts = self.of(*names.logins)
        shared = self._share(names.owner, accounts)
        there = [each for each in accounts if each.user == username]
        # Bound to the hosts that the other login is bound to, and with the same demands.
        hosts = {each.host: replace(each, user=username) for each in accounts} or {_ANYWHERE: Account(username, _ANYWHERE)}
        missing = [self._created(each, password) for host, each in hosts.items() if host not in {one.host for one in there}]
        for each in (*accounts, *missing):
            self._let_in(each, names.owner, shared)
        if there:
            self._set_password(there, password)

    def _share(self, owner: str, accounts: Sequence[Account]) -> list[Right]:
        """Makes the role, and gives it what any of the logins may do. Gives what each login needs besides."""
        role = self._dialect.role(owner)
        with _explained("the admin may not make a role: grant it CREATE USER ON *.*"):
            self._session.run(f"CREATE ROLE IF NOT EXISTS {role}")
        held = rights_of(self._session, role)
        own: list[Right] = []
        for each in accounts:
            rights = rights_of(self._session, each.name)
            if not all(right.shareable for right in rights):
                raise ConfigurationError(
                    f"the user {each.user} may act as another user (PROXY), or has privileges less some (partial revokes), which"
                    f" cannot be shared; grant by database instead, or use another strategy"
                )
            # A role that is not active by itself is not to become so: each login gets it as it is.
            own += [right for right in rights if right.is_role]
            active = [Right(name) for name in self._dialect.default_roles(self._session, each.user, each.host) if name != role]
            for right in (*(right for right in rights if not right.is_role), *active):
                self._give_new(right, role, held)
        # Of a role that a login has already, somebody took everything away.
        if not held and role not in {right.what for right in own}:
            self._give_new(self._everything, role, held)
        if self._dialect.users_need_rights:
            own += [right for right in held if not right.is_role]
        return [*own, Right(role)]

    def _let_in(self, each: Account, owner: str, shared: Sequence[Right]) -> None:
        held = rights_of(self._session, each.name)
        for right in shared:
            self._give_new(right, each.name, held)
        role = self._dialect.role(owner)
        if self._dialect.default_roles(self._session, each.user, each.host) != [role]:
            with _explained("the admin may not set a user's default role: grant it UPDATE ON mysql.*"):
                self._session.run(self._dialect.set_default(role, each.name))

    def _give_new(self, right: Right, grantee: str, held: list[Right]) -> None:
        if right not in held:
            give(self._session, right, grantee)
            held.append(right)

    def _created(self, each: Account, password: str) -> Account:
        with _explained("the admin may not make a user: grant it CREATE USER ON *.*"):
            self._session.set_password(f"CREATE USER IF NOT EXISTS {each.name} {self._dialect.identified(password)} {each.demands}")
        return each

    def _set_password(self, accounts: Sequence[Account], password: str) -> None:
        for clause in (*self._dialect.discarding, self._dialect.identified(password)):
            self._session.set_password(f"ALTER USER {', '.join(f'{each.name} {clause}' for each in accounts)}")


@contextlib.contextmanager
def _explained(mend: str) -> Generator[None]:
    try:
        yield
    except PermissionRefusedError as error:
        raise PermissionRefusedError(f"{mend} ({error})") from None


def _account(user: str, host: str, superuser: str, encryption: str, *limits: int) -> Account:
    if superuser == "Y":
        raise ConfigurationError(f"the user {user} is a superuser (SUPER); a service's user must not")
    if encryption not in _ENCRYPTION:
        raise ConfigurationError(f"the user {user} must show a certificate (REQUIRE X509 …), and this function has none; use REQUIRE SSL")
    named = [f"{name} {limit}" for name, limit in zip(_LIMITS, limits, strict=True) if limit]
    return Account(user, host, " ".join([f"REQUIRE {_ENCRYPTION[encryption]}", *(["WITH", *named] if named else [])]))


def _pattern(database: str) -> str:
    """In a GRANT on a whole database, `_` and `%` stand for others."""
    return identifier(re.sub("[_%]", r"\\\g<0>", database))
