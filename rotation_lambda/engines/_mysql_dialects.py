"""Where MySQL and MariaDB differ: how a password is set without standing in a log, and how a role is named and made the default."""

import hashlib
import re
from typing import Protocol

from rotation_lambda.engines._mysql_session import Session, account, identifier, literal
from rotation_lambda.errors import ConfigurationError, PolicyError

# How CURRENT_ROLE() of MySQL lists what is active: `role`@`host`,`role`@`host`.
_ROLES = re.compile(r"`(?:[^`]|``)*`@`(?:[^`]|``)*`")


class Dialect(Protocol):
    """One of the two."""

    longest_name: int
    """Characters that a user's name may have."""
    users_need_rights: bool
    """What a user has through a role only does not hold in the views and routines that the user makes."""
    discarding: tuple[str, ...]
    """Clauses that take away what an account has besides its password."""
    login_of_name: str
    """The query for an account of a role's name that may log in."""

    def refuse_unfit(self, session: Session) -> None:
        """Looks whether the server is a writer of this kind that keeps passwords out of its logs."""
        ...

    def role(self, name: str) -> str:
        """Gives a role as statements name it."""
        ...

    def identified(self, password: str) -> str:
        """Gives the clause that sets another user's password."""
        ...

    def own_password(self, password: str, *, instead_of: str) -> str:
        """Gives the statement by which a user sets its own password, in MySQL only if another one is the first."""
        ...

    def set_default(self, role: str, user: str) -> str:
        """Gives the statement that makes the role the one that is active after the account's login."""
        ...

    def default_roles(self, session: Session, user: str, host: str) -> list[str]:
        """Gives the roles that are active after the user's login, as statements name them."""
        ...

    def is_active(self, role: str, active: str | None) -> bool:
        """Says whether the role is among those that CURRENT_ROLE() told."""
        ...


class _MySQL(Dialect):
    longest_name = 32
    users_need_rights = False
    discarding = ("DISCARD OLD PASSWORD",)
    login_of_name = "SELECT 1 FROM mysql.user WHERE user = %s AND account_locked = 'N'"

    def refuse_unfit(self, session: Session) -> None:
        [(no_writer, shows_passwords)] = session.run("SELECT @@GLOBAL.read_only OR @@GLOBAL.innodb_read_only, @@GLOBAL.log_raw")
        if shows_passwords:
            raise ConfigurationError("the server writes passwords into its general log; set log_raw = OFF there, then rotate")
        _refuse_reader(no_writer)

    def role(self, name: str) -> str:
        return account(name, "%")

    def identified(self, password: str) -> str:
        # The server takes no hash together with a second password. It masks this clause in its logs, and binary logs hold the hash.
        return f"IDENTIFIED BY {literal(password)}"

    def own_password(self, password: str, *, instead_of: str) -> str:
        return f"ALTER USER CURRENT_USER() IDENTIFIED BY {literal(password)} REPLACE {literal(instead_of)}"

    def set_default(self, role: str, user: str) -> str:
        return f"SET DEFAULT ROLE {role} TO {user}"

    def default_roles(self, session: Session, user: str, host: str) -> list[str]:
        rows = session.run("SELECT default_role_user, default_role_host FROM mysql.default_roles WHERE user = %s AND host = %s", user, host)
        return [account(*row) for row in rows]

    def is_active(self, role: str, active: str | None) -> bool:
        return self.role(role) in _ROLES.findall(active or "")


class _MariaDB(Dialect):
    longest_name = 80
    users_need_rights = True
    discarding = ()
    login_of_name = "SELECT 1 FROM mysql.user WHERE user = %s AND is_role = 'N'"

    def refuse_unfit(self, session: Session) -> None:
        [(no_writer, no_hash)] = session.run(
            "SELECT @@GLOBAL.read_only OR @@GLOBAL.innodb_read_only, @@GLOBAL.strict_password_validation AND EXISTS (SELECT *"
            " FROM information_schema.plugins WHERE plugin_type = 'PASSWORD VALIDATION' AND plugin_status = 'ACTIVE')"
        )
        _refuse_reader(no_writer)
        if no_hash:
            raise PolicyError(
                "the server's password policy wants to see the new password, which would stand in its logs then; set"
                " strict_password_validation = OFF there: what this function makes has 48 characters of all four classes"
            )

    def role(self, name: str) -> str:
        return identifier(name)

    def identified(self, password: str) -> str:
        # The server's logs keep statements as they came, so it gets the hash.
        return f"IDENTIFIED BY PASSWORD {literal(_hashed(password))}"

    def own_password(self, password: str, *, instead_of: str) -> str:  # noqa: ARG002 - there is only one
        return f"SET PASSWORD = {literal(_hashed(password))}"

    def set_default(self, role: str, user: str) -> str:
        return f"SET DEFAULT ROLE {role} FOR {user}"

    def default_roles(self, session: Session, user: str, host: str) -> list[str]:
        rows = session.run("SELECT default_role FROM mysql.user WHERE user = %s AND host = %s AND is_role = 'N'", user, host)
        return [identifier(name) for (name,) in rows if name]

    def is_active(self, role: str, active: str | None) -> bool:
        return role == active


def dialect_of(kind: str) -> Dialect:
    """Gives the dialect of a kind of secret."""
    return _MariaDB() if kind == "mariadb" else _MySQL()


def _refuse_reader(no_writer: object) -> None:
    if no_writer:
        raise ConfigurationError("the server is read-only; name the writer as 'host'")


def _hashed(password: str) -> str:
    """Gives what mysql_native_password keeps: the server can check a login with it, and nobody can log in with it."""
    inner = hashlib.sha1(password.encode()).digest()  # noqa: S324 - the protocol's own
    return f"*{hashlib.sha1(inner).hexdigest().upper()}"  # noqa: S324
