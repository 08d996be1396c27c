"""The users of one secret in PostgreSQL: two logins that act as one owner role, so that what either makes, both may use.

The owner role cannot log in; both logins are its members and become it when they log in (`ALTER ROLE … SET role`). A user that
was there before Keyturn becomes that owner role: it is renamed, and a fresh login of its name takes its place. So it keeps every
object, grant, policy and membership that it had, in all databases. All of it happens in one transaction, or nothing.
"""

import contextlib
from collections.abc import Generator

from rotation_lambda.engines._postgres_session import Session, identifier, literal
from rotation_lambda.engines._postgres_settings import acts_as, copy_settings, keep_in_path
from rotation_lambda.engines._user_names import Names
from rotation_lambda.errors import ConfigurationError, PermissionRefusedError

# From here on a membership says by itself whether it inherits and whether it may be assumed.
_MEMBERSHIP_OPTIONS = 160000


def any_login(session: Session, names: Names) -> bool:
    """Says whether one of the logins, or the role that they act as, is there."""
    return bool(session.run("SELECT FROM pg_roles WHERE rolname IN ($1, $2, $3)", *names.logins, names.owner))


def establish(session: Session, names: Names, verifiers: dict[str, str], *, pending: str) -> None:
    """Makes the pending login with its verifier, and everything around it that is missing.

    `verifiers` holds the pending login's and, where it is known, the current login's: only a user that becomes the owner role
    needs the second, for the login that takes its name.
    """
    session.run("BEGIN")
    # Duplicate invocations go one after the other.
    session.run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"keyturn/{names.owner}")
    roles = _Roles(session, names)
    roles.refuse_unsuitable()
    adopted = roles.make_owner()
    if adopted and adopted not in verifiers:
        raise ConfigurationError(
            f"the password of user {adopted} is not plain ASCII and cannot be carried over; set a printable ASCII one first"
        )
    for login in sorted({pending, adopted or pending}):
        roles.set_login(login, verifiers[login], adopted=adopted is not None)
    roles.complete()
    session.run("COMMIT")


