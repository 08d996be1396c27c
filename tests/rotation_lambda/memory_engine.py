"""A server that is a dictionary, with an engine for each strategy: what a rotation does to the world, in microseconds.

The engines read like the real ones and are as careful as these have to be; what they are not is slow. Every login and every change
passes `before` and `after`, where a test lets it fail, stop, or take turns with another invocation.
"""

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import Known, Value
from rotation_lambda.errors import AuthenticationError, LostValueError, PolicyError, Redaction
from rotation_lambda.steps import Rotation
from rotation_lambda.targets import Target
from rotation_lambda.versions import Versions
from tests.rotation_lambda.secrets_manager import STEPS, SecretsManager, Version

USER = "billing"


class Server:
    """Which passwords each user may log in with."""

    def __init__(self) -> None:
        self.accepts: dict[str, list[str]] = {}
        self.refuses_passwords = False
        self.ever: list[str] = []
        self.before: Callable[[str], None] = lambda _label: None
        self.after: Callable[[str], None] = lambda _label: None

    def works(self, value: Value) -> bool:
        """Asked by a client of its own, which no fault reaches."""
        return value["password"] in self.accepts.get(value["username"], [])

    def login(self, value: Value) -> None:
        self.before("login")
        accepted = self.works(value)
        self.after("login")
        if not accepted:
            raise AuthenticationError(f"user {value['username']} is not accepted")

    def change(self, user: str, change: Callable[[list[str]], list[str]]) -> None:
        """What a server does at once: nobody comes between the look and the change."""
        self.before("change")
        accepted = self.accepts.get(user, [])
        passwords = change(accepted)
        if self.refuses_passwords and set(passwords) - set(accepted):
            raise PolicyError("the server's password policy refuses the new password")
        self.accepts[user] = passwords
        self.ever += passwords
        self.after("change")


class SingleUser:
    """One login that changes its own password."""

    overlap = False  # a moment without a published password that works is possible
    issues = False

    def __init__(self, server: Server) -> None:
        self.server, self._numbers = server, itertools.count(1)

    def describe(self, _target: Target, current: Value | None) -> Value:
        return {"engine": "memory", "username": self._user_after(current)}

    def generate(self, _target: Target, _known: Known, _deadline: Deadline) -> Value:
        return {"password": f"minted-{next(self._numbers):04}"}

    def set_credential(self, _target: Target, pending: Value, known: Known, _deadline: Deadline) -> None:
        if not self.server.accepts.get(USER):  # nobody is there yet who could be locked out
            self.server.change(USER, lambda _: [pending["password"]])
            return
        for candidate in self._candidates(pending, known):
            try:
                self.server.login(candidate)
            except AuthenticationError:
                continue
            self.server.change(USER, lambda _: [pending["password"]])
            return
        raise AuthenticationError("no password that is known is accepted")

    def verify(self, _target: Target, pending: Value, _deadline: Deadline) -> None:
        self.server.login(pending)

    def cleanup(self, _target: Target, **_: object) -> None:
        """Nothing is left over: a user has one password."""

    def _user_after(self, _current: Value | None) -> str:
        return USER

    def _candidates(self, pending: Value, known: Known) -> Iterator[Value]:
        for read in (lambda: [known.current], lambda: [known.previous()], known.older, lambda: [pending]):
            yield from (value for value in read() if value is not None)


class Alternating(SingleUser):
    """Two logins that take turns."""

    overlap = True

    def set_credential(self, _target: Target, pending: Value, known: Known, _deadline: Deadline) -> None:
        if known.current is not None and known.current["username"] in self.server.accepts:
            self.server.login(known.current)
        self.server.change(pending["username"], lambda _: [pending["password"]])

    def _user_after(self, current: Value | None) -> str:
        return f"{USER}_clone" if current is not None and current["username"] == USER else USER


class DualPassword(SingleUser):
    """One login with two passwords."""

    overlap = True

    def set_credential(self, _target: Target, pending: Value, known: Known, _deadline: Deadline) -> None:
        current = known.current and known.current["password"]
        self.server.change(USER, lambda accepted: [*(old for old in accepted if old == current), pending["password"]])

    def cleanup(self, _target: Target, *, keep: Sequence[Value], gone: Iterable[Value], **_: object) -> None:
        kept = {value["password"] for value in keep}
        assert not kept & {value["password"] for value in gone}, "what shall stay and what shall go are two things"
        self.server.change(USER, lambda accepted: [password for password in accepted if password in kept])


class Issued(DualPassword):
    """Keys that the server makes itself and tells once."""

    issues = True

    def generate(self, _target: Target, _known: Known, _deadline: Deadline) -> Value:
        key = f"issued-{next(self._numbers):04}"
        self.server.change(USER, lambda accepted: [*accepted, key])
        return {"password": key}

    def set_credential(self, _target: Target, pending: Value, _known: Known, _deadline: Deadline) -> None:
        if not self.server.works(pending):
            raise LostValueError("the server does not know this key any more")


STRATEGIES = {"single user": SingleUser, "alternating users": Alternating, "dual password": DualPassword, "issued keys": Issued}


class World:
    """One secret, its server and the engine between them."""

    def __init__(self, strategy: str = "alternating users") -> None:
        self.manager, self.server = SecretsManager(), Server()
        self.engine: Any = STRATEGIES[strategy](self.server)
        self.arn = self.manager.create("prod/billing/memory")
        self.admin = self.manager.create("prod/platform/memory-admin", {"username": "admin", "password": "of-the-admin"})
        self.target = Target(secret="prod/billing/memory", arn=self.arn, kind="memory", admin=self.admin, settings={})
        self.redaction, self.deadline = Redaction(), Deadline(60)

    @property
    def secret(self) -> Any:
        return self.manager.secrets[self.arn]

    @property
    def current(self) -> Value:
        return self.manager.value(self.arn)

    def version(self, version: str, value: object, *labels: str) -> None:
        """A version as somebody left it, newer than those before."""
        text = value if isinstance(value, str) or value is None else json.dumps(value)
        self.secret.versions[version] = Version(text, set(labels), self.manager.now())

    def stored(self, version: str) -> Value:
        return json.loads(self.secret.versions[version].value)

    def labels(self, version: str) -> set[str]:
        return self.secret.versions[version].labels

    def versions(self, token: str, *, rotation_token: str | None = None) -> Versions:
        return Versions(
            self.manager,
            arn=self.arn,
            token=token,
            rotation_token=rotation_token,
            redaction=self.redaction,
            deadline=self.deadline,
        )

    def step(self, step: str, token: str) -> str:
        return Rotation(self.versions(token), token=token, target=self.target, engine=self.engine, deadline=self.deadline).run(step)

    def rotate(self, token: str | None = None) -> str:
        return self.manager.rotate(self.arn, lambda event, _context: self.step(event["Step"], event["ClientRequestToken"]), None, token)

    def until(self, step: str) -> str:
        """Starts a rotation and does the steps before the given one."""
        token = self.manager.start(self.arn)
        for earlier in itertools.takewhile(lambda one: one != step, STEPS):
            self.step(earlier, token)
        return token
