"""The password that a user of MySQL or MariaDB sets for itself: as its only one, or as the first of two."""

import contextlib
from collections.abc import Callable, Generator, Iterable

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import Value
from rotation_lambda.engines._mysql_dialects import dialect_of
from rotation_lambda.engines._mysql_refusals import NotPrimaryError
from rotation_lambda.engines._mysql_session import Session, logged_in
from rotation_lambda.errors import AuthenticationError, ConflictError, PermissionRefusedError, PolicyError
from rotation_lambda.targets import Target


class OwnPassword:
    """The new password of one user, set by that user in a session of its own."""

    def __init__(self, target: Target, pending: Value, known: Callable[[], Iterable[str]], deadline: Deadline) -> None:
        """`known` gives every password that the secret knows of."""
        self._target, self._deadline, self._known = target, deadline, known
        self._user, self._new = pending["username"], pending["password"]
        self._dialect = dialect_of(target.kind)

    def add(self, candidate: str) -> None:
        """Makes the new password the first and the candidate the second, which is accepted all the time."""
        with self._session(candidate) as session:
            try:
                self._set(session, candidate, " RETAIN CURRENT PASSWORD")
            except PermissionRefusedError:
                raise PermissionRefusedError(
                    f"the user {self._user} may not keep a second password; name an 'admin' who may grant that, or run once:"
                    f" GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {self._user}"
                ) from None

    def replace(self, candidate: str) -> None:
        """Makes the new password the only one."""
        with self._session(candidate) as session:
            self._set(session, candidate)
            # A second one may be left of another strategy; who was never allowed to have one has none.
            for clause in self._dialect.discarding:
                with contextlib.suppress(PermissionRefusedError):
                    session.run(f"ALTER USER CURRENT_USER() {clause}")

    def _set(self, session: Session, candidate: str, retain: str = "") -> None:
        """Replaces the candidate, which MySQL does only if that is the first password: nothing else is ever pushed out or retained.

        If it has logged in and is the second, the first is of an abandoned rotation, and is replaced in the same way; or a duplicate
        invocation was faster, and the new password is in force.
        """
        try:
            return session.set_password(self._dialect.own_password(self._new, instead_of=candidate) + retain)
        except (NotPrimaryError, PolicyError) as error:  # a policy may refuse a password that was set before
            failure = error
        if self._is_accepted():
            return None
        if isinstance(failure, PolicyError):
            raise failure
        for first in (one for one in self._known() if one != candidate):
            with contextlib.suppress(NotPrimaryError):
                return session.set_password(self._dialect.own_password(self._new, instead_of=first))
        raise ConflictError(
            f"the user {self._user} has a first password that the secret does not know, so nothing was changed: a newer rotation, or a"
            f" person, set it; if nobody uses it, set the current one as the first by hand, then rotate"
        )

    @contextlib.contextmanager
    def _session(self, password: str) -> Generator[Session]:
        with logged_in(self._target, self._user, password, self._deadline, database=self._target.text("database")) as session:
            self._dialect.refuse_unfit(session)
            yield session

    def _is_accepted(self) -> bool:
        with contextlib.suppress(AuthenticationError), logged_in(self._target, self._user, self._new, self._deadline):
            return True
        return False