class _Roles:
    def __init__(self, session: Session, names: Names) -> None:
        self._session = session
        self._names = names
        self._granted = " WITH INHERIT TRUE, SET TRUE" if self._version() >= _MEMBERSHIP_OPTIONS else ""
        self._may_become = "SET" if self._granted else "MEMBER"

    def refuse_unsuitable(self) -> None:
        rows = self._session.run(
            "SELECT rolname, rolcanlogin, rolsuper OR rolreplication, rolname = current_user FROM pg_roles WHERE rolname IN ($1, $2, $3)",
            *self._names.logins,
            self._names.owner,
        )
        for name, logs_in, mighty, admin in rows:
            if admin:
                raise ConfigurationError(f"the admin secret's user is {name}, which this secret rotates; the admin needs a user of its own")
            if mighty:
                raise ConfigurationError(f"the user {name} is a superuser or replicates; a service's user must not")
            if name == self._names.owner and logs_in:
                raise ConfigurationError(f"the role {name} can log in, so it is somebody's user; rename it, or choose another 'username'")

    def make_owner(self) -> str | None:
        """Makes the owner role; gives the name of the user that became it, if there was one."""
        user, owner = identifier(self._names.user), identifier(self._names.owner)
        if self._exists(self._names.owner):
            return None
        if not self._exists(self._names.user):
            self._session.run(f"CREATE ROLE {owner} NOLOGIN")
            return None
        with _explained(f"the user {self._names.user} was made by somebody else", f"GRANT {user} TO <admin> WITH ADMIN OPTION"):
            self._session.run(f"ALTER ROLE {user} RENAME TO {owner}")
            self._session.run(f"ALTER ROLE {owner} NOLOGIN PASSWORD NULL")
        return self._names.user

    def set_login(self, login: str, verifier: str, *, adopted: bool) -> None:
        """Sets the login's password, or makes the login: like the user that became the owner role, or like the other login."""
        quoted, password = identifier(login), literal(verifier)
        if self._exists(login):
            with _explained(f"the user {login} was made by somebody else", f"GRANT {quoted} TO <admin> WITH ADMIN OPTION"):
                self._session.set_password(f"ALTER ROLE {quoted} PASSWORD {password}")
            return
        others = [self._names.owner] if adopted else [other for other in self._names.logins if other != login and self._exists(other)]
        limit = self._session.run("SELECT rolconnlimit FROM pg_roles WHERE rolname = $1", others[0])[0][0] if others else -1
        self._session.set_password(f"CREATE ROLE {quoted} LOGIN CONNECTION LIMIT {limit} PASSWORD {password}")
        for other in others:
            copy_settings(self._session, other, login)
            if adopted:
                keep_in_path(self._session, login, self._names.user, of=other)

    def complete(self) -> None:
        """Adds what is missing: memberships, the schema, the role that logins act as; and takes over what a login owns by itself."""
        owner = self._names.owner
        logins = [login for login in self._names.logins if self._exists(login)]
        for login in logins:
            self._let_in(login)
        to_act = [login for login in logins if not acts_as(self._session, login, owner)]
        owning = [login for login in logins if self._owns_something(login)]
        has_schema = bool(self._session.run("SELECT FROM pg_namespace WHERE nspname = $1", owner))
        if has_schema and not to_act and not owning:
            return
        with self._member_of(owner):
            if not has_schema:
                with _explained("the admin may not create a schema", "GRANT CREATE ON DATABASE <database> TO <admin>"):
                    self._session.run(f"CREATE SCHEMA {identifier(owner)} AUTHORIZATION {identifier(owner)}")
            for login in to_act:
                self._session.run(f"ALTER ROLE {identifier(login)} SET role = {literal(owner)}")
            for login in owning:
                self._hand_over(login)

    def _let_in(self, login: str) -> None:
        owner = identifier(self._names.owner)
        if not self._has_role(login, self._names.owner):
            self._session.run(f"GRANT {owner} TO {identifier(login)}{self._granted}")
        may_connect, database = self._session.run(
            "SELECT has_database_privilege($1::name, current_database(), 'CONNECT'), current_database()", login
        )[0]
        if not may_connect:
            # Services that begin at the same time go one after the other: a database's rights take one change at a time.
            self._session.run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "keyturn/connect")
            with _explained("the admin may not let users connect", f"GRANT CONNECT ON DATABASE {identifier(database)} TO {owner}"):
                self._session.run(f"GRANT CONNECT ON DATABASE {identifier(database)} TO {owner}")

    def _owns_something(self, login: str) -> bool:
        return bool(
            self._session.run(
                "SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND deptype = 'o'"
                " AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = $1)"
                " AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) LIMIT 1",
                login,
            )
        )

    def _hand_over(self, login: str) -> None:
        statement = f"REASSIGN OWNED BY {identifier(login)} TO {identifier(self._names.owner)}"
        try:
            with self._member_of(login):
                self._session.run(statement)
        except PermissionRefusedError:
            raise ConfigurationError(
                f"the user {login} owns objects that the admin may not hand over; run as their owner's superior: {statement}"
            ) from None

    @contextlib.contextmanager
    def _member_of(self, role: str) -> Generator[None]:
        """The admin is a member of the role inside the block, and inside this transaction only; one that is already stays one."""
        me = self._session.run("SELECT current_user")[0][0]
        if self._has_role(me, role):
            yield
            return
        with _explained(f"the admin may not administer the role {role}", f"GRANT {identifier(role)} TO <admin> WITH ADMIN OPTION"):
            self._session.run(f"GRANT {identifier(role)} TO {identifier(me)}{self._granted}")
        yield
        self._session.run(f"REVOKE {identifier(role)} FROM {identifier(me)}")

    def _has_role(self, member: str, role: str) -> bool:
        return bool(
            self._session.run(
                f"SELECT pg_has_role($1::name, $2::name, 'USAGE') AND pg_has_role($1::name, $2::name, '{self._may_become}')", member, role
            )[0][0]
        )

    def _exists(self, role: str) -> bool:
        return bool(self._session.run("SELECT FROM pg_roles WHERE rolname = $1", role))

    def _version(self) -> int:
        return int(self._session.run("SELECT current_setting('server_version_num')")[0][0])


@contextlib.contextmanager
def _explained(what: str, mend: str) -> Generator[None]:
    try:
        yield
    except PermissionRefusedError:
        raise PermissionRefusedError(f"{what}; run once, as a superuser or the role's administrator: {mend}") from None
