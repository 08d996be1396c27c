"""A service with a token, and the issuer that it is from: for the crash matrix, and for the engine's own tests."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rotation_lambda import certificates, https, versions
from rotation_lambda.errors import NetworkError
from tests.rotation_lambda.generated import Generated
from tests.rotation_lambda.issuer_server import Request, Server, running
from tests.rotation_lambda.issuers import Issuer, Plain
from tests.rotation_lambda.matrix import Around, Row
from tests.rotation_lambda.secrets_manager import SecretsManager

__all__ = ["ROWS", "Token", "running"]


class Token(Generated):
    """One secret of one service, with everything that a test does to it."""

    most_live = 2

    def __init__(
        self,
        server: Server,
        monkeypatch: pytest.MonkeyPatch,
        *,
        issuer: Issuer | None = None,
        target: dict[str, Any] | None = None,
        admin: dict[str, str] | None = None,
        name: str = "prod/billing/token",
    ) -> None:
        manager = SecretsManager()
        monkeypatch.setattr(versions, "client", lambda: manager)
        monkeypatch.setattr(certificates, "root", lambda: server.home)
        super().__init__(manager, monkeypatch, name, {**(target or plain(server)), "ca": "ca.pem"})
        self.server, self.issuer = server, issuer or Plain()
        server.answer = self.issuer
        server.requests.clear()
        self.admin = manager.create("prod/platform/issuer", admin or {"value": Plain.admin})
        self.declare(admin=self.admin)

    def pending(self, token: str) -> dict[str, Any]:
        return json.loads(self.manager.secrets[self.arn].versions[token].value)

    def tamper(self, token: str, **changes: object) -> None:
        """Somebody with PutSecretValue changes the new value."""
        self.manager.secrets[self.arn].versions[token].value = json.dumps({**self.pending(token), **changes})

    def asked(self) -> list[str]:
        """What the issuer was asked since the last look."""
        asked = [f"{request.method} {request.target}" for request in self.server.requests]
        self.server.requests.clear()
        return asked

    def secrets_ever(self) -> list[str]:
        """Every token that was ever issued, and all that the admin secret holds."""
        return [*(token.secret for token in self.issuer.tokens), *self.manager.value(self.admin).values()]

    def works(self, value: dict[str, Any]) -> bool:
        return self.issuer.accepts(value["value"], value["id"])

    def live(self) -> int:
        return len(self.issuer.live())

    def install(self, monkeypatch: pytest.MonkeyPatch, around: Around) -> None:
        call: Callable[..., https.Answer] = https.call

        def watched(method: str, url: str, **rest: Any) -> https.Answer:
            with around(f"{method} {url.removeprefix(self.server.address)}"):
                return call(method, url, **rest)

        monkeypatch.setattr(https, "call", watched)

    def unanswered(self) -> Exception:
        return NetworkError("localhost took the request and did not answer it to the end")


def plain(server: Server, **changes: object) -> dict[str, Any]:
    """The declaration of an issuer that is no vendor's; None takes a setting away."""
    at, me = server.address, {"Authorization": "Bearer {token}"}
    target = {
        "kind": "api-key",
        "headers": {"Authorization": "Bearer {admin.value}"},
        "issue": {"url": f"{at}/tokens", "json": {"name": "{name}"}, "token": "/data/token", "id": "/data/id"},
        "verify": {"url": f"{at}/me", "headers": me},
        "revoke": {"url": f"{at}/tokens/{{id}}"},
        "list": {"url": f"{at}/tokens", "entries": "/data", "id": "/id", "name": "/name"},
        "grace": "0s",
    }
    return {key: value for key, value in {**target, **changes}.items() if value is not None}


def _after(rotations: int) -> Callable[[Server, pytest.MonkeyPatch], Token]:
    def prepare(server: Server, monkeypatch: pytest.MonkeyPatch) -> Token:
        token = Token(server, monkeypatch)
        with monkeypatch.context() as unwatched:
            unwatched.setattr(https, "call", _without_a_wire(token))
            for _ in range(rotations):
                token.rotate_after(3_600)
        return token

    return prepare


def _without_a_wire(token: Token) -> Callable[..., https.Answer]:
    """What happens before a point is tried happens thousands of times; a handshake each time would be most of it."""

    def answered(method: str, url: str, *, headers: dict[str, str], body: bytes | None, **_: object) -> https.Answer:
        lower = {name.lower(): value for name, value in headers.items()}
        reply = token.issuer(Request(method, url.removeprefix(token.server.address), lower, body or b""))
        return https.Answer(reply.status, json.loads(reply.content or b"null"))

    return answered


def _rows() -> Iterator[Row]:
    for rotations, start in enumerate(("empty secret", "second rotation", "third rotation")):
        yield Row(
            engine="api-key",
            strategy="issue and revoke",
            start=start,
            overlap=True,
            prepare=_after(rotations),
            reads=("GET",),
        )


ROWS = [*_rows()]
