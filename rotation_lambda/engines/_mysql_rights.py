"""What a user or a role may do in MySQL or MariaDB, as the server tells it, and given to others."""

import re
from dataclasses import dataclass

from rotation_lambda.engines._mysql_session import Session
from rotation_lambda.errors import PermissionRefusedError

# Names may hold anything, " TO " too; in quotes, which are doubled inside.
_QUOTED = r"(?:`(?:[^`]|``)*`|'(?:[^'\\]|''|\\.)*')"
_NAME = re.compile(rf"{_QUOTED}(?:@{_QUOTED})?")
_GRANT = re.compile(rf"GRANT ((?:[^`']|{_QUOTED})+?) TO {_NAME.pattern}(.*)", re.DOTALL)
_MAY_LOG_IN = "USAGE ON *.*"


@dataclass(frozen=True)
class Right:
    """One thing that somebody may do: privileges on something, or a role."""

    what: str
    may_pass_on: bool = False

    @property
    def is_role(self) -> bool:
        """Says whether it is a role: its name is quoted, which privileges are not."""
        return bool(_NAME.fullmatch(self.what))

    @property
    def shareable(self) -> bool:
        """Says whether somebody else may be given the same: not to act as another user, nor privileges less some of them."""
        return not self.what.startswith(("PROXY ", "REVOKE "))

    def to(self, grantee: str) -> str:
        """Gives the statement that gives somebody the same."""
        option = f" WITH {'ADMIN' if self.is_role else 'GRANT'} OPTION" if self.may_pass_on else ""
        return f"GRANT {self.what} TO {grantee}{option}"


def rights_of(session: Session, grantee: str) -> list[Right]:
    """Gives all that a user or a role may do, besides logging in."""
    rights: list[Right] = []
    for (line,) in session.run(f"SHOW GRANTS FOR {grantee}"):
        match = _GRANT.fullmatch(line)
        if match:
            may_pass_on = "WITH GRANT OPTION" in match[2] or "WITH ADMIN OPTION" in match[2]
            roles = _NAME.findall(match[1]) if match[1].startswith(("`", "'")) else []
            rights += [Right(what, may_pass_on) for what in roles or [match[1]] if (what, may_pass_on) != (_MAY_LOG_IN, False)]
        elif not line.startswith("SET DEFAULT ROLE "):
            rights.append(Right(f"REVOKE {line}"))
    return rights


def give(session: Session, right: Right, grantee: str) -> None:
    """Gives somebody a right; giving it twice changes nothing."""
    statement = right.to(grantee)
    try:
        session.run(statement)
    except PermissionRefusedError:
        raise PermissionRefusedError(
            f"the admin may not pass a right on; give it that one WITH GRANT OPTION (a role: WITH ADMIN OPTION), or run once: {statement}"
        ) from None
