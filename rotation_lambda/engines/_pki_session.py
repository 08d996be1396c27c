"""A session with the PKI of Vault or OpenBao: logged in by AppRole, and its token given back on every path.

Source: https://openbao.org/api-docs/secret/pki/ and https://openbao.org/api-docs/auth/approle/
"""

import contextlib
import json
from collections.abc import Callable, Generator, Mapping
from typing import Any, cast

from rotation_lambda import https
from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import Value
from rotation_lambda.errors import (
    AuthenticationError,
    ConfigurationError,
    NetworkError,
    PermissionRefusedError,
    PolicyError,
    RotationError,
)
from rotation_lambda.targets import Target


class Session:
    """One login, and what its policy allows."""

    def __init__(self, target: Target, token: str, deadline: Deadline) -> None:
        self._target, self._token, self._deadline = target, token, deadline

    def issue(self, request: Mapping[str, object]) -> dict[str, Any]:
        """Gives the certificate and its key, which the server does not keep.

        Raises:
            PolicyError: the role does not allow what is asked.
        """
        mount, role = self._target.text("mount", "pki"), self._target.text("role")
        answer = self._ask(f"{mount}/issue/{role}", request)
        if answer.status == 400 and "unknown role" in _said(answer):
            raise ConfigurationError(f"there is no role {role} in {mount}; compare 'mount' and 'role' with the server")
        if answer.status == 400:
            raise PolicyError(
                f"the role {role} in {mount} refuses these names, or its authority ends before the certificate would; compare 'commonName',"
                f" 'altNames', 'ipSans' and 'ttlHours' with the role"
            )
        return _content(answer, "data", f"{mount}/issue/{role}")

    def revoke(self, certificate: str, private_key: str) -> None:
        """Revokes a certificate whose key one has: nobody's else can be revoked so. Doing it twice changes nothing."""
        path = f"{self._target.text('mount', 'pki')}/revoke-with-key"
        answer = self._ask(path, {"certificate": certificate, "private_key": private_key})
        if answer.status in {400, 500}:  # which of them it is differs between the servers
            raise ConfigurationError(f"{path} does not take a certificate that was replaced; is it of another authority? It stays valid")
        if answer.status not in {200, 204}:
            raise _refusal(answer, path)

    def give_back(self) -> None:
        """Revokes the token. Where that is not allowed or does not get through, it ends by itself, soon."""
        with contextlib.suppress(RotationError):
            self._ask("auth/token/revoke-self", {})

    def _ask(self, path: str, body: Mapping[str, object]) -> https.Answer:
        return _ask(self._target, path, body, {"X-Vault-Token": self._token}, self._deadline)


@contextlib.contextmanager
def logged_in(target: Target, admin: Callable[[], Value] | None, deadline: Deadline) -> Generator[Session]:
    """Logs in with the admin secret's `role_id` and `secret_id`, and ends the login afterwards.

    Raises:
        AuthenticationError: the server does not accept them.
    """
    value = admin() if admin else {}
    ids = {key: value.get(key) for key in ("role_id", "secret_id")}
    if not all(isinstance(text, str) and text for text in ids.values()):
        raise ConfigurationError(f"the admin secret of {target.secret} has no 'role_id' and 'secret_id'; put those of an AppRole")
    path = f"auth/{target.text('login', 'approle')}/login"
    answer = _ask(target, path, ids, {}, deadline)
    if answer.status == 400:
        raise AuthenticationError(f"{path} does not accept the admin secret's AppRole; its 'secret_id' is wrong, used up or has ended")
    token = _content(answer, "auth", path).get("client_token")
    if not isinstance(token, str):
        raise ConfigurationError(f"{path} gives no token; is it an AppRole's?")
    session = Session(target, token, deadline)
    try:
        yield session
    finally:
        session.give_back()


def _ask(target: Target, path: str, body: Mapping[str, object], headers: Mapping[str, str], deadline: Deadline) -> https.Answer:
    namespace = {"X-Vault-Namespace": target.text("namespace")} if "namespace" in target.settings else {}
    return https.call(
        "POST",
        f"{target.text('address').rstrip('/')}/v1/{path}",
        headers={"Content-Type": "application/json", "X-Vault-Request": "true", **namespace, **headers},
        body=json.dumps(body).encode(),
        authority=target.text("ca"),
        deadline=deadline,
    )


def _content(answer: https.Answer, key: str, path: str) -> dict[str, Any]:
    if answer.status != 200:
        raise _refusal(answer, path)
    content = cast("dict[str, Any]", answer.json).get(key) if isinstance(answer.json, dict) else None
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path} answers like no Vault and no OpenBao; look at 'address'")
    return cast("dict[str, Any]", content)


def _refusal(answer: https.Answer, path: str) -> RotationError:
    match answer.status:
        case 403:
            return PermissionRefusedError(
                f"{path} is not allowed, or not there; let the AppRole's policy 'update' it, from where this runs"
            )
        case 307 | 308:
            return NetworkError(f"{path} is sent on by a standby; it is tried again. If it stays so, name the active server's 'address'")
        case 503:
            return NetworkError(f"{path} is not served: the server is sealed, starting or without an active node")
        case _:
            return https.refusal(answer, path)


def _said(answer: https.Answer) -> str:
    """To be compared with, not repeated."""
    return json.dumps(answer.json)
