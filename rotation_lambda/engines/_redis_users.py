"""The users of a Redis server, as its admin sees and changes them: what changes is saved with it, or it does not change."""

import hashlib
from dataclasses import dataclass

from rotation_lambda.engines._redis_session import Session
from rotation_lambda.errors import ConfigurationError
from rotation_lambda.targets import Target

SAVED, NOT_SAVED = "server", "none"


@dataclass(frozen=True)
class User:
    """What ACL GETUSER says about a user."""

    on: bool
    takes_any_password: bool
    passwords: frozenset[str]
    """As their SHA-256, like the server keeps them."""


class Users:
    """The users of one server, which stands alone."""

    def __init__(self, session: Session, target: Target) -> None:
        self._session = session
        facts = _facts(str(session.run("INFO"), "utf-8", "replace"))
        _refuse_company(facts)
        self._saving = _way_to_save(session, facts) if target.one_of("persistence", (SAVED, NOT_SAVED), SAVED) == SAVED else None

    def find(self, name: str) -> User | None:
        """Gives the user; nothing when there is none of that name."""
        answer = self._session.run("ACL", "GETUSER", name)
        if answer is None:
            return None
        fields = dict(zip(answer[::2], answer[1::2], strict=True))
        flags = fields[b"flags"]
        return User(b"on" in flags, b"nopass" in flags, frozenset(password.decode() for password in fields[b"passwords"]))

    def change(self, name: str, *modifiers: str) -> None:
        """Changes the user and saves it, in one piece: a server that restarts remembers a password that it has accepted once."""
        self.save()  # a disk that is full, or a file that the server may not write, is noticed before anything has changed
        self._session.together(["ACL", "SETUSER", name, *modifiers], *([self._saving] if self._saving else []))

    def save(self) -> None:
        """Makes the server write down all users that it has, unless the target wants none of it."""
        if self._saving:
            self._session.run(*self._saving)


def hashed(password: str) -> str:
    """Gives what the server keeps of a password; it takes that in its place, so no password stands in a command."""
    return hashlib.sha256(password.encode()).hexdigest()


def _facts(info: str) -> dict[str, str]:
    return dict(line.split(":", 1) for line in info.splitlines() if ":" in line)


def _refuse_company(facts: dict[str, str]) -> None:
    """Users are not replicated: after a failover the new primary would refuse the password that was published."""
    mode = facts.get("redis_mode", facts.get("server_mode"))
    if mode != "standalone":
        raise ConfigurationError(f"the server runs as {mode}; only a server that stands alone is supported, no cluster and no Sentinel")
    if facts.get("role") != "master":
        raise ConfigurationError("the server is a replica; name the primary as 'host'")
    if facts.get("connected_slaves", "0") != "0":
        raise ConfigurationError(
            "the server has replicas, and Redis does not replicate users: after a failover they would refuse the new password. Only a"
            " server that stands alone is supported"
        )


def _way_to_save(session: Session, facts: dict[str, str]) -> list[str]:
    if any(session.run("CONFIG", "GET", "aclfile")[1:]):
        return ["ACL", "SAVE"]
    if facts.get("config_file"):
        return ["CONFIG", "REWRITE"]
    raise ConfigurationError(
        "the server has neither an `aclfile` nor a configuration file, so it forgets its users when it restarts; give it one, or declare"
        f" persistence: {NOT_SAVED} if nobody minds"
    )
